"""What a budget pays for, by hand and over many budgets."""

from __future__ import annotations

from batchcast.domain.inventory import OrderLine, Orders


def line(part, cost, gain):
    return OrderLine(
        site_code="S",
        partnumber=part,
        on_hand=0.0,
        on_order=None,
        pack_size=1.0,
        lead_time=1.0,
        reorder_point=1.0,
        safety_stock=0.0,
        order_up_to=2.0,
        order_qty=2.0,
        fill_rate_now=0.0,
        fill_rate_after=1.0,
        lead_time_mean=gain,
        order_cost=cost,
    )


def orders(*lines):
    counts = {"parts": len(lines), "to_order": len(lines), "without_on_hand": 0, "scaled": 0, "without_cost": 0}
    return Orders(lines=lines, next_units=(), unknown=0, unknown_named=(), **counts)


def test_a_budget_pays_for_what_serves_most_for_its_cost():
    found = orders(line("dear", 100.0, 5.0), line("cheap", 10.0, 4.0), line("fair", 20.0, 4.0), line("?", None, 9.0))

    assert [one.partnumber for one in found.within(30)] == ["cheap", "fair"]
    assert [one.partnumber for one in found.within(115)] == ["cheap", "fair"]  # 30 of them; the dear one costs 100
    assert [one.partnumber for one in found.within(130)] == ["cheap", "fair", "dear"]
    assert found.within(9) == ()


def test_a_budget_is_never_overspent_and_one_for_all_pays_all():
    found = orders(*(line(str(k), 1.0 + k * 7 % 5, 1.0 + k * 3 % 4) for k in range(9)))

    reached = [sum(one.avoided_short for one in found.within(money)) for money in range(40)]

    assert all(sum(one.order_cost for one in found.within(money)) <= money for money in range(40))
    assert reached[-1] == sum(one.avoided_short for one in found.lines)
