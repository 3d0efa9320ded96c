"""The first screen of a result: how much is forecast beside what was demanded, drawn as bars without a script."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from batchcast.app.planner import Looked, chosen_parts, look_of
from batchcast.domain import columns
from batchcast.domain.accuracy import PeriodTotal, SiteTotal
from batchcast.domain.attention import MOST_OF_A_KIND, Attention
from batchcast.domain.calendar import Calendar, Frequency, Span, day_of, length_in_words
from batchcast.domain.errors import N_, Message
from batchcast.domain.inventory import Orders
from batchcast.domain.plan import ForecastRequest
from batchcast.domain.planner import Tick
from batchcast.results.series import SeriesGroup
from batchcast.web.results.table import TableState
from batchcast.web.results.terms import MARKS

_MOST_BARS = 13  # stretches of the past
_LABELS = 14  # bars that are all named; of more, every other
_SAME = 0.005  # a difference under half a percent is none
_A_YEAR = {Frequency.WEEKLY: 52, Frequency.MONTHLY: 12}  # periods
_SECOND_OF_A_LEAP_YEAR = (2, 29)

WIDTHS = (340, 860, 1180, 1900)  # of the drawings; style sheets show the one that fits, so that letters keep their size
_TICKS = 4  # lines above zero, at most
_HEIGHT, _TOP, _BOTTOM, _LEFT = 216, 30, 24, 48
_TALL = 320  # on the widest screens


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """Periods as long as the horizon, with what was demanded or is forecast in them."""

    first: dt.date  # first day
    span: Message
    total: float
    is_forecast: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """What is forecast beside the stretches before it."""

    past: tuple[Stretch, ...]  # the oldest first
    ahead: Stretch
    year_before: Stretch | None  # the same days a year before; None where the history does not have them all
    length: Message  # of each: `30 days`
    frequency: Frequency

    @property
    def sentence(self) -> Message:
        """How much, and how that compares."""
        alone = N_("{span} needs {units:,.0f} units")
        to_last = N_("{span} needs {units:,.0f} units: {last}")
        to_both = N_("{span} needs {units:,.0f} units: {last}, {year}")
        values = {"span": self.ahead.span, "units": self.ahead.total}
        last = Message(N_("the last {length}"), {"length": self.length})
        known = {
            "last": _beside(self.ahead.total, self.past[-1].total, last) if self.past else None,
            "year": _beside(self.ahead.total, self.year_before.total, Message(N_("a year before")))
            if self.year_before
            else None,
        }
        if known["last"] is None:
            return Message(alone, values)
        return Message(to_last if known["year"] is None else to_both, values | known)


def compare(periods: Sequence[PeriodTotal], request: ForecastRequest) -> Comparison:
    """The forecast beside the history, both by period and the oldest first."""
    history = [one for one in periods if not one.is_forecast]
    ahead = [one for one in periods if one.is_forecast]
    horizon, calendar = len(ahead), request.calendar
    count = min(len(history) // horizon, _MOST_BARS)
    start = len(history) - count * horizon
    past = [_stretch(history[start + k * horizon : start + (k + 1) * horizon], calendar) for k in range(count)]
    return Comparison(
        past=tuple(past),
        ahead=_stretch(ahead, calendar),
        year_before=_year_before(history, ahead, calendar),
        length=length_in_words(calendar, horizon),
        frequency=calendar.frequency,
    )


def _stretch(periods: Sequence[PeriodTotal], calendar: Calendar) -> Stretch:
    first, last = (calendar.period_of_day(day_of(one.date)) for one in (periods[0], periods[-1]))
    span = Span(calendar=calendar, first=first, last=last)
    total = sum(one.total for one in periods)
    return Stretch(first=periods[0].date, span=span.said, total=total, is_forecast=periods[0].is_forecast)


def _year_before(history: Sequence[PeriodTotal], ahead: Sequence[PeriodTotal], calendar: Calendar) -> Stretch | None:
    first = calendar.period_of_day(day_of(ahead[0].date))
    places = {calendar.period_of_day(day_of(one.date)): place for place, one in enumerate(history)}
    if calendar.frequency is Frequency.DAILY:
        begin = calendar.period_of_day(day_of(_same_day_a_year_before(ahead[0].date)))
    else:
        begin = first - _A_YEAR[calendar.frequency]
    end = begin + len(ahead) - 1
    is_last = end == max(places, default=end)  # the stretch before the forecast, which is compared already
    if begin not in places or end not in places or is_last:
        return None
    return _stretch(history[places[begin] : places[end] + 1], calendar)


def _same_day_a_year_before(day: dt.date) -> dt.date:
    is_second = (day.month, day.day) == _SECOND_OF_A_LEAP_YEAR
    return day.replace(year=day.year - 1, day=28 if is_second else day.day)


def _beside(total: float, other: float, what: Message) -> Message | None:
    """How a total differs from another; None where the other is nothing."""
    if other <= 0:
        return None
    more, less, same = N_("{share:.0%} above {what}"), N_("{share:.0%} below {what}"), N_("as much as {what}")
    share = total / other - 1
    template = same if abs(share) < _SAME else more if share > 0 else less
    return Message(template, {"share": abs(share), "what": what})


# How it is drawn: places in an SVG, for no element of the page may have a style of its own.


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """One stretch in a drawing."""

    x: float
    y: float
    width: float
    height: float
    stretch: Stretch
    is_named: bool  # there is room for its name under the axis

    @property
    def middle(self) -> float:
        """Where its name stands."""
        return self.x + self.width / 2


@dataclass(frozen=True, kw_only=True, slots=True)
class BarChart:
    """A drawing of some width."""

    width: int
    height: int
    left: int  # where the axis begins
    foot: float  # the zero line
    bars: tuple[Bar, ...]
    ticks: tuple[tuple[float, float], ...]  # value and y of each line
    year_y: float | None  # of the mark of the year before, over the bar of the forecast


def draw(found: Comparison, width: int) -> BarChart:
    """The bars of a comparison, the forecast last."""
    stretches = (*found.past, found.ahead)
    year = found.year_before.total if found.year_before else 0.0
    highest = max(year, 1.0, *(one.total for one in stretches))
    step = nice_step(highest / _TICKS)
    height = _TALL if width == WIDTHS[-1] else _HEIGHT
    foot = height - _BOTTOM
    scale = (foot - _TOP) / highest
    slot = (width - _LEFT) / len(stretches)
    every = -(-len(stretches) * (78 if width < WIDTHS[1] else 56) // (width - _LEFT)) or 1
    bars = tuple(
        Bar(
            x=_LEFT + place * slot + slot * 0.13,
            y=foot - one.total * scale,
            width=slot * 0.74,
            height=one.total * scale,
            stretch=one,
            is_named=(len(stretches) - 1 - place) % every == 0,
        )
        for place, one in enumerate(stretches)
    )
    ticks = tuple((k * step, foot - k * step * scale) for k in range(int(highest / step) + 1))
    year_y = foot - year * scale if found.year_before else None
    return BarChart(width=width, height=height, left=_LEFT, foot=foot, bars=bars, ticks=ticks, year_y=year_y)


def nice_step(least: float) -> float:
    """The smallest of 1, 2, 5, 10, 20, ... that is at least so much; 1 where that is less."""
    step, factors = 1.0, (2.0, 2.5, 2.0)
    place = 0
    while step < least:
        step *= factors[place % 3]
        place += 1
    return step


@dataclass(frozen=True, kw_only=True, slots=True)
class Spark:
    """A small drawing of 13 bars: twelve of the past, and the forecast."""

    heights: tuple[float, ...]  # 0 to 24, the forecast last

    @property
    def past(self) -> str:
        """The bars of the past as one path, of which a table has fifty."""
        return "".join(_bar(place, height) for place, height in enumerate(self.heights[:-1]))

    @property
    def ahead(self) -> str:
        """The bar of the forecast."""
        return _bar(len(self.heights) - 1, self.heights[-1])


def _bar(place: int, height: float) -> str:
    return f"M{8 * place} {25 - height:.1f}h6v{height + 1:.1f}h-6z"


def spark_of(past: Sequence[float], forecast: float) -> Spark:
    """The drawing, its highest bar as high as there is room."""
    values = [*past, forecast]
    most = max(values, default=0.0)
    return Spark(heights=tuple(round(24 * value / most, 1) if most > 0 else 0.0 for value in values))


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteCard:
    """A site beside the others."""

    total: SiteTotal
    url: str  # of its series
    spark: Spark
    change: float | None  # of the forecast on the last stretch, as a share; None where that is nothing


def card_of(site: SiteTotal, url: str) -> SiteCard:
    """What is shown of a site."""
    last = site.stretches[-1] if site.stretches else 0.0
    return SiteCard(
        total=site,
        url=url,
        spark=spark_of(site.stretches, site.forecast_total),
        change=site.forecast_total / last - 1 if last > 0 else None,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupCard:
    """The series with one value of a column beside those with the others."""

    value: str | None  # None: it is not known of them
    series: int
    total: float  # that is forecast
    share: float  # of all that is forecast
    url: str | None  # of its series; None where they can't be asked for


def group_cards(groups: Sequence[SeriesGroup], url_of: Callable[[str], str]) -> list[GroupCard]:
    """The groups as they are shown; `url_of` makes the address of the series with a value."""
    totals = [one.sums[columns.FORECAST_TOTAL] for one in groups]
    whole = sum(totals)
    return [
        GroupCard(
            value=one.value,
            series=one.series,
            total=total,
            share=total / whole if whole > 0 else 0.0,
            url=None if one.value is None else url_of(one.value),
        )
        for one, total in zip(groups, totals, strict=True)
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class PartToOrder:
    """A part of the list of what to buy next, with all that the list has of it."""

    site_code: str
    partnumber: str
    units: float
    cost: float | None  # None where that of a unit is unknown


def first_to_order(orders: Orders, most: int) -> tuple[PartToOrder, ...]:
    """The parts that avoid most shortage for their cost, each once."""
    found: dict[tuple[str, str], PartToOrder] = {}
    for unit in orders.next_units:
        key = (unit.site_code, unit.partnumber)
        before = found.get(key)
        units = unit.units + (before.units if before else 0.0)
        cost = None if unit.cost is None else unit.cost + ((before.cost or 0.0) if before else 0.0)
        found[key] = PartToOrder(site_code=key[0], partnumber=key[1], units=units, cost=cost)
    return tuple(found.values())[:most]


# The parts that need attention.

Looks = Mapping[tuple[str, str, str], Tick]


def attention_values(
    batch_id: str, attention: Attention | None, looks: Looks, *, kind: str, looked: Looked, more: bool
) -> dict[str, Any]:
    """What the list shows: the parts with a reason of a kind (empty: all), those that are open, ticked, or both; at
    once all of them, with `more`, else the first few."""
    if attention is None:
        return {"attention": None}
    kind = kind if kind in attention.counts else ""

    def url_with(**changed: str) -> str:
        asked = {"look": kind, "looked": looked} | changed
        parameters = urlencode({name: value for name, value in asked.items() if value})
        return f"/batches/{batch_id}/results" + (f"?{parameters}" if parameters else "")

    return {
        "attention": attention,
        "most_of_a_kind": MOST_OF_A_KIND,
        "look": kind,
        "looked": looked,
        "marked": chosen_parts(attention, looks, kind, looked),
        "ticked": sum(look_of(part, looks) is not None for part in attention.of_kind(kind)),
        "is_more": more,
        "kinds": MARKS,
        "spark_of": spark_of,
        "url_with": url_with,
        "url_of": lambda part: TableState().url_of_series(batch_id, part.site_code, part.partnumber),
    }
