"""The summary compares the forecast with stretches as long, and with the same days a year before."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from batchcast.domain.accuracy import PeriodTotal
from batchcast.domain.calendar import Calendar, Frequency, date_of, day_of
from batchcast.domain.inventory import NextUnit, Orders
from batchcast.domain.plan import ForecastRequest
from batchcast.web.results.summary import WIDTHS, Comparison, compare, draw, first_to_order, nice_step, spark_of


def compared(frequency: Frequency, first: dt.date, history: list[float], ahead: list[float]) -> Comparison:
    """The comparison of a history that begins on some day and a forecast that follows it."""
    calendar = Calendar(frequency=frequency)
    period = calendar.period_of_day(day_of(first))
    periods = [
        PeriodTotal(date=date_of(calendar.first_day(period + k)), total=total, is_forecast=k >= len(history))
        for k, total in enumerate([*history, *ahead])
    ]
    values: dict[str, Any] = {
        "calendar": calendar,
        "last_period": period + len(history) - 1,
        "skip": 0,
        "horizon": len(ahead),
        "lead_time": 1,
        "quantiles": (0.5,),
        "models": (),
        "service_level": 0.95,
        "rounding": "none",
        "zero_threshold": 0.0,
        "folds": 1,
        "seed": 0,
    }
    return compare(periods, ForecastRequest(**values))


def test_days_are_compared_with_the_last_and_with_the_same_days_a_year_before():
    history = [5.0] * 30 + [1.0] * 305 + [2.0] * 30

    found = compared(Frequency.DAILY, dt.date(2024, 8, 1), history, [3.0] * 30)

    assert str(found.sentence) == "1 – 30 Aug 2025 needs 90 units: 50% above the last 30 days, 40% below a year before"
    assert len(found.past) == 12
    assert found.year_before is not None
    assert found.year_before.first == dt.date(2024, 8, 1)


def test_a_year_before_is_left_out_where_the_history_does_not_have_all_its_days():
    found = compared(Frequency.DAILY, dt.date(2024, 8, 2), [1.0] * 364, [1.0] * 7)

    assert found.year_before is None
    assert str(found.sentence) == "1 – 7 Aug 2025 needs 7 units: as much as the last 7 days"


@pytest.mark.parametrize(
    ("frequency", "past", "ahead", "year"),
    [(Frequency.WEEKLY, 60, 8, 52), (Frequency.MONTHLY, 36, 6, 12)],
)
def test_weeks_and_months_are_counted_back(frequency: Frequency, past: int, ahead: int, year: int):
    history = [float(k) for k in range(past)]

    found = compared(frequency, dt.date(2022, 1, 3), history, [1.0] * ahead)

    assert found.year_before is not None
    assert found.year_before.total == sum(history[past - year : past - year + ahead])


def test_a_horizon_of_a_year_is_compared_with_the_year_before_once():
    found = compared(Frequency.MONTHLY, dt.date(2022, 1, 1), [2.0] * 36, [3.0] * 12)

    assert found.year_before is None
    assert str(found.sentence) == "Jan – Dec 2025 needs 36 units: 50% above the last 12 months"


def test_the_29th_of_february_is_compared_with_the_28th():
    history = [1.0] * (day_of(dt.date(2024, 2, 29)) - day_of(dt.date(2023, 1, 1)))

    found = compared(Frequency.DAILY, dt.date(2023, 1, 1), history, [1.0])

    assert found.year_before is not None
    assert found.year_before.first == dt.date(2023, 2, 28)


@pytest.mark.parametrize("history", [[], [0.0] * 3, [0.0] * 20])
def test_without_demand_before_it_the_forecast_stands_alone(history: list[float]):
    found = compared(Frequency.DAILY, dt.date(2025, 1, 1), history, [4.0] * 7)

    assert str(found.sentence).endswith("needs 28 units")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("level", [0.0, 0.4, 3.0, 5_000_000.0])
def test_a_drawing_stays_within_its_frame(width: int, level: float):
    found = compared(Frequency.DAILY, dt.date(2024, 1, 1), [level] * 400, [level * 1.5] * 7)

    drawn = draw(found, width)

    assert len(drawn.bars) == 14
    assert all(bar.x >= 0 and bar.x + bar.width <= width for bar in drawn.bars)
    assert all(bar.y >= 0 and bar.y + bar.height == pytest.approx(drawn.foot) for bar in drawn.bars)
    assert drawn.bars[-1].is_named
    assert 1 <= len(drawn.ticks) <= 6


@pytest.mark.parametrize(("least", "step"), [(0, 1), (1, 1), (1.1, 2), (3, 5), (7, 10), (1500, 2000), (2400, 5000)])
def test_steps_are_round(least: float, step: float):
    assert nice_step(least) == step


def test_a_spark_of_nothing_is_flat():
    assert set(spark_of([0.0] * 12, 0.0).heights) == {0.0}
    assert spark_of([1.0, 2.0], 4.0).heights == (6.0, 12.0, 24.0)


def test_each_part_to_order_is_named_once_with_all_its_units():
    def unit(rank: int, part: str, units: float, cost: float | None) -> NextUnit:
        return NextUnit(
            rank=rank,
            site_code="S",
            partnumber=part,
            units=units,
            cost=cost,
            cumulative_cost=0.0,
            avoided_short=1.0,
            fill_rate_before=0.0,
            fill_rate_after=1.0,
        )

    units = (unit(1, "A", 1, 5.0), unit(2, "B", 10, None), unit(3, "A", 1, 5.0), unit(4, "C", 1, 1.0))
    orders = Orders(
        lines=(),
        next_units=units,
        parts=3,
        to_order=3,
        without_on_hand=0,
        scaled=0,
        without_cost=1,
        unknown=0,
        unknown_named=(),
    )

    first = first_to_order(orders, 2)

    assert [(part.partnumber, part.units, part.cost) for part in first] == [("A", 2, 10.0), ("B", 10, None)]
