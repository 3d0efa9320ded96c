"""What we remember: batches, partitions, attempts and events; who works at them; and where their files are.

Comes in: batches to remember, and changes of state, each along an arrow of `domain.batch`.
Goes out: batches as they stand, and their events in order; a change that lost a race returns False.
Open first: `store.py`, the protocol; then `memory.py`, a real store that
forgets when the process ends. `sql/` is imported by those who open a database: its libraries take a while.
"""
