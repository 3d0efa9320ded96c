"""The choice of `auto`: the best three families of each series, by its own folds and by those of series like it.

A family's loss on a series is divided by the mean loss of all families there, so that series weigh alike. That of the
series itself counts as many times as it has folds; that of its demand class over the sample counts POOL_WEIGHT times.
A family that is kin to one already chosen waits until no other kin is left.
"""

# ruff: noqa: PLR0917 (compiled functions take plain arrays, in their order)
from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from batchcast.forecast.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

POOL_WEIGHT = 100.0  # folds that the experience of the whole batch is worth
BEST = 3  # families whose quantiles are averaged
NONE = -1  # in place of a family where there are fewer


def choose_families(losses: Floats, folds: Ints, pooled: Floats, answers: NDArray[np.bool_], kins: Ints) -> Ints:
    """The best families of each series, best first.

    Args:
        losses: mean scaled pinball of each family over the folds of a series, shape (families, series); NaN: none.
        folds: how many folds that is, shape (series,).
        pooled: relative loss of each family in the class of the series, shape (series, families).
        answers: does the family have a forecast to give, shape (families, series).
        kins: number of the kin of each family, shape (families,).

    Returns:
        Places of families, shape (series, BEST), filled up with NONE.
    """
    chosen = np.full((losses.shape[1], BEST), NONE, dtype=np.int64)
    _choose(losses, folds, pooled, answers, kins, POOL_WEIGHT, chosen)
    return chosen


@compiled
def _choose(
    losses: Floats,
    folds: Ints,
    pooled: Floats,
    answers: NDArray[np.bool_],
    kins: Ints,
    pool_weight: float,
    chosen: Ints,
) -> None:
    families = losses.shape[0]
    scores = np.empty(families)
    for i in range(losses.shape[1]):
        total = known = 0.0
        for k in range(families):
            if answers[k, i] and not np.isnan(losses[k, i]):
                total += losses[k, i]
                known += 1.0
        for k in range(families):
            scores[k] = pooled[i, k] if answers[k, i] else np.inf
            if answers[k, i] and total > 0.0 and not np.isnan(losses[k, i]):
                own = losses[k, i] * known / total
                scores[k] = (folds[i] * own + pool_weight * pooled[i, k]) / (folds[i] + pool_weight)
        for place in range(chosen.shape[1]):
            best = _next_best(scores, kins, chosen[i, :place])
            if best == NONE:
                break
            chosen[i, place] = best
            scores[best] = np.inf


@compiled
def _next_best(scores: Floats, kins: Ints, earlier: Ints) -> int:
    """The family with the least score that is no kin of the earlier ones; if there is none, the least of all."""
    best, stranger = NONE, NONE
    for k in range(len(scores)):
        if scores[k] < np.inf:
            if best == NONE or scores[k] < scores[best]:
                best = k
            is_kin = False
            for other in earlier:
                is_kin |= kins[other] == kins[k]
            if not is_kin and (stranger == NONE or scores[k] < scores[stranger]):
                stranger = k
    return best if stranger == NONE else stranger


@compiled
def average_chosen(forecasts: Floats, chosen: Ints, average: Floats) -> None:
    """Write the mean over the chosen families into `average`, shape (series, values); NaN where none is chosen.

    `forecasts` has shape (families, series, values), `chosen` (series, BEST).
    """
    for i in range(average.shape[0]):
        count = 0
        while count < chosen.shape[1] and chosen[i, count] >= 0:
            count += 1
        for j in range(average.shape[1]):
            total = 0.0
            for place in range(count):
                total += forecasts[chosen[i, place], i, j]
            average[i, j] = total / count if count > 0 else np.nan
