"""The life of a batch: from a queued batch to a terminal state, in worker processes with limits.

Comes in: PENDING batches in the store, the histories they are about, and a pool of workers.
Goes out: the batches COMPLETED, ROLLED_BACK or CANCELLED, every change an event in the store, no process or file left.
Open first: `dispatcher.py`, which takes batches from the queue; `batch_run.py` carries one out, and `one_batch.py` is
the same engine for a command. `local_pool.py` has workers from the outside, `worker.py` from the inside.
"""
