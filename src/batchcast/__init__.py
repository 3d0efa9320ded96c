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
from typing import TYPE_CHECKING, Any, Unpack, overload

import batchcast.forecast as _room  # noqa: F401 first the room, then the function of its name: docs/decisions/0004

if TYPE_CHECKING:
    import pandas
    import polars

    from batchcast.app.library.demand import Demand, Source, read_demand
    from batchcast.app.library.estimator import BatchcastForecaster
    from batchcast.app.library.forecasting import backtest
    from batchcast.app.library.progress import OnProgress
    from batchcast.app.library.result import BacktestResult, Forecast, OrderTables, load
    from batchcast.app.library.typed_settings import ForecastSettings
    from batchcast.domain.errors import BatchcastError, InvalidInput, InvalidSettings
    from batchcast.domain.settings import BatchSettings

__version__ = "0.1.0"
__all__ = [
    "BacktestResult",
    "BatchSettings",
    "BatchcastError",
    "BatchcastForecaster",
    "Demand",
    "Forecast",
    "InvalidInput",
    "InvalidSettings",
    "OrderTables",
    "backtest",
    "forecast",
    "load",
    "read_demand",
]

_HOMES = {
    "BacktestResult": "batchcast.app.library.result",
    "BatchSettings": "batchcast.domain.settings",
    "BatchcastError": "batchcast.domain.errors",
    "BatchcastForecaster": "batchcast.app.library.estimator",
    "Demand": "batchcast.app.library.demand",
    "Forecast": "batchcast.app.library.result",
    "InvalidInput": "batchcast.domain.errors",
    "InvalidSettings": "batchcast.domain.errors",
    "OrderTables": "batchcast.app.library.result",
    "backtest": "batchcast.app.library.forecasting",
    "load": "batchcast.app.library.result",
    "read_demand": "batchcast.app.library.demand",
}


@overload
def forecast(
    history: Demand[pandas.DataFrame] | pandas.DataFrame,
    *,
    horizon: int | None = None,
    on_progress: OnProgress | None = None,
    progress: bool | None = None,
    **settings: Unpack[ForecastSettings],
) -> Forecast[pandas.DataFrame]: ...
@overload
def forecast(
    history: Demand[polars.DataFrame] | polars.DataFrame | polars.LazyFrame,
    *,
    horizon: int | None = None,
    on_progress: OnProgress | None = None,
    progress: bool | None = None,
    **settings: Unpack[ForecastSettings],
) -> Forecast[polars.DataFrame]: ...
@overload
def forecast(
    history: Demand[Any] | Source,
    *,
    horizon: int | None = None,
    on_progress: OnProgress | None = None,
    progress: bool | None = None,
    **settings: Unpack[ForecastSettings],
) -> Forecast[Any]: ...
def forecast(
    history: Demand[Any] | Source,
    *,
    horizon: int | None = None,
    on_progress: OnProgress | None = None,
    progress: bool | None = None,
    **settings: Unpack[ForecastSettings],
) -> Forecast[Any]:
    """Forecast every series of a history, in this process and on one core.

    The numbers are those of a batch with the same settings, bit for bit, however it is partitioned.

    Args:
        history: what `read_demand` gave, or anything it takes: a pandas, polars or pyarrow table, a file, ...
        horizon: periods to forecast; None: 7 days, 8 weeks or 12 months.
        on_progress: called with the share of the work done, 0 to 1, as work goes on.
        progress: whether a bar is shown; None: in a terminal and in a notebook.
        settings: any other field of `BatchSettings`; `events` may be a file, or a table of its columns.

    Returns:
        The tables of the result, like the one that came in, and what is told of them.

    Raises:
        InvalidInput: if it can't be a demand history; RowsRefused, one of its kinds, carries the report of every row.
        InvalidSettings: if a setting is unknown, out of its range, or does not fit the history.

    Example:
        >>> result = batchcast.forecast(df, horizon=14, service_level=0.98, holidays="ID")
        >>> df.merge(result.forecasts, on=["date", "partnumber", "site_code"], how="outer")
    """
    from batchcast.app.library import forecasting

    return forecasting.forecast(history, horizon=horizon, on_progress=on_progress, progress=progress, settings=settings)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'batchcast' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
