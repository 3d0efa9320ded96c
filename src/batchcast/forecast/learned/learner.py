"""What the trees are taught: many past cutoffs of a sample of the batch, and of each fold only what lies before it.

A case is a series at a cutoff; its target is the lead-time demand after it, divided by what the series expected
of itself. Its weight makes the loss of the trees the measure of `metrics.py`: one case counts by its scaled pinball.
The bounds: MOST_CASES cases (`sample.SAMPLE_SIZE` series at FEWEST_CUTOFFS), 38 numbers each, 4 MB; the time limit of
the preparation step. A batch with fewer than FEWEST_CASES cases goes without.
"""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.plan import ForecastRequest
from batchcast.forecast.backtest import Backtest
from batchcast.forecast.learned.booster import fit, is_available
from batchcast.forecast.learned.features import make_features
from batchcast.forecast.learned.learned import LARGEST_RATIO, LEVELS, Learned, Trees

log = logging.getLogger(__name__)

Floats = NDArray[np.float64]

MOST_CASES = 24_000  # of a sample of fewer series, more cutoffs are looked at, within:
MOST_FOLD_CASES = 12_000  # of a fold, whose trees only tell how good such trees are
FEWEST_CUTOFFS, MOST_CUTOFFS = 12, 24
LEAD_TIMES = 8  # over which cutoffs spread
FEWEST_CASES = 1000  # of a batch, and a third of them at a fold: under that many a tree has nothing to tell apart
HEAVIEST = 20.0  # weight of a case: steady series are not counted by more
LEVELLED = (0.5, 2.0)  # how far the mean is put right, and ...
LARGEST_OF_MEDIAN = 100.0  # ... a series counts at most as so many usual ones: none that is huge lifts the whole batch
TWEEDIE = {"objective": "tweedie", "tweedie_variance_power": 1.5}


def choose_practice(request: ForecastRequest, typical_length: int, series: int) -> tuple[int, ...]:
    """Periods held back at the cutoffs that are learned from, ascending.

    They spread over the last LEAD_TIMES, or as far back as a typical series has half a lead time and four periods
    before them: the further apart, the less their outcomes have in common. The first is a lead time before the end.
    """
    ahead = request.skip + request.lead_time
    count = min(max(MOST_CASES // max(series, 1), FEWEST_CUTOFFS), MOST_CUTOFFS)
    room = typical_length - max(4, request.lead_time // 2)
    stride = max(1, min(LEAD_TIMES * request.lead_time, room - ahead) // count)
    return tuple(range(ahead, min(room + 1, ahead + count * stride), stride))


def learn(practice: Backtest, request: ForecastRequest, cutoffs: tuple[int, ...]) -> Learned | None:
    """Trees for every fold and the final forecast; None where the batch is too small, or LightGBM is not there.

    Args:
        practice: evidence at the cutoffs of `choose_practice`, with what came.
        request: what is forecast.
        cutoffs: periods held back at each fold.
    """
    usable = practice.usable
    if int(usable.sum()) < FEWEST_CASES:
        say_too_few(int(usable.sum()))
        return None
    if not is_available():
        log.warning("Nothing is learned across series: LightGBM can't be loaded (is the library libgomp installed?)")
        return None
    season = request.calendar.frequency.season_length
    features = make_features(practice.evidence, season)
    target = practice.actuals.sum(axis=2) / features.anchor
    weight = np.minimum(features.anchor / practice.evidence.moments.scale, HEAVIEST)
    ahead = request.skip + request.lead_time
    folds: list[Trees | None] = []
    for held in (*cutoffs, 0):
        known = usable & (practice.evidence.held >= held + ahead)[:, None]
        cases = np.flatnonzero(known)
        if len(cases) < FEWEST_CASES / (3 if held else 1):
            folds.append(None)
            continue
        if held:
            cases = cases[:: -(-len(cases) // MOST_FOLD_CASES)]
        table = features.table.reshape(known.size, -1)[cases]
        folds.append(_fit(table, target.ravel()[cases], weight.ravel()[cases], features.anchor.ravel()[cases]))
    return Learned(season_length=season, folds=tuple(folds), rows=int(usable.sum()))


def say_too_few(cases: int) -> None:
    """Tell that a batch goes without."""
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
