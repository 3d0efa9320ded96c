"""Named points in the life of a batch, in order: at each of them the process may die, and nothing may be lost.

`reach` does nothing in the product. A test makes a process die at a point, and shows what its successor makes of it.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum


class CrashPoint(StrEnum):
    """A moment between two things that are kept for good."""

    UPLOAD_RECEIVED = "upload-received"  # on disk, not yet read
    UPLOAD_CHECKED = "upload-checked"  # read and planned, nothing kept yet
    ARTIFACTS_CLAIMED = "artifacts-claimed"  # the store has a claim: files of this id may appear
    ARTIFACTS_KEPT = "artifacts-kept"  # upload and history are artifacts; no batch points at them
    BATCH_ADDED = "batch-added"  # committed, not yet acknowledged
    BATCH_CLAIMED = "batch-claimed"  # PROCESSING, leased; nothing done
    PREPARED = "prepared"  # the preparation step is done
    CHECKPOINTS_TAKEN = "checkpoints-taken"  # partitions of an earlier run are COMPLETED
    PARTITION_STARTED = "partition-started"  # moved to PROCESSING, not yet handed to a worker
    PARTITION_DONE = "partition-done"  # its worker has ended well, nothing kept yet
    PARTITION_KEPT = "partition-kept"  # its result is an artifact; its row does not know
    PARTITION_COMPLETED = "partition-completed"  # its row points at its result
    PARTITIONS_COMPLETED = "partitions-completed"  # all of them
    RESULT_WRITTEN = "result-written"  # by the publishing step, in the work folder
    RESULT_KEPT = "result-kept"  # all its files are artifacts; the batch does not point at them
    BATCH_COMPLETED = "batch-completed"  # the batch points at them; work folder and timing are left to do
    FAILURE_SEEN = "failure-seen"  # a partition has failed; the batch is not yet rolled back
    BATCH_ROLLED_BACK = "batch-rolled-back"  # work folder left to remove
    BATCH_CANCELLED = "batch-cancelled"  # by a person; workers are still to be stopped
    BATCH_DELETED = "batch-deleted"  # its row is gone, its artifacts are not


_watchers: list[Callable[[CrashPoint], None]] = []


def reach(point: CrashPoint) -> None:
    """Tell those who watch that this point is reached."""
    for watcher in _watchers:
        watcher(point)


def watch(watcher: Callable[[CrashPoint], None]) -> None:
    """Have every later `reach` of this process call `watcher`, on the thread that reached the point."""
    _watchers.append(watcher)
