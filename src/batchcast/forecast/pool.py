"""Learns the pool of parts with few demands from the sample of a batch: for each fold and the final forecast.

A case is a series with few demands at a past cutoff, and what came in the span after it.
"""

# ruff: noqa: PLR0917 (compiled functions take plain arrays, in their order)

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.plan import ForecastRequest
from batchcast.forecast.backtest import take_actuals
from batchcast.forecast.compiled import compiled
from batchcast.forecast.distributions.pooling import (
    AHEAD_NUMBER,
    AHEAD_TOTAL,
    FIELDS,
    GROUPS,
    LOG_SIZE,
    MOST_FEW,
    NUMBER,
    QUIET,
    SINCE_FIRST,
    SIZES,
    WAITS,
    Pool,
    group_of,
    measure_demands,
    prior_pool,
    size_group_of,
    wait_group_of,
)
from batchcast.forecast.panel import Panel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CUTOFFS = 16  # at which cases are looked at, over ...
SPANS = 8  # ... the last so many spans
MOST_CASES = 8_000  # of more, each second, or third
FEWEST_CASES = 20  # under which nothing is learned
DECAY = 0.75  # of the weight of a case against one a span later
DRAWN = 10.0  # demands as whose experience a factor is drawn to 1
SITE_SIZES = 10.0  # series of its own at which the usual size of a site weighs as much as that of all
FACTORS = (0.1, 5.0)  # range of a factor
ENDED_DRAWN = 3.0  # parts that go on as whose experience a share of ended ones is drawn to none
MOST_ENDED = 0.95  # share of like parts that have ended
LARGEST_RATIO = 10.0  # a size that comes counts at most as so many times what is expected of it
NOISES = (0.1, 0.2, 0.4, 0.6, 0.9, 1.4, 2.0, 3.0)
GRIDS = {  # factors of the prior that are tried in turn
    "shape": (0.2, 0.35, 0.6, 1.0, 1.6, 2.6, 4.2, 7.0),
    "periods": (0.05, 0.1, 0.2, 0.4, 0.7, 1.0, 1.4, 2.0, 3.0, 5.0, 8.0),
    "fading": (0.0, 0.5, 1.0, 1.5, 2.0),
}
ROUNDS = 3  # through the grids
TRUST = 2.0  # of the prior: cost of a factor e, in logarithms of likelihood


@dataclass(frozen=True, kw_only=True)
class _Cases:
    """Cases; arrays of shape (cases,), but for the table."""

    table: Floats  # of `measure_demands`, shape (cases, FIELDS)
    series: Ints
    weight: Floats  # of each: spans of neighbouring cutoffs overlap, and what came last is most like what comes

    @property
    def number(self) -> Floats:
        """Demands that came."""
        return self.table[:, AHEAD_NUMBER]


def learn_pools(panel: Panel, request: ForecastRequest, folds: Sequence[int]) -> tuple[Pool, ...]:
    """The pool known at each fold, and at the end.

    Args:
        panel: the sample.
        request: what is forecast.
        folds: periods held back at each.
    """
    longest = int(panel.lengths.max(initial=0))
    span = max(min(request.lead_time, longest // 3), 1)
    return tuple(_learn(panel, request, held, span) for held in (*folds, 0))


def _learn(panel: Panel, request: ForecastRequest, held: int, span: int) -> Pool:
    began = int((panel.last_periods - panel.lengths).min(initial=panel.last_period)) + 1
    pool = replace(prior_pool(request.calendar.frequency, span), began=began)
    past = _look_back(panel, held, span)
    cases = past.with_demands(1, MOST_FEW)
    if len(cases.table) >= FEWEST_CASES:
        pool = _fit_rate(pool, cases)
        sites = [panel.site_codes[i] for i in cases.series.tolist()]
        pool = _fit_sizes(pool, cases, sites)
        pool = _fit_factors(pool, cases, sites)
    many = past.with_demands(MOST_FEW + 1, math.inf)
    return _fit_ends(pool, many, [panel.site_codes[i] for i in many.series.tolist()])


@dataclass(frozen=True, kw_only=True)
class _Past:
    """Every series at past cutoffs; arrays of shape (cutoffs, series), but for the table."""

    table: Floats  # of `measure_demands`, shape (cutoffs, series, FIELDS)
    known: NDArray[np.bool_]  # is what came known: not where it was out of stock
    weight: Floats  # of each cutoff

    def with_demands(self, least: float, most: float) -> _Cases:
        """The cases with so many demands by then; of many each second, or third."""
        number = self.table[..., NUMBER]
        places = np.flatnonzero(self.known & (number >= least) & (number <= most))
        places = places[:: max(-(-len(places) // MOST_CASES), 1)]
        cutoff, series = np.divmod(places, max(number.shape[1], 1))
        return _Cases(table=self.table.reshape(-1, FIELDS)[places], series=series, weight=self.weight[cutoff])


def _look_back(panel: Panel, held: int, span: int) -> _Past:
    """The past at cutoffs whose span ends before `held` periods from the end."""
    longest = int(panel.lengths.max(initial=0))
    room = longest - held - span
    stride = max(1, min(SPANS * span, room) // CUTOFFS)
    cutoffs = np.arange(held + span, max(held + span, min(longest, held + span + CUTOFFS * stride)), stride)
    if not len(cutoffs):
        none = np.zeros((0, len(panel)))
        return _Past(table=np.zeros((*none.shape, FIELDS)), known=none > 0, weight=np.zeros(0))
    starts = np.tile(panel.offsets[:-1], (len(cutoffs), 1))
    ends = panel.offsets[1:] - cutoffs[:, None]
    last = panel.last_periods.astype(np.int64) - cutoffs[:, None]
    table = measure_demands(panel.values, starts, ends, last, span)
    known = np.ones(table.shape[:2], dtype=np.bool_)
    if panel.out_of_stock is not None:
        flags = take_actuals(panel.out_of_stock.astype(np.float64), panel.offsets, cutoffs, span)
        known = flags.sum(axis=2) == 0
    weight = min(stride / span, 1.0) * DECAY ** ((cutoffs - cutoffs[0]) / span)
    return _Past(table=table, known=known, weight=weight)


def _fit_rate(pool: Pool, cases: _Cases) -> Pool:
    """The rate under which what came is most likely, by one number after another."""
    number, since, quiet, came = (
        np.ascontiguousarray(cases.table[:, k]) for k in (NUMBER, SINCE_FIRST, QUIET, AHEAD_NUMBER)
    )
    span = float(pool.span)
    prior = pool
    best = -math.inf
    for _ in range(ROUNDS):
        for name, grid in GRIDS.items():
            for factor in grid:
                trial = replace(pool, **{name: getattr(prior, name) * factor})
                own = _likelihood(
                    number, since, quiet, came, cases.weight, trial.shape, trial.periods, trial.fading, span
                )
                own -= TRUST * _distance(trial, prior)
                if own > best:
                    best, pool = own, trial
    return pool


def _distance(trial: Pool, prior: Pool) -> float:
    """How far a trial is from the prior."""
    scales = math.log(trial.shape / prior.shape) ** 2 + math.log(trial.periods / prior.periods) ** 2
    return scales + (trial.fading - prior.fading) ** 2


@compiled
def _likelihood(
    number: Floats,
    since: Floats,
    quiet: Floats,
    came: Floats,
    weight: Floats,
    shape: float,
    periods: float,
    fading: float,
    span: float,
) -> float:
    """Logarithm of the likelihood of the negative binomial numbers that came, but for what no parameter changes."""
    total = 0.0
    for i in range(len(number)):
        own = shape + number[i] - 1.0
        known = periods + since[i]
        rate = own / known * ((known - quiet[i]) / known) ** fading
        mean = span * min(rate, 1.0)
        one = came[i] * math.log(mean / (own + mean)) - own * math.log1p(mean / own)
        for k in range(int(came[i])):
            one += math.log(own + k)
        total += weight[i] * one
    return total


def _fit_sizes(pool: Pool, cases: _Cases, sites: Sequence[str]) -> Pool:
    """Usual sizes, how far sizes are drawn to them, and how what came differs from that."""
    sizes = cases.table[:, LOG_SIZE]
    usual = float(sizes.mean())
    pool = replace(pool, usual=usual, deviation=float(sizes.std()), usual_by_site=_by_site(sizes, sites, usual))
    came = cases.number > 0
    if np.count_nonzero(came) < FEWEST_CASES:
        return pool
    table, where = cases.table[came], [sites[i] for i in np.flatnonzero(came).tolist()]
    seen = table[:, AHEAD_TOTAL] / table[:, AHEAD_NUMBER]
    away = table[:, LOG_SIZE] - pool.usual_of(where)

    def error_of(noise: float) -> float:
        drawn = replace(pool, noise=noise).size(table, away)
        off = np.log(seen / drawn)
        return float((cases.weight[came] * (off - off.mean()) ** 2).sum())

    pool = replace(pool, noise=min(NOISES, key=error_of))
    ratio = np.minimum(seen / pool.size(table, away), LARGEST_RATIO)
    weight, prior = cases.weight[came] * table[:, AHEAD_NUMBER], DRAWN
    level = float(((weight * ratio).sum() + prior) / (weight.sum() + prior))
    square = float(((weight * ratio**2).sum() + prior * level**2 * (1.0 + pool.variation)) / (weight.sum() + prior))
    return replace(pool, level=level, variation=max(square / level**2 - 1.0, 0.05))


def _by_site(sizes: Floats, sites: Sequence[str], usual: float) -> dict[str, float]:
    names, place = np.unique(np.array(sites), return_inverse=True)
    totals, counts = np.bincount(place, sizes), np.bincount(place)
    means = (totals + SITE_SIZES * usual) / (counts + SITE_SIZES)
    return dict(zip(names.tolist(), means.tolist(), strict=True)) if len(names) > 1 else {}


def _fit_factors(pool: Pool, cases: _Cases, sites: Sequence[str]) -> Pool:
    """Factors of the rate, one after another: by number and age, by size, by site, by when the first demand came."""
    row, column = group_of(cases.table, pool.span)
    group = row * GROUPS[1] + column
    flat = _factors(pool, cases, sites, group, GROUPS[0] * GROUPS[1])
    pool = replace(pool, by_group=tuple(map(tuple, flat.reshape(GROUPS).tolist())))
    away = cases.table[:, LOG_SIZE] - pool.usual_of(sites)
    by_size = _factors(pool, cases, sites, size_group_of(away, pool.deviation), len(SIZES) + 1)
    pool = replace(pool, by_size=tuple(by_size.tolist()))
    names, place = np.unique(np.array(sites), return_inverse=True)
    if len(names) > 1:
        by_site = _factors(pool, cases, sites, place, len(names))
        pool = replace(pool, by_site=dict(zip(names.tolist(), by_site.tolist(), strict=True)))
    waits = wait_group_of(cases.table, pool.began or 0, pool.span)
    return replace(pool, by_wait=tuple(_factors(pool, cases, sites, waits, len(WAITS) + 1).tolist()))


def _factors(pool: Pool, cases: _Cases, sites: Sequence[str], group: Any, groups: int) -> Floats:
    """Demands seen in each group divided by those expected, drawn to 1."""
    expected = pool.expect(cases.table, sites, pool.span).number
    seen, usual = (np.bincount(group, cases.weight * one, groups) for one in (cases.number, expected))
    return np.clip((seen + DRAWN) / (usual + DRAWN), *FACTORS)


def _fit_ends(pool: Pool, cases: _Cases, sites: Sequence[str]) -> Pool:
    """Shares of parts that have ended: those without demand beyond what would be if it went on, drawn to none."""
    _, age = group_of(cases.table, pool.span)
    said = pool.expect(cases.table, sites, pool.span).chance_within(pool.span)
    beyond, usual = (
        np.bincount(age, cases.weight * one, GROUPS[1]) for one in ((cases.number == 0) - said, 1.0 - said)
    )
    return replace(pool, by_end=tuple(np.clip(beyond / (usual + ENDED_DRAWN), 0.0, MOST_ENDED).tolist()))
