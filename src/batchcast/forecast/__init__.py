"""From demand to its distribution: forecasts, quantiles, stock figures and their accuracy, a pure function of history.

Comes in: the history file of a batch, ranges of its rows, a ForecastRequest.
Goes out: `SharedKnowledge`, learned once a batch; for each partition a folder with its tables and a summary.
Open first: `forecaster.py`, a chunk of series from history to forecast; `models/table.py` declares every model.
"""
