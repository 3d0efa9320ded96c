"""What a batch really took, for the estimates of those to come."""

from __future__ import annotations

from collections.abc import Mapping

from batchcast.domain.batch import Batch, BatchState
from batchcast.domain.timing import Timing
from batchcast.publish import engine_versions


def timing_of(batch: Batch, steps: Mapping[str, float], workers: int) -> Timing | None:
    """The timing of a batch that one server saw through alone; None where it says nothing of the next one.

    Args:
        batch: as it ended.
        steps: seconds by step: prepare, forecast, publish.
        workers: partitions that were at work at once.
    """
    forecast = [record for record in batch.partitions if record.reused_from is None]
    if batch.state is not BatchState.COMPLETED or not forecast or not (batch.started_at and batch.ended_at):
        return None
    work = sum(record.seconds or 0.0 for record in forecast)
    wall = (batch.ended_at - batch.started_at).total_seconds()
    return Timing(
        version=engine_versions()["batchcast"],
        cells=sum(record.partition.cells for record in forecast),
        series=sum(record.partition.series for record in forecast),
        work_seconds=work,
        start_seconds=max(wall - work / min(workers, len(forecast)), 0.0),
        partitions=len(forecast),
        cases=batch.plan.cases,
        prepare_seconds=steps.get("prepare", 0.0),
        publish_seconds=steps.get("publish", 0.0),
        wall_seconds=wall,
    )
