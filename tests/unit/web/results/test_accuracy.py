"""The accuracy of a batch is told in words, with the exact term beside each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batchcast.domain.accuracy import LeaderboardRow
from batchcast.web.results.accuracy import Finding, accuracy_of

OURS = LeaderboardRow(
    model="auto",
    series=120,
    lead_time_pinball=0.4,
    pinball={0.9: 0.4, 0.95: 0.5},
    coverage={0.9: 0.91, 0.95: 0.942},
    bias=0.021,
    rmsse=0.8,
    fill_rate=0.97,
    mae=1.0,
    wape=0.9,
    mase=0.9,
)
NAIVE = replace(OURS, model="naive", lead_time_pinball=0.5)


def found(*rows: LeaderboardRow, level: float = 0.95) -> list[Finding]:
    accuracy = accuracy_of(rows, level)
    assert accuracy is not None
    return list(accuracy.findings)


def test_it_is_told_against_naive_then_by_coverage_then_by_bias() -> None:
    assert [(str(one.said), str(one.term)) for one in found(OURS, NAIVE)] == [
        (
            "Its errors were 20% smaller than those of the naive forecast, which repeats the latest demand.",
            "Lead-time pinball loss 0.400, naive 0.500",
        ),
        (
            "A stock for a service level of 95% would have been enough in 94.2% of the cases.",
            "Coverage of the 95% quantile 94.2%",
        ),
        ("Over all, it forecast 2.1% more than was demanded.", "Bias +2.1%"),
    ]
    assert all(one.is_good for one in found(OURS, NAIVE))


def test_what_is_worse_than_naive_is_said_and_not_good() -> None:
    against = found(replace(OURS, lead_time_pinball=0.55), NAIVE)[0]

    assert "10% larger" in str(against.said)
    assert not against.is_good


def test_without_the_naive_forecast_nothing_is_said_against_it() -> None:
    assert len(found(OURS)) == 2
    assert len(found(OURS, replace(NAIVE, lead_time_pinball=0.0))) == 2


def test_the_coverage_is_that_of_the_level_measured_nearest() -> None:
    assert "level of 90%" in str(found(OURS, level=0.8)[0].said)


@pytest.mark.parametrize(("covered", "is_good"), [(0.93, True), (0.92, False), (1.0, True)])
def test_a_coverage_is_good_down_to_half_of_what_was_left_to_miss(covered: float, is_good: bool) -> None:
    assert found(replace(OURS, coverage={0.95: covered}))[0].is_good is is_good


@pytest.mark.parametrize(("bias", "said"), [(0.004, "as much as"), (-0.004, "as much as"), (-0.2, "20.0% less")])
def test_a_bias_has_its_direction_and_none_under_half_a_percent(bias: float, said: str) -> None:
    assert said in str(found(replace(OURS, bias=bias))[-1].said)


def test_what_could_not_be_measured_is_not_told() -> None:
    assert found(replace(OURS, bias=float("nan"), coverage={})) == []


@pytest.mark.parametrize("rows", [(), (NAIVE,), (replace(OURS, series=0), NAIVE)])
def test_without_a_backtest_there_is_no_accuracy(rows: tuple[LeaderboardRow, ...]) -> None:
    assert accuracy_of(rows, 0.95) is None
