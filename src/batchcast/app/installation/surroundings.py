"""Whether a server can work where it is about to start."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from batchcast.domain.errors import N_, BatchcastError, InvalidSettings, Message
from batchcast.run.job import Ending, Job
from batchcast.run.local_pool import LocalPool

_SECONDS_FOR_NOTHING = 30


class WorkerUnusable(BatchcastError):
    """A worker process was started, and ended before it had done a job that does nothing."""

    slug = "worker-unusable"


def check_home(folder: Path) -> None:
    """Make the folder of an installation where it is missing, and write a file in it to see that it can be.

    Raises:
        InvalidSettings: if it can't be used; says why.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # demand and tokens are for its owner alone
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"can be written")
    except OSError as error:
        template = N_(
            "The folder {folder} can't be written ({error}). Make it writable, or name another with BATCHCAST_HOME."
        )
        values = {"folder": str(folder), "error": error.strerror or str(error)}
        raise InvalidSettings([Message(template, values)]) from error


def check_workers() -> None:
    """Have a worker process carry out a job that does nothing.

    Raises:
        WorkerStartFailed: if none can be started.
        WorkerUnusable: if it starts and ends before it has done its job; says how.
    """
    with LocalPool(1, allowed=(__name__,)) as pool:
        outcome = pool.submit(Job(function=f"{__name__}:idle_job", timeout_seconds=_SECONDS_FOR_NOTHING)).wait()
    if outcome.error is not None:
        raise outcome.error
    if outcome.ending is not Ending.DONE:
        template = N_("A worker process was started and did not do its work ({ending}). {stderr_tail}")
        how = outcome.ended_by or outcome.ending.value
        raise WorkerUnusable(Message(template, {"ending": how, "stderr_tail": outcome.stderr_tail}))


def idle_job(_arguments: Mapping[str, Any], _on_progress: Callable[[float], None]) -> None:
    """What a worker does to show that it can."""
