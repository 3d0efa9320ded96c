"""How fast this machine is, measured once before the first batch, so that its estimate is not a guess."""

from __future__ import annotations

import logging
import shutil
import tempfile
import time
from pathlib import Path

from batchcast.app.samples import write_sample
from batchcast.domain.codec import decode, encode
from batchcast.domain.plan import Pace
from batchcast.domain.settings import BatchSettings
from batchcast.domain.timing import Timing
from batchcast.ingest import read_series_table
from batchcast.plan import plan_batch
from batchcast.run import Ending, Job, Outcome, WorkerPool

_SAMPLE = "alldemand_augjul"
_SECONDS = 600
_MEMORY_MB = 2048
_ANY_PACE = Pace(seconds_per_cell=1e-6, seconds_per_series=1e-3, start_seconds=1)
_START_SECONDS = 1.0  # of a batch whatever its size: its steps, and putting its files in their place

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
    history = decode(_carry_out(pool, "ingest_job", source).result)["history"]
    plan = plan_batch(history.facts, read_series_table(history), settings, _ANY_PACE)
    started = time.perf_counter()
    shared = {"history": history.path, "request": plan.request}
    knowledge = scratch / "pool.json"
    prepared = _carry_out(
        pool,
        "prepare_job",
        {**shared, "series": history.facts.series, "into": knowledge, "partitions": plan.partitions},
    )
    work = 0.0
    for partition in plan.partitions:
        into = scratch / f"partition-{partition.number}"
        given = {**shared, "partition": partition, "knowledge": knowledge, "into": into}
        work += _carry_out(pool, "partition_job", given).seconds
    wall = time.perf_counter() - started
    return Timing(
        version=version,
        cells=sum(partition.cells for partition in plan.partitions),
        series=plan.series,
        work_seconds=work,
        start_seconds=_START_SECONDS + prepared.seconds,
        partitions=len(plan.partitions),
        prepare_seconds=prepared.seconds,
        wall_seconds=wall,
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
        raise _NotMeasured(f"{job} ended in {outcome.ending}: {outcome.error or outcome.last_words}")
    return outcome
