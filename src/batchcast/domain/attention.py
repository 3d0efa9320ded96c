"""The parts of a result that a planner should look at first, each with its reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from batchcast.domain.errors import Message

MOST_OF_A_KIND = 50  # parts that are named of each kind

NEW = "new"  # too little history to be judged, and a forecast all the same
SILENT = "silent"  # steady demand that ended: the stock may have run out
ONE_OFF = "one_off"  # one period far beyond all others
LEVEL = "level"  # for months far above or below nearly all that was before
JUMP = "jump"  # a forecast beyond or below all that the year has seen
BACKTEST = "backtest"  # the stock would have been too small in a backtest
HELD = "held"  # nothing is ordered until a person releases it
LIMITED = "limited"  # quantiles held back at what the history makes plausible
LARGE = "large"  # a large share of all that is forecast
KINDS = (NEW, SILENT, ONE_OFF, LEVEL, JUMP, BACKTEST, HELD, LIMITED, LARGE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """One reason to look at a part."""

    kind: str  # one of KINDS
    units: float  # at stake over the horizon: what parts are ranked by
    reason: Message


@dataclass(frozen=True, kw_only=True, slots=True)
class MarkedPart:
    """A part at a site with its reasons."""

    site_code: str
    partnumber: str
    marks: tuple[Mark, ...]  # the most units at stake first, but LARGE after all others
    recent: tuple[float, ...]  # demand of the last twelfths of a year, the oldest first
    forecast: float  # for as many periods as each of them has


@dataclass(frozen=True, kw_only=True, slots=True)
class Attention:
    """The parts to look at, the most units at stake first; of each kind at most MOST_OF_A_KIND."""

    parts: int  # with a mark, named or not
    counts: Mapping[str, int]  # parts by kind, those that there are
    named: tuple[MarkedPart, ...]

    def of_kind(self, kind: str) -> tuple[MarkedPart, ...]:
        """The named parts with a mark of a kind, ranked by it and with it first; all of them for an empty kind."""
        if not kind:
            return self.named
        found = [(mark, part) for part in self.named for mark in part.marks if mark.kind == kind]
        found.sort(key=lambda pair: -pair[0].units)
        return tuple(_with_first(part, mark) for mark, part in found)


def _with_first(part: MarkedPart, mark: Mark) -> MarkedPart:
    return MarkedPart(
        site_code=part.site_code,
        partnumber=part.partnumber,
        marks=(mark, *(other for other in part.marks if other is not mark)),
        recent=part.recent,
        forecast=part.forecast,
    )
