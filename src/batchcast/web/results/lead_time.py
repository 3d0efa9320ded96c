"""How the lead time of one series is drawn: bars of chances with the reorder point in them, and running totals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import floor
from typing import Any

from batchcast.app.words.findings import in_percent
from batchcast.domain import columns
from batchcast.domain.accuracy import in_units
from batchcast.domain.calendar import Calendar, length_in_words
from batchcast.domain.errors import N_, Message
from batchcast.results.lead_time import Bin, LeadTime, RunningTotal
from batchcast.web.results.summary import WIDTHS, nice_step

STOPS = (0.8, 0.9, 0.95, 0.98, 0.99)  # service levels that planners choose between
_WORDS = 150  # room that the words beside the reorder point need
_RARE = 0.01  # a chance of no demand that is not worth a word
_HEIGHT, _TOP, _BOTTOM = 236, 52, 26
_TOTALS_HEIGHT, _LEFT, _RIGHT, _NARROW_RIGHT, _LETTER = 190, 48, 132, 8, 16


@dataclass(frozen=True, kw_only=True, slots=True)
class ChanceBar:
    """The chance of some amounts; a part of it is beyond the reorder point."""

    x: float
    y: float
    width: float  # of the whole
    served: float  # of the part that the reorder point serves
    height: float
    bin: Bin

    @property
    def middle(self) -> float:
        """Where its name stands."""
        return self.x + self.width / 2


@dataclass(frozen=True, kw_only=True, slots=True)
class ChanceChart:
    """A drawing of some width."""

    width: int
    height: int
    foot: float
    bars: tuple[ChanceBar, ...]
    mark_x: float  # of the reorder point
    is_left: bool  # its words stand to the left of it, for there is no room to the right


def draw_chances(found: LeadTime, reorder_point: float, width: int) -> ChanceChart:
    """The bins of a lead time, with the reorder point."""
    foot, slot = _HEIGHT - _BOTTOM, width / len(found.bins)
    most = max(one.chance for one in found.bins)
    bars = []
    for place, one in enumerate(found.bins):
        served, height = _served(one, reorder_point), (foot - _TOP) * one.chance / most
        x, whole = place * slot + slot * 0.08, slot * 0.84
        bars.append(ChanceBar(x=x, y=foot - height, width=whole, served=whole * served, height=height, bin=one))
    here = next(bar for bar in reversed(bars) if bar.bin.first <= max(reorder_point, 0.0))
    mark_x = here.x + max(here.served, 1.0)
    is_left = mark_x > width - _WORDS
    return ChanceChart(width=width, height=_HEIGHT, foot=foot, bars=tuple(bars), mark_x=mark_x, is_left=is_left)


def _served(one: Bin, reorder_point: float) -> float:
    """The share of the amounts of a bin that a reorder point serves; of an open bin half where it reaches into it."""
    if one.last is None:
        return 0.5 if reorder_point >= one.first else 0.0
    return min(max((reorder_point - one.first + 1) / (one.last - one.first + 1), 0.0), 1.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class TotalsChart:
    """Running totals as lines and areas, in the paths of an SVG."""

    width: int
    height: int
    left: int
    right: float  # where the lines end
    foot: float
    mean: str
    middle: str
    high: str
    ends: tuple[tuple[str, float, float], ...]  # name, value and y of what stands at the right end
    ticks: tuple[tuple[float, float], ...]
    days: tuple[tuple[float, float], ...]  # periods and x


def draw_totals(totals: Sequence[RunningTotal], width: int) -> TotalsChart:
    """The demand that adds up over the lead time."""
    foot, right = float(_TOTALS_HEIGHT - _BOTTOM), float(width - (_RIGHT if width > WIDTHS[0] else _NARROW_RIGHT))
    last = totals[-1]
    most = max(last.high, last.mean, 1.0)
    step = nice_step(most / 4)
    frame = _Frame(right=right, foot=foot, periods=last.periods, most=most)
    return TotalsChart(
        width=width,
        height=_TOTALS_HEIGHT,
        left=_LEFT,
        right=right,
        foot=foot,
        mean=frame.path([(0.0, 0.0), *((one.periods, one.mean) for one in totals)]),
        middle=frame.path([(0.0, 0.0), *((one.periods, one.middle) for one in totals)]),
        high=frame.path([(0.0, 0.0), *((one.periods, one.high) for one in totals)]),
        ends=tuple(_ends(last, frame)),
        ticks=tuple((k * step, frame.y(k * step)) for k in range(int(most / step) + 1)),
        days=tuple((periods, frame.x(periods)) for periods in _days(last.periods)),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Frame:
    """Turns periods and units into places of a drawing."""

    right: float
    foot: float
    periods: float
    most: float

    def x(self, periods: float) -> float:
        return _LEFT + (self.right - _LEFT) * periods / self.periods

    def y(self, units: float) -> float:
        return self.foot - (self.foot - _LETTER) * units / self.most

    def path(self, points: Sequence[tuple[float, float]]) -> str:
        return " ".join(f"{'L' if k else 'M'}{self.x(x):.1f} {self.y(y):.1f}" for k, (x, y) in enumerate(points))


def _ends(last: RunningTotal, frame: _Frame) -> Iterator[tuple[str, float, float]]:
    """What stands at the right end, each at its line or, where that is taken, under the one before, none too low."""
    named = {"high": last.high, "mean": last.mean, "middle": last.middle}
    ranked = sorted(named.items(), key=lambda named: -named[1])
    for place, (name, value) in enumerate(ranked):
        above = max(frame.y(other) + _LETTER * (place - k) for k, (_, other) in enumerate(ranked[: place + 1]))
        lowest = frame.foot - _LETTER * (len(ranked) - 1 - place)
        yield name, value, min(above, lowest) + _LETTER / 4


def _days(periods: float) -> list[float]:
    step = nice_step(periods / 4)
    return [step * k for k in range(1, int(periods / step) + 1)]


@dataclass(frozen=True, kw_only=True, slots=True)
class LeadTimeView:
    """The lead time of one series at one service level, as its page shows it."""

    ahead: LeadTime
    chances: tuple[ChanceChart, ...]  # by width
    totals: tuple[TotalsChart, ...]


def view_of(ahead: LeadTime, figures: Mapping[str, Any]) -> LeadTimeView:
    """The drawings of a lead time."""
    point = figures[columns.REORDER_POINT]
    return LeadTimeView(
        ahead=ahead,
        chances=tuple(draw_chances(ahead, point, width) for width in WIDTHS),
        totals=tuple(draw_totals(ahead.totals, width) for width in WIDTHS),
    )


def stops_with(*levels: float) -> list[float]:
    """The levels to choose from, in percent, with these among them."""
    return sorted({in_percent(level) for level in (*STOPS, *levels)})


@dataclass(frozen=True, kw_only=True, slots=True)
class SeriesStock:
    """The stock figures of one series at one service level."""

    key: tuple[str, str]  # site_code, partnumber
    figures: Mapping[str, Any]  # by column of the stock table
    calendar: Calendar
    length: Message  # of the lead time
    stops: Sequence[float]  # service levels to choose from, in percent
    view: LeadTimeView | None = None  # None where an earlier version kept too little for it
    problem: Message | None = None  # why they are not at the level that was asked for
    wanted: Sequence[float] = ()  # what was demanded over the lead time after each cutoff of its backtest

    @property
    def percent(self) -> float:
        """The service level that they are at: 95, not 0.95."""
        return in_percent(self.figures[columns.SERVICE_LEVEL])

    def over(self, periods: float) -> Message:
        """So many of its periods: `2 days`."""
        return length_in_words(self.calendar, int(periods) if float(periods).is_integer() else periods)

    @property
    def answer(self) -> Message:
        """What to do."""
        point = self.figures[columns.REORDER_POINT]
        if self.was_never_enough:
            never = N_("A stock of {point:,} would never have been enough in its {count:,} backtests")
            once = N_("A stock of {point:,} would not have been enough in its one backtest")
            count = len(self.wanted)
            return Message(once if count == 1 else never, {"point": in_units(point), "count": count})
        if point > 0:
            return Message(N_("Order when the stock falls to {point:,}"), {"point": in_units(point)})
        return Message(N_("Hold no stock of it"))

    @property
    def was_never_enough(self) -> bool:
        """Whether each backtest of the part wanted more than the reorder point: no advice is given then."""
        return bool(self.wanted) and min(self.wanted) > self.figures[columns.REORDER_POINT]

    @property
    def outlook(self) -> Message | None:
        """What the lead time may bring, in a sentence; None where it is not known."""
        if self.view is None:
            return None
        ahead = self.view.ahead
        values = {"none": floor(100 * ahead.none) / 100, "length": self.length, "usual": in_units(ahead.usual or 0.0)}
        if ahead.usual is None:
            return Message(N_("No demand is expected in {length}."), values)
        if ahead.none < _RARE:
            return Message(N_("In {length}, demand is {usual:,} or less half of the time."), values)
        return Message(
            N_("{none:.0%} chance of no demand in {length}. If it comes, it is {usual:,} or less half of the time."),
            values,
        )
