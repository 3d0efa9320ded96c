"""From which past cutoffs a batch learns across its series, and how many cases that makes: planned and done alike.

A case is a series at a cutoff. The bounds: MOST_CASES, or `sample.SAMPLE_SIZE` series at FEWEST_CUTOFFS, which is the
same. A batch with fewer than FEWEST_CASES goes without.
"""

from __future__ import annotations

from batchcast.domain.plan import ForecastRequest

MOST_CASES = 24_000  # of a sample of fewer series, more cutoffs are looked at, within:
FEWEST_CUTOFFS, MOST_CUTOFFS = 12, 24
LEAD_TIMES = 8  # over which cutoffs spread
FEWEST_CASES = 1000  # of a batch, and a third of them at a fold: under that many a tree has nothing to tell apart
MOST_FOLD_CASES = 12_000  # of a fold, whose trees only tell how good such trees are


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


def count_cases(request: ForecastRequest, typical_length: int, series: int) -> int:
    """About how many cases the trees of the forecast and of every backtest are taught, together; 0: there are none."""
    practice = choose_practice(request, typical_length, series)
    if series * len(practice) < FEWEST_CASES:
        return 0
    ahead = request.skip + request.lead_time
    folds = [ahead + fold * request.lead_time for fold in range(request.folds)]  # where history is long enough
    of_folds = [series * sum(held >= fold + ahead for held in practice) for fold in folds]
    return series * len(practice) + sum(min(n, MOST_FOLD_CASES) for n in of_folds if n >= FEWEST_CASES / 3)
