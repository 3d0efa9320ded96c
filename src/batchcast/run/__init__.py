"""The life of a batch: from a queued batch to a terminal state, in worker processes with limits.

Comes in: a PENDING batch in the store, the history it is about, and a pool of workers.
Goes out: the batch COMPLETED, ROLLED_BACK or CANCELLED, every change an event in the store, no process or file left.
Open first: `coordinator.py`; then `local_pool.py` (workers from the outside) and `worker.py` (from the inside).
"""
