"""Wide tables: a row a part, a column a period, the period's date in the header."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from batchcast.domain.message import Message, mark
from batchcast.domain.settings import DateOrder
from batchcast.ingest.dateorder import NO_DAY, DateOrderJudge
from batchcast.ingest.problems import AmbiguousColumn

Periods = tuple[tuple[int, int], ...]


def find_periods(
    names: Sequence[str], taken: Collection[int], date_order: DateOrder
) -> tuple[Periods, tuple[Message, ...]]:
    """(index, day) of the columns whose header is a date, and what to say of them.

    Raises:
        AmbiguousDates: if the headers read both day first and month first.
        MixedDateOrders: if some read only one way and others only the other.
        AmbiguousColumn: if two headers are the same date.
    """
    judge = DateOrderJudge(date_order, column="header")
    free = [(i, name) for i, name in enumerate(names) if i not in taken]
    days = judge.days([name for _, name in free], lambda text: _in_header(text, names))
    found = tuple((i, int(day)) for (i, _), day in zip(free, days, strict=True) if day != NO_DAY)
    if not found:
        return (), ()
    _refuse_repeats(found, names)
    decided = judge.conclude()
    template = mark("Wide layout: {count} columns from {first} to {last} are the periods; a blank cell is no demand.")
    values = {"count": len(found), "first": names[found[0][0]], "last": names[found[-1][0]]}
    return found, (Message(template, values), *([decided] if decided else []))


def _in_header(text: str, names: Sequence[str]) -> Message:
    return Message(mark("column {number}"), {"number": list(names).index(text) + 1})


def _refuse_repeats(found: Periods, names: Sequence[str]) -> None:
    seen: dict[int, int] = {}
    for index, day in found:
        if day in seen:
            template = mark("Columns {first!r} and {second!r} are the same period; keep one of them.")
            raise AmbiguousColumn(Message(template, {"first": names[seen[day]], "second": names[index]}))
        seen[day] = index
