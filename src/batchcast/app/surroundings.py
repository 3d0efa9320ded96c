"""Whether a server can work where it is about to start."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from batchcast.domain.errors import N_, BatchcastError, InvalidSettings, Message
from batchcast.run.job import Ending, Job
from batchcast.run.local_pool import LocalPool

_SECONDS_FOR_NOTHING = 30
_CACHE = "NUMBA_CACHE_DIR"
_KERNELS = Path(__file__).parents[1] / "forecast" / "kernels"

_log = logging.getLogger(__name__)


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


def keep_kernels(home: Path) -> Path | None:
    """Have workers keep compiled kernels in the home folder, or a temporary one, where the package can't be written.

    So it is in a container with a read-only root, and where the package belongs to another user. Returns the folder.
    It is None where numba keeps them beside the package, where NUMBA_CACHE_DIR says where, and where nothing can be
    written at all: then every worker compiles for itself, which is logged.
    """
    if os.environ.get(_CACHE) or _can_be_written(_KERNELS):
        return None
    of_this_user = Path(tempfile.gettempdir()) / f"batchcast-kernels-{_user()}"
    for folder in (home / "kernels", of_this_user):
        if _can_be_written(folder):
            os.environ[_CACHE] = str(folder)
            return folder
    _log.warning("no folder can hold compiled kernels, so every worker compiles them for a minute; set %s", _CACHE)
    return None


def _user() -> int | str:
    return os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")


def _can_be_written(folder: Path) -> bool:
    """Whether a file can be made there, by us, in a folder that is ours: code is loaded from it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if hasattr(os, "getuid") and folder.stat().st_uid not in (os.getuid(), 0):
            return False
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


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
