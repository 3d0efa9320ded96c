"""WSS bootstrap: how often demand comes by a two-state Markov chain, how much by drawing from the sizes seen.

Source: Willemain, Smart and Schwarz (2004), International Journal of Forecasting 20(3). Two things differ, for cost:
the number of demands in the window is not simulated but taken at even steps of its exact distribution, and the
jitters of the sizes of one window are drawn as one normal deviate of their summed variance, in units of the series
(fractional demand, which has no gaps to fill, is not jittered).
"""

# ruff: noqa: PLR0917 (compiled functions take plain arrays, in their order)
from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from batchcast.forecast.compiled import compiled
from batchcast.forecast.distributions.candidate import Calibration, Candidate, Levels
from batchcast.forecast.distributions.empirical import sorted_quantile
from batchcast.forecast.evidence import Evidence
from batchcast.forecast.moments import LONG_INTERVAL, demand_interval

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Keys = NDArray[np.uint64]

REPLICATES = 128  # windows drawn a series and cutoff; a power of two
FEWEST_DEMANDS = 2  # under them there is no size to vary
LONGEST_MEMORY = 400  # sizes that are drawn from: the most recent ones
GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2**64 divided by the golden ratio: the step of splitmix64


def bootstrap_quantiles(
    values: Floats,
    starts: Ints,
    ends: Ints,
    held: Ints,
    span: int,
    unit: Floats,
    levels: tuple[float, ...],
    keys: Keys,
    wanted: NDArray[np.bool_],
) -> tuple[Floats, Floats]:
    """Quantiles and means of bootstrapped sums of the `span` periods after each cutoff.

    Args:
        values: demand of all series, oldest first.
        starts: where the history of each series at each cutoff begins, shape (cutoffs, series).
        ends: where it ends, same shape.
        held: periods held back from the end at each cutoff: they seed what is drawn.
        span: periods that are summed.
        unit: shape (cutoffs, series): what every demand is a whole multiple of; 0 where demand is fractional.
        levels: ascending, in (0, 1).
        keys: shape (series,): seeds what is drawn, so that it depends on nothing but the series.
        wanted: shape (cutoffs, series): where to draw at all.

    Returns:
        Quantiles, shape (cutoffs, series, levels), and means, shape (cutoffs, series); NaN under FEWEST_DEMANDS
        and where not wanted.
    """
    shape = starts.shape
    quantiles, means = np.full((*shape, len(levels)), np.nan), np.full(shape, np.nan)
    _fill_bootstrap(
        values, starts, ends, held, span, unit, np.array(levels), keys, wanted, _normals(), quantiles, means
    )
    return quantiles, means


@cache
def _normals() -> Floats:
    """Standard normal deviates at REPLICATES even steps of probability."""
    normal = NormalDist()
    return np.array([normal.inv_cdf((k + 0.5) / REPLICATES) for k in range(REPLICATES)])


@compiled
def _mixed(state: np.uint64) -> np.uint64:
    """The output function of splitmix64."""
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


@compiled
def chain_counts(after_none: float, after_demand: float, chance: float, span: int) -> Floats:
    """Probability of 0, 1, ... `span` demands in `span` periods of the two-state chain.

    The period before the first one has demand with probability `chance`.
    """
    quiet = np.zeros(span + 1)  # by demands so far, the last period without demand
    busy = np.zeros(span + 1)
    busy[0] = chance
    quiet[0] = 1.0 - chance
    for step in range(span):
        for k in range(step + 1, -1, -1):
            from_quiet = quiet[k - 1] if k > 0 else 0.0
            from_busy = busy[k - 1] if k > 0 else 0.0
            still = quiet[k] * (1.0 - after_none) + busy[k] * (1.0 - after_demand)
            busy[k] = from_quiet * after_none + from_busy * after_demand
            quiet[k] = still
    for k in range(span + 1):
        busy[k] += quiet[k]
    return busy


@compiled
def read_chain(values: Floats, start: int, end: int, sizes: Floats) -> tuple[int, float, float]:
    """Sizes seen, newest first, into `sizes`; their number and the chances of demand after none and after demand.

    Each chance is shrunk by one period towards the share of periods with demand.
    """
    found = quiet = busy = quiet_then_busy = busy_then_busy = 0
    t = end - 1
    while t >= start and found < len(sizes):
        if values[t] > 0.0:
            sizes[found] = values[t]
            found += 1
        if t > start:
            if values[t - 1] > 0.0:
                busy += 1
                busy_then_busy += values[t] > 0.0
            else:
                quiet += 1
                quiet_then_busy += values[t] > 0.0
        t -= 1
    share = (quiet_then_busy + busy_then_busy + 0.5) / (quiet + busy + 1.0)
    return found, (quiet_then_busy + share) / (quiet + 1.0), (busy_then_busy + share) / (busy + 1.0)


@compiled
def _fill_bootstrap(
    values: Floats,
    starts: Ints,
    ends: Ints,
    held: Ints,
    span: int,
    unit: Floats,
    levels: Floats,
    keys: Keys,
    wanted: NDArray[np.bool_],
    normals: Floats,
    quantiles: Floats,
    means: Floats,
) -> None:
    sizes = np.empty(LONGEST_MEMORY)
    sums = np.empty(REPLICATES)
    for i in range(starts.shape[1]):
        for c in range(len(held)):
            if not wanted[c, i]:
                continue
            end = ends[c, i]
            found, after_none, after_demand = read_chain(values, starts[c, i], end, sizes)
            if found < FEWEST_DEMANDS:
                continue
            chance = 1.0 if values[end - 1] > 0.0 else 0.0
            chances = chain_counts(after_none, after_demand, chance, span)
            grain = unit[c, i]
            state = _mixed(keys[i] + np.uint64(held[c] + 1) * GOLDEN)
            turn = int(state & np.uint64(REPLICATES - 1))
            below, demands, mean = chances[0], 0, 0.0
            for r in range(REPLICATES):
                while below < (r + 0.5) / REPLICATES and demands < span:
                    demands += 1
                    below += chances[demands]
                total = 0.0
                for _ in range(demands):
                    state += GOLDEN
                    drawn = np.float64(_mixed(state) >> np.uint64(11)) * (1.0 / 9007199254740992.0)
                    total += sizes[int(drawn * found)]
                if total > 0.0 and grain > 0.0:
                    jitter = normals[(r * 77 + turn) & (REPLICATES - 1)] * math.sqrt(total / grain)
                    moved = total + math.floor(jitter + 0.5) * grain
                    total = moved if moved > 0.0 else total
                sums[r] = total
                mean += (total - mean) / (r + 1.0)
            ordered = np.sort(sums)
            means[c, i] = mean
            for j in range(len(levels)):
                quantiles[c, i, j] = sorted_quantile(ordered, REPLICATES, levels[j], grain)


@dataclass(frozen=True)
class Bootstrap(Candidate):
    """WSS bootstrap; of intermittent demand only, unless it was asked for by name."""

    everywhere: bool = False

    def sums(self, evidence: Evidence, calibration: Calibration, levels: Levels, count: int) -> tuple[Floats, Floats]:
        """Of sums drawn for the span."""
        wanted = (demand_interval(evidence.moments) >= LONG_INTERVAL) | self.everywhere
        quantiles, means = bootstrap_quantiles(
            evidence.values,
            evidence.starts,
            evidence.ends,
            evidence.held,
            evidence.span,
            evidence.grain,
            levels,
            evidence.keys,
            wanted,
        )
        return evidence.whole(evidence.lifted(quantiles)), evidence.spread(means, count)
