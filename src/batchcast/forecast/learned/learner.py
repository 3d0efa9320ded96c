"""Trains the trees: on many past cutoffs of a sample of the batch, and for each fold only on what lies before it.

A case is a series at a cutoff; its target is the lead-time demand after it, divided by the anchor, the average forecast
of some steady point models. Its weight makes the loss of the trees the measure of `metrics.py`: a case counts by its
scaled pinball. The bounds: those of `domain/cutoffs.py`, 38 numbers a case, 4 MB; the time limit of the preparation.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
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
FARTHEST = 5.0  # factor by which a target is changed at most
TWEEDIE = {"objective": "tweedie", "tweedie_variance_power": 1.5}


def learn(
    practice: Sequence[Backtest],
    came: Sequence[Floats],
    request: ForecastRequest,
    cutoffs: tuple[int, ...],
    *,
    last_year: bool = False,
    on_progress: Callable[[float], None] = lambda _share: None,
) -> Learned | None:
    """Trees for every fold and the final forecast; None where the batch is too small, or LightGBM is not there.

    Args:
        practice: evidence at the cutoffs of `domain.cutoffs`; in parts, where each knows a year of its own.
        came: lead-time demand after them as it was known at each fold, and at the end: shape (cutoffs, series) each.
        request: what is forecast.
        cutoffs: periods held back at each fold.
        last_year: whether days have the demand of a year ago among their features.
        on_progress: told the share of the fits that are done, 0 to 1.
    """
    usable = np.concatenate([one.usable for one in practice])
    if int(usable.sum()) < FEWEST_CASES:
        log_too_few_cases(int(usable.sum()))
        return None
    if not is_available():
        log.warning("Nothing is learned across series: LightGBM can't be loaded (is the library libgomp installed?)")
        return None
    season = request.calendar.frequency.season_length
    parts = [make_features(one.evidence, season, last_year) for one in practice]
    anchor, table = np.concatenate([part.anchor for part in parts]), np.concatenate([part.table for part in parts])
    held_back = np.concatenate([one.evidence.held for one in practice])
    weight = np.minimum(anchor / np.concatenate([one.evidence.moments.scale for one in practice]), HEAVIEST)
    has_year = practice[0].evidence.batch_has_year
    folds: list[Trees | None] = []
    for held, total in zip((*cutoffs, 0), came, strict=True):
        known = usable & (held_back >= held + request.lead_time)[:, None]
        cases = np.flatnonzero(known)
        if len(cases) < (FEWEST_FOLD_CASES if held else FEWEST_CASES):
            folds.append(None)
            continue
        if held:
            cases = cases[:: fold_stride(len(cases))]
        target = total / anchor
        taught = _without_common_level(target, anchor, known) if has_year else target
        rows = table.reshape(known.size, -1)[cases]
        folds.append(_fit(rows, taught.ravel()[cases], weight.ravel()[cases], anchor.ravel()[cases]))
        on_progress(len(folds) / len(came))
    return Learned(season_length=season, last_year=last_year, folds=tuple(folds), rows=int(usable.sum()))


def _without_common_level(target: Floats, anchor: Floats, known: NDArray[np.bool_]) -> Floats:
    """Targets as if at each cutoff all series together had been as far from their anchors as at the usual one.

    A peak of one year that was higher than those before lifts all series at once: it is nothing to be learned.

    Args:
        target: shape (cutoffs, series).
        anchor: same shape.
        known: the cases, same shape.
    """
    bounded = np.where(known, np.minimum(anchor, LARGEST_OF_MEDIAN * np.median(anchor[known])), 0.0)
    came, expected = (bounded * target).sum(axis=1), bounded.sum(axis=1)
    level = np.where(came > 0, came / np.where(expected > 0, expected, 1.0), 1.0)
    usual = np.median(level[known.any(axis=1)])
    return np.asarray(target * np.clip(usual / level, 1.0 / FARTHEST, FARTHEST)[:, None])


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
