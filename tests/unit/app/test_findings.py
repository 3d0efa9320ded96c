"""What the backtest of a batch found is told in a planner's words, with the exact term beside each."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace
from typing import Any

import pytest

from batchcast.app.words.findings import findings_of, why_no_findings
from batchcast.app.words.seriesfindings import sentences_of
from batchcast.app.words.translation import translate
from batchcast.domain import columns
from batchcast.domain.accuracy import ExtremePart, Hindsight
from batchcast.domain.calendar import Calendar, Frequency, Span
from batchcast.domain.plan import ForecastRequest
from batchcast.forecast.models.table import CANDIDATES, FALLBACK_NAME
from batchcast.results.series import BacktestFold

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


def test_orders_far_beyond_all_others_are_told_first_and_also_where_nothing_was_judged() -> None:
    largest = ExtremePart(site_code="Kolaka", partnumber="P-0", span=span(MARCH_2002, MARCH_2002), quantity=10_000.0)
    one = replace(FOUND, extremes=1, largest_extreme=largest)

    first, *rest = findings_of(one)

    assert str(first.said).startswith(
        "One part has an order far beyond all its other demand: 10,000 of P-0 at Kolaka in Mar 2002."
    )
    assert first.is_good is None
    assert rest == list(findings_of(FOUND))
    several = findings_of(replace(NOTHING, extremes=3, largest_extreme=largest))
    assert [str(finding.said)[:9] for finding in several] == ["3 parts h"]


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
            "In all backtests 70 of 2,000 units wanted would have been short, and 1,900 left over.",
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
    assert "needs a part with 4 months of history, a demand in it, and 1 month after that" in str(
        why_no_findings(NOTHING)
    )


def test_where_no_model_asked_for_could_be_used_it_says_so() -> None:
    said = str(why_no_findings(replace(NOTHING, unused=("lightgbm_quantile",))))

    assert said.startswith("None of the models asked for could be used here (lightgbm_quantile)")


def test_it_is_told_in_indonesian_with_its_commas() -> None:
    said = translate(findings_of(FOUND)[0].said, "id")

    assert said == (
        "Dengan service level 95%, stok Anda akan cukup untuk 94,8% part dalam 3 bulan terakhir: "
        "3 backtest masing-masing 1 bulan."
    )


FIGURES = {"folds": 3, "lead_time_pinball": 0.3, "lead_time_pinball_naive": 0.4, "model": "wss+negbin_imapa"}


def request(**changes: Any) -> ForecastRequest:
    values: dict[str, Any] = {
        "calendar": Calendar(frequency=Frequency.MONTHLY),
        "last_period": 400,
        "skip": 0,
        "horizon": 3,
        "lead_time": 3,
        "quantiles": (0.5,),
        "models": (),
        "service_level": 0.95,
        "rounding": "keep_total",
        "zero_threshold": 0.5,
        "folds": 3,
        "seed": 0,
    }
    return ForecastRequest(**(values | changes))


def fold(month: int, actual: float, stock: float = 12.0) -> BacktestFold:
    return BacktestFold(
        cutoff=dt.date(2001, month, 1),
        first=dt.date(2002, month, 1),
        last=dt.date(2002, month + 2, 1),
        actual=actual,
        forecast=5.0,
        low=0.0,
        median=5.0,
        high=9.0,
        stock=stock,
    )


def told(*folds: BacktestFold, **changes: Any) -> list[str]:
    return [str(sentence) for sentence in sentences_of(FIGURES | changes, folds, request())]


@pytest.mark.parametrize(
    ("folds", "said"),
    [
        (
            [fold(3, 31.0), fold(6, 12.0), fold(9, 0.0)],
            "In 3 backtests the stock of 12 would have covered the demand 2 times; "
            "31 were wanted in Mar – May 2002, 19 more than the stock.",
        ),
        (
            [fold(3, 31.0), fold(6, 2.0, 10.5)],
            "In 2 backtests the stock of 10.5 to 12 would have covered the demand once; "
            "31 were wanted in Mar – May 2002, 19 more than the stock.",
        ),
        (
            [fold(3, 13.0), fold(6, 14.0)],
            "In 2 backtests the stock of 12 would never have covered the demand; "
            "14 were wanted in Jun – Aug 2002, 2 more than the stock.",
        ),
        (
            [fold(3, 3.0), fold(6, 4.0)],
            "In 2 backtests the stock of 12 would have covered the demand every time; "
            "the closest was 4 wanted in Jun – Aug 2002.",
        ),
        ([fold(3, 3.0)], "In one backtest the stock of 12 would have covered the demand: 3 wanted in Mar – May 2002."),
        (
            [fold(3, 31.0)],
            "In one backtest the stock of 12 would not have covered the demand: 31 wanted in Mar – May 2002.",
        ),
    ],
)
def test_the_stock_is_set_against_the_demand(folds: list[BacktestFold], said: str) -> None:
    assert told(*folds)[0] == said


def test_an_order_far_beyond_all_others_is_said_first_with_the_stock_without_and_with_it() -> None:
    changes = {
        columns.EXTREME_DATE: dt.date(2024, 3, 1),
        columns.EXTREME_QTY: 10_000.0,
        columns.REORDER_POINT: 22.0,
        columns.REORDER_POINT_WITH_EXTREME: 10_379.0,
    }

    first, *rest = told(**changes)

    assert first.startswith("An order of 10,000 in Mar 2024 is far beyond all other demand of this part.")
    assert "the reorder point is 22, and would be 10,379 with the order as it is" in first
    assert rest == told()


def test_without_a_backtest_that_is_said_and_with_one_not_kept_nothing() -> None:
    unknown = FIGURES | {"folds": 0, "lead_time_pinball": None}

    assert "too little history" in str(sentences_of(unknown, [], request())[0])
    assert len(sentences_of(unknown, None, request())) == 1


@pytest.mark.parametrize(
    ("ours", "said"), [(0.3, "naive: 25%. For"), (0.5, "naive: −25%. For"), (0.4, "as good as “the next period")]
)
def test_value_added_against_naive_has_its_sign(ours: float, said: str) -> None:
    assert said in told(fold(3, 1.0), lead_time_pinball=ours)[1]


@pytest.mark.parametrize("unknown", [{"folds": 0}, {"lead_time_pinball": None}, {"lead_time_pinball_naive": 0.0}])
def test_value_added_that_is_not_known_is_not_told(unknown: dict[str, Any]) -> None:
    assert not any("value added" in sentence for sentence in told(fold(3, 1.0), **unknown))


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("ses", "Its forecast is that of ses, the least wrong"),
        ("ses+wss", "Its forecast is the average of ses and wss: they were the least wrong"),
        ("ses+wss+theta", "the average of ses, wss and theta: they"),
        (FALLBACK_NAME, "No model had an answer for this part; its mean stands in (fallback_mean)."),
    ],
)
def test_the_models_are_named_with_the_reason_they_were_chosen(model: str, said: str) -> None:
    assert said in told(fold(3, 1.0), model=model)[-1]


def test_what_is_learned_is_not_said_to_be_chosen_by_backtests() -> None:
    """It is in every average, also where it was the worst in the backtests (decision 0011)."""
    learned = [name for name, model in CANDIDATES.items() if model.is_learned]

    sentence = told(fold(3, 1.0), model="+".join([*learned, "wss", "empirical", "negbin_ses"]))[-1]

    assert f"learned from all parts ({', '.join(learned)}) and of the other models" in sentence
    assert "parts like it (wss, empirical, negbin_ses)." in sentence


def test_models_that_were_asked_for_are_said_to_be() -> None:
    assert "that were asked for" in str(sentences_of(FIGURES, [fold(3, 1.0)], request(models=("wss",)))[-1])


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("ses", "is that of ses, usually the least wrong for such parts: its history is too short to tell"),
        ("lightgbm_quantile+ses", "is that of lightgbm_quantile and ses, usually the least wrong"),
        ("pooled", "It has few demands so far: its forecast is what parts like it teach (pooled)."),
        ("pooled+ses+theta", "the average of what parts like it teach (pooled) and of ses, theta."),
    ],
)
def test_no_backtest_is_spoken_of_where_there_was_none(model: str, said: str) -> None:
    unknown = FIGURES | {"folds": 0, "lead_time_pinball": None, "model": model}

    told_last = str(sentences_of(unknown, [], request())[-1])

    assert said in told_last
    assert "least wrong in the backtests" not in told_last


def test_a_change_of_level_is_said_with_both_levels_and_what_is_forecast() -> None:
    changes = {columns.LEVEL_DATE: dt.date(2024, 3, 1), columns.LEVEL_BEFORE: 20.25, columns.LEVEL_AFTER: 81.0}
    mean = {columns.LEAD_TIME_MEAN: 70.0 * request().lead_time}

    first, *rest = told(**changes, **mean)

    assert first.startswith("Its level changed in Mar 2024: 20.25 a month before, 81 since, 70 forecast.")
    assert rest == told(**mean)
