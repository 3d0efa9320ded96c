"""The accuracy of a batch is told in words, with the exact term beside each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batchcast.domain.overview import ClassTotal
from batchcast.web.results.accuracy import findings_of

NAN = float("nan")
MEASURED = ClassTotal(
    demand_class="smooth",
    series=30,
    flagged=0,
    history_total=900.0,
    history_share=1.0,
    forecast_total=90.0,
    cases=120,
    pinball=0.4,
    pinball_naive=0.5,
    covered=0.942,
    bias=0.021,
)


def test_it_is_told_against_naive_then_by_coverage_then_by_bias() -> None:
    assert [(str(one.said), str(one.term)) for one in findings_of(MEASURED, 0.95)] == [
        (
            "Its errors were 20% smaller than those of the naive forecast, the latest period repeated.",
            "Lead-time pinball loss 0.400, naive 0.500",
        ),
        (
            "A stock for a service level of 95% would have been enough in 94.2% of the cases.",
            "Coverage of the 95% quantile 94.2%",
        ),
        ("Over all, it forecast 2.1% more than was demanded.", "Bias +2.1%"),
    ]
    assert all(one.is_good for one in findings_of(MEASURED, 0.95))


def test_what_is_worse_than_naive_is_said_and_not_good() -> None:
    against = findings_of(replace(MEASURED, pinball=0.55), 0.95)[0]

    assert "10% larger" in str(against.said)
    assert not against.is_good


@pytest.mark.parametrize(("covered", "is_good"), [(0.93, True), (0.92, False), (1.0, True)])
def test_a_coverage_is_good_down_to_half_of_what_was_left_to_miss(covered: float, is_good: bool) -> None:
    assert findings_of(replace(MEASURED, covered=covered), 0.95)[1].is_good is is_good


def test_a_level_is_written_as_it_was_asked_for() -> None:
    assert "level of 99.95% would" in str(findings_of(MEASURED, 0.9995)[1].said)


@pytest.mark.parametrize(("bias", "said"), [(0.004, "as much as"), (-0.004, "as much as"), (-0.2, "20.0% less")])
def test_a_bias_has_its_direction_and_none_under_half_a_percent(bias: float, said: str) -> None:
    assert said in str(findings_of(replace(MEASURED, bias=bias), 0.95)[2].said)


def test_what_could_not_be_measured_is_not_told() -> None:
    assert findings_of(replace(MEASURED, pinball_naive=0.0, covered=NAN, bias=NAN), 0.95) == ()
    assert findings_of(replace(MEASURED, cases=0), 0.95) == ()
