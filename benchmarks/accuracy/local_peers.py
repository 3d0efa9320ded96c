"""statsforecast: one model a series, its own intervals, and the choice of the best model of each series.

Its intervals are of single steps. Those of the sum over the horizon are made of them as if the errors of steps were
independent: the deviations from the mean at each level, squared, summed, rooted. `negbin @` is the same mean with a
negative binomial of the history's variance around it instead, which is kinder to it on sparse demand.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import stats

from accuracy.scores import LEVELS, Forecast
from accuracy.sets import DataSet
from batchcast.forecast.panel import Panel

Floats = NDArray[np.float64]
Method = Callable[[Panel, DataSet], Mapping[str, Forecast]]
BEST_PER_SERIES = "statsforecast best per series"
WIDTHS = [round(100 * (2 * level - 1)) for level in LEVELS if level > 0.5]  # central intervals with those upper ends
WINDOWS = 2  # of conformal intervals
COMPETE = ("AutoETS", "DynamicOptimizedTheta", "CrostonSBA", "TSB", "ADIDA", "IMAPA")
INTERMITTENT = ("CrostonSBA", "TSB", "ADIDA", "IMAPA")


def models_of(names: tuple[str, ...], season: int) -> list[Any]:
    """Models of statsforecast by name, at its defaults; TSB has none, and gets the usual 0.2 and 0.2."""
    from statsforecast import models

    made = {
        "AutoETS": lambda: models.AutoETS(season_length=season),
        "DynamicOptimizedTheta": lambda: models.DynamicOptimizedTheta(season_length=season),
        "CrostonSBA": models.CrostonSBA,
        "TSB": lambda: models.TSB(alpha_d=0.2, alpha_p=0.2),
        "ADIDA": models.ADIDA,
        "IMAPA": models.IMAPA,
    }
    return [made[name]() for name in names]


def model(name: str) -> Method:
    """The model's mean with its own intervals (conformal ones where it has none), and with a negative binomial."""

    def forecast(panel: Panel, chosen: DataSet) -> Mapping[str, Forecast]:
        table = _run(panel, chosen, (name,))
        return {
            f"statsforecast {name}": _to_sums(table, name, panel, chosen),
            f"negbin @ statsforecast {name}": around(_means(table, name, panel, chosen), panel),
        }

    return forecast


def best_per_series(panel: Panel, chosen: DataSet) -> Mapping[str, Forecast]:
    """For each series the model with the least mean squared error in cross-validation, with its intervals."""
    from statsforecast import StatsForecast
    from statsforecast.models import Naive

    long = np.flatnonzero(panel.lengths > chosen.horizon * (WINDOWS + 1))
    season = chosen.frequency.season_length
    tried = StatsForecast(models=models_of(COMPETE, season), freq=1, fallback_model=Naive())
    errors = np.full((len(panel), len(COMPETE)), np.inf)
    if len(long):
        windows = {"h": chosen.horizon, "n_windows": 1, "step_size": chosen.horizon}
        seen = pl.DataFrame(tried.cross_validation(df=frame(panel, long), **windows))
        squares = seen.group_by("unique_id").agg((pl.col(m) - pl.col("y")).pow(2).mean() for m in COMPETE)
        squares = squares.sort("unique_id")
        errors[squares["unique_id"].to_numpy()] = squares.select(COMPETE).to_numpy()
    best = np.where(np.isfinite(errors).any(axis=1), np.nan_to_num(errors, nan=np.inf).argmin(axis=1), 5)
    table = _run(panel, chosen, COMPETE)
    every = [_to_sums(table, name, panel, chosen) for name in COMPETE]
    rows = np.arange(len(panel))
    found = Forecast(
        quantiles=np.array([f.quantiles for f in every])[best, rows],
        means=np.array([f.means for f in every])[best, rows],
    )
    return {BEST_PER_SERIES: found}


def around(means: Floats, panel: Panel) -> Forecast:
    """A negative binomial around the sum of the means, with the variance that periods of the history have."""
    variance = np.array([panel.series(i).var(ddof=1) for i in range(len(panel))]) * means.shape[1]
    mean = np.maximum(means.sum(axis=1), 1e-9)
    variance = np.maximum(variance, mean * 1.01)
    chance = mean / variance
    quantiles = stats.nbinom.ppf(LEVELS[None, :], (mean * chance / (1 - chance))[:, None], chance[:, None])
    return Forecast(quantiles=np.nan_to_num(quantiles), means=means)


def frame(panel: Panel, rows: NDArray[np.int64]) -> pl.DataFrame:
    """Series as the long table that statsforecast and mlforecast read; periods are numbers, aligned at their end."""
    lengths = panel.lengths[rows]
    longest = int(panel.lengths.max())
    return pl.DataFrame(
        {
            "unique_id": np.repeat(rows, lengths),
            "ds": np.concatenate([np.arange(longest - n, longest) for n in lengths]),
            "y": np.concatenate([panel.series(int(i)) for i in rows]),
        }
    )


LOCAL: Mapping[str, Method] = {
    **{f"statsforecast {name}": model(name) for name in reversed(COMPETE)},
    BEST_PER_SERIES: best_per_series,
}


def _run(panel: Panel, chosen: DataSet, names: tuple[str, ...]) -> pl.DataFrame:
    """Forecasts of every series; without intervals where it is too short for conformal ones."""
    from statsforecast import StatsForecast
    from statsforecast.models import Naive
    from statsforecast.utils import ConformalIntervals

    models = models_of(names, chosen.frequency.season_length)
    rows = np.arange(len(panel))
    enough = panel.lengths > chosen.horizon * (WINDOWS + 1)
    conformal = ConformalIntervals(n_windows=WINDOWS, h=chosen.horizon)
    with_own = models_of(names, chosen.frequency.season_length)
    for model, name in zip(with_own, names, strict=True):
        if name in INTERMITTENT:
            model.prediction_intervals = conformal
    parts = [
        _forecast(
            StatsForecast(models=with_own, freq=1, fallback_model=Naive()),
            panel,
            rows[enough],
            chosen.horizon,
            level=WIDTHS,
        )
    ]
    parts.append(
        _forecast(StatsForecast(models=models, freq=1, fallback_model=Naive()), panel, rows[~enough], chosen.horizon)
    )
    return pl.concat([part for part in parts if len(part)], how="diagonal").sort("unique_id", "ds")


def _forecast(runner: Any, panel: Panel, rows: NDArray[np.int64], horizon: int, **more: Any) -> pl.DataFrame:
    if not len(rows):
        return pl.DataFrame()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pl.DataFrame(runner.forecast(df=frame(panel, rows), h=horizon, **more)).sort("unique_id", "ds")


def _means(table: pl.DataFrame, name: str, panel: Panel, chosen: DataSet) -> Floats:
    means = table[name].to_numpy().astype(np.float64).reshape(len(panel), chosen.horizon)
    return np.maximum(np.nan_to_num(means), 0.0)


def _to_sums(table: pl.DataFrame, name: str, panel: Panel, chosen: DataSet) -> Forecast:
    means = _means(table, name, panel, chosen)
    mean = means.sum(axis=1)
    quantiles = np.repeat(mean[:, None], len(LEVELS), axis=1)
    plain = around(means, panel).quantiles
    for k, level in enumerate(LEVELS):
        if level > 0.5:
            column = f"{name}-hi-{round(100 * (2 * level - 1))}"
            missing = np.full(len(table), np.nan)
            upper = table[column].cast(pl.Float64).to_numpy() if column in table.columns else missing
            upper = upper.reshape(means.shape)
            width = np.sqrt((np.maximum(upper - means, 0.0) ** 2).sum(axis=1))
            quantiles[:, k] = np.where(np.isnan(width), plain[:, k], mean + width)
    return Forecast(quantiles=np.maximum(np.maximum.accumulate(quantiles, axis=1), 0.0), means=means)
