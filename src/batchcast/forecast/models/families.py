"""Models that share a pass over the data, each family with the function that runs it on a task."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from batchcast.forecast.kernels import buckets, events, holt, holt_winters, ses, simple, theta, tsb
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
    cutoffs, series = task.shape
    mean, mse = np.zeros((series, cutoffs, task.steps)), np.zeros((series, cutoffs))
    if task.season_length > 1:
        chosen, choose = np.zeros((series, cutoffs, 7 + task.season_length)), np.zeros(5)
        args = (task.values, task.offsets, task.held, task.season_length, choose, chosen, mean, mse)
        holt_winters.run_holt_winters(*args)
    return {"holt_winters": (mean.swapaxes(0, 1), mse.swapaxes(0, 1))}


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
