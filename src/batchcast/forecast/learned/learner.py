"""Trains the trees: on many past cutoffs of a sample of the batch, and for each fold only on what lies before it.

A case is a series at a cutoff; its target is the lead-time demand after it, divided by the anchor, the average forecast
of some steady point models. Its weight makes the loss of the trees the measure of `metrics.py`: a case counts by its
scaled pinball. The bounds: those of `domain/cutoffs.py`, 38 numbers a case, 4 MB; the time limit of the preparation.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.cutoffs import FEWEST_CASES, FEWEST_FOLD_CASES, fold_stride
from batchcast.domain.plan import ForecastRequest
from batchcast.forecast.backtest import Backtest
from batchcast.forecast.learned.booster import fit, is_available
from batchcast.forecast.learned.features import make_features
from batchcast.forecast.learned.learned import LARGEST_RATIO, LEVELS, Learned, Trees

log = logging.getLogger(__name__)

Floats = NDArray[np.float64]

HEAVIEST = 20.0  # weight of a case: steady series do not count more
LEVELLED = (0.5, 2.0)  # range of the factor that corrects the mean, and ...
LARGEST_OF_MEDIAN = 100.0  # ... a series counts at most as so many median ones: a huge one must not lift the batch
TWEEDIE = {"objective": "tweedie", "tweedie_variance_power": 1.5}


def learn(
    practice: Backtest, came: Sequence[Floats], request: ForecastRequest, cutoffs: tuple[int, ...]
) -> Learned | None:
    """Trees for every fold and the final forecast; None where the batch is too small, or LightGBM is not there.

    Args:
        practice: evidence at the cutoffs of `domain.cutoffs`.
        came: lead-time demand after them as it was known at each fold, and at the end: shape (cutoffs, series) each.
        request: what is forecast.
        cutoffs: periods held back at each fold.
    """
    usable = practice.usable
    if int(usable.sum()) < FEWEST_CASES:
        log_too_few_cases(int(usable.sum()))
        return None
    if not is_available():
        log.warning("Nothing is learned across series: LightGBM can't be loaded (is the library libgomp installed?)")
        return None
    season = request.calendar.frequency.season_length
    features = make_features(practice.evidence, season)
    weight = np.minimum(features.anchor / practice.evidence.moments.scale, HEAVIEST)
    folds: list[Trees | None] = []
    for held, total in zip((*cutoffs, 0), came, strict=True):
        known = usable & (practice.evidence.held >= held + request.lead_time)[:, None]
        cases = np.flatnonzero(known)
        if len(cases) < (FEWEST_FOLD_CASES if held else FEWEST_CASES):
            folds.append(None)
            continue
        if held:
            cases = cases[:: fold_stride(len(cases))]
        table = features.table.reshape(known.size, -1)[cases]
        target = (total / features.anchor).ravel()[cases]
        folds.append(_fit(table, target, weight.ravel()[cases], features.anchor.ravel()[cases]))
    return Learned(season_length=season, folds=tuple(folds), rows=int(usable.sum()))


def log_too_few_cases(cases: int) -> None:
    """Log that a batch goes without learned models."""
    log.info("Nothing is learned across series: %d cases are too few, %d are needed", cases, FEWEST_CASES)


def _fit(table: NDArray[np.float32], target: Floats, weight: Floats, anchor: Floats) -> Trees:
    within = np.minimum(target, LARGEST_RATIO)
    quantiles = [{"objective": "quantile", "alpha": level} for level in LEVELS]
    mean, *rest = fit(table, within, weight, [TWEEDIE, *quantiles])
    trees = Trees(mean=mean, level=1.0, quantiles=tuple(rest))
    bounded = np.minimum(anchor, LARGEST_OF_MEDIAN * np.median(anchor))
    taught, told = (bounded * target).sum(), (bounded * trees.mean_ratio(table)).sum()
    level = float(np.clip(taught / told, *LEVELLED)) if told > 0 else 1.0
    return replace(trees, level=level)
