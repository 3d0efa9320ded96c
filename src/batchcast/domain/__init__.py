"""The nouns of batchcast: frozen data that every other room speaks in.

Comes in: nothing; this room imports nothing of ours and does no I/O.
Goes out: the values rooms hand each other (history, request, plan, batch) and the tree of errors.
Open first: `batch.py`, the states of a batch and the arrows between them, drawn.
"""
