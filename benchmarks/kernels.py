"""The compiled models against statsforecast: a backtest of three cutoffs and the final forecast, CPU seconds and error.

Both get the same histories and cutoffs, run in one process, one after the other and ours again, with every
kernel compiled before. The last horizon of each history is kept from both, to judge them by.
"""

from __future__ import annotations

import resource
import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from batchcast.forecast.distributions.negbin import negbin_quantiles
from batchcast.forecast.models.points import forecast_points
from batchcast.forecast.models.table import POINT_MODELS
from batchcast.forecast.panel import NO_DEMAND, Panel
from measure import DATA, print_table

Floats = NDArray[np.float64]
FOLDS = 3
GROUPS = ("cheap", "all")
COSTLY = ("holt_damped", "holt_winters", "theta")
LEVELS = (0.5, 0.8, 0.9, 0.95, 0.99)


@dataclass(frozen=True, kw_only=True)
class Job:
    """Histories of equal length, and what to do with them."""

    name: str
    demand: Floats  # shape (series, periods)
    season: int
    horizon: int
    measured: Mapping[str, int]  # series that statsforecast is given, for the cheap models and for all

    @property
    def known(self) -> Floats:
        return self.demand[:, : -self.horizon]

    @property
    def to_come(self) -> Floats:
        return self.demand[:, -self.horizon :]


def main() -> None:
    print("## Compiled models against statsforecast\n")
    print(
        "Three backtest cutoffs, refitted at each, and the final forecast; CPU seconds (user and system, one thread)."
    )
    print("Kernels are compiled before. statsforecast gets the series stated, drawn at random (seed 0).")
    print("Cost is compared per series.")
    print(
        "`all` adds damped Holt (ETS AAdN), Holt-Winters (ETS AAA) and dynamic optimised Theta to the cheap models.\n"
    )
    costs, errors = [], []
    # A process of its own for each job, as workers have: memory that another job has used changes what ours costs.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as processes:
        for cost, error in processes.map(compare_groups, (carparts, daily)):
            costs.extend(cost)
            errors.extend(error)
    print_table(
        ["job", "models", "series (ours)", "s", "series (statsforecast)", "s", "CPU per series, times less"], costs
    )
    print(
        "Error on the periods kept from both, on the same series, of the mean of the three models that did best in the"
    )
    print("backtest: pooled RMSSE, and scaled lead-time pinball of negative binomial quantiles around it.\n")
    print_table(["job", "models", "by", "pooled RMSSE", "lead-time pinball", "the three"], errors)


def carparts() -> Job:
    table = pd.read_parquet(DATA / "carparts" / "carparts.parquet")
    months = pd.to_datetime(table["date"]).to_numpy().astype("datetime64[M]").astype(int)
    parts, index = np.unique(table["partnumber"].to_numpy(dtype=str), return_inverse=True)
    demand = np.zeros((len(parts), months.max() - months.min() + 1))
    np.add.at(demand, (index, months - months.min()), table["demand_qty"].to_numpy())
    everything = len(demand)
    return Job(
        name=f"carparts, {everything:,} x {demand.shape[1]}",
        demand=demand,
        season=12,
        horizon=6,
        measured={"cheap": everything, "all": everything},
    )


def daily(series: int = 3000, periods: int = 1913) -> Job:
    """Sales of M5's kind, invented (seed 0): many zeros, a week, a level that drifts, spells out of stock."""
    random = np.random.default_rng(0)
    rate = random.gamma(0.7, 1.5, (series, 1))
    week = np.exp(random.normal(0.0, 0.25, (series, 7)))
    drift = np.exp(np.cumsum(random.normal(0.0, 0.01, (series, periods)), axis=1))
    mean = rate * np.tile(week, periods // 7 + 1)[:, :periods] * drift
    size = np.maximum(mean, 1e-9)
    demand = random.negative_binomial(size, 1.0 / (1.0 + mean / size)).astype(np.float64)
    start = random.integers(0, periods - 60, series)
    for i in np.flatnonzero(random.random(series) < 0.3):
        demand[i, start[i] : start[i] + 60] = 0.0
    return Job(
        name=f"invented daily sales, {series:,} x {periods:,}",
        demand=demand,
        season=7,
        horizon=28,
        measured={"cheap": 150, "all": 40},
    )


def compare_groups(make_job: Callable[[], Job]) -> tuple[list[list[object]], list[list[object]]]:
    """The rows of costs and of errors of one job."""
    job = make_job()
    warm(job)
    compared = [compare(job, group) for group in GROUPS]
    return [cost for cost, _ in compared], [row for _, rows in compared for row in rows]


def warm(job: Job) -> None:
    """Compile and load everything that either side needs."""
    few = Job(**{**job.__dict__, "demand": job.demand[:2]})
    for group in GROUPS:
        ours(few, group)
        theirs(few, group)


def compare(job: Job, group: str) -> tuple[list[object], list[list[object]]]:
    """Ours, statsforecast, ours again: a row of costs, and a row of errors for each."""
    chosen = np.sort(np.random.default_rng(0).permutation(len(job.demand))[: job.measured[group]])
    few = Job(**{**job.__dict__, "demand": job.demand[chosen]})
    before, mine = measure_cpu(lambda: ours(job, group))
    cost, other = measure_cpu(lambda: theirs(few, group))
    after, _ = measure_cpu(lambda: ours(job, group))
    mine_cost = (before + after) / 2.0
    times = (cost / len(chosen)) / (mine_cost / len(job.demand))
    mine = {name: forecasts[:, chosen] for name, forecasts in mine.items()}
    errors = [
        [job.name, group, by, *judge(few, forecasts)]
        for by, forecasts in (("batchcast", mine), ("statsforecast", other))
    ]
    return [job.name, group, len(job.demand), mine_cost, len(chosen), cost, times], errors


def measure_cpu(work: Callable[[], Mapping[str, Floats]]) -> tuple[float, Mapping[str, Floats]]:
    before = resource.getrusage(resource.RUSAGE_SELF)
    result = work()
    after = resource.getrusage(resource.RUSAGE_SELF)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, result


def ours(job: Job, group: str) -> Mapping[str, Floats]:
    """Forecasts of each model at the end and at each fold before it, shape (1 + folds, series, horizon)."""
    names = [name for name in POINT_MODELS if group == "all" or name not in COSTLY]
    cutoffs = [fold * job.horizon for fold in range(FOLDS + 1)]
    points = forecast_points(
        panel_of(job.known), models=names, cutoffs=cutoffs, steps=job.horizon, season_length=job.season
    )
    return dict(zip(names, points.mean, strict=True))


def panel_of(demand: Floats) -> Panel:
    series, periods = demand.shape
    return Panel(
        values=demand.ravel().copy(),
        offsets=np.arange(series + 1, dtype=np.int64) * periods,
        site_codes=[""] * series,
        partnumbers=[""] * series,
        last_demand=np.full(series, NO_DEMAND, dtype=np.int32),
        last_period=periods - 1,
    )


def theirs(job: Job, group: str) -> Mapping[str, Floats]:
    """The same through statsforecast: its models of the same names, refitted at each fold."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from statsforecast import StatsForecast
        from statsforecast import models as sf

        models = [
            sf.ZeroModel(alias="zero"),
            sf.Naive(alias="naive"),
            sf.SeasonalNaive(job.season, alias="seasonal_naive"),
            sf.HistoricAverage(alias="mean"),
            sf.WindowAverage(28 if job.season == 7 else 12, alias="moving_average"),
            sf.SimpleExponentialSmoothingOptimized(alias="ses"),
            sf.CrostonOptimized(alias="croston"),
            sf.CrostonSBA(alias="sba"),
            sf.TSB(0.1, 0.1, alias="tsb"),
            sf.ADIDA(alias="adida"),
            sf.IMAPA(alias="imapa"),
        ]
        if group == "all":
            models += [
                sf.AutoETS(model="AAN", damped=True, alias="holt_damped"),
                sf.HoltWinters(job.season, alias="holt_winters"),
                sf.DynamicOptimizedTheta(job.season, alias="theta"),
            ]
        series, periods = job.known.shape
        table = pd.DataFrame(
            {
                "unique_id": np.repeat(np.arange(series), periods),
                "ds": np.tile(np.arange(periods), series),
                "y": job.known.ravel(),
            }
        )
        forecaster = StatsForecast(models=models, freq=1, n_jobs=1, fallback_model=sf.HistoricAverage())
        last = forecaster.forecast(df=table, h=job.horizon)
        folds = forecaster.cross_validation(df=table, h=job.horizon, n_windows=FOLDS, step_size=job.horizon)
    result = {}
    for model in models:
        name = model.alias
        backtest = folds[name].to_numpy(dtype=float).reshape(series, FOLDS, job.horizon).swapaxes(0, 1)[::-1]
        final = last[name].to_numpy(dtype=float).reshape(1, series, job.horizon)
        result[name] = np.maximum(np.concatenate([final, backtest]), 0.0)
    return result


def judge(job: Job, forecasts: Mapping[str, Floats]) -> tuple[float, float, str]:
    """RMSSE and pinball of the mean of the three models of least error in the backtest, and their names."""
    past = [job.known[:, -(fold + 1) * job.horizon :][:, : job.horizon] for fold in range(FOLDS)]
    scores = {
        name: sum(float(np.mean((made[1 + fold] - past[fold]) ** 2)) for fold in range(FOLDS))
        for name, made in forecasts.items()
    }
    three = sorted(scores, key=scores.__getitem__)[:3]
    mean = np.mean([forecasts[name][0] for name in three], axis=0)
    steps = float(np.mean(np.diff(job.known, axis=1) ** 2))
    rmsse = float(np.sqrt(np.mean((mean - job.to_come) ** 2) / steps))
    return rmsse, pinball(job, mean.sum(axis=1)), ", ".join(three)


def pinball(job: Job, mean: Floats) -> float:
    """Scaled pinball loss of the quantiles of the sum over the horizon, as `forecasting.md` defines it."""
    sums = np.lib.stride_tricks.sliding_window_view(job.known, job.horizon, axis=1).sum(axis=2)
    scale = np.maximum(np.abs(sums[:, job.horizon :] - sums[:, : -job.horizon]).mean(axis=1), 1.0)
    dispersion = np.maximum(sums.var(axis=1) / np.maximum(sums.mean(axis=1), 1e-9), 1.0)
    quantiles = negbin_quantiles(mean, dispersion, np.ones(len(mean)), LEVELS)
    return float(np.mean([loss(job.to_come.sum(axis=1), quantiles[:, k], q) / scale for k, q in enumerate(LEVELS)]))


def loss(actual: Floats, forecast: Floats, level: float) -> Floats:
    return np.maximum(level * (actual - forecast), (level - 1.0) * (actual - forecast))


if __name__ == "__main__":
    main()
