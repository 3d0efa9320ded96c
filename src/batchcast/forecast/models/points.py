"""Point forecasts of a panel: every model, every cutoff, every series."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from batchcast.forecast.models.point_model import POINT_MODELS
from batchcast.forecast.panel import Panel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class PointForecasts:
    """What every model says at every cutoff. Never NaN, infinite or negative; zeros where not valid."""

    models: tuple[str, ...]
    cutoffs: tuple[int, ...]  # periods held back at the end, ascending
    mean: Floats  # expected demand of each step, shape (models, cutoffs, series, steps)
    valid: NDArray[np.bool_]  # False: history too short, or the model failed there; shape (models, cutoffs, series)
    mse: Floats  # in-sample mean squared one-step error, shape (models, cutoffs, series)


@dataclass(frozen=True, kw_only=True)
class Task:
    """A panel made ready for kernels: each series divided by a power of two near its largest value."""

    values: Floats
    offsets: Ints
    held: Ints  # periods held back at each cutoff, ascending
    steps: int
    season_length: int

    @property
    def shape(self) -> tuple[int, int]:
        """Cutoffs, series."""
        return len(self.held), len(self.offsets) - 1


Forecast = tuple[Floats, Floats]  # mean, of shape (cutoffs, series, steps or 1), and mse (cutoffs, series)


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
        Forecasts in the order of models, cutoffs and series given. What a series is forecast does not depend on its
        neighbours, nor on the other cutoffs and models asked for.
    """
    from batchcast.forecast.kernels.simple import finish, normalise

    if list(cutoffs) != sorted(set(cutoffs)) or min(cutoffs, default=0) < 0:
        raise ValueError(f"cutoffs must ascend from 0 or more, not {tuple(cutoffs)}")
    scaled, scales = np.empty_like(panel.values), np.ones(len(panel))
    normalise(panel.values, panel.offsets, scaled, scales)
    held = np.array(cutoffs, dtype=np.int64)
    task = Task(values=scaled, offsets=panel.offsets, held=held, steps=steps, season_length=season_length)
    shape = (len(models), *task.shape)
    mean, mse, valid = np.zeros((*shape, steps)), np.zeros(shape), np.zeros(shape, dtype=np.bool_)
    lengths = panel.lengths[None, :] - held[:, None]
    for group in _groups(models):
        for name, (level, error) in group(task).items():
            if name not in models:
                continue
            m = models.index(name)
            usable = POINT_MODELS[name].is_usable(lengths, season_length)
            finish(level, error, scales, usable, mean[m], mse[m], valid[m])
    return PointForecasts(models=tuple(models), cutoffs=tuple(cutoffs), mean=mean, valid=valid, mse=mse)


def _groups(models: Sequence[str]) -> list[Callable[[Task], Mapping[str, Forecast]]]:
    """The functions that between them forecast `models`, each once."""
    from batchcast.forecast.models.families import FAMILIES

    return [run for names, run in FAMILIES.items() if set(names) & set(models)]
