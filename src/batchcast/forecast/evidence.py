"""The evidence of a candidate: a chunk of series at some cutoffs, and nothing after them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.calendar import Frequency
from batchcast.forecast.moments import Moments, classify, measure_level_variance

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SAME_YEAR = 0.8  # correlation of the last two years, beyond which they repeat each other
EVEN_VARIATION = 0.15  # coefficient of variation of single periods, under which a long history is even
LONG_PERIODS, LONG_SPANS = 36, 3  # periods of a long history, at least, and spans
EVEN_DEVIATIONS = (
    8.0  # standard deviations of its own sums that are plausible beyond the middle of an even history, ...
)
EVEN_SHARE = 0.05  # ... and at least so much of it
FEW_DEMANDS = 3  # under them their spread says too little, and one demand counts as one lump


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """A chunk of series at some cutoffs, for the sum of the `span` periods after each."""

    values: Floats  # demand of all series without its year, oldest first
    offsets: Ints  # shape (series + 1,): where each series begins, up to the end of its history
    starts: Ints  # series i at cutoff c is values[starts[c, i]:ends[c, i]]; shape (cutoffs, series)
    ends: Ints  # same shape
    last_periods: Ints  # in which it ends, same shape
    held: Ints  # periods held back from the end at each cutoff
    folds: Ints  # number of the fold of each cutoff; that of the final forecast comes after the last fold
    span: int
    frequency: Frequency
    season_length: int  # periods
    keys: NDArray[np.uint64]  # shape (series,), seeds what is drawn
    site_codes: Sequence[str]  # of each series
    moments: Moments  # of the values
    measure: Moments  # of demand as it came: what is plausible, what forecasts are judged by, the unit
    classes: NDArray[np.int8]  # shape (cutoffs, series)
    dispersion: Floats  # variance of the sum divided by its mean, shape (cutoffs, series)
    means: Mapping[str, Floats]  # point model -> mean of each step, shape (cutoffs, series, steps); NaN: it failed
    learned: Floats | None  # learned quantiles of the sum, at `learned.LEVELS`; NaN, None: nothing was learned
    weights: Floats | None  # of each step by weekday and time of the year, same shape; None: all are alike
    lift: Floats | None = None  # mean factor of the year over the span, shape (cutoffs, series); None: no year
    own_year: NDArray[np.bool_] | None = None  # same shape: which series have one where the batch has none; None: all

    @cached_property
    def level_variance(self) -> Floats:
        """Variance of the sum divided by its mean, shape (cutoffs, series).

        The smaller of two, from the differences of neighbouring sums and of sums whole seasons apart: it contains the
        changes of the level, but neither a trend nor a season.
        """
        least = np.full(self.starts.shape, np.inf)
        for lag in {self.span, -(-self.span // self.season_length) * self.season_length}:
            found = np.empty_like(least)
            for starts, ends, row in zip(self.starts, self.ends, found, strict=True):
                measure_level_variance(self.values, starts, ends, self.span, lag, row)
            least = np.minimum(least, found)
        return _ratio(least, self.moments.mean * self.span)

    @cached_property
    def step_dispersion(self) -> Floats:
        """Variance of single periods divided by their mean, shape (cutoffs, series); the mean demand of few demands.

        Half the mean square of the steps from one period to the next is the variance too where periods are
        independent. It counts where it is less: a trend or a season is in the mean already, and no noise.
        """
        moments, changes = self.moments, self.moments.periods - 1.0
        halved = moments.naive_squares / (2.0 * np.maximum(changes, 1.0))
        single = np.where(changes > 1, np.minimum(moments.variance, halved), moments.variance)
        lump = np.where(moments.demands < FEW_DEMANDS, moments.size_mean, 0.0)
        return np.maximum(_ratio(single, moments.mean), lump)

    @cached_property
    def even_deviation(self) -> Floats:
        """Standard deviation of the sum where history is long and even, shape (cutoffs, series); infinite elsewhere."""
        moments = self.moments
        is_long = moments.periods >= np.maximum(LONG_PERIODS, LONG_SPANS * self.span)
        is_even = is_long & (moments.variance < (EVEN_VARIATION * moments.mean) ** 2)
        if not is_even.any():
            return np.full(is_even.shape, np.inf)
        levels = self.level_variance * moments.mean
        return np.where(is_even, np.sqrt(self.span * np.maximum(levels, moments.variance)), np.inf)

    def repeats_its_year(self, cutoff: int) -> NDArray[np.bool_]:
        """Where the last two years went up and down alike beside a steady trend, shape (series,)."""
        year = self.frequency.periods_in_year
        repeats = np.zeros(self.starts.shape[1], dtype=np.bool_)
        rows = np.flatnonzero(self.ends[cutoff] - self.starts[cutoff] >= 2 * year)
        if year != self.season_length or not len(rows):
            return repeats
        known = self.values[self.ends[cutoff, rows, None] - 2 * year + np.arange(2 * year)]
        line = np.arange(2 * year) - (2 * year - 1) / 2.0
        known = known - known.mean(axis=1, keepdims=True)
        known -= (known @ line / (line @ line))[:, None] * line
        before, after = known[:, :year], known[:, year:]
        before, after = (half - half.mean(axis=1, keepdims=True) for half in (before, after))
        power = np.sqrt((before**2).sum(axis=1) * (after**2).sum(axis=1))
        repeats[rows] = (before * after).sum(axis=1) > np.maximum(SAME_YEAR * power, 1e-9)
        return repeats

    def only(self, cutoff: int, rows: Ints) -> Evidence:
        """Some series at one cutoff, without the forecasts of models."""
        return replace(
            self,
            starts=self.starts[cutoff : cutoff + 1, rows],
            ends=self.ends[cutoff : cutoff + 1, rows],
            last_periods=self.last_periods[cutoff : cutoff + 1, rows],
            held=self.held[cutoff : cutoff + 1],
            folds=self.folds[cutoff : cutoff + 1],
            keys=self.keys[rows],
            site_codes=[self.site_codes[row] for row in rows],
            moments=replace(self.moments, table=self.moments.table[cutoff : cutoff + 1, rows]),
            measure=replace(self.measure, table=self.measure.table[cutoff : cutoff + 1, rows]),
            classes=self.classes[cutoff : cutoff + 1, rows],
            dispersion=self.dispersion[cutoff : cutoff + 1, rows],
            means={},
            learned=None,
            weights=None,
            lift=None,
            own_year=None,
        )

    def lifted(self, total: Floats) -> Floats:
        """Sums over the span at their time of the year, from such without a year: shape (cutoffs, series, ...)."""
        if self.lift is None:
            return total
        return total * self.lift.reshape(*self.lift.shape, *[1] * (total.ndim - 2))

    @property
    def grain(self) -> Floats:
        """The unit of the values, shape (cutoffs, series): 0 where the year has made fractions of them."""
        return np.where(self._is_divided, 0.0, self.moments.unit)

    @property
    def batch_has_year(self) -> bool:
        """Whether the year of all series was divided out, not that of some alone."""
        return self.lift is not None and self.own_year is None

    @property
    def _is_divided(self) -> NDArray[np.bool_]:
        shape = self.moments.unit.shape
        return np.full(shape, self.lift is not None) if self.own_year is None else self.own_year

    def whole(self, quantiles: Floats) -> Floats:
        """Quantiles, shape (cutoffs, series, levels), raised to multiples of the unit where the year broke them."""
        if self.lift is None:
            return quantiles
        return np.where(self._is_divided[..., None], round_up(quantiles, self.moments.unit[:, :, None]), quantiles)

    def steps(self, model: str, count: int) -> Floats:
        """Means of the first `count` steps, shape (cutoffs, series, count)."""
        return self.means[model][:, :, :count]

    def spread(self, total: Floats, count: int) -> Floats:
        """Means of `count` steps where `total`, shape (cutoffs, series), is expected over the span."""
        flat = np.repeat((total / self.span)[:, :, None], count, axis=2)
        return flat if self.weights is None else flat * self.weights[:, :, :count]


def gather_evidence(
    *,
    values: Floats,
    offsets: Ints,
    last_periods: Ints,
    moments: Moments,
    measure: Moments,
    held: Ints,
    folds: Ints,
    keys: NDArray[np.uint64],
    site_codes: Sequence[str],
    frequency: Frequency,
    means: Mapping[str, Floats],
    weights: Floats | None,
    lift: Floats | None,
) -> Evidence:
    """Evidence from the moments of each series at each cutoff, its point forecasts limited to what is plausible."""
    ceiling = plausible_sum(measure)
    return Evidence(
        values=values,
        offsets=offsets,
        starts=np.tile(offsets[:-1], (len(held), 1)),
        ends=offsets[1:] - held[:, None],
        last_periods=last_periods - held[:, None],
        held=held,
        folds=folds,
        span=moments.span,
        frequency=frequency,
        season_length=frequency.season_length,
        keys=keys,
        site_codes=site_codes,
        moments=moments,
        measure=measure,
        classes=classify(measure, frequency),
        dispersion=dispersion_of_sums(moments),
        means={model: limit_means(steps, ceiling, moments.span) for model, steps in means.items()},
        learned=None,
        weights=weights,
        lift=lift,
    )


def substitute(evidence: Evidence, parts: Sequence[tuple[int, Ints, Evidence]]) -> Evidence:
    """The evidence with some series at some cutoffs taken from elsewhere.

    Args:
        evidence: before anything learned is attached to it.
        parts: place of a cutoff, the series there, and evidence of these alone at that cutoff, for as many steps.
    """
    if not parts:
        return evidence
    table, classes, dispersion = evidence.moments.table.copy(), evidence.classes.copy(), evidence.dispersion.copy()
    starts, ends = evidence.starts.copy(), evidence.ends.copy()
    measure = evidence.measure.table.copy()
    weights, lift = (None if a is None else a.copy() for a in (evidence.weights, evidence.lift))
    own_year: NDArray[np.bool_] | None = None
    if lift is None and any(other.lift is not None for _, _, other in parts):
        lift, own_year = np.ones(starts.shape), np.zeros(starts.shape, dtype=np.bool_)
        if weights is None:
            weights = np.ones(
                next((*starts.shape, other.weights.shape[2]) for _, _, other in parts if other.weights is not None)
            )
    means = {model: steps.copy() for model, steps in evidence.means.items()}
    values, size = [evidence.values], len(evidence.values)
    for place, rows, other in parts:
        table[place, rows], classes[place, rows] = other.moments.table[0], other.classes[0]
        measure[place, rows], dispersion[place, rows] = other.measure.table[0], other.dispersion[0]
        if weights is not None and other.weights is not None:
            weights[place, rows] = other.weights[0]
        if lift is not None and other.lift is not None:
            lift[place, rows] = other.lift[0]
            if own_year is not None:
                own_year[place, rows] = True
        starts[place, rows], ends[place, rows] = other.starts[0] + size, other.ends[0] + size
        for model, steps in means.items():
            steps[place, rows] = other.means[model][0]
        values.append(other.values)
        size += len(other.values)
    return replace(
        evidence,
        values=np.concatenate(values),
        starts=starts,
        ends=ends,
        moments=replace(evidence.moments, table=table),
        measure=replace(evidence.measure, table=measure),
        classes=classes,
        dispersion=dispersion,
        means=means,
        weights=weights,
        lift=lift,
        own_year=own_year,
    )


def round_up(values: Floats, unit: Floats) -> Floats:
    """Values raised to the next multiple of the unit, where there is one."""
    grain = np.where(unit > 0, unit, 1.0)
    return np.where(unit > 0, np.ceil(values / grain - 1e-9) * grain, values)


def dispersion_of_sums(moments: Moments) -> Floats:
    """Variance of the sum over the span divided by its mean, shape (cutoffs, series).

    That of single periods, which is steady, averaged with that of overlapping windows, which contains the correlation
    between periods; windows weigh the more (up to a half) the more of them do not overlap. With fewer than FEW_DEMANDS
    demands it is at least the mean demand, as if each came as one lump of that size.
    """
    single = _ratio(moments.variance, moments.mean)
    windows = _ratio(moments.span_variance, moments.span_mean)
    separate = moments.spans / moments.span
    weight = np.where(moments.spans > 1, 0.5 * separate / (separate + 2.0), 0.0)
    dispersion = (1.0 - weight) * single + weight * windows
    lump = np.where(moments.demands < FEW_DEMANDS, moments.size_mean, 0.0)
    return np.maximum(dispersion, lump)


def _ratio(numerator: Floats, denominator: Floats) -> Floats:
    positive = denominator > 0
    return np.where(positive, numerator / np.where(positive, denominator, 1.0), 0.0)


# The plausible limit: no forecast is beyond a multiple of the largest demand that history has.

PLAUSIBLE_MULTIPLE = 5.0


def plausible_sum(moments: Moments) -> Floats:
    """The limit of the demand over the span, shape (cutoffs, series)."""
    return PLAUSIBLE_MULTIPLE * moments.span_largest


def plausible_step(moments: Moments) -> Floats:
    """The limit of the demand of a single period, shape (cutoffs, series)."""
    return PLAUSIBLE_MULTIPLE * moments.largest


def limit_quantiles(quantiles: Floats, ceiling: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Quantiles reduced to a ceiling, and which series had any beyond it.

    Args:
        quantiles: shape (series, ...).
        ceiling: shape (series,).
    """
    limit = ceiling.reshape(-1, *[1] * (quantiles.ndim - 1))
    beyond = (quantiles > limit).any(axis=tuple(range(1, quantiles.ndim)))
    return np.minimum(quantiles, limit), np.asarray(beyond)


def limit_to_even(quantiles: Floats, totals: Floats, deviation: Floats, middle: int) -> Floats:
    """Quantiles of the sum, shape (..., levels), within what the series' own long and even history makes plausible.

    Args:
        quantiles: of the sum; those of like series are in them, which may vary far more.
        totals: means of the sum, shape (...).
        deviation: `Evidence.even_deviation`, same shape.
        middle: place of the median.
    """
    if not np.isfinite(deviation).any():
        return quantiles
    centre = np.maximum(totals, quantiles[..., middle])
    limit = centre + np.maximum(EVEN_DEVIATIONS * deviation, EVEN_SHARE * centre)
    return np.asarray(np.fmin(quantiles, limit[..., None]))


def limit_means(steps: Floats, ceiling: Floats, span: int) -> Floats:
    """Means made at least 0, NaN where not finite, scaled down where their sum over the span is beyond the ceiling.

    Args:
        steps: shape (cutoffs, series, steps).
        ceiling: shape (cutoffs, series).
        span: steps that are summed, the first ones.
    """
    steps = np.maximum(steps, 0.0)
    total = steps[:, :, :span].sum(axis=2)
    over = total > ceiling
    if over.any():
        steps = steps * np.where(over, ceiling / np.where(over, total, 1.0), 1.0)[:, :, None]
    return np.where(np.isfinite(steps), steps, np.nan)
