"""The drawings of a lead time stay in their frames, and the reorder point stands where it divides the amounts."""

from __future__ import annotations

import itertools

import pytest

from batchcast.domain.calendar import Calendar, Frequency
from batchcast.domain.errors import Message
from batchcast.results.lead_time import Bin, LeadTime, RunningTotal
from batchcast.web.results.lead_time import SeriesStock, draw_chances, draw_totals, stops_with, view_of
from batchcast.web.results.summary import WIDTHS

DAYS = Calendar(frequency=Frequency.DAILY)
BINS = (
    Bin(first=0, last=0, chance=0.55),
    Bin(first=1, last=5, chance=0.2),
    Bin(first=6, last=10, chance=0.15),
    Bin(first=11, last=None, chance=0.1),
)


def ahead(none: float = 0.55, usual: float | None = 4.0, highest: float = 10.0) -> LeadTime:
    totals = tuple(RunningTotal(periods=k, mean=k * 0.1, middle=0.0, high=highest * k / 7) for k in range(1, 8))
    return LeadTime(bins=BINS, none=none, usual=usual, short=0.05, totals=totals)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    ("point", "shares"),
    [
        (0, [1.0, 0.0, 0.0, 0.0]),
        (3, [1.0, 0.6, 0.0, 0.0]),
        (5, [1.0, 1.0, 0.0, 0.0]),
        (10, [1.0, 1.0, 1.0, 0.0]),
        (40, [1.0, 1.0, 1.0, 0.5]),
    ],
)
def test_the_reorder_point_divides_what_is_served_from_what_is_short(width: int, point: float, shares: list[float]):
    drawn = draw_chances(ahead(), point, width)

    assert [bar.served / bar.width for bar in drawn.bars] == pytest.approx(shares)
    reached = max(place for place, share in enumerate(shares) if share)
    assert drawn.mark_x == pytest.approx(drawn.bars[reached].x + drawn.bars[reached].served)
    assert all(bar.x >= 0 and bar.x + bar.width <= width and bar.y >= 40 for bar in drawn.bars)
    assert drawn.mark_x + (-150 if drawn.is_left else 150) >= 0
    assert drawn.is_left or drawn.mark_x + 150 <= width


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("highest", [0.0, 0.2, 10.0, 4e6])
def test_running_totals_and_their_names_stay_in_the_frame(width: int, highest: float):
    drawn = draw_totals(ahead(highest=highest).totals, width)

    places = [y for _, _, y in drawn.ends]
    assert {name for name, _, _ in drawn.ends} == {"high", "mean", "middle"}
    assert all(later - earlier >= 15.9 for earlier, later in itertools.pairwise(places))
    assert 0 <= min(places) <= max(places) <= drawn.height - 20
    assert drawn.days[-1][0] <= 7
    assert drawn.high.startswith(f"M{drawn.left:.1f} {drawn.foot:.1f} L")


def test_the_levels_to_choose_from_have_that_of_the_batch_and_the_one_asked_for():
    assert stops_with(0.95, 0.95) == [80, 90, 95, 98, 99]
    assert stops_with(0.95, 0.975) == [80, 90, 95, 97.5, 98, 99]


@pytest.mark.parametrize(
    ("point", "none", "usual", "answer", "outlook"),
    [
        (55.0, 0.55, 24.0, "Order when the stock falls to 55", "55% chance of no demand in 30 days. If it comes, it"),
        (55.0, 0.001, 24.0, "Order when the stock falls to 55", "In 30 days, demand is 24 or less half of the time."),
        (0.0, 0.99996, 1.0, "Hold no stock of it", "99% chance of no demand in 30 days."),
        (0.0, 1.0, None, "Hold no stock of it", "No demand is expected in 30 days."),
    ],
)
def test_it_says_what_to_do_and_what_may_come(
    point: float, none: float, usual: float | None, answer: str, outlook: str
):
    figures = {"reorder_point": point, "service_level": 0.95}
    view = view_of(ahead(none=none, usual=usual), figures)

    stock = SeriesStock(
        key=("S", "P"), figures=figures, calendar=DAYS, length=Message("30 days"), stops=[95], view=view
    )

    assert str(stock.answer) == answer
    assert str(stock.outlook).startswith(outlook)
    assert SeriesStock(key=("S", "P"), figures=figures, calendar=DAYS, length=Message(""), stops=[95]).outlook is None


@pytest.mark.parametrize(
    ("point", "wanted", "answer"),
    [
        (0.0, [3.0], "A stock of 0 would not have been enough in its one backtest"),
        (0.0, [3.0, 1.0, 40.0], "A stock of 0 would never have been enough in its 3 backtests"),
        (5.0, [6.0, 7.0], "A stock of 5 would never have been enough in its 2 backtests"),
        (5.0, [5.0, 7.0], "Order when the stock falls to 5"),
        (0.0, [0.0, 7.0], "Hold no stock of it"),
        (0.0, [], "Hold no stock of it"),
    ],
)
def test_no_stock_is_advised_that_was_never_enough(point: float, wanted: list[float], answer: str):
    figures = {"reorder_point": point, "service_level": 0.95}

    stock = SeriesStock(
        key=("S", "P"), figures=figures, calendar=DAYS, length=Message("30 days"), stops=[95], wanted=wanted
    )

    assert str(stock.answer) == answer
