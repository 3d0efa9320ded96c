"""batchcast: demand forecasting for many sites and thousands of parts, in batches that cannot half-fail.

    import batchcast

    history = batchcast.read_demand("demand.csv")
    result = batchcast.forecast(history, horizon=7)
    result.forecasts, result.stock, result.accuracy

Names are loaded when they are first used, so that `import batchcast` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from batchcast.app.library import Demand, Forecast, forecast, read_demand
    from batchcast.domain.errors import BatchcastError, InvalidInput, InvalidSettings
    from batchcast.domain.settings import BatchSettings

__version__ = "0.1.0"
__all__ = [
    "BatchSettings",
    "BatchcastError",
    "Demand",
    "Forecast",
    "InvalidInput",
    "InvalidSettings",
    "forecast",
    "read_demand",
]

_HOMES = {
    "BatchSettings": "batchcast.domain.settings",
    "BatchcastError": "batchcast.domain.errors",
    "Demand": "batchcast.app.library",
    "Forecast": "batchcast.app.library",
    "InvalidInput": "batchcast.domain.errors",
    "InvalidSettings": "batchcast.domain.errors",
    "forecast": "batchcast.app.library",
    "read_demand": "batchcast.app.library",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'batchcast' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
