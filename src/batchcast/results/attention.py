"""Finds the parts of a result that a planner should look at first, and says why.

What is at stake is counted in units over the horizon, so that all reasons are ranked on one scale.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from batchcast.domain import attention, columns
from batchcast.domain.accuracy import in_units
from batchcast.domain.attention import MOST_OF_A_KIND, Attention, Mark, MarkedPart
from batchcast.domain.calendar import Calendar, Frequency, Span, each_period, length_in_words, span_of_days
from batchcast.domain.errors import N_, Message
from batchcast.domain.plan import ForecastRequest
from batchcast.results.hindsight import Folds
from batchcast.results.overview import PeriodDemand

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TWELFTH = {Frequency.DAILY: 30, Frequency.WEEKLY: 4, Frequency.MONTHLY: 1}  # periods: a month of each calendar
_TWELFTHS = 12
_RECENT = 3  # twelfths
_FAR = 2.0  # times all that the year has seen: a forecast that far off is asked about
_LEAST_UNITS = 1.0  # at stake: less decides nothing
_STEADY = 4  # demands from which their distance says something
_SILENT = 4  # times that distance without demand: under 2 % where demand goes on as before
_ONE_OFF = 5.0  # times the second largest period
_LARGE = 0.02  # share of all that is forecast
_MANY = 50  # series from which such a share is more than its turn


@dataclass(frozen=True, kw_only=True, slots=True)
class DemandShape:
    """What the demand of each series looked like; arrays of shape (series,), but for the first. Periods: 0 if none."""

    twelfths: Floats  # shape (series, 12): demand of the last twelfths of a year, the oldest first
    count: Ints  # periods with demand
    first: Ints  # period with demand
    last: Ints
    last_quantity: Floats
    largest: Floats
    largest_at: Ints  # its period
    second: Floats  # the next to the largest; 0 where there is one only


class DemandShapes:
    """Gathers the shape of demand that comes in pieces."""

    def __init__(self, request: ForecastRequest) -> None:
        self._request = request
        self._pieces: list[DemandShape] = []

    def noted(self, demand: Iterator[PeriodDemand]) -> Iterator[PeriodDemand]:
        """The demand, each piece once it is noted."""
        for piece in demand:
            self._pieces.append(shape_of(piece, self._request))
            yield piece

    def all(self) -> DemandShape:
        """That of all series so far."""
        names = [one.name for one in fields(DemandShape)]
        return DemandShape(**{name: np.concatenate([getattr(one, name) for one in self._pieces]) for name in names})


def shape_of(demand: PeriodDemand, request: ForecastRequest) -> DemandShape:
    """The shape of the demand of some series."""
    there = demand.quantities > 0
    owners, periods, quantities = demand.owners[there], demand.periods[there].astype(np.int64), demand.quantities[there]
    series = np.arange(len(demand.sites))
    starts, ends = (np.searchsorted(owners, series, side=side) for side in ("left", "right"))
    by_size = np.lexsort((quantities, owners))
    count = ends - starts

    def taken(values: NDArray[Any], places: Ints, least: int = 1) -> NDArray[Any]:
        if not len(values):
            return np.zeros(len(series), dtype=values.dtype)
        return np.where(count >= least, values[np.clip(places, 0, len(values) - 1)], 0)

    return DemandShape(
        twelfths=_twelfths(owners, periods, quantities, len(series), request),
        count=count,
        first=taken(periods, starts),
        last=taken(periods, ends - 1),
        last_quantity=taken(quantities, ends - 1),
        largest=taken(quantities[by_size], ends - 1),
        largest_at=taken(periods[by_size], ends - 1),
        second=taken(quantities[by_size], ends - 2, least=2),
    )


def _twelfths(owners: Ints, periods: Ints, quantities: Floats, series: int, request: ForecastRequest) -> Floats:
    sums = np.zeros((series, _TWELFTHS))
    ages = (request.last_period - periods) // TWELFTH[request.calendar.frequency]
    shown = ages < _TWELFTHS
    np.add.at(sums, (owners[shown], _TWELFTHS - 1 - ages[shown]), quantities[shown])
    return sums


def find_attention(index: pa.Table, figures: pa.Table, shape: DemandShape, request: ForecastRequest) -> Attention:
    """The parts to look at.

    Args:
        index: of the series of the result.
        figures: of the same series, with their backtests.
        shape: of their demand.
        request: of the batch.
    """
    finder = _Finder(index, Folds.of(figures), shape, request)
    found = [(kind, units, reason) for kind, units, reason in finder.kinds() if (units >= _LEAST_UNITS).any()]
    counts = {kind: int((units >= _LEAST_UNITS).sum()) for kind, units, _ in found}
    is_marked = np.logical_or.reduce([np.zeros(len(index), bool), *(units >= _LEAST_UNITS for _, units, _ in found)])
    named = sorted({place for _, units, _ in found for place in _largest(units)})
    parts = [finder.part(place, found) for place in named]
    parts.sort(key=lambda part: -part.marks[0].units)
    return Attention(parts=int(is_marked.sum()), counts=counts, named=tuple(parts))


_Reason = Callable[[int], Message]  # by the place of a series
_Kind = tuple[str, Floats, _Reason]  # with the units at stake of each series, 0 where it has no such mark


def _largest(units: Floats) -> list[int]:
    order = np.argsort(-units, kind="stable")[:MOST_OF_A_KIND]
    return [int(place) for place in order if units[place] >= _LEAST_UNITS]


class _Finder:
    """The marks of all series."""

    def __init__(self, index: pa.Table, folds: Folds, shape: DemandShape, request: ForecastRequest) -> None:
        self._keys = [index[name] for name in columns.SERIES]
        self._folds, self._shape, self._request = folds, shape, request
        self._calendar: Calendar = request.calendar
        self._class = np.array(index[columns.DEMAND_CLASS].to_pylist(), dtype=object)
        self._is_new = (self._class == "new") | (self._class == "seen_once")
        flags = index[columns.FLAG].to_pylist()
        self._is_limited = np.array([columns.LIMITED in (flag or "") for flag in flags], dtype=np.bool_)
        self._held_by = [columns.held_by(flag) for flag in flags]
        self._is_extreme = index[columns.EXTREME_QTY].is_valid().to_numpy()
        self._changed = index[columns.LEVEL_DATE].to_pylist()
        self._has_changed = index[columns.LEVEL_DATE].is_valid().to_numpy()
        self._before, self._after = (
            index[name].fill_null(0.0).to_numpy() for name in (columns.LEVEL_BEFORE, columns.LEVEL_AFTER)
        )
        self._point_with = index[columns.REORDER_POINT_WITH_EXTREME].fill_null(0.0).to_numpy()
        self._forecast, self._history, self._safety, self._point = (
            index[name].to_numpy().astype(np.float64)
            for name in (columns.FORECAST_TOTAL, columns.HISTORY_TOTAL, columns.SAFETY_STOCK, columns.REORDER_POINT)
        )
        ends = [request.end_of(site) for site in index[columns.SITE_CODE].to_pylist()]
        self._silence = np.array(ends, dtype=np.int64) - shape.last
        self._since = np.maximum(request.last_period - shape.first + 1, 1)  # periods since the first demand
        self._year = TWELFTH[request.calendar.frequency] * _TWELFTHS
        self._length = length_in_words(request.calendar, request.horizon)

    def kinds(self) -> Iterator[_Kind]:
        """Every kind."""
        yield attention.NEW, np.where(self._is_new, self._forecast, 0.0), self._say_new
        yield attention.SILENT, self._silent(), self._say_silent
        yield attention.ONE_OFF, self._one_off(), self._say_one_off
        yield attention.LEVEL, self._level(), self._say_level
        yield attention.JUMP, self._jump(), self._say_jump
        yield attention.BACKTEST, self._short(), self._say_short
        is_held = np.array([bool(reasons) for reasons in self._held_by], dtype=np.bool_) & (self._point > 0)
        yield attention.HELD, np.where(is_held, np.maximum(self._forecast, _LEAST_UNITS), 0.0), self._say_held
        yield (
            attention.LIMITED,
            np.where(self._is_limited, np.maximum(self._safety, _LEAST_UNITS), 0.0),
            self._say_limited,
        )
        yield attention.LARGE, self._large(), self._say_large

    def part(self, place: int, kinds: Sequence[_Kind]) -> MarkedPart:
        """A series with its marks."""
        site, part = (column[place].as_py() for column in self._keys)
        marks = [
            Mark(kind=kind, units=round(float(units[place]), 4), reason=reason(place))
            for kind, units, reason in kinds
            if units[place] >= _LEAST_UNITS
        ]
        pace = TWELFTH[self._calendar.frequency] / self._request.horizon
        return MarkedPart(
            site_code=site,
            partnumber=part,
            marks=tuple(sorted(marks, key=lambda mark: (mark.kind == attention.LARGE, -mark.units))),
            recent=tuple(round(value, 4) for value in self._shape.twelfths[place].tolist()),
            forecast=round(float(self._forecast[place]) * pace, 4),
        )

    def _silent(self) -> Floats:
        active = np.maximum(self._shape.last - self._shape.first + 1, 1)
        silent = self._silence >= np.maximum(_SILENT * self._interval, TWELFTH[self._calendar.frequency])
        recent = (self._silence <= self._year) & (self._class != "dead")
        is_so = silent & recent & (self._shape.count >= _STEADY)
        return np.where(is_so, self._history / active * self._request.horizon, 0.0)

    @property
    def _interval(self) -> Floats:
        """Mean periods from one demand to the next."""
        return np.asarray((self._shape.last - self._shape.first) / np.maximum(self._shape.count - 1, 1))

    def _one_off(self) -> Floats:
        shape = self._shape
        is_so = (shape.count >= _STEADY) & (shape.largest >= _ONE_OFF * shape.second)
        is_so &= shape.largest_at > self._request.last_period - self._year
        in_view = np.minimum(self._since, self._year)
        units = np.where(is_so, shape.largest / in_view * self._request.horizon, 0.0)
        more = np.maximum(self._point_with - self._point, _LEAST_UNITS)  # that would be held if it counted as it is
        return np.where(self._is_extreme, np.maximum(units, more), units)

    def _level(self) -> Floats:
        changed = np.where(self._has_changed, np.abs(self._after - self._before) * self._request.horizon, 0.0)
        return np.where(self._has_changed, np.maximum(changed, _LEAST_UNITS), 0.0)

    def _usual(self) -> tuple[Floats, Floats]:
        """Over as many periods as the horizon has: the demand of the year and of its last quarter."""
        spans = [(count, count * self._year // _TWELFTHS) for count in (_TWELFTHS, _RECENT)]
        year, recent = (
            self._shape.twelfths[:, -count:].sum(axis=1) / np.minimum(self._since, periods) * self._request.horizon
            for count, periods in spans
        )
        return year, recent

    def _jump(self) -> Floats:
        year, recent = self._usual()
        above = self._forecast - np.maximum(year, recent)
        below = np.minimum(year, recent) - self._forecast
        far = np.where(self._forecast >= _FAR * np.maximum(year, recent), above, 0.0)
        far = np.where(_FAR * self._forecast <= np.minimum(year, recent), below, far)
        return np.where((self._shape.count >= _STEADY) & ~self._is_new, far, 0.0)

    def _short(self) -> Floats:
        count = len(self._forecast)
        folds = np.maximum(np.bincount(self._folds.owners, minlength=count), 1)
        short = self._folds.summed(self._folds.short, count) / folds
        return np.asarray(short * self._request.horizon / self._request.lead_time)

    def _large(self) -> Floats:
        total = self._forecast.sum()
        is_so = (self._forecast >= _LARGE * total) & (len(self._forecast) >= _MANY) & (total > 0)
        return np.where(is_so, self._forecast, 0.0)

    def _say_new(self, place: int) -> Message:
        once = N_("One demand so far, {units:,} {when}; {forecast:,} forecast for {length}.")
        more = N_("{count:,} demands so far, {units:,} in all; {forecast:,} forecast for {length}.")
        is_once = self._shape.count[place] == 1
        units = self._shape.last_quantity[place] if is_once else self._history[place]
        values = {"units": in_units(float(units)), "when": self._when(self._shape.last[place])}
        values |= {"count": int(self._shape.count[place]), "length": self._length}
        return Message(once if is_once else more, values | {"forecast": in_units(float(self._forecast[place]))})

    def _say_silent(self, place: int) -> Message:
        template = N_("Demand about every {interval}, last {when}; none in the {silence} since. Was stock out?")
        interval = max(round(float(self._interval[place])), 1)
        values = {"interval": length_in_words(self._calendar, interval), "when": self._when(self._shape.last[place])}
        return Message(template, values | {"silence": length_in_words(self._calendar, int(self._silence[place]))})

    def _say_one_off(self, place: int) -> Message:
        counted = N_("{units:,} {when}, at most {second:,} in any other {period}. Does it come again?")
        extreme = N_(
            "{units:,} {when}, at most {second:,} in any other {period}: it hardly counts. Does it come again? The "
            "reorder point is {point:,}, {point_with:,} with it."
        )
        template = extreme if self._is_extreme[place] else counted
        largest, second = (in_units(float(values[place])) for values in (self._shape.largest, self._shape.second))
        when, period = self._when(self._shape.largest_at[place]), Message(_PERIOD[self._calendar.frequency])
        points = (in_units(float(values[place])) for values in (self._point, self._point_with))
        values = dict(zip(("point", "point_with"), points, strict=True))
        return Message(template, {"units": largest, "when": when, "second": second, "period": period} | values)

    def _say_level(self, place: int) -> Message:
        template = N_("{before:,} {each} before, {after:,} since a change {when}; {forecast:,} forecast for {length}.")
        day = self._changed[place]
        levels = {"before": in_units(float(self._before[place])), "after": in_units(float(self._after[place]))}
        forecast = {"forecast": in_units(float(self._forecast[place])), "length": self._length}
        when = span_of_days(self._calendar, day, day).when
        return Message(template, {**levels, **forecast, "when": when, "each": each_period(self._calendar)})

    def _say_jump(self, place: int) -> Message:
        above = N_("{forecast:,} forecast for {length}; the year's pace gives {year:,}, the last quarter's {recent:,}.")
        year, recent = (in_units(round(float(values[place]), 1)) for values in self._usual())
        forecast = in_units(float(self._forecast[place]))
        return Message(above, {"forecast": forecast, "length": self._length, "year": year, "recent": recent})

    def _say_short(self, place: int) -> Message:
        template = N_("{actual:,} wanted {when}; the stock advised then was {stock:,}. Reorder point now {point:,}.")
        mine = np.flatnonzero(self._folds.owners == place)
        worst = int(mine[np.argmax(self._folds.short[mine])])
        first = int(self._folds.cutoffs[worst]) + 1
        span = Span(calendar=self._calendar, first=first, last=first + self._request.lead_time - 1)
        actual, stock = (in_units(float(values[worst])) for values in (self._folds.actual, self._folds.stock))
        point = in_units(float(self._point[place]))
        return Message(template, {"actual": actual, "when": span.when, "stock": stock, "point": point})

    def _say_held(self, place: int) -> Message:
        above = N_(
            "{forecast:,} forecast for {length}, {history:,} demanded so far: nothing is ordered until it is released."
        )
        unlike = N_(
            "{history:,} demanded so far, far more at once than like parts: nothing is ordered until it is released. "
            "The reorder point is {point:,}."
        )
        alone = N_(
            "{history:,} demanded so far, and too few like parts to learn from: nothing is ordered until it is "
            "released. The reorder point is {point:,}."
        )
        reasons = self._held_by[place]
        template = above if columns.ABOVE_HISTORY in reasons else unlike if columns.UNLIKE_OTHERS in reasons else alone
        values = {"forecast": self._forecast, "history": self._history, "point": self._point}
        said = {name: in_units(float(figures[place])) for name, figures in values.items()}
        return Message(template, {**said, "length": self._length})

    def _say_limited(self, place: int) -> Message:
        template = N_("Upper quantiles were held back at what the history makes plausible: reorder point {point:,}.")
        return Message(template, {"point": in_units(float(self._point[place]))})

    def _say_large(self, place: int) -> Message:
        template = N_("{share:.1%} of all units forecast: {forecast:,} for {length}.")
        forecast = float(self._forecast[place])
        values = {"share": forecast / float(self._forecast.sum()), "forecast": in_units(forecast)}
        return Message(template, values | {"length": self._length})

    def _when(self, period: np.int64) -> Message:
        return Span(calendar=self._calendar, first=int(period), last=int(period)).when


_PERIOD = {Frequency.DAILY: N_("day"), Frequency.WEEKLY: N_("week"), Frequency.MONTHLY: N_("month")}
