"""What the backtest of a batch found is told in a planner's words, with the exact term beside each."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from batchcast.app.findings import findings_of, why_no_findings
from batchcast.app.translation import translate
from batchcast.domain.accuracy import Hindsight
from batchcast.domain.calendar import Calendar, Frequency, Span

MONTHS = Calendar(frequency=Frequency.MONTHLY)
MARCH_2002 = 32 * 12 + 2  # months since January 1970


def span(first: int, last: int) -> Span:
    return Span(calendar=MONTHS, first=first, last=last)


FOUND = Hindsight(
    calendar=MONTHS,
    service_level=0.95,
    horizon=1,
    series=2_509,
    judged=2_503,
    cases=7_509,
    spans=tuple(span(MARCH_2002 - back, MARCH_2002 - back) for back in range(3)),
    covered=0.948,
    pinball=0.242,
    pinball_naive=0.391,
    actual=2_000.0,
    forecast=2_080.0,
    units_short=70.0,
    units_over=1_900.0,
    worst_parts=(),
)
NOTHING = replace(
    FOUND, judged=0, cases=0, spans=(), covered=math.nan, pinball=math.nan, pinball_naive=math.nan, actual=0.0
)


def test_it_says_that_nothing_was_learned_across_parts() -> None:
    *rest, last = findings_of(replace(FOUND, without_learned=True))

    assert rest == list(findings_of(FOUND))
    assert str(last.said) == "Each part was forecast from its own history alone: nothing was learned across parts."
    assert last.is_good is None
    assert findings_of(replace(NOTHING, without_learned=True)) == ()


def test_it_tells_coverage_then_value_added_then_bias_then_units() -> None:
    assert [(str(one.said), str(one.term)) for one in findings_of(FOUND)] == [
        (
            "At 95% service you would have covered 94.8% of the parts in the last 3 months: "
            "3 backtests of 1 month each.",
            "7,509 cases, each a series in a backtest: Mar 2002; Feb 2002; Jan 2002. "
            "6 of 2,509 series had too little history",
        ),
        (
            "Forecast value added against naive: 38%. Being wrong has become 38% cheaper than with "
            "“the next period will be as the last”.",
            "1 − lead-time pinball loss 0.242 / naive 0.391",
        ),
        ("The forecast was 4.0% above what came.", "Bias +4.0%: 2,080 forecast, 2,000 wanted"),
        (
            "In all backtests together 70 of 2,000 units wanted would have been short, and 1,900 left over.",
            "Fill rate 96.5% with the stock for 95% service",
        ),
    ]
    assert all(one.is_good for one in findings_of(FOUND))


def test_one_backtest_and_a_history_that_was_enough_for_all_are_said_without_more() -> None:
    covered = findings_of(replace(FOUND, horizon=6, spans=(span(MARCH_2002 - 5, MARCH_2002),), judged=2_509))[0]

    assert str(covered.said) == "At 95% service you would have covered 94.8% of the parts in the last 6 months."
    assert str(covered.term) == "7,509 cases, each a series in a backtest: Oct 2001 – Mar 2002"


def test_backtests_that_overlap_count_every_month_once() -> None:
    overlapping = replace(
        FOUND, horizon=3, spans=(span(MARCH_2002 - 2, MARCH_2002), span(MARCH_2002 - 3, MARCH_2002 - 1))
    )

    assert "in the last 4 months: 2 backtests of 3 months each, which overlap." in str(findings_of(overlapping)[0].said)


def test_what_is_worse_than_naive_is_said_and_not_good() -> None:
    against = findings_of(replace(FOUND, pinball=0.43))[1]

    assert str(against.said).startswith("Forecast value added against naive: −10%. Being wrong has become 10% dearer")
    assert not against.is_good


@pytest.mark.parametrize(("covered", "is_good"), [(0.93, True), (0.92, False), (1.0, True)])
def test_a_coverage_is_good_down_to_half_of_what_was_left_to_miss(covered: float, is_good: bool) -> None:
    assert findings_of(replace(FOUND, covered=covered))[0].is_good is is_good


@pytest.mark.parametrize(
    ("forecast", "said", "is_good"),
    [(2_006.0, "added up to", True), (1_600.0, "20.0% below", False), (2_100.0, "5.0% above", True)],
)
def test_a_bias_has_its_direction_and_none_under_half_a_percent(forecast: float, said: str, is_good: bool) -> None:
    bias = findings_of(replace(FOUND, forecast=forecast))[2]

    assert said in str(bias.said)
    assert bias.is_good is is_good


def test_a_level_is_written_as_it_was_asked_for() -> None:
    assert str(findings_of(replace(FOUND, service_level=0.9995))[0].said).startswith("At 99.95% service")


def test_what_could_not_be_measured_is_not_told() -> None:
    assert len(findings_of(replace(FOUND, pinball_naive=0.0, actual=0.0))) == 1
    assert findings_of(NOTHING) == ()


def test_where_nothing_could_be_judged_it_says_what_it_would_take() -> None:
    assert "needs a part with 4 months of history, demand at least 2 times in it, and 1 month after that" in str(
        why_no_findings(NOTHING)
    )


def test_where_no_model_asked_for_could_be_used_it_says_so() -> None:
    said = str(why_no_findings(replace(NOTHING, unused=("lightgbm_quantile",))))

    assert said.startswith("None of the models asked for could be used here (lightgbm_quantile)")


def test_it_is_told_in_indonesian_with_its_commas() -> None:
    said = translate(findings_of(FOUND)[0].said, "id")

    assert said == (
        "Dengan tingkat layanan 95%, stok Anda akan cukup untuk 94,8% suku cadang dalam 3 bulan terakhir: "
        "3 uji balik masing-masing 1 bulan."
    )
