"""Trees of a batch, of every fold and of the final forecast, and their predictions for a chunk of series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from batchcast.forecast.evidence import Evidence, limit_means, plausible_sum
from batchcast.forecast.learned.booster import Booster, Table
from batchcast.forecast.learned.features import make_features
from batchcast.forecast.models.table import LEARNED_MEAN, STEP_SHAPE

Floats = NDArray[np.float64]

LEVELS = (0.5, 0.8, 0.9, 0.95, 0.99)  # of the quantiles that are learned: those that are measured
LARGEST_RATIO = 50.0  # lead-time demand is learned up to so many times what the series expects of itself


@dataclass(frozen=True, kw_only=True)
class Trees:
    """What was learned up to one cutoff, of lead-time demand divided by the series' anchor."""

    mean: Booster
    level: float  # factor of the mean: boosting alone does not keep the total of its training data
    quantiles: tuple[Booster, ...]  # at LEVELS

    def mean_ratio(self, table: Table) -> Floats:
        """The mean of each row in units of its anchor, at its raw level."""
        return np.clip(self.mean.predict(table), 0.0, LARGEST_RATIO)


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """The predicted lead-time demand; NaN at cutoffs with too little to learn from before them."""

    mean: Floats  # shape (cutoffs, series)
    quantiles: Floats  # at LEVELS, never under 0 nor descending, shape (cutoffs, series, LEVELS)


@dataclass(frozen=True, kw_only=True)
class Learned:
    """Trees by number of the fold, those of the final forecast last; None where there was too little to learn from."""

    season_length: int
    last_year: bool  # are stretches of a year ago among the features of days
    folds: tuple[Trees | None, ...]
    rows: int  # cases that the final ones were trained on

    def predict(self, evidence: Evidence) -> Prediction:
        """Predictions at each cutoff by the trees of its fold, which were trained on nothing after it."""
        features = make_features(evidence, self.season_length, self.last_year)
        shape = features.anchor.shape
        mean, quantiles = np.full(shape, np.nan), np.full((*shape, len(LEVELS)), np.nan)
        for c, fold in enumerate(evidence.folds.tolist()):
            trees = self.folds[fold]
            if trees is None or not shape[1]:
                continue
            table, anchor = features.table[c], features.anchor[c]
            mean[c] = trees.mean_ratio(table) * trees.level * anchor
            ratios = np.sort(np.stack([booster.predict(table) for booster in trees.quantiles], axis=1), axis=1)
            quantiles[c] = np.maximum(ratios, 0.0) * anchor[:, None]
        return Prediction(mean=mean, quantiles=quantiles)

    def as_json(self) -> dict[str, Any]:
        """Plain values; `from_json` reads them back."""
        plain = {name: getattr(self, name) for name in ("season_length", "last_year", "rows")}
        return plain | {"folds": [_plain(fold) for fold in self.folds]}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """What `as_json` gave."""
        folds = tuple(map(_trees, values["folds"]))
        return cls(**{**values, "folds": folds})


def _plain(trees: Trees | None) -> dict[str, Any] | None:
    if trees is None:
        return None
    return {"mean": trees.mean.text, "level": trees.level, "quantiles": [booster.text for booster in trees.quantiles]}


def _trees(values: Mapping[str, Any] | None) -> Trees | None:
    if values is None:
        return None
    quantiles = tuple(map(Booster, values["quantiles"]))
    return Trees(mean=Booster(values["mean"]), level=values["level"], quantiles=quantiles)


def attach_predictions(evidence: Evidence, prediction: Prediction | None) -> Evidence:
    """Adds the learned mean and quantiles to the evidence of each cutoff; NaN where nothing was learned.

    Args:
        evidence: what the trees predicted from.
        prediction: of the sum over the span of the evidence.
    """
    shaped = evidence.means[STEP_SHAPE]
    if prediction is None:
        return replace(evidence, means={**evidence.means, LEARNED_MEAN: np.full_like(shaped, np.nan)})
    held = limit_means(_steps(evidence, prediction.mean), plausible_sum(evidence.measure), evidence.span)
    return replace(evidence, means={**evidence.means, LEARNED_MEAN: held}, learned=prediction.quantiles)


def _steps(evidence: Evidence, total: Floats) -> Floats:
    """Mean of each step, shape (cutoffs, series, steps), where `total` is expected over the span.

    Within the span in the proportions of what shapes them; beyond it, of which the total says nothing, each as far from
    what shapes it as the span is on average, by its weight in the week: a day without demand stays one.
    """
    shaped = evidence.means[STEP_SHAPE]
    flat = np.ones_like(shaped) if evidence.weights is None else evidence.weights
    shape = np.where(np.isnan(shaped).any(axis=2, keepdims=True), flat, shaped)
    rate = (total / evidence.span)[:, :, None]
    end = evidence.span
    usual = shape[:, :, :end].mean(axis=2, keepdims=True)
    within = np.where(usual > 0, rate * shape / np.where(usual > 0, usual, 1.0), rate * flat)
    weight = flat[:, :, :end].mean(axis=2, keepdims=True)
    off = np.where(weight > 0, (rate - usual) / np.where(weight > 0, weight, 1.0), 0.0)
    beyond = np.maximum(shape + off * flat, 0.0)
    return np.concatenate([within[:, :, :end], beyond[:, :, end:]], axis=2)
