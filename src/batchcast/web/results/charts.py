"""What `js/chart.js` draws, as plain values: history and forecast on one axis of days."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from batchcast.app.translation import Language, translate
from batchcast.domain.calendar import Frequency, day_of
from batchcast.domain.message import Message, mark

_DECIMALS = 4  # more can't be seen
_RECENT = {Frequency.DAILY: 91, Frequency.WEEKLY: 104, Frequency.MONTHLY: 36}  # periods shown at first


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

    def labels(self, language: Language) -> dict[str, str]:
        """What its keys are called, for the legend and the tooltip."""
        found = {"history": translate(mark("Demand"), language), "mean": translate(mark("Forecast"), language)}
        if self.plan is not None:
            found["plan"] = translate(mark("Planning figure"), language)
        if self.band is not None:
            low, high = (100 * level for level in self.band)
            template = mark("Between p{low} and p{high}")
            found["band"] = translate(Message(template, {"low": f"{low:g}", "high": f"{high:g}"}), language)
        return found

    def as_json(self, language: Language) -> str:
        """For a script element: nothing in it can end the element, or begin another."""
        values = {
            "language": language,
            "frequency": self.frequency.value,
            "recent": max(_RECENT[self.frequency], 3 * len(self.dates)),
            "history": {
                "days": [day_of(date) for date, _ in self.history],
                "demand": _rounded([quantity for _, quantity in self.history]),
            },
            "forecast": {"days": [day_of(date) for date in self.dates], **self._lines()},
            "labels": self.labels(language),
        }
        return _inert(json.dumps(values, separators=(",", ":"), allow_nan=False))

    def _lines(self) -> Mapping[str, list[float]]:
        lines = {"mean": self.mean, "plan": self.plan, "low": self.low, "high": self.high}
        return {name: _rounded(values) for name, values in lines.items() if values is not None}


def _rounded(values: Sequence[float]) -> list[float]:
    return [round(value, _DECIMALS) for value in values]


def _inert(text: str) -> str:
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
