"""Why a part was short is told by what its demand did."""

from __future__ import annotations

import numpy as np
import pytest

from batchcast.domain.accuracy import WorstPart
from batchcast.domain.calendar import Calendar, Frequency, Span
from batchcast.domain.errors import Message
from batchcast.results.hindsight import reason_of

MONTHS = Calendar(frequency=Frequency.MONTHLY)
JANUARY_2001 = 31 * 12


def reason(before: list[float], during: list[float], after: list[float] | None = None) -> str:
    first = JANUARY_2001 + 14 - len(before)  # so that the backtest begins in March 2002
    span = Span(calendar=MONTHS, first=JANUARY_2001 + 14, last=JANUARY_2001 + 13 + len(during))
    part = WorstPart(
        site_code="S",
        partnumber="P",
        demand_class="lumpy",
        folds=3,
        units_short=1.0,
        units_over=0.0,
        span=span,
        actual=sum(during),
        forecast=1.0,
        stock=1.0,
        reason=Message(""),
    )
    return str(reason_of(part, np.array([*before, *during, *(after or [])]), first))


@pytest.mark.parametrize(
    ("before", "during", "said"),
    [
        ([1, 0, 3, 0, 2, 1], [40], "Demand jumped from at most 3 a month to 40 in Mar 2002."),
        ([1, 0, 3, 0, 2, 1], [1, 40, 0], "Demand jumped from at most 3 a month to 40 in Apr 2002."),
        (
            [21, 9, 13, 20, 8, 12],
            [2, 22, 20],
            "More demand than ever before came together in Mar – May 2002: 44, after at most 43 in 3 months.",
        ),
        ([5, 0, 0, 0, 0, 0, 0], [2, 0, 9], "No demand for 6 months, then 11 in Mar – May 2002."),
        ([5, 0, 0], [2], "No demand for 2 months, then 2 in Mar 2002."),
        ([2, 6, 1, 3], [6, 5, 6], "Demand rose to 17 in Mar – May 2002; before, it had been about 9 in 3 months."),
        (
            [5, 4, 3, 4, 5, 4],
            [5, 5, 5],
            "More demand than ever before came together in Mar – May 2002: 15, after at most 13 in 3 months.",
        ),
        (
            [9, 0, 1, 4, 2, 1],
            [3],
            "Demand of 3 in Mar 2002: the stock was too small for what had been seen before, up to 9.",
        ),
    ],
)
def test_the_demand_tells_why(before: list[float], during: list[float], said: str) -> None:
    assert reason(before, during) == said


def test_what_came_after_the_backtest_is_no_reason() -> None:
    assert reason([1, 0, 3, 2], [40], [90, 90]) == reason([1, 0, 3, 2], [40])
