"""Where the partitions of batches are forecast: on this machine, or on the machines of a Ray."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from batchcast.run.job import WorkerPool
from batchcast.run.local_pool import LocalPool
from batchcast.run.ray.choice import PoolChoice
from batchcast.store.artifacts.artifacts import Artifacts
from batchcast.store.artifacts.opening import open_artifacts

_OF_COMMANDS = "commands"  # last part of the address of artifacts: a server that has the same sweeps what it knows not


def widen(choice: PoolChoice, here: LocalPool, artifacts: Artifacts, folder: Path) -> WorkerPool:
    """The pool that was chosen; `here` is closed with it.

    Args:
        choice: where to work.
        here: workers of this machine.
        artifacts: where files are kept.
        folder: where they are if the choice has no address of them.

    Raises:
        PoolUnavailable: if Ray can't be used.
    """
    if choice.is_local:
        return here
    from batchcast.run.ray.pool import RayPool

    url = choice.artifacts_url or folder.absolute().as_uri()
    return RayPool(
        choice.address, here, artifacts, url, is_insecure=choice.is_insecure, may_stay_here=choice.may_stay_here
    ).open()


@contextmanager
def pool_of_batch(
    choice: PoolChoice, here: LocalPool, folder: Path, batch_id: str
) -> Iterator[tuple[WorkerPool, Artifacts | None]]:
    """The pool for one batch of a command, and where it finds files, if not in `folder`; all gone on leaving.

    Raises:
        PoolUnavailable: if Ray can't be used.
        UnknownArtifacts: if the address of the artifacts is of no kind that is known.
    """
    place = folder / "artifacts"
    if choice.is_local:
        yield here, None
        return
    if choice.artifacts_url:
        choice = replace(choice, artifacts_url=f"{choice.artifacts_url.rstrip('/')}/{_OF_COMMANDS}")
    artifacts = open_artifacts(choice.artifacts_url, place)
    pool = widen(choice, here, artifacts, place)
    try:
        yield pool, artifacts
    finally:
        pool.close()
        artifacts.remove(f"batches/{batch_id}")
