"""How fast this machine is, measured once before the first batch, so that its estimate is not a guess."""

from __future__ import annotations

import logging
import shutil
import tempfile
from pathlib import Path

from batchcast.app.samples.writing import write_sample
from batchcast.domain.batch import Timing
from batchcast.domain.codec import decode, encode
from batchcast.domain.plan import Pace
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.history import read_series_table
from batchcast.plan.planner import plan_batch
from batchcast.run.job import Ending, Job, Outcome, WorkerPool

_SAMPLE = "alldemand_augjul"
_SECONDS = 600
_MEMORY_MB = 2048
_ANY_PACE = Pace(seconds_per_cell=1e-6, seconds_per_series=1e-3, start_seconds=1)

_log = logging.getLogger(__name__)


def calibrate(pool: WorkerPool, folder: Path, version: str) -> Timing | None:
    """Forecast a small sample as one partition; None where that did not end well."""
    scratch = Path(tempfile.mkdtemp(dir=folder))
    try:
        return _measure(pool, scratch, version)
    except _NotMeasured as reason:
        _log.warning("this machine could not be measured (%s); the first estimate is that of a typical one", reason)
        return None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


class _NotMeasured(Exception):
    """A step ended otherwise than well."""


def _measure(pool: WorkerPool, scratch: Path, version: str) -> Timing:
    write_sample(_SAMPLE, scratch / "sample.csv")
    settings = BatchSettings(batch_mode="off")
    source = {"source": scratch / "sample.csv", "into": scratch / "ingest", "settings": settings}
    _carry_out(pool, "warm_job", {})
    read = decode(_carry_out(pool, "ingest_job", source).result)
    history, report = read["history"], read["report"]
    plan = plan_batch(history.facts, read_series_table(history), settings, _ANY_PACE)
    shared = {"history": history.path, "request": plan.request}
    knowledge = scratch / "knowledge.json"
    steps = {"series": history.facts.series, "partitions": plan.partitions, "into": knowledge}
    prepared = _carry_out(pool, "prepare_job", {**shared, **steps})
    folders, work = [], 0.0
    for partition in plan.partitions:
        folders.append(scratch / f"partition-{partition.number}")
        given = {**shared, "partition": partition, "knowledge": knowledge, "into": folders[-1]}
        work += _carry_out(pool, "partition_job", given).seconds
    publish = {"history": history, "plan": plan, "folders": folders, "report": report, "rejected": None}
    told = {"input_name": _SAMPLE, "settings": settings, "timings": {}, "into": scratch / "result"}
    published = _carry_out(pool, "publish_files_job", {**publish, **told})
    return Timing(
        version=version,
        cells=sum(partition.cells for partition in plan.partitions),
        series=plan.series,
        work_seconds=work,
        start_seconds=prepared.seconds + published.seconds,
        partitions=len(plan.partitions),
        cases=plan.cases,
        prepare_seconds=prepared.seconds,
        publish_seconds=published.seconds,
        wall_seconds=prepared.seconds + work + published.seconds,
    )


def _carry_out(pool: WorkerPool, job: str, arguments: dict[str, object]) -> Outcome:
    outcome = pool.submit(
        Job(
            function=f"batchcast.run.jobs:{job}",
            arguments=encode(arguments),
            timeout_seconds=_SECONDS,
            memory_limit_mb=_MEMORY_MB,
        )
    ).wait()
    if outcome.ending is not Ending.DONE:
        raise _NotMeasured(f"{job} ended in {outcome.ending}: {outcome.error or outcome.stderr_tail}")
    return outcome
