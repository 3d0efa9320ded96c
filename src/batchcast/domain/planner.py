"""What planners leave on a server beside files: marks on the history of a part, ticks of results, and named views."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from batchcast.domain.errors import N_, BatchcastError, InvalidSettings, Message
from batchcast.domain.settings import MARK_KINDS, HistoryMark, mark_of

# Marks on the history: periods of a part that a planner knows better than the file.

LONGEST_REASON = 300  # characters
LONGEST_NAME = 60  # of a view, in characters
_LONGEST_CODE = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptMark:
    """A mark with who made it; it is never changed, and stays when it is removed."""

    mark: HistoryMark
    reason: str  # in the planner's words; may be empty
    name: str | None  # of the person's token; None where no tokens are set
    at: dt.datetime  # UTC
    scope: str = ""  # whose histories it concerns; empty: all of this server
    removed_by: str | None = None
    removed_at: dt.datetime | None = None  # None: it is in force
    number: int = 0  # given by the store: later marks have higher ones

    @property
    def is_in_force(self) -> bool:
        """It was not removed."""
        return self.removed_at is None


class UnknownMark(BatchcastError):
    """There is no mark of this number, or it was removed before."""

    slug = "unknown-mark"

    def __init__(self, number: int) -> None:
        template = N_("There is no mark {number}, or it was removed before.")
        super().__init__(Message(template, {"number": number}))


def new_mark(
    kind: str, *, site_code: str, partnumber: str, first: str, last: str, reason: str, name: str | None
) -> KeptMark:
    """A mark as a person typed it; no last day: the first alone.

    Raises:
        InvalidSettings: if it can't be one; all problems are named at once.
    """
    problems = []
    if kind not in MARK_KINDS:
        template = N_("{setting} is {found!r}; it can be {choices}.")
        problems.append(Message(template, {"setting": "kind", "found": kind, "choices": ", ".join(MARK_KINDS)}))
    days = {"first": _day(first), "last": _day(last or first)}
    for field, found, text in (("first", days["first"], first), ("last", days["last"], last or first)):
        if found is None:
            template = N_("{setting} is {found!r}; write the date as YYYY-MM-DD, such as 2026-01-31.")
            problems.append(Message(template, {"setting": field, "found": text}))
    if days["first"] and days["last"] and days["last"] < days["first"]:
        template = N_("A mark that begins on {first} can't end on {last}.")
        problems.append(Message(template, {"first": days["first"], "last": days["last"]}))
    for field, text in (("partnumber", partnumber), ("site_code", site_code)):
        if not text.strip() or len(text) > _LONGEST_CODE or not text.isprintable():
            template = N_("{setting} is {found!r}: name a part and a site as the file has them.")
            problems.append(Message(template, {"setting": field, "found": text[:80]}))
    if len(reason) > LONGEST_REASON:
        template = N_("The reason has {found:,} characters; {most:,} are kept.")
        problems.append(Message(template, {"found": len(reason), "most": LONGEST_REASON}))
    if problems or not days["first"] or not days["last"]:
        raise InvalidSettings(problems)
    mark = HistoryMark(
        kind=kind,
        site_code=site_code.strip(),
        partnumber=partnumber.strip(),
        first=days["first"],
        last=days["last"],
    )
    if mark_of(str(mark)) != mark:  # a batch keeps it as its text
        template = N_("{setting} is {found!r}: name a part and a site as the file has them.")
        raise InvalidSettings([Message(template, {"setting": "site_code", "found": mark.site_code[:80]})])
    said = " ".join(reason.split())
    return KeptMark(mark=mark, reason=said, name=name, at=dt.datetime.now(dt.UTC))


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text.strip())
    except ValueError:
        return None


# Ticks: a person has looked at a part of one result, for one reason.


@dataclass(frozen=True, kw_only=True, slots=True)
class Tick:
    """A part of a result that a person has looked at, for one reason of `domain.attention`."""

    site_code: str
    partnumber: str
    kind: str
    name: str | None  # of the person's token; None where no tokens are set
    at: dt.datetime  # UTC

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is of."""
        return self.site_code, self.partnumber, self.kind


# Named views of the table of series.


@dataclass(frozen=True, kw_only=True, slots=True)
class SavedView:
    """What the table of series shows, by a name; for the results of all batches."""

    name: str
    query: str  # parameters of its address
    kept_by: str | None
    at: dt.datetime  # UTC
