"""How long batches on this installation took, from which the next ones are estimated."""

from __future__ import annotations

import json
import logging
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from statistics import median_low

from batchcast.app.intake import keep_source, take_in
from batchcast.domain.batch import Timing
from batchcast.domain.errors import BatchcastError
from batchcast.domain.plan import Pace
from batchcast.domain.settings import BatchSettings
from batchcast.plan.planner import steps_seconds
from batchcast.run.asking import CancelToken
from batchcast.run.job import WorkerPool
from batchcast.run.one_batch import OneBatch
from batchcast.run.steps import WARM_UP
from batchcast.run.verdict import check_completed

# One core of a 2024 server, every model, 3 folds; scaled by what this machine measures.
TYPICAL_PACE = Pace(  # of a server, whose workers are warm
    seconds_per_cell=2e-7,
    seconds_per_series=8e-5,
    seconds_per_partition=0.03,
    start_seconds=0.09,
    step_seconds_per_sampled=1.2e-4,
    step_seconds_per_case=1.5e-5,
    step_seconds_per_series=2.6e-5,
    step_seconds_per_partition=0.01,
)
COLD_PACE = replace(TYPICAL_PACE, start_seconds=1.5, worker_start_seconds=0.8)  # of a command, which starts its own
_REMEMBERED = 50  # lines that are read
COUNTED = 5  # latest batches that count: the machine may be busier, or another, than it was


class Timings:
    """The timings of an installation: a file of JSON lines, only ever appended to."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, timing: Timing) -> None:
        """Remember a finished batch."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(timing)) + "\n")

    def latest(self, version: str) -> list[Timing]:
        """The latest batches of this version; lines that a crash cut short are passed over."""
        if not self._path.exists():
            return []
        found = [_read_line(line) for line in self._path.read_text(encoding="utf-8").splitlines()[-_REMEMBERED:]]
        return [timing for timing in found if timing is not None and timing.version == version]

    def pace(self, version: str) -> Pace:
        """The pace to estimate with: the typical one, scaled to what was measured here."""
        return pace_from(self.latest(version)[-COUNTED:], COLD_PACE)


def pace_from(timings: Sequence[Timing], typical: Pace = TYPICAL_PACE) -> Pace:
    """The typical pace scaled by the median of measured over typical seconds; unscaled without timings.

    Partitions at work and the steps around them are scaled each by their own; the steps only by timings that tell what
    was learned. Of two middle ones the faster counts: what disturbs a measurement makes it slower, such as a first
    compilation.
    """
    if not timings:
        return typical
    work = median_low(timing.work_seconds / _work(timing, typical) for timing in timings)
    told = [timing for timing in timings if timing.cases is not None]
    steps = median_low(timing.start_seconds / _steps(timing, typical) for timing in told) if told else 1.0
    return replace(
        typical,
        seconds_per_cell=typical.seconds_per_cell * work,
        seconds_per_series=typical.seconds_per_series * work,
        seconds_per_partition=typical.seconds_per_partition * work,
        worker_start_seconds=typical.worker_start_seconds * work,
        start_seconds=typical.start_seconds * steps,
        step_seconds_per_sampled=typical.step_seconds_per_sampled * steps,
        step_seconds_per_case=typical.step_seconds_per_case * steps,
        step_seconds_per_series=typical.step_seconds_per_series * steps,
        step_seconds_per_partition=typical.step_seconds_per_partition * steps,
    )


def _work(timing: Timing, pace: Pace) -> float:
    by_size = timing.cells * pace.seconds_per_cell + timing.series * pace.seconds_per_series
    return by_size + timing.partitions * pace.seconds_per_partition


def _steps(timing: Timing, pace: Pace) -> float:
    return steps_seconds(series=timing.series, partitions=timing.partitions, cases=timing.cases or 0, pace=pace)


def _read_line(line: str) -> Timing | None:
    try:
        return Timing.from_json(json.loads(line))
    except (ValueError, TypeError, AttributeError):
        return None


# How fast this machine is, measured once before the first batch, so that its estimate has a measurement behind it.

_SAMPLE = "alldemand_augjul"

_log = logging.getLogger(__name__)


def calibrate(pool: WorkerPool, folder: Path, cancel_token: CancelToken) -> Timing | None:
    """Run a small sample as a batch of one partition; returns what it took, None where that did not end well."""
    scratch = Path(tempfile.mkdtemp(dir=folder))
    try:
        return _measure(pool, scratch, cancel_token)
    except BatchcastError as error:
        _log.warning("this machine could not be measured (%s); the first estimate is that of a typical one", error)
        return None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _measure(pool: WorkerPool, scratch: Path, cancel_token: CancelToken) -> Timing | None:
    from batchcast.app.samples.writing import write_sample

    sample, settings = scratch / "sample.csv", BatchSettings(batch_mode="off")
    write_sample(_SAMPLE, sample)
    warming = pool.submit(WARM_UP)
    with cancel_token.stopping(warming.cancel):
        warming.wait()
    intake = take_in(sample, settings, folder=scratch, pool=pool, pace=TYPICAL_PACE, cancel_token=cancel_token)
    batch = OneBatch("calibration", pool, scratch / "batch")
    batch.start(settings, intake.plan, keep_source(intake, batch.artifacts, batch.batch_id, sample.name, None))
    with cancel_token.stopping(batch.cancel):
        check_completed(batch.wait())
    return batch.timing
