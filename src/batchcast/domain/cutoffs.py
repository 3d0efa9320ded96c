"""Where history is cut: for the folds of the backtest, and for what is learned across series.

A case is a series at a cutoff that is learned from. The bounds: MOST_CASES, or `sample.SAMPLE_SIZE` series at
FEWEST_CUTOFFS, which is the same. A batch with fewer than FEWEST_CASES goes without.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.plan import ForecastRequest

LEAST_PERIODS = 4  # of history that a fold needs at its cutoff ...
LEAST_DEMANDS = 1  # ... and demands
SETTLED_DEMANDS = 2  # that a fold needs to teach models of single series; of one demand only like parts teach

MOST_CASES = 24_000  # of a sample of fewer series, more cutoffs are looked at, within:
FEWEST_CUTOFFS, MOST_CUTOFFS = 12, 24
LEAD_TIMES = 8  # over which cutoffs spread
FEWEST_CASES = 1000  # of a batch: under that many a tree has nothing to tell apart
FEWEST_FOLD_CASES = 334  # of a fold
FULL_CYCLES = 1.25  # years that a year takes to be seen
MOST_YEAR_CUTOFFS = 18  # at which a year is judged
MOST_FOLD_CASES = 12_000  # of a fold, whose trees only tell how good such trees are: of more, each second, or third


def typical_length(lengths: NDArray[np.int64], request: ForecastRequest) -> int:
    """Periods that a quarter of the series reach; all that the longest has, where that is too short for a backtest."""
    known = np.sort(lengths[lengths > 0])
    if not len(known):
        return 0
    typical = int(known[3 * len(known) // 4])
    return typical if typical >= request.lead_time + LEAST_PERIODS else int(known[-1])


def choose_cutoffs(request: ForecastRequest, typical_length: int) -> tuple[int, ...]:
    """Periods held back at each fold, ascending: the latest first.

    Lead times do not overlap where a series of typical length has room for all folds and, before the earliest, two lead
    times to learn from; else origins move closer together, down to a third of a lead time apart. Where that is not
    enough either, one lead time to learn from has to do, then origins a period apart, then fewer folds, then none.
    """
    latest = request.lead_time
    between = max(request.folds - 1, 0)
    for learned, nearest in ((2 * request.lead_time, request.lead_time // 3), (request.lead_time, 1)):
        room = typical_length - latest - max(learned, LEAST_PERIODS)
        stride = min(request.lead_time, room // max(between, 1))
        if room >= 0 and stride >= max(nearest, 1):
            return tuple(latest + fold * stride for fold in range(between + 1))
    folds = min(between, typical_length - latest - LEAST_PERIODS) + 1
    return tuple(latest + fold for fold in range(max(folds, 0)))


def has_a_year(request: ForecastRequest, typical_length: int, cutoffs: Sequence[int]) -> bool:
    """Whether the earliest fold knows so much of a series of typical length that it can tell a year from a trend."""
    return typical_length - cutoffs[-1] >= FULL_CYCLES * request.calendar.frequency.periods_in_year


def choose_year_cutoffs(request: ForecastRequest, typical_length: int) -> tuple[int, ...]:
    """Periods held back where a year is judged, ascending: over the last year, with a year before each of them.

    They are a lead time apart, so that together they see every season; but at most a quarter of a year.
    """
    year, ahead = request.calendar.frequency.periods_in_year, request.lead_time
    stride = max(min(ahead, year // 4), -(-year // MOST_YEAR_CUTOFFS))
    return tuple(range(ahead, min(typical_length - year, ahead + year - 1) + 1, stride))


def choose_practice(request: ForecastRequest, typical_length: int, series: int) -> tuple[int, ...]:
    """Periods held back at the cutoffs that are learned from, ascending.

    They spread over the last LEAD_TIMES, or as far back as a typical series has half a lead time and LEAST_PERIODS
    before them: the further apart, the less their outcomes have in common. The first is a lead time before the end.
    """
    ahead = request.lead_time
    count = min(max(MOST_CASES // max(series, 1), FEWEST_CUTOFFS), MOST_CUTOFFS)
    room = typical_length - max(LEAST_PERIODS, request.lead_time // 2)
    stride = max(1, min(LEAD_TIMES * request.lead_time, room - ahead) // count)
    return tuple(range(ahead, min(room + 1, ahead + count * stride), stride))


def count_cases(request: ForecastRequest, typical_length: int, series: int) -> int:
    """About how many cases the trees of the forecast and of every fold are taught, together; 0: there are none."""
    practice = choose_practice(request, typical_length, series)
    if series * len(practice) < FEWEST_CASES:
        return 0
    folds = choose_cutoffs(request, typical_length)
    of_folds = [series * sum(held >= fold + request.lead_time for held in practice) for fold in folds]
    return series * len(practice) + sum(n // fold_stride(n) for n in of_folds if n >= FEWEST_FOLD_CASES)


def fold_stride(cases: int) -> int:
    """Each how-manieth case the trees of a fold are taught."""
    return max(-(-cases // MOST_FOLD_CASES), 1)
