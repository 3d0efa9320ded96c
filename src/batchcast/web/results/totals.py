"""What the totals of a batch show: a chart of all periods, and its sites with a bar each."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from batchcast.app.words.translation import Language, translate
from batchcast.domain.accuracy import PeriodTotal
from batchcast.domain.calendar import DAYS_IN_WEEK, Frequency, day_of
from batchcast.domain.errors import N_, Message
from batchcast.results.overview import RECENT


def in_weeks(days: Sequence[PeriodTotal]) -> tuple[PeriodTotal, ...]:
    """Sums of seven days each, counted from the first day of the forecast both ways; days that fill no week are left
    out, for a week that lacks days looks like a fall of demand."""
    past = [one for one in days if not one.is_forecast]
    ahead = [one for one in days if one.is_forecast]
    starts = range(len(past) % DAYS_IN_WEEK, len(past), DAYS_IN_WEEK)
    weeks = [past[start : start + DAYS_IN_WEEK] for start in starts]
    weeks += [ahead[start : start + DAYS_IN_WEEK] for start in range(0, len(ahead) - DAYS_IN_WEEK + 1, DAYS_IN_WEEK)]
    return tuple(replace(week[0], total=sum(day.total for day in week)) for week in weeks)


def chart_of_totals(periods: Sequence[PeriodTotal], frequency: Frequency) -> Chart:
    """Demand of the last periods, and what is forecast."""
    ahead = [one for one in periods if one.is_forecast]
    return Chart(
        frequency=frequency,
        history=[(one.date, one.total) for one in periods if not one.is_forecast],
        dates=[one.date for one in ahead],
        mean=[one.total for one in ahead],
    )


# What `js/chart.js` draws, as plain values: history and forecast on one axis of days.

_DECIMALS = 4  # more can't be seen


@dataclass(frozen=True, kw_only=True, slots=True)
class ChartMark:
    """Days of the history that are marked."""

    first: dt.date
    last: dt.date
    kind: str  # of `domain.planner`, or one_off
    words: str  # English, translated for the script


@dataclass(frozen=True, kw_only=True, slots=True)
class Chart:
    """A history with its forecast."""

    frequency: Frequency
    history: Sequence[tuple[dt.date, float]]  # the oldest first
    dates: Sequence[dt.date]  # of the forecast
    mean: Sequence[float]
    plan: Sequence[float] | None = None  # the rounded figures, where they differ from the mean
    low: Sequence[float] | None = None  # of the band
    high: Sequence[float] | None = None
    band: tuple[float, float] | None = None  # the quantiles it lies between
    shown: int = 0  # periods of the history at first; 0: as many as there are by default
    marks: Sequence[ChartMark] = ()

    def labels(self, language: Language) -> dict[str, str]:
        """What its keys are called, for the legend and the tooltip."""
        found = {"history": translate(N_("Demand"), language), "mean": translate(N_("Forecast"), language)}
        if self.plan is not None:
            found["plan"] = translate(N_("Planning figure"), language)
        if self.band is not None:
            low, high = (100 * level for level in self.band)
            template = N_("Between p{low} and p{high}")
            found["band"] = translate(Message(template, {"low": f"{low:g}", "high": f"{high:g}"}), language)
        return found

    def as_json(self, language: Language) -> str:
        """For a script element: nothing in it can end the element, or begin another."""
        values = {
            "language": language,
            "frequency": self.frequency.value,
            "recent": self.shown or max(RECENT[self.frequency], 3 * len(self.dates)),
            "history": {
                "days": [day_of(date) for date, _ in self.history],
                "demand": _rounded([quantity for _, quantity in self.history]),
            },
            "forecast": {"days": [day_of(date) for date in self.dates], **self._lines()},
            "labels": self.labels(language),
            "marks": [
                {
                    "first": day_of(mark.first),
                    "last": day_of(mark.last),
                    "kind": mark.kind,
                    "words": translate(mark.words, language),
                }
                for mark in self.marks
            ],
        }
        return _inert(json.dumps(values, separators=(",", ":"), allow_nan=False))

    def _lines(self) -> Mapping[str, list[float]]:
        lines = {"mean": self.mean, "plan": self.plan, "low": self.low, "high": self.high}
        return {name: _rounded(values) for name, values in lines.items() if values is not None}


def _rounded(values: Sequence[float]) -> list[float]:
    return [round(value, _DECIMALS) for value in values]


def _inert(text: str) -> str:
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
