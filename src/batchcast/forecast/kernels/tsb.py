"""TSB (Teunter, Syntetos and Babai): probability of a demand in a period, times its size.

The probability falls in every period without demand, so a part that is no longer asked for fades out. Both start as in
statsforecast: the probability at what the first period shows, the size at the first demand.
"""
# ruff: noqa: PLR0917 -- kernels take arrays one by one, and numba has no keyword-only arguments

from __future__ import annotations

import numpy as np

from batchcast.forecast.compiled import compiled, inlined
from batchcast.forecast.kernels.croston import list_events
from batchcast.forecast.kernels.lanes import FLAT, Floats, Ints, KernelInput, Means, longest, trained, vertex

SIZES = 4  # gains of the size
CHANCES = 8  # gains of the probability: one vector register
LANES = SIZES * CHANCES
SIZE_GRID = np.geomspace(0.02, 0.5, SIZES)
CHANCE_GRID = np.geomspace(0.01, 0.5, CHANCES)
SIZE_GAINS, CHANCE_GAINS = np.repeat(SIZE_GRID, CHANCES), np.tile(CHANCE_GRID, SIZES)  # of every lane
SIZE_GAIN, CHANCE_GAIN = 0.1, 0.05  # where every gain fits equally well
TABLE = 64  # runs of periods without demand whose effect is looked up
CHANCE, SQUARES = LANES, 2 * LANES  # rows of the workspace; the first is the size


@inlined
def idle_factors(gains: Floats, periods: int, factors: Floats) -> None:
    """What `periods` without demand leave of the chance of each lane, then the sum of squares while they last."""
    lanes = len(gains)
    for j in range(lanes):
        fade = 1.0 - gains[j]
        kept = fade**periods
        factors[j] = kept
        factors[lanes + j] = (1.0 - kept * kept) / (1.0 - fade * fade)


@inlined
def idle_lanes(work: Floats, factors: Floats) -> None:
    """A run of periods without demand, in every lane."""
    for k in range(LANES):
        chance = work[CHANCE + k]
        rate = work[k] * chance
        work[SQUARES + k] += rate * rate * factors[LANES + k]
        work[CHANCE + k] = chance * factors[k]


@inlined
def demand_lanes(work: Floats, size: float) -> None:
    """A period with demand, in every lane."""
    for k in range(LANES):
        expected, chance = work[k], work[CHANCE + k]
        error = size - expected * chance
        work[SQUARES + k] += error * error
        work[k] = expected + SIZE_GAINS[k] * (size - expected)
        work[CHANCE + k] = chance + CHANCE_GAINS[k] * (1.0 - chance)


@compiled
def best_pair(squares: Floats) -> tuple[float, float]:
    """Gains of size and chance with least squared error, each refined by a parabola through its neighbours."""
    best = 0
    worst = squares[0]
    for k in range(1, LANES):
        if squares[k] < squares[best]:
            best = k
        worst = max(worst, squares[k])
    if not worst - squares[best] > FLAT * worst:
        return SIZE_GAIN, CHANCE_GAIN
    s, j = best // CHANCES, best % CHANCES
    size_gain, chance_gain = SIZE_GRID[s], CHANCE_GRID[j]
    if 0 < s < SIZES - 1:
        step = vertex(squares[best - CHANCES], squares[best], squares[best + CHANCES])
        size_gain *= (SIZE_GRID[1] / SIZE_GRID[0]) ** step
    if 0 < j < CHANCES - 1:
        chance_gain *= (CHANCE_GRID[1] / CHANCE_GRID[0]) ** vertex(squares[best - 1], squares[best], squares[best + 1])
    return size_gain, chance_gain


@compiled
def choose_tsb(values: Floats, offsets: Ints, held: Ints, size_gains: Floats, chance_gains: Floats) -> None:
    """The pair of gains of least squared one-step error at each cutoff, into shape (cutoffs, series)."""
    most = longest(offsets)
    sizes, gaps = np.empty(most), np.empty(most)
    work, ahead = np.empty(3 * LANES), np.empty(LANES)
    table, factors = np.empty((TABLE, 2 * LANES)), np.empty(2 * LANES)
    for periods in range(TABLE):
        idle_factors(CHANCE_GAINS, periods, table[periods])
    for i in range(len(offsets) - 1):
        y = values[offsets[i] : offsets[i + 1]]
        count = list_events(y, sizes, gaps)
        seen, when = 0, -1  # demands taken in, period of the last of them
        for c in range(len(held) - 1, -1, -1):
            n = trained(len(y), held[c])
            size_gains[c, i], chance_gains[c, i] = SIZE_GAIN, CHANCE_GAIN
            while seen < count and when + int(gaps[seen]) < n:
                if seen == 0:
                    first = gaps[0] == 1.0
                    for k in range(LANES):
                        work[k] = sizes[0]
                        work[CHANCE + k] = 1.0 if first else CHANCE_GAINS[k]
                        work[SQUARES + k] = 0.0  # of the periods before, the same in every lane
                else:
                    idle = int(gaps[seen]) - 1
                    if 0 < idle < TABLE:
                        idle_lanes(work, table[idle])
                    elif idle > 0:
                        idle_factors(CHANCE_GAINS, idle, factors)
                        idle_lanes(work, factors)
                    demand_lanes(work, sizes[seen])
                when += int(gaps[seen])
                seen += 1
            if seen == 0:
                continue
            idle_factors(CHANCE_GAINS, n - 1 - when, factors)
            for k in range(LANES):
                rate = work[k] * work[CHANCE + k]
                ahead[k] = work[SQUARES + k] + rate * rate * factors[LANES + k]
            size_gains[c, i], chance_gains[c, i] = best_pair(ahead)


@compiled
def run_tsb(
    values: Floats, offsets: Ints, held: Ints, size_gains: Floats, chance_gains: Floats, levels: Floats
) -> None:
    """Forecast of every step with given gains, all of shape (cutoffs, series); `levels` holds zeros."""
    most = longest(offsets)
    sizes, gaps = np.empty(most), np.empty(most)
    for i in range(len(offsets) - 1):
        y = values[offsets[i] : offsets[i + 1]]
        count = list_events(y, sizes, gaps)
        for c in range(len(held)):
            n = trained(len(y), held[c])
            if count == 0 or gaps[0] > n:
                continue  # no demand yet
            gain = chance_gains[c, i]
            size, when, k = sizes[0], int(gaps[0]) - 1, 1
            chance = 1.0 if when == 0 else gain
            while k < count and when + int(gaps[k]) < n:
                chance *= (1.0 - gain) ** (int(gaps[k]) - 1)
                size += size_gains[c, i] * (sizes[k] - size)
                chance += gain * (1.0 - chance)
                when += int(gaps[k])
                k += 1
            levels[c, i] = size * (chance * (1.0 - gain) ** (n - 1 - when))


def forecast(given: KernelInput) -> Means:
    """Probability times size, with the pair of gains that fits best."""
    size_gains, chance_gains, levels = np.zeros(given.shape), np.zeros(given.shape), np.zeros((*given.shape, 1))
    choose_tsb(given.values, given.offsets, given.held, size_gains, chance_gains)
    run_tsb(given.values, given.offsets, given.held, size_gains, chance_gains, levels[..., 0])
    return {"tsb": levels}
