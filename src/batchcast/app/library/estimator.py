"""An estimator as scikit-learn's and Nixtla's pipelines expect one: settings first, then fit, predict."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from batchcast.app.library.demand import Demand, Source, read_demand
from batchcast.app.library.forecasting import plan_of, run_forecast
from batchcast.app.library.nixtla import CUTOFF, TARGET, long_table, style_of_long
from batchcast.app.library.result import Forecast
from batchcast.domain import columns
from batchcast.domain.calendar import date_of
from batchcast.domain.errors import N_, InvalidSettings, Message
from batchcast.domain.plan import FORECAST_FILE, ForecastRequest
from batchcast.domain.settings import deciding
from batchcast.forecast.panel import Panel, read_panel


class BatchcastForecaster:
    """Forecasts in Nixtla's long format, by the settings that it was made with.

    Parameters are kept as they were given and are checked by `fit`, so that scikit-learn's `clone` makes the same one.

    Args:
        horizon: periods that `predict` forecasts where it is told none.
        model: what its columns are called.
        settings: any other of `BatchSettings`.

    Example:
        >>> forecaster = BatchcastForecaster(models=["ses", "imapa"]).fit(df)  # unique_id, ds, y
        >>> forecaster.predict(12)
        >>> forecaster.cross_validation(df, h=12, n_windows=3)
    """

    def __init__(self, horizon: int | None = None, *, model: str = "batchcast", **settings: Any) -> None:
        self.horizon = horizon
        self.model = model
        self._settings = settings

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """What it was made with, by name."""
        return {"horizon": self.horizon, "model": self.model, **self._settings}

    def set_params(self, **params: Any) -> Self:
        """Change some of what it was made with; a history that was fitted is kept."""
        for name, value in params.items():
            if name in ("horizon", "model"):
                setattr(self, name, value)
            else:
                self._settings[name] = value
        return self

    def fit(self, history: Demand[Any] | Source, y: object = None) -> Self:
        """Read and check a history; `y` is ignored: the quantity is a column.

        Raises:
            InvalidInput, InvalidSettings: as `batchcast.read_demand`.
        """
        of_reading: Any = {name: value for name, value in self._settings.items() if name in deciding("reading")}
        self.demand_ = history if isinstance(history, Demand) else read_demand(history, **of_reading)
        plan_of(self.demand_, self._settings | {"horizon": self.horizon})  # refuses settings that don't fit
        return self

    def predict(self, h: int | None = None) -> Any:
        """Forecasts of the periods after the history: unique_id, ds, the mean and the quantiles.

        The whole result is `result_` then.

        Args:
            h: periods; None: `horizon`, and where that is None 7 days, 8 weeks or 12 months.

        Raises:
            InvalidSettings: if nothing was fitted, or the horizon is out of its range.
        """
        self.result_ = run_forecast(self._fitted(), self._settings | {"horizon": self.horizon if h is None else h})
        return self.result_.to_nixtla(self.model)

    def fit_predict(self, history: Demand[Any] | Source, h: int | None = None) -> Any:
        """`fit`, then `predict`."""
        return self.fit(history).predict(h)

    def cross_validation(
        self, history: Demand[Any] | Source | None = None, *, h: int, n_windows: int = 1, step_size: int | None = None
    ) -> Any:
        """Forecasts from past cutoffs, beside what came: unique_id, ds, cutoff, y, the mean and the quantiles.

        No model sees demand after its cutoff. Series that began later are left out of a window.

        Args:
            history: None: the one that was fitted.
            h: periods of each window.
            n_windows: how many; the last ends with the history.
            step_size: periods between the cutoffs; None: `h`.

        Raises:
            InvalidSettings: if the history is too short for so many windows.
        """
        import pyarrow as pa

        demand = self._fitted() if history is None else self.fit(history).demand_
        plan = plan_of(demand, self._settings | {"horizon": h})
        request = plan.request
        every = [(0, demand.facts.series)]
        panel = read_panel(demand.history.path, every, request)
        parts = []
        for window in reversed(range(n_windows)):
            cutoff = request.last_period - h - window * (h if step_size is None else step_size)
            start = date_of(request.calendar.first_day(cutoff + 1))
            past = run_forecast(demand, self._settings | {"horizon": h, "forecast_start_date": start})
            parts.append(_window(past, self.model, panel, request, cutoff))
        return style_of_long(demand.style, plan).dress(pa.concat_tables(parts))

    def _fitted(self) -> Demand[Any]:
        if not hasattr(self, "demand_"):
            raise InvalidSettings([Message(N_("Nothing was fitted yet: call fit(history) first."))])
        return self.demand_

    def __repr__(self) -> str:
        given = {name: value for name, value in self.get_params().items() if value not in (None, "batchcast")}
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in given.items())})"


def _window(past: Forecast[Any], model: str, panel: Panel, request: ForecastRequest, cutoff: int) -> Any:
    """The forecasts from one cutoff, with the cutoff and the demand that came."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = past.folder / FORECAST_FILE
    table = long_table(path, past.plan, model)
    rows = pq.ParquetFile(path, memory_map=False).read(columns=[columns.DATE, *columns.SERIES])
    days = pa.array([date_of(request.calendar.first_day(cutoff))] * len(table), pa.date32())
    table = table.add_column(2, CUTOFF, [days])
    return table.add_column(3, TARGET, [_demand_of(rows, panel, request)])


def _demand_of(rows: Any, panel: Panel, request: ForecastRequest) -> Any:
    """The demand of each row's series and period; NaN after the end of its site's history."""
    import pyarrow as pa

    at = {key: i for i, key in enumerate(zip(panel.site_codes, panel.partnumbers, strict=True))}
    keys = zip(*(rows[name].cast(pa.string()).to_pylist() for name in columns.SERIES), strict=True)
    series = np.array([at[key] for key in keys], dtype=np.int64)
    periods = request.calendar.periods_of_days(rows[columns.DATE].cast(pa.int32()).to_numpy())
    ends = np.array([request.end_of(site) for site in panel.site_codes], dtype=np.int64)[series]
    places = panel.offsets[series + 1] - 1 - (ends - periods)
    known = (periods <= ends) & (places >= panel.offsets[series])
    found = np.where(known, panel.values[np.where(known, places, 0)], np.nan)
    return pa.array(found, pa.float64())
