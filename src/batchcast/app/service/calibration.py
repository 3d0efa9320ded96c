"""How fast this machine is, measured once before the first batch, so that its estimate is not a guess."""

from __future__ import annotations

import logging
import shutil
import tempfile
from pathlib import Path

from batchcast.app.intake import CancelToken, keep_source, take_in
from batchcast.app.samples.writing import write_sample
from batchcast.app.timings import TYPICAL_PACE
from batchcast.domain.batch import Timing
from batchcast.domain.errors import BatchcastError
from batchcast.domain.settings import BatchSettings
from batchcast.run.job import Job, WorkerPool
from batchcast.run.one_batch import OneBatch
from batchcast.run.verdict import check_completed

_SAMPLE = "alldemand_augjul"
_WARM_UP = Job(function="batchcast.run.jobs:warm_job", timeout_seconds=600)

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
    sample, settings = scratch / "sample.csv", BatchSettings(batch_mode="off")
    write_sample(_SAMPLE, sample)
    warming = pool.submit(_WARM_UP)
    with cancel_token.stopping(warming.cancel):
        warming.wait()
    intake = take_in(sample, settings, folder=scratch, pool=pool, pace=TYPICAL_PACE, cancel_token=cancel_token)
    batch = OneBatch("calibration", pool, scratch / "batch")
    batch.start(settings, intake.plan, keep_source(intake, batch.artifacts, batch.batch_id, sample.name, None))
    with cancel_token.stopping(batch.cancel):
        check_completed(batch.wait())
    return batch.timing
