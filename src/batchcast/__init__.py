"""batchcast: demand forecasting for many sites and thousands of parts, in batches that cannot half-fail.

    import batchcast

    history = batchcast.read_demand("demand.csv")
    result = batchcast.forecast(history, horizon=7)
    result.forecasts, result.stock, result.accuracy
    result.orders("stock.csv").next_units

Names are loaded when they are first used, so that `import batchcast` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import batchcast.forecast as _room  # noqa: F401 first the room, then the function of its name: docs/decisions/0004

if TYPE_CHECKING:
    from collections.abc import Callable

    from batchcast.app.library.demand import Demand, Source, read_demand
    from batchcast.app.library.result import Forecast, OrderTables
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
    "OrderTables",
    "forecast",
    "read_demand",
]

_HOMES = {
    "BatchSettings": "batchcast.domain.settings",
    "BatchcastError": "batchcast.domain.errors",
    "Demand": "batchcast.app.library.demand",
    "Forecast": "batchcast.app.library.result",
    "InvalidInput": "batchcast.domain.errors",
    "InvalidSettings": "batchcast.domain.errors",
    "OrderTables": "batchcast.app.library.result",
    "read_demand": "batchcast.app.library.demand",
}


def forecast(
    history: Demand | Source,
    *,
    horizon: int | None = None,
    on_progress: Callable[[float], None] | None = None,
    **settings: Any,
) -> Forecast:
    """Forecast every series of a history, in this process and on one core: see `batchcast.app.library`."""
    from batchcast.app.library import forecasting

    return forecasting.forecast(history, horizon=horizon, on_progress=on_progress, **settings)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'batchcast' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
