"""What to order and which unit to buy next, against counting it out."""

from __future__ import annotations

import math
from itertools import islice
from statistics import median

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchcast.domain.inventory import StockItem, StockOnHand
from batchcast.domain.stock import LeadTimeDemand, fit_to_mean
from batchcast.results.inventory import Inventory, PublishedDemand, next_purchases

LEVELS = np.array([0.01, 0.5, 0.75, 0.9, 0.95, 0.99])
MEANS = np.array([5.0, 0.4, 0.0])
QUANTILES = fit_to_mean(
    np.array([[0.0, 4.0, 7.0, 10.0, 12.0, 18.0], [0.0, 0.0, 0.0, 1.0, 1.0, 3.0], [0.0] * 6]), LEVELS, MEANS, 0.95
)


def table(rows: list[int], lead_time: float = 2.0) -> PublishedDemand:
    return PublishedDemand(
        levels=LEVELS,
        quantiles=QUANTILES[rows],
        mean=MEANS[rows],
        lead_time=np.full(len(rows), lead_time),
        service_level=0.95,
    )


def item(part: str, **known: float) -> StockItem:
    return StockItem(site_code="A", partnumber=part, **known)


def test_an_order_brings_the_stock_to_the_reorder_point_and_one_period() -> None:
    low, enough, unknown = Inventory(
        [item("a", on_hand=3, pack_size=5), item("b", on_hand=1), item("c")], table([0, 1, 0])
    ).lines()

    assert (low.reorder_point, low.safety_stock, low.order_up_to) == (12.0, 7.0, 15.0)  # 12 + 5 / 2
    assert low.order_qty == 15.0  # 12 are missing, in packs of 5
    assert low.fill_rate_now is not None
    assert low.fill_rate_after is not None
    assert low.fill_rate_now < low.fill_rate_after
    assert (enough.reorder_point, enough.order_qty) == (1.0, 0.0)
    assert enough.fill_rate_now == enough.fill_rate_after
    assert (unknown.order_qty, unknown.fill_rate_now, unknown.order_up_to) == (None, None, 15.0)


def test_what_is_on_order_counts_as_stock_that_comes() -> None:
    without, below, enough = Inventory(
        [item("a", on_hand=3), item("b", on_hand=3, on_order=8), item("c", on_hand=3, on_order=9)], table([0, 0, 0])
    ).lines()

    assert [line.order_qty for line in (without, below, enough)] == [12.0, 4.0, 0.0]  # to 15, from under 12
    assert below.on_order == 8
    assert without.fill_rate_now < below.fill_rate_now < enough.fill_rate_now
    ranked = Inventory([item("b", on_hand=3, on_order=200)], table([0])).next_units()
    assert not ranked


def test_a_stock_below_zero_orders_what_is_owed_too() -> None:
    (line,) = Inventory([item("a", on_hand=-4)], table([0])).lines()

    assert (line.order_qty, line.fill_rate_now) == (19.0, 0.0)
    first = Inventory([item("a", on_hand=-4, pack_size=2, unit_cost=1)], table([0])).next_units(2)
    assert [unit.avoided_short for unit in first] == [2.0, 2.0]  # each unit is owed already


def test_a_part_that_hardly_moves_is_not_held_twice() -> None:
    (line,) = Inventory([item("b", on_hand=0, pack_size=1)], table([1])).lines()

    assert (line.reorder_point, line.order_up_to, line.order_qty) == (1.0, 1.0, 1.0)  # 0.2 a period is none


def test_another_lead_time_scales_mean_and_spread() -> None:
    line, same = Inventory([item("a", lead_time=8), item("b", lead_time=2)], table([0, 0])).lines()

    assert line.lead_time == 8
    assert line.reorder_point == math.ceil(20 + 7 * 4**0.8)  # 4 times the mean, the deviation by less
    assert line.safety_stock == pytest.approx(7 * 4**0.8, rel=0.05)
    assert line.order_up_to == line.reorder_point + 3  # one period stays 2.5
    assert same.reorder_point == 12


def greedy(items: list[StockItem], inventory: Inventory, most: int) -> list[str]:
    """The list by looking at every item before every purchase."""
    held = [i.on_hand or 0.0 for i in items]
    known = [i.unit_cost for i in items if i.unit_cost is not None]
    costs = [i.unit_cost or (median(known) if known else 1.0) for i in items]
    chosen = []
    for _ in range(most):
        worth = []
        for n, i in enumerate(items):
            pack = i.pack_size or 1.0
            saved = inventory._demand.value_of(np.array([pack]), np.array([held[n]]), np.array([n]))[0]
            worth.append(saved / (pack * costs[n]) if i.on_hand is not None else 0.0)
        best = int(np.argmax(worth))
        if worth[best] * costs[best] * (items[best].pack_size or 1.0) <= 1e-9:
            break
        chosen.append(items[best].partnumber)
        held[best] += items[best].pack_size or 1.0
    return chosen


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 2),
            st.one_of(st.none(), st.integers(0, 12)),
            st.sampled_from([None, 1, 2.5, 40]),
            st.sampled_from([None, 1, 3]),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_the_list_is_the_greedy_one(drawn: list[tuple[int, int | None, float | None, float | None]]) -> None:
    items = [
        StockItem(site_code="A", partnumber=f"p{n}", on_hand=on_hand, unit_cost=cost, pack_size=pack)
        for n, (_, on_hand, cost, pack) in enumerate(drawn)
    ]
    inventory = Inventory(items, table([row for row, *_ in drawn]))

    found = inventory.next_units(most=50)

    assert [unit.partnumber for unit in found] == greedy(items, inventory, 50)
    assert [unit.rank for unit in found] == list(range(1, len(found) + 1))


def test_the_list_starts_from_what_is_held_and_adds_up_its_cost() -> None:
    items = [item("a", on_hand=4, unit_cost=10), item("b", on_hand=0, unit_cost=1), item("c"), item("d", on_hand=0)]
    found = Inventory(items, table([0, 1, 0, 2])).next_units()

    assert {unit.partnumber for unit in found} == {"a", "b"}  # c: stock unknown; d: no demand
    assert found[0].partnumber == "b"
    assert found[-1].cumulative_cost == pytest.approx(sum(unit.cost or 0 for unit in found))
    first_a = next(unit for unit in found if unit.partnumber == "a")
    assert first_a.fill_rate_before < first_a.fill_rate_after
    most = int(np.ceil(QUANTILES[0, -1]))  # units, beyond which nothing more is short
    assert sum(u.units for u in found if u.partnumber == "a") == most - 4


def test_equal_units_come_by_site_then_part_and_the_list_has_an_end() -> None:
    items = [item(part, on_hand=0) for part in ("a", "b", "c")]
    found = Inventory(items, table([0, 0, 0])).next_units(most=4)

    assert [unit.partnumber for unit in found] == ["a", "b", "c", "a"]
    assert Inventory([], table([])).next_units() == ()


@pytest.fixture
def demand() -> LeadTimeDemand:
    return LeadTimeDemand(LEVELS, QUANTILES)


def test_money_goes_where_it_saves_the_most(demand: LeadTimeDemand) -> None:
    on_hand, pack, cost = np.array([0.0, 0.0, np.nan]), np.array([1.0, 3.0, 1.0]), np.array([2.0, 1.0, 1.0])

    bought = list(next_purchases(demand, on_hand, pack, cost))

    worth = [one.avoided / one.cost for one in bought]
    assert worth == sorted(worth, reverse=True)
    assert {one.series for one in bought} == {0, 1}  # of the third nothing is known
    assert bought[0].units in {1.0, 3.0}
    for row in (0, 1):  # all that can be avoided is
        assert sum(one.avoided for one in bought if one.series == row) == pytest.approx(MEANS[row])


def test_a_pack_that_saves_next_to_nothing_does_not_end_the_list() -> None:
    """A washer for a cent is the best of its money even where it saves nothing; the engine is needed still."""
    demand = LeadTimeDemand(np.array([0.5, 0.8, 0.95]), np.array([[1.0, 1.0, 1.0], [1.0, 2.0, 5.0]]))
    packs, costs = np.array([5e-10, 1.0]), np.array([1e-4, 1e9])

    found = list(islice(next_purchases(demand, np.zeros(2), packs, costs), 5))

    assert [one.series for one in found] == [1] * 5


def test_nothing_is_ordered_or_ranked_of_a_part_that_is_held() -> None:
    items = [item("a", on_hand=3, pack_size=5), item("b", on_hand=0)]
    inventory = Inventory(items, table([0, 1]), ["above_history", ""])

    held, free = inventory.lines()
    assert (held.order_qty, held.hold, held.held_qty) == (0.0, "above_history", 15.0)
    assert held.fill_rate_after == held.fill_rate_now
    assert (free.order_qty, free.hold, free.held_qty) == (1.0, None, None)
    assert {unit.partnumber for unit in inventory.next_units()} == {"b"}


def test_a_part_is_released_by_its_name_its_site_or_with_all_others() -> None:
    part = item("a")

    for release, is_released in [
        ((), False),
        (("a",), True),
        (("A=a",), True),
        (("B=a", "b"), False),
        (("all",), True),
    ]:
        assert StockOnHand(items=(part,), release=release).releases(part) is is_released
