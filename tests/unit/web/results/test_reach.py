"""What a budget reaches, and its drawing, which stays in its frame and never falls."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from batchcast.domain.inventory import OrderLine, Orders
from batchcast.web.results.reach import WIDTHS, reach_of


def line(part: str, cost: float | None, avoided: float) -> OrderLine:
    return OrderLine(
        site_code="Kendari",
        partnumber=part,
        on_hand=0.0,
        on_order=None,
        pack_size=1.0,
        lead_time=7.0,
        reorder_point=5.0,
        safety_stock=1.0,
        order_up_to=6.0,
        order_qty=6.0,
        fill_rate_now=0.0,
        fill_rate_after=avoided / 10,
        lead_time_mean=10.0,
        order_cost=cost,
    )


def orders(*lines: OrderLine) -> Orders:
    counts = {"parts": len(lines), "to_order": len(lines), "without_on_hand": 0, "scaled": 0, "without_cost": 0}
    return Orders(lines=lines, next_units=(), unknown=0, unknown_named=(), demand=40.0, served=10.0, **counts)


THREE = orders(line("A", 100.0, 6.0), line("B", 300.0, 3.0), line("C", 600.0, 1.0))


@pytest.mark.parametrize(
    ("budget", "paid", "avoided", "served"),
    [(50, 0, 0.0, 0.25), (100, 1, 0.6, 0.4), (450, 2, 0.9, 0.475), (1000, 3, 1.0, 0.5), (1e9, 3, 1.0, 0.5)],
)
def test_money_goes_where_it_avoids_most(budget: float, paid: int, avoided: float, served: float):
    reached = reach_of(THREE, budget)

    assert (reached.paid, reached.avoided, reached.served) == (paid, pytest.approx(avoided), pytest.approx(served))


@pytest.mark.parametrize("width", range(len(WIDTHS)))
@pytest.mark.parametrize("budget", [50.0, 100.0, 450.0, 1000.0])
@pytest.mark.parametrize("asked", [THREE, orders(*(line(str(n), 0.5 + n, 9.0 / (n + 1)) for n in range(900)))])
def test_the_drawing_stays_in_its_frame_and_never_falls(asked: Orders, budget: float, width: int):
    drawn = reach_of(asked, budget).charts[width]
    points = [(float(x), float(y)) for x, y in re.findall(r"[ML]([\d.]+) ([\d.]+)", drawn.line)]

    assert points[0] == (drawn.left, drawn.foot)
    assert points[-1] == (drawn.right, drawn.shares[-1][1])
    assert all(later[0] >= one[0] and later[1] <= one[1] for one, later in pairwise(points))
    assert len(points) <= 250
    assert drawn.left <= drawn.mark[0] <= drawn.right
    assert drawn.shares[-1][1] <= drawn.mark[1] <= drawn.foot
    assert drawn.is_left == (drawn.mark[0] > drawn.right - 56)
    assert all(later - one >= (drawn.right - drawn.left) / 16 for (_, one), (_, later) in pairwise(drawn.costs))


def test_without_anything_to_avoid_there_is_no_drawing():
    reached = reach_of(orders(line("A", 100.0, 0.0), line("B", None, 4.0)), 100.0)

    assert (reached.charts, reached.avoided) == ((), 1.0)
