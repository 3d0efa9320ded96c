"""The features that trees predict from, in units of the series' own expected demand, so that size does not matter.

    local means      each point model's forecast of the lead-time demand
    stretches        mean demand of recent stretches: the last periods, the last lead times, this time a season ago
    moments          size, spread, interval and share of demands, the window sums, the scale of the measure
    ages             periods since the first and the last demand, and the length of history

A feature that can't be computed is NaN, for which trees have a branch.
"""

# ruff: noqa: PLR0917 (compiled functions take plain arrays, in their order)

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from batchcast.forecast.compiled import compiled
from batchcast.forecast.evidence import Evidence
from batchcast.forecast.models.table import ANCHORS, feature_models
from batchcast.forecast.moments import demand_interval

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FEATURE_MODELS = feature_models()
LEAST_OF_MEAN = 0.1  # of the usual lead-time demand: a quiet part is not divided by next to nothing ...
LEAST_OF_SIZE = 0.02  # ... nor is one that has gone: of the mean size of a demand
FRACTION = 0.01  # of the mean size, as the unit of demand that is not whole
TINY = 1e-12
DAYS_IN_YEAR = 364  # whole weeks


@dataclass(frozen=True, kw_only=True)
class Features:
    """The features of each series at each cutoff."""

    anchor: Floats  # the expected lead-time demand that all is divided by, over 0, shape (cutoffs, series)
    table: NDArray[np.float32]  # shape (cutoffs, series, features)


def make_features(evidence: Evidence, season_length: int, last_year: bool) -> Features:
    """Features from evidence, which must have the point models FEATURE_MODELS.

    Args:
        evidence: a panel at some cutoffs.
        season_length: periods.
        last_year: whether days get the stretches of a year ago too.
    """
    moments, span = evidence.moments, evidence.span
    sums = np.array([evidence.steps(model, span).sum(axis=2) for model in FEATURE_MODELS])
    anchor = _mean_of_known(sums[[FEATURE_MODELS.index(model) for model in ANCHORS]])
    anchor = np.maximum(anchor, evidence.lifted(LEAST_OF_MEAN * span * moments.mean))
    anchor = np.maximum(anchor, LEAST_OF_SIZE * moments.size_mean + TINY)
    usual = anchor if evidence.lift is None else anchor / np.maximum(evidence.lift, TINY)  # without the year
    unit = np.where(moments.unit > 0, moments.unit, FRACTION * moments.size_mean + TINY)
    size = np.maximum(moments.size_mean, TINY)
    oldest = evidence.frequency.periods_in_year if evidence.batch_has_year else np.inf  # more would tell the date
    interval = np.where(moments.demands > 0, demand_interval(moments), np.nan)
    since = np.where(moments.demands > 0, moments.periods - 1.0 - moments.last, np.nan)
    columns = [
        *(sums / anchor),
        *np.moveaxis(_stretches(evidence, season_length, last_year), 2, 0) * span / usual,
        np.log1p(anchor / unit),
        np.log(size / usual),
        np.log1p(size / unit),
        since / span,
        interval / span,
        since / interval,
        moments.demands / np.maximum(moments.periods, 1.0),
        np.sqrt(moments.size_variance) / size,
        np.sqrt(moments.variance * span) / usual,
        np.sqrt(moments.span_variance) / usual,
        moments.span_largest / usual,
        moments.scale / anchor,
        np.log(np.clip(moments.periods, 1.0, oldest)),
        moments.span_mean / usual,
        np.sqrt(evidence.dispersion / anchor),
    ]
    return Features(anchor=anchor, table=np.stack(columns, axis=2).astype(np.float32))


def _stretches(evidence: Evidence, season_length: int, last_year: bool) -> Floats:
    """Mean demand of a period in recent stretches, shape (cutoffs, series, stretches)."""
    span = evidence.span
    pairs = [(1, 0), (2, 1), (3, 2), (2, 0), (3, 0), (max(span // 2, 1), 0), (span, 0), (2 * span, span), (4 * span, 0)]
    if season_length > 1:
        year = -(-span // season_length) * season_length  # whole seasons that reach past the span
        pairs.append((year, year - span))
    if last_year:
        year = -(-span // DAYS_IN_YEAR) * DAYS_IN_YEAR
        pairs += [(year, year - span), (DAYS_IN_YEAR, 0), (year + span, year)]
    starts, stops = (np.array(places, dtype=np.int64) for places in zip(*pairs, strict=True))
    means = np.empty((*evidence.starts.shape, len(pairs)))
    sum_stretches(evidence.values, evidence.starts, evidence.ends, starts, stops, means)
    return means


def _mean_of_known(values: Floats) -> Floats:
    """Mean over the first axis of what is not NaN; 0 where nothing is."""
    known = ~np.isnan(values)
    return np.asarray(np.where(known, values, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1))


def warm_features() -> None:
    """Load what `make_features` calls where there are series enough to learn from, or compile it."""
    one, none = np.ones((1, 1), dtype=np.int64), np.zeros((1, 1), dtype=np.int64)
    sum_stretches(np.ones(1), none, one, one[0], none[0], np.empty((1, 1, 1)))


@compiled
def sum_stretches(values: Floats, first: Ints, ends: Ints, starts: Ints, stops: Ints, sums: Floats) -> None:
    """Mean demand of a period in each stretch before each cutoff.

    Args:
        values: demand of all series, oldest first.
        first: where the history of each series at each cutoff begins, shape (cutoffs, series).
        ends: where it ends, same shape.
        starts: how many periods before the cutoff each stretch begins, shape (stretches,).
        stops: how many before it ends, same shape; 0 is the cutoff itself.
        sums: becomes the means, shape (cutoffs, series, stretches); NaN where history does not reach as far back.
    """
    for c in range(len(ends)):
        for i in range(ends.shape[1]):
            end = ends[c, i]
            for k in range(len(starts)):
                if end - starts[k] < first[c, i]:
                    sums[c, i, k] = np.nan
                    continue
                total = 0.0
                for t in range(end - starts[k], end - stops[k]):
                    total += values[t]
                sums[c, i, k] = total / (starts[k] - stops[k])
