"""The life of a batch: from a queued batch to a terminal state, in worker processes with limits.

Comes in: PENDING batches in the store, the histories they are about, and a pool of workers.
Goes out: the batches COMPLETED, ROLLED_BACK or CANCELLED, every change an event in the store, no process or file left.
Open first: `batch_run.py`, one batch on its way; then who makes it: `coordinator.py` for a command, `dispatcher.py` for
a server. `local_pool.py` has workers from the outside, `worker.py` from the inside.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from batchcast.run.batch_run import BatchRun
    from batchcast.run.coordinator import BatchNotPending, Coordinator, follow
    from batchcast.run.dispatcher import Dispatcher
    from batchcast.run.job import Ending, Job, Outcome, Progress
    from batchcast.run.local_pool import LocalPool
    from batchcast.run.orphans import sweep_orphans
    from batchcast.run.owners import free_what_dead_owners_hold, is_dead_here, new_owner
    from batchcast.run.pool import SubmittedJob, WorkerPool
    from batchcast.run.steps import BatchWork, StepLimits, Steps
    from batchcast.run.verdict import WAYS_OUT, check_completed
    from batchcast.run.worker_process import WorkerStartFailed

# Found when asked for: every worker imports this room, and must not pay for what only its parent needs.
_HOMES = {
    "WAYS_OUT": "verdict",
    "BatchNotPending": "coordinator",
    "BatchRun": "batch_run",
    "BatchWork": "steps",
    "Coordinator": "coordinator",
    "Dispatcher": "dispatcher",
    "Ending": "job",
    "Job": "job",
    "LocalPool": "local_pool",
    "Outcome": "job",
    "Progress": "job",
    "StepLimits": "steps",
    "Steps": "steps",
    "SubmittedJob": "pool",
    "WorkerPool": "pool",
    "WorkerStartFailed": "worker_process",
    "check_completed": "verdict",
    "follow": "coordinator",
    "free_what_dead_owners_hold": "owners",
    "is_dead_here": "owners",
    "new_owner": "owners",
    "sweep_orphans": "orphans",
}

__all__ = [
    "WAYS_OUT",
    "BatchNotPending",
    "BatchRun",
    "BatchWork",
    "Coordinator",
    "Dispatcher",
    "Ending",
    "Job",
    "LocalPool",
    "Outcome",
    "Progress",
    "StepLimits",
    "Steps",
    "SubmittedJob",
    "WorkerPool",
    "WorkerStartFailed",
    "check_completed",
    "follow",
    "free_what_dead_owners_hold",
    "is_dead_here",
    "new_owner",
    "sweep_orphans",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
