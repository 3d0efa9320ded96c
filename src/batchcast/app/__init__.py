"""The use cases of batchcast, one method each; the only room that puts the others together.

Comes in: what a face was asked for: a file, settings, where the result goes.
Goes out: analysis, published result, leaderboard; or one of the errors of `domain.errors`.
Open first: `batchcast.py` for batches, `library/forecasting.py` for the Python library in this process.
"""
