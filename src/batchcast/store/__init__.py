"""What we remember: batches, partitions, attempts and events; who works at them; and where their files are.

Comes in: batches to remember, and changes of state, each along an arrow of `domain.batch`.
Goes out: batches as they stand, and their events in order; a change that lost a race is told so, and changes nothing.
Open first: `store.py` and `leases.py`, the protocol; then `memory.py`, a real store that
forgets when the process ends. `sql/` is imported by those who open a database: its libraries take a while.
"""

from batchcast.store.errors import (
    BatchExists,
    BatchNotEnded,
    KeyTaken,
    LeaseLost,
    SchemaTooNew,
    StoreUnavailable,
    UndrawnArrow,
    UnknownBatch,
    UnknownDatabase,
)
from batchcast.store.memory import MemoryStore
from batchcast.store.records import AttemptEnd, Checkpoint, Lease, Submission
from batchcast.store.store import Store

__all__ = [
    "AttemptEnd",
    "BatchExists",
    "BatchNotEnded",
    "Checkpoint",
    "KeyTaken",
    "Lease",
    "LeaseLost",
    "MemoryStore",
    "SchemaTooNew",
    "Store",
    "StoreUnavailable",
    "Submission",
    "UndrawnArrow",
    "UnknownBatch",
    "UnknownDatabase",
]
