"""mlforecast with LightGBM: one model for all series of a set, as its own guides set it up.

`Tweedie`: single steps, recursive, conformal intervals of mlforecast made to sums as in `local_peers`.
`negbin @ Tweedie`: the same mean, a negative binomial around it.
`quantile on sums`: the target is the sum over the horizon, one model a level, with lags of at least the horizon.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from accuracy.local_peers import WIDTHS, Floats, Method, around, frame, model
from accuracy.scores import LEVELS, Forecast
from accuracy.sets import DataSet
from batchcast.forecast.panel import Panel

TWEEDIE, ON_SUMS = "mlforecast Tweedie", "mlforecast quantile on sums"
NEGBIN = f"negbin @ {TWEEDIE}"
FITTING = {"n_estimators": 200, "learning_rate": 0.05, "verbosity": -1, "n_jobs": 1, "deterministic": True, "seed": 0}
LAGS = {"D": (1, 2, 7, 14, 28), "W": (1, 2, 4, 13, 26), "M": (1, 2, 3, 6, 12)}
ROLLING = {"D": (7, 28, 91), "W": (4, 13, 26), "M": (3, 6, 12)}


def tweedie(panel: Panel, chosen: DataSet) -> Mapping[str, Forecast]:
    """LightGBM with the Tweedie loss: with conformal intervals, and with a negative binomial around its mean."""
    means, table = _steps(panel, chosen)
    plain = around(means, panel)
    if table is None:  # too short for windows to make intervals of
        return {NEGBIN: plain}
    mean = means.sum(axis=1)
    quantiles = np.repeat(mean[:, None], len(LEVELS), axis=1)
    for k, level in enumerate(LEVELS):
        if level > 0.5:
            upper = table[f"tweedie-hi-{round(100 * (2 * level - 1))}"].to_numpy().reshape(means.shape)
            quantiles[:, k] = mean + np.sqrt((np.maximum(upper - means, 0.0) ** 2).sum(axis=1))
    quantiles = np.maximum.accumulate(np.nan_to_num(quantiles), axis=1)
    return {TWEEDIE: Forecast(quantiles=quantiles, means=means), NEGBIN: plain}


def quantile_on_sums(panel: Panel, chosen: DataSet) -> Mapping[str, Forecast]:
    """LightGBM with the quantile loss on the sum over the horizon."""
    import lightgbm as lgb
    from mlforecast import MLForecast

    h = chosen.horizon
    rows = np.arange(len(panel))
    long = frame(panel, rows).with_columns(y=pl.col("y").rolling_sum(h, min_samples=1).clip(0.0).over("unique_id"))
    models = {f"q{k}": lgb.LGBMRegressor(objective="quantile", alpha=q, **FITTING) for k, q in enumerate(LEVELS)}
    models["mean"] = lgb.LGBMRegressor(objective="tweedie", **FITTING)
    every = {lag + h - 1 for lag in LAGS[chosen.frequency]} | {2 * h}
    learner = MLForecast(models=models, freq=1, lags=sorted(every), lag_transforms=_averages(chosen, h))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        learner.fit(long, static_features=[], dropna=False)
        table = pl.DataFrame(learner.predict(h)).sort("unique_id", "ds").group_by("unique_id").last().sort("unique_id")
    found = np.maximum(np.sort(table.select(f"q{k}" for k in range(len(LEVELS))).to_numpy(), axis=1), 0.0)
    mean = np.maximum(table["mean"].to_numpy(), 0.0)
    return {ON_SUMS: Forecast(quantiles=found, means=np.repeat(mean[:, None] / h, h, axis=1))}


def trio(panel: Panel, chosen: DataSet) -> Mapping[str, Forecast]:
    """The mean of the quantiles of three: on sums, negative binomial around Tweedie and around IMAPA."""
    every = {**quantile_on_sums(panel, chosen), **tweedie(panel, chosen), **model("IMAPA")(panel, chosen)}
    parts = [every[name] for name in (ON_SUMS, NEGBIN, "negbin @ statsforecast IMAPA")]
    mean = Forecast(
        quantiles=np.mean([part.quantiles for part in parts], axis=0), means=np.mean([p.means for p in parts], axis=0)
    )
    return {"average of the trio": mean}


LEARNED: Mapping[str, Method] = {TWEEDIE: tweedie, ON_SUMS: quantile_on_sums, "average of the trio": trio}


def _averages(chosen: DataSet, lag: int) -> dict[int, list[Any]]:
    from mlforecast.lag_transforms import ExpandingMean, RollingMean

    windows = [RollingMean(n, min_samples=1) for n in ROLLING[chosen.frequency]]
    return {lag: [*windows, ExpandingMean()]}


def _steps(panel: Panel, chosen: DataSet) -> tuple[Floats, pl.DataFrame | None]:
    """Means of steps, shape (series, horizon), and the table with intervals where history is long enough for them."""
    import lightgbm as lgb
    from mlforecast import MLForecast
    from mlforecast.utils import PredictionIntervals

    intervals: Any = PredictionIntervals(n_windows=2, h=chosen.horizon)
    long = frame(panel, np.arange(len(panel)))
    models = {"tweedie": lgb.LGBMRegressor(objective="tweedie", **FITTING)}
    season = chosen.frequency.season_length
    learner = MLForecast(
        models=models,
        freq=1,
        lags=list(LAGS[chosen.frequency]),
        lag_transforms=_averages(chosen, 1),
        date_features=[_Season(season)],
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            learner.fit(long, static_features=[], prediction_intervals=intervals, dropna=False)
            table = pl.DataFrame(learner.predict(chosen.horizon, level=WIDTHS))
        except ValueError:  # some series too short for the windows of the intervals: none get them
            learner.fit(long, static_features=[], dropna=False)
            table, intervals = pl.DataFrame(learner.predict(chosen.horizon)), None
    table = table.sort("unique_id", "ds")
    means = np.maximum(table["tweedie"].to_numpy(), 0.0).reshape(len(panel), chosen.horizon)
    return means, table if intervals else None


class _Season:
    """Place within the season of a period number, as a feature that mlforecast can name."""

    def __init__(self, length: int) -> None:
        self._length = length
        self.__name__ = "season"

    def __call__(self, periods: Any) -> Any:
        return periods % self._length
