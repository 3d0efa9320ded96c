"""What a budget reaches: its orders, the shortage that they avoid, and how that grows with the money."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from batchcast.domain.inventory import OrderLine, Orders
from batchcast.web.results.summary import nice_step

WIDTHS = (340, 660, 1000, 1400)  # of the drawings; style sheets show the one that fits
_HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 168, 48, 28, 14, 26
_MOST_POINTS = 240
_SHARES = (0.0, 0.5, 1.0)
_WORDS = 56  # room that the share beside the mark needs


@dataclass(frozen=True, kw_only=True, slots=True)
class Reach:
    """What a budget pays for."""

    budget: float
    paid: int  # orders
    cost: float
    served: float  # share of the demand over the lead times
    avoided: float  # share of the shortage that all orders of known cost avoid
    charts: tuple[ReachChart, ...] = ()  # by width; none where nothing is avoided


@dataclass(frozen=True, kw_only=True, slots=True)
class ReachChart:
    """The share of the shortage that is avoided, over the money that is spent."""

    width: int
    height: int
    left: int
    right: float
    foot: float
    line: str  # a path from nothing to all
    mark: tuple[float, float]  # of the budget
    is_left: bool  # its share stands to the left of it, for there is no room to the right
    shares: tuple[tuple[float, float], ...]  # share and y
    costs: tuple[tuple[float, float], ...]  # money and x


def reach_of(orders: Orders, budget: float) -> Reach:
    """What is reached with a budget."""
    paid, every = orders.within(budget), orders.within(math.inf)
    gained, of_all = _avoided(paid), _avoided(every)
    cost, share = sum(line.order_cost or 0.0 for line in paid), gained / of_all if of_all > 0 else 1.0
    charts = (draw_reach(every, (cost, share), width) for width in WIDTHS) if of_all > 0 else ()
    return Reach(
        budget=budget,
        paid=len(paid),
        cost=cost,
        served=min((orders.served + gained) / orders.demand, 1.0) if orders.demand > 0 else 1.0,
        avoided=share,
        charts=tuple(charts),
    )


def _avoided(lines: Sequence[OrderLine]) -> float:
    return sum(line.avoided_short for line in lines)


def draw_reach(lines: Sequence[OrderLine], reached: tuple[float, float], width: int) -> ReachChart:
    """The lines in the order in which money goes to them, with the cost and the share that a budget reaches."""
    costs = list(accumulate((line.order_cost or 0.0 for line in lines), initial=0.0))
    avoided = list(accumulate((line.avoided_short for line in lines), initial=0.0))
    foot, right = float(_HEIGHT - _BOTTOM), float(width - _RIGHT)

    def x(cost: float) -> float:
        return _LEFT + (right - _LEFT) * cost / costs[-1]

    def y(share: float) -> float:
        return foot - (foot - _TOP) * share

    every = max(-(-len(costs) // _MOST_POINTS), 1)
    places = sorted({*range(0, len(costs), every), len(costs) - 1})
    points = ((x(costs[place]), y(avoided[place] / avoided[-1])) for place in places)
    at = x(reached[0])
    return ReachChart(
        width=width,
        height=_HEIGHT,
        left=_LEFT,
        right=right,
        foot=foot,
        line=" ".join(f"{'L' if k else 'M'}{px:.1f} {py:.1f}" for k, (px, py) in enumerate(points)),
        mark=(at, y(reached[1])),
        is_left=at > right - _WORDS,
        shares=tuple((share, y(share)) for share in _SHARES),
        costs=tuple((cost, x(cost)) for cost in _costs(costs[-1])),
    )


def _costs(most: float) -> Iterator[float]:
    """Round amounts from nothing to the cost of all, which stands at the end."""
    step = nice_step(most / 4)
    for k in range(int(most / step) + 1):
        if k * step <= most - step / 2:
            yield k * step
    yield most
