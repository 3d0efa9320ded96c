"""The members of `auto`: for each series the learned candidates, and the best three of the others.

Learned candidates have a share in every average (`Model.share`). A choice between them and the others by backtest would
disfavour them: the trees of a backtest had less to learn from than those of the forecast. They are left out only where
their loss is far above that of the best of the others.

The others are chosen by their loss, divided by the mean loss of all candidates there, so that series weigh alike. That
of the series itself counts as many times as it has folds; that of its demand class over the sample counts POOL_WEIGHT
times. Candidates of the group of one already chosen come only when no other group is left.
"""

# ruff: noqa: PLR0917 (compiled functions take plain arrays, in their order)
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.stock import LEVELS
from batchcast.forecast.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

POOL_WEIGHT = 100.0  # folds that count as much as the losses of the demand class
COMPETITORS = 3  # candidates without a share that are averaged; they have the rest of the average, in equal parts
FAR_WORSE = 1.5  # times the loss of the best of the others, at which a learned candidate is left out
SHARE_OF_MEANS = 0.5  # of the learned mean in the average of means, whatever the other members
TAIL = 0.95  # level beyond which ...
TAIL_STRETCH = 1.15  # ... the average is stretched: all members underestimate rare demand
MOST_BY_MEMBERS = 0.85  # chance of no demand that averaged quantiles are brought to by members, at most, ...
MOST_NONE = 0.925  # ... and by what like parts teach: those from 0.95 on stay
HALF = 0.5 - 1e-9  # of the weights
STEP_MEMBERS = 3  # whose steps are averaged, at most
STEP_POOL_WEIGHT = 10.0  # folds that count as much as the losses of the demand class, where steps are chosen
STEP_POWER = 8.0  # of how much better the best one is: the weight of another member relative to it
LEAST_OF_SUM = 0.25  # of the sum of a shape beside the one it is spread over: one that ends soon says nothing of it
FLAT = 0.1  # coefficient of variation of steps, under which they tell of no season
NONE = -1  # in place of a candidate where there are fewer


def choose_members(
    losses: Floats, folds: Ints, pooled: Floats, answers: NDArray[np.bool_], groups: Ints, shares: Floats
) -> Ints:
    """The members of each series: those with a share in their order, then the best of the others, best first.

    Args:
        losses: mean scaled pinball of each candidate over the folds of a series, shape (candidates, series); NaN: none.
        folds: how many folds that is, shape (series,).
        pooled: relative loss of each candidate in the class of the series, shape (series, candidates).
        answers: does the candidate have a forecast to give, shape (candidates, series).
        groups: number of the group of each candidate, shape (candidates,).
        shares: share of each candidate in the average, same shape; 0: it competes for what is left.

    Returns:
        Places of candidates, shape (series, members), filled up with NONE.
    """
    width = int(np.count_nonzero(shares)) + COMPETITORS
    chosen = np.full((losses.shape[1], width), NONE, dtype=np.int64)
    losses, pooled = np.ascontiguousarray(losses), np.ascontiguousarray(pooled)  # of one layout: compiled once
    answers = np.ascontiguousarray(answers)
    _choose(losses, folds, pooled, answers, groups, shares, POOL_WEIGHT, COMPETITORS, chosen)
    return chosen


@compiled
def _choose(
    losses: Floats,
    folds: Ints,
    pooled: Floats,
    answers: NDArray[np.bool_],
    groups: Ints,
    shares: Floats,
    pool_weight: float,
    competitors: int,
    chosen: Ints,
) -> None:
    candidates = losses.shape[0]
    scores = np.empty(candidates)
    for i in range(losses.shape[1]):
        _score(losses[:, i], folds[i], pooled[i], answers[:, i], pool_weight, scores)
        least = np.inf
        for k in range(candidates):
            if shares[k] == 0.0:
                least = min(least, scores[k])
        place = 0
        for k in range(candidates):
            if shares[k] > 0.0:
                if scores[k] < np.inf and scores[k] <= FAR_WORSE * least:
                    chosen[i, place] = k
                    place += 1
                scores[k] = np.inf
        first = place
        while place < first + competitors:
            best = _next_best(scores, groups, chosen[i, first:place])
            if best == NONE:
                break
            chosen[i, place] = best
            scores[best] = np.inf
            place += 1


@compiled
def _score(
    losses: Floats, folds: int, pooled: Floats, answers: NDArray[np.bool_], pool_weight: float, scores: Floats
) -> None:
    """Write the score of each candidate on one series; infinite where it has no answer."""
    total = known = 0.0
    for k in range(len(losses)):
        if answers[k] and not np.isnan(losses[k]):
            total += losses[k]
            known += 1.0
    for k in range(len(losses)):
        scores[k] = pooled[k] if answers[k] else np.inf
        if answers[k] and total > 0.0 and not np.isnan(losses[k]):
            own = losses[k] * known / total
            scores[k] = (folds * own + pool_weight * pooled[k]) / (folds + pool_weight)


@compiled
def _next_best(scores: Floats, groups: Ints, earlier: Ints) -> int:
    """The candidate with the least score in no group of the earlier ones; where there is none, the least of all."""
    best, unlike = NONE, NONE
    for k in range(len(scores)):
        if scores[k] < np.inf:
            if best == NONE or scores[k] < scores[best]:
                best = k
            is_near_copy = False
            for other in earlier:
                is_near_copy |= groups[other] == groups[k]
            if not is_near_copy and (unlike == NONE or scores[k] < scores[unlike]):
                unlike = k
    return best if unlike == NONE else unlike


def weigh_members(chosen: Ints, shares: Floats) -> Floats:
    """The weight of each member in the average of its series, shape (series, members); they add up to 1, or are all 0.

    Where no member competes, or none has a share, the others have everything.
    """
    is_there = chosen != NONE
    own = np.append(shares, 0.0)[chosen]  # the last place is that of NONE
    competes = is_there & (own == 0.0)
    rest = (1.0 - own.sum(axis=1)) / np.maximum(competes.sum(axis=1), 1)
    weights = np.where(competes, rest[:, None], own)
    total = weights.sum(axis=1, keepdims=True)
    return np.asarray(weights / np.where(total > 0, total, 1.0))


def weigh_means(chosen: Ints, shares: Floats, has_mean: NDArray[np.bool_]) -> Floats:
    """The weight of each member in the average of means: of those that have a mean of their own, where any has.

    Args:
        chosen: members, shape (series, members).
        shares: share of each candidate in the average of means, shape (candidates,); 0: it competes for what is left.
        has_mean: has the candidate a mean of its own, same shape.
    """
    weights = weigh_members(np.where(np.append(has_mean, False)[chosen], chosen, NONE), shares)
    return np.where(weights.any(axis=1, keepdims=True), weights, weigh_members(chosen, shares))


@compiled
def average_chosen(forecasts: Floats, chosen: Ints, weights: Floats, average: Floats) -> None:
    """Write the weighted mean over the members into `average`, shape (series, values); NaN where there is none.

    `forecasts` has shape (candidates, series, values), `chosen` and `weights` (series, members).
    """
    for i in range(average.shape[0]):
        if chosen[i, 0] == NONE:
            average[i] = np.nan
            continue
        for j in range(average.shape[1]):
            total = 0.0
            for place in range(chosen.shape[1]):
                if chosen[i, place] != NONE:
                    total += weights[i, place] * forecasts[chosen[i, place], i, j]
            average[i, j] = total


def stretch_tail(quantiles: Floats, levels: tuple[float, ...]) -> Floats:
    """Averaged quantiles, shape (..., levels), those beyond TAIL further from it, which must be one of the levels."""
    edge = quantiles[..., [levels.index(TAIL)]]
    beyond = np.array(levels) > TAIL
    return np.where(beyond, edge + TAIL_STRETCH * (quantiles - edge), quantiles)


def zero_as_most(
    average: Floats, forecasts: Floats, chosen: Ints, weights: Floats, levels: tuple[float, ...]
) -> Floats:
    """The averaged quantiles, 0 at the levels at which members with half of the weight are 0; takes what made them.

    The average alone is 0 only where every member is, so that no demand would be as rare as any of them says.
    """
    share = np.empty(average.shape)
    average_chosen((forecasts == 0.0).astype(np.float64), chosen, weights, share)
    none = (share >= HALF) & (np.array(levels) <= MOST_BY_MEMBERS)
    return np.where(none, average * 0.0, average)


def cut_to_none(quantiles: Floats, levels: tuple[float, ...], none: Floats) -> Floats:
    """Averaged quantiles, shape (..., levels), 0 at the levels up to the chance of no demand, shape (...).

    The chance counts as the nearest of the levels that are kept, whatever levels are asked for.
    """
    kept = np.array([0.0, *(level for level in LEVELS if level <= MOST_NONE)])
    nearest = kept[np.searchsorted((kept[1:] + kept[:-1]) / 2.0, none)]
    return np.where(np.array(levels) <= nearest[..., None], quantiles * 0.0, quantiles)


def zero_with_sum(steps: Floats, step_levels: Sequence[float], quantiles: Floats, levels: Sequence[float]) -> Floats:
    """Quantiles of the periods of a sum, 0 at those at which the sum is 0: nothing in all is nothing in each.

    Args:
        steps: quantiles of the periods, shape (series, periods, step levels).
        step_levels: ascending.
        quantiles: of the sum, shape (series, levels).
        levels: ascending.
    """
    none = np.where(quantiles == 0.0, np.array(levels), 0.0).max(axis=1, initial=0.0)
    return np.where(np.array(step_levels) <= none[:, None, None], steps * 0.0, steps)


# The steps of lead-time demand. They are chosen beside its sum, by how far demand came in other proportions, and scaled
# to it: a model that forecasts the sum well may know nothing of the season inside it.


def weigh_shapes(losses: Floats, folds: Ints, pooled: Floats, answers: NDArray[np.bool_]) -> Floats:
    """The weight of each shape of steps in the average of a series, shape (series, shapes); all 0 where none is known.

    Args:
        losses: mean loss of each shape over the folds of a series, shape (shapes, series); NaN: none.
        folds: how many folds that is, shape (series,).
        pooled: relative loss of each shape in the class of the series, shape (series, shapes); infinite: never judged.
        answers: is there such a shape at all, shape (shapes, series).
    """
    known = answers & np.isfinite(losses)
    common = np.where(known, losses, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    own = np.where(known, losses, 0.0) / np.where(common > 0, common, 1.0)
    weighed = (folds * own + STEP_POOL_WEIGHT * pooled.T) / (folds + STEP_POOL_WEIGHT)
    scores = np.where(answers, np.where(known & (common > 0), weighed, pooled.T), np.inf)
    least, last = np.sort(scores, axis=0)[[0, min(STEP_MEMBERS, len(scores)) - 1]]
    near = np.isfinite(scores) & (scores <= last)
    weights = np.where(near, (least / np.where(near, np.maximum(scores, 1e-9), 1.0)) ** STEP_POWER, 0.0)
    total = weights.sum(axis=0)
    return np.asarray((weights / np.where(total > 0, total, 1.0)).T)


def are_flat(steps: Floats) -> NDArray[np.bool_]:
    """Whether steps, shape (series, steps), tell of no season, shape (series,)."""
    return np.asarray(steps.std(axis=1) < FLAT * steps.mean(axis=1))


def spread_over_steps(
    means: Floats, shapes: Floats, weights: Floats, span: int, has_beyond: NDArray[np.bool_]
) -> Floats:
    """Means of steps in the proportions of the average shape, their sum over the span as it was.

    Args:
        means: shape (series, steps).
        shapes: of each, shape (shapes, series, steps), in any unit.
        weights: see `weigh_shapes`.
        span: steps whose sum is kept.
        has_beyond: are the steps of a series after the span spread by the shape too, shape (series,).
    """
    sums, total = shapes[:, :, :span].sum(axis=2), means[:, :span].sum(axis=1)
    used = np.where((weights.T > 0) & (sums > LEAST_OF_SUM * total), weights.T, 0.0)
    parts = np.where(used > 0, used / np.where(sums > 0, sums, 1.0), 0.0)
    shape = (parts[:, :, None] * np.where(used[:, :, None] > 0, shapes, 0.0)).sum(axis=0)
    got = used.sum(axis=0)
    spread = shape * np.where(got > 0, total / np.where(got > 0, got, 1.0), 0.0)[:, None]
    inside = (np.arange(means.shape[1]) < span) | has_beyond[:, None]
    return np.where((got > 0)[:, None] & inside, spread, means)
