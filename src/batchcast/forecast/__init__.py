"""From demand to its distribution: forecasts, quantiles, stock figures and their accuracy, a pure function of history.

Comes in: the history file of a batch, ranges of its rows, a ForecastRequest.
Goes out: a Pool, learned once a batch; for each partition a folder with three tables and a summary.
Open first: `forecaster.py`, a chunk of series from history to forecast; `families/registry.py` lists who competes.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from batchcast.forecast.digest import digest_rows
    from batchcast.forecast.partition import PanelForecast, forecast_panel, forecast_partition
    from batchcast.forecast.pool import Pool
    from batchcast.forecast.prepare import learn_pool, prepare_pool
    from batchcast.forecast.statistics import Leaderboard, merge_statistics
    from batchcast.forecast.warming import warm

# Found when asked for: `import batchcast` imports this room (see docs/decisions/0004), and must not load a compiler.
_HOMES = {
    "Leaderboard": "statistics",
    "PanelForecast": "partition",
    "Pool": "pool",
    "digest_rows": "digest",
    "forecast_panel": "partition",
    "forecast_partition": "partition",
    "learn_pool": "prepare",
    "merge_statistics": "statistics",
    "prepare_pool": "prepare",
    "warm": "warming",
}

__all__ = [
    "Leaderboard",
    "PanelForecast",
    "Pool",
    "digest_rows",
    "forecast_panel",
    "forecast_partition",
    "learn_pool",
    "merge_statistics",
    "prepare_pool",
    "warm",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
