"""What we remember: batches, partitions, attempts and events.

Comes in: batches to remember, and changes of state, each along an arrow of `domain.batch`.
Goes out: batches as they stand, and their events in order; a change that lost a race is told so, and changes nothing.
Open first: `store.py`, the protocol; then `memory.py`, a real store that forgets when the process ends.
"""

from batchcast.store.memory import MemoryStore
from batchcast.store.store import AttemptEnd, BatchExists, Store, UndrawnArrow, UnknownBatch

__all__ = ["AttemptEnd", "BatchExists", "MemoryStore", "Store", "UndrawnArrow", "UnknownBatch"]
