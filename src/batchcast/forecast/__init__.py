"""From demand to its distribution: forecasts, quantiles, stock figures and their accuracy, a pure function of history.

Comes in: the history file of a batch, ranges of its rows, a ForecastRequest.
Goes out: a Pool, learned once a batch; for each partition a folder with three tables and a summary.
Open first: `forecaster.py`, a chunk of series from history to forecast; `families.py` lists who competes.
"""

from batchcast.forecast.partition import PanelForecast, forecast_panel, forecast_partition
from batchcast.forecast.pool import Pool
from batchcast.forecast.prepare import learn_pool, prepare_pool
from batchcast.forecast.statistics import Leaderboard, merge_statistics
from batchcast.forecast.warm import warm

__all__ = [
    "Leaderboard",
    "PanelForecast",
    "Pool",
    "forecast_panel",
    "forecast_partition",
    "learn_pool",
    "merge_statistics",
    "prepare_pool",
    "warm",
]
