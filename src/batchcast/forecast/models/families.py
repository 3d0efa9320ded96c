"""Models that share a pass over the data, each family with the function that runs it on a task."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from batchcast.forecast.kernels import buckets, events, free_start, holt, holt_winters, ses, simple, theta, tsb
from batchcast.forecast.models.points import Forecast, Task


def moving_average_window(season_length: int) -> int:
    """Periods of the moving average: four weeks of days, a quarter of weeks, a year of months."""
    return {7: 28, 52: 13}.get(season_length, max(season_length, 4))


def run_simple(task: Task) -> Mapping[str, Forecast]:
    """Zero, naive, mean and moving average."""
    levels, mse = np.zeros((4, *task.shape)), np.zeros((4, *task.shape))
    window = moving_average_window(task.season_length)
    simple.run_simple(task.values, task.offsets, task.held, window, levels, mse)
    return {name: (levels[k, :, :, None], mse[k]) for k, name in enumerate(SIMPLE)}


def run_seasonal_naive(task: Task) -> Mapping[str, Forecast]:
    """Seasonal naive."""
    mean, mse = np.zeros((*task.shape, task.steps)), np.zeros(task.shape)
    simple.run_seasonal_naive(task.values, task.offsets, task.held, task.season_length, mean, mse)
    return {"seasonal_naive": (mean, mse)}


def run_ses(task: Task) -> Mapping[str, Forecast]:
    """Simple exponential smoothing with the gain that fits best."""
    gains, levels, mse = np.zeros(task.shape), np.zeros(task.shape), np.zeros(task.shape)
    ses.choose_ses(task.values, task.offsets, task.held, gains)
    ses.run_ses(task.values, task.offsets, task.held, gains, levels, mse)
    return {"ses": (levels[:, :, None], mse)}


def run_croston(task: Task) -> Mapping[str, Forecast]:
    """Croston, SBA and linear decay, with gains of size and gap that fit best."""
    size_gains, gap_gains = np.zeros(task.shape), np.zeros(task.shape)
    levels, mse = np.zeros((3, *task.shape)), np.zeros((3, *task.shape))
    events.choose_croston(task.values, task.offsets, task.held, size_gains, gap_gains)
    events.run_croston(task.values, task.offsets, task.held, size_gains, gap_gains, levels, mse)
    return {name: (levels[k, :, :, None], mse[k]) for k, name in enumerate(CROSTON)}


def run_tsb(task: Task) -> Mapping[str, Forecast]:
    """TSB with the pair of gains that fits best."""
    size_gains, chance_gains = np.zeros(task.shape), np.zeros(task.shape)
    levels, mse = np.zeros(task.shape), np.zeros(task.shape)
    tsb.choose_tsb(task.values, task.offsets, task.held, size_gains, chance_gains)
    tsb.run_tsb(task.values, task.offsets, task.held, size_gains, chance_gains, levels, mse)
    return {"tsb": (levels[:, :, None], mse)}


def run_buckets(task: Task) -> Mapping[str, Forecast]:
    """ADIDA and IMAPA, each bucket length with the gain that fits best."""
    levels, mse = np.zeros((2, *task.shape)), np.zeros((2, *task.shape))
    buckets.run_buckets(task.values, task.offsets, task.held, 0.0, levels, mse)
    return {name: (levels[k, :, :, None], mse[k]) for k, name in enumerate(BUCKETS)}


def run_theta(task: Task) -> Mapping[str, Forecast]:
    """Theta, dynamic and optimised, on what is left when the season is taken out."""
    mean, mse = np.zeros((*task.shape, task.steps)), np.zeros(task.shape)
    chosen, choose = np.zeros((*task.shape, 3)), np.zeros(3)
    theta.run_theta(task.values, task.offsets, task.held, task.season_length, choose, chosen, mean, mse)
    return {"theta": (mean, mse)}


def run_holt(task: Task) -> Mapping[str, Forecast]:
    """Holt's damped trend."""
    mean, mse = np.zeros((*task.shape, task.steps)), np.zeros(task.shape)
    chosen, choose = np.zeros((*task.shape, 5)), np.zeros(5)
    holt.run_holt(task.values, task.offsets, task.held, choose, chosen, mean, mse)
    return {"holt_damped": (mean, mse)}


def run_holt_winters(task: Task) -> Mapping[str, Forecast]:
    """Holt and Winters, additive or multiplicative."""
    (cutoffs, series), season = task.shape, task.season_length
    mean, mse = np.zeros((series, cutoffs, task.steps)), np.full((series, cutoffs), np.inf)
    picks = np.zeros((series, cutoffs, 3), dtype=np.int64)
    if season > 1:
        chosen = np.zeros((series, cutoffs, 6 + season))
        for multiplicative in (False, True):
            holt_winters.run_grid(
                task.values,
                task.offsets,
                task.held,
                season,
                holt_winters.GRID,
                multiplicative,
                picks,
                chosen,
                mean,
                mse,
            )
    if 1 < season <= free_start.LONGEST_SEASON:
        _free_start(task, picks, mean, mse)
    return {"holt_winters": (mean.swapaxes(0, 1), mse.swapaxes(0, 1))}


def _free_start(task: Task, picks: NDArray[np.int64], mean: NDArray[np.float64], mse: NDArray[np.float64]) -> None:
    """Improve additive forecasts by the initial state that fits best."""
    season, longest = task.season_length, int(np.diff(task.offsets).max(initial=0))
    used, places = np.unique(picks[:, :, :2], return_inverse=True)
    parameters = holt_winters.GRID[used]
    width = free_start.width_of(season)
    tables = np.empty((len(used), longest, width))
    sums = np.zeros((len(used), longest // free_start.BLOCK + 1, season + 1, width))
    free_start.make_tables(parameters, season, tables, sums)
    candidates = np.concatenate([places.reshape(picks[:, :, :2].shape), picks[:, :, 2:]], axis=2)
    free_start.run_free(task.values, task.offsets, task.held, season, parameters, candidates, tables, sums, mean, mse)


SIMPLE = ("zero", "naive", "mean", "moving_average")
CROSTON = ("croston", "sba", "linear_decay")
BUCKETS = ("adida", "imapa")
FAMILIES: Mapping[tuple[str, ...], Callable[[Task], Mapping[str, Forecast]]] = {
    SIMPLE: run_simple,
    ("seasonal_naive",): run_seasonal_naive,
    ("ses",): run_ses,
    CROSTON: run_croston,
    ("tsb",): run_tsb,
    BUCKETS: run_buckets,
    ("theta",): run_theta,
    ("holt_damped",): run_holt,
    ("holt_winters",): run_holt_winters,
}
