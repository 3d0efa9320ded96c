"""Point forecasts of a panel: the mean of every step by every model, at every cutoff, of every series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module

import numpy as np
from numpy.typing import NDArray

from batchcast.forecast.kernels.lanes import Floats, KernelInput, Means
from batchcast.forecast.kernels.simple import finish, normalise
from batchcast.forecast.models.table import POINT_MODELS
from batchcast.forecast.panel import Panel


@dataclass(frozen=True, kw_only=True)
class PointForecasts:
    """What every model forecasts at every cutoff. Never NaN, infinite or negative; zeros where not valid."""

    mean: Floats  # expected demand of each step, shape (models, cutoffs, series, steps)
    valid: NDArray[np.bool_]  # False: history too short, or the model failed there; shape (models, cutoffs, series)


def forecast_points(
    panel: Panel, *, models: Sequence[str], cutoffs: Sequence[int], steps: int, season_length: int
) -> PointForecasts:
    """Forecast every series of `panel` with each of `models`, as it would have been at each of `cutoffs`.

    Args:
        panel: the histories.
        models: names in POINT_MODELS.
        cutoffs: periods held back at the end of every series, ascending, the first usually 0; a model at cutoff k
            sees the series without its last k periods and nothing else.
        steps: periods to forecast from each cutoff.
        season_length: periods of a season; 1 where there is none.

    Returns:
        Forecasts in the order of models, cutoffs and series given. The forecast of a series does not depend on its
        neighbours, nor on the other cutoffs and models asked for.
    """
    if list(cutoffs) != sorted(set(cutoffs)) or min(cutoffs, default=0) < 0:
        raise ValueError(f"cutoffs must ascend from 0 or more, not {tuple(cutoffs)}")
    scaled, scales = np.empty_like(panel.values), np.ones(len(panel))
    normalise(panel.values, panel.offsets, scaled, scales)
    held = np.array(cutoffs, dtype=np.int64)
    given = KernelInput(values=scaled, offsets=panel.offsets, held=held, steps=steps, season_length=season_length)
    shape = (len(models), *given.shape)
    mean, valid = np.zeros((*shape, steps)), np.zeros(shape, dtype=np.bool_)
    lengths = panel.lengths[None, :] - held[:, None]
    for kernel in dict.fromkeys(POINT_MODELS[name].kernel for name in models):
        means = run_kernel(kernel, given)
        for m, name in enumerate(models):
            if name in means:
                usable = POINT_MODELS[name].is_usable(lengths, season_length)
                finish(means[name], scales, usable, mean[m], valid[m])
    return PointForecasts(mean=mean, valid=valid)


def run_kernel(kernel: str, given: KernelInput) -> Means:
    """The forecasts of the models that share a kernel, a module of `forecast.kernels`, from one pass over the data."""
    means: Means = import_module(f"batchcast.forecast.kernels.{kernel}").forecast(given)
    return means
