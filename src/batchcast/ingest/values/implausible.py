"""Dates that no history of today can have: after today, or years away from all others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.calendar import date_of, day_of
from batchcast.domain.errors import N_, Choice, Message, ReadingQuestion
from batchcast.domain.settings import FutureRows

DAYS_AFTER_TODAY = 31  # that a history may reach beyond today: the end of its month, a planned delivery
_FEW, _FEW_SHARE = 3, 0.01  # rows after today that are slips; with more, they may be planned
_LEAST_GAP = 3 * 365  # days; and at least as long as all other dates together span
_TIMES_FEWER = 20  # rows apart from the rest are slips where the rest is so many times as many ...
_LONG_GAP, _TIMES_BEYOND = 20 * 365, 2  # ... or after a gap of so many days so many times

Reasons = Mapping[int, Message]  # by day: why its rows are refused


def find_implausible(
    days: NDArray[np.int32], rows: NDArray[np.int64], *, today: dt.date | None, asked: FutureRows
) -> Reasons:
    """The days whose rows are to be refused.

    Args:
        days: distinct days since 1970-01-01, in any order.
        rows: of each.
        today: the day the file is read on; None: no day is after it.
        asked: what is to be done with them.

    Raises:
        ReadingQuestion: if so many rows are after today that they may be planned, and it was not said what they are.
    """
    if asked == "keep" or not len(days):
        return {}
    order = np.argsort(days)
    days, rows = days[order], rows[order]
    found: dict[int, Message] = {}
    if today is not None:
        later = days > day_of(today) + DAYS_AFTER_TODAY
        if asked == "auto" and _are_many(int(rows[later].sum()), int(rows.sum())):
            raise _planned(days, rows, later, today)
        template = N_("is after today, {today}; set {@future_rows=keep} if it is right")
        found |= {int(day): Message(template, {"today": today}) for day in days[later]}
        days, rows = days[~later], rows[~later]
    return found | _apart(days, rows)


def _are_many(later: int, every: int) -> bool:
    return later > max(_FEW, _FEW_SHARE * every) or 2 * later > every


def _planned(
    days: NDArray[np.int32], rows: NDArray[np.int64], later: NDArray[np.bool_], today: dt.date
) -> ReadingQuestion:
    """The question whether rows after today are demand."""
    if later.all():
        return _all_later(days, rows, today)
    count, last = int(rows[later].sum()), date_of(int(days[-1]))
    template = N_(
        "{count:,} of {total:,} rows are after today, {today}, up to {last}: they may be planned orders. Set "
        "{@future_rows=refuse} to leave them out, or {@future_rows=keep} if they are demand."
    )
    values = {"count": count, "total": int(rows.sum()), "today": today, "last": last}
    ends = date_of(int(days[~later][-1]))
    refuse = Message(N_("refuse the {count:,} rows after today; the history ends on {ends}"), values | {"ends": ends})
    keep = Message(N_("keep them as demand; the history ends on {last}"), values)
    choices = [
        Choice(settings={"future_rows": "refuse", "bad_rows": "skip"}, reading=refuse),
        Choice(settings={"future_rows": "keep"}, reading=keep),
    ]
    return ReadingQuestion(Message(template, values), setting="future_rows", choices=choices)


def _all_later(days: NDArray[np.int32], rows: NDArray[np.int64], today: dt.date) -> ReadingQuestion:
    """The question whether dates that are all after today are read right."""
    first, last = (date_of(int(day)) for day in (days[0], days[-1]))
    template = N_(
        "All {count:,} rows are after today, {today}, from {first} to {last}: their years may be of another "
        "calendar, such as the Buddhist or the Islamic one, or of another century. Write the years of the "
        "common calendar, with four digits; or set {@future_rows=keep} if the dates are right."
    )
    values = {"count": int(rows.sum()), "today": today, "first": first, "last": last}
    keep = Message(N_("keep them as demand; the history ends on {last}"), values)
    choices = [Choice(settings={"future_rows": "keep"}, reading=keep)]
    return ReadingQuestion(Message(template, values), setting="future_rows", choices=choices)


def _apart(days: NDArray[np.int32], rows: NDArray[np.int64]) -> dict[int, Message]:
    """The few days before or after a gap of years that is longer than all the other dates span."""
    found: dict[int, Message] = {}
    for side in (slice(None), slice(None, None, -1)):  # the earliest first, then the latest
        ordered, counts = days[side], rows[side]
        gaps = np.abs(np.diff(ordered))
        spans = np.abs(ordered[-1:] - ordered[1:])
        before = np.cumsum(counts)[:-1]
        times = np.where(gaps > _LONG_GAP, _TIMES_BEYOND, _TIMES_FEWER)
        is_apart = (gaps > np.maximum(_LEAST_GAP, spans)) & (before * times <= counts.sum() - before)
        if is_apart.any():
            last = int(np.flatnonzero(is_apart)[-1])
            rest = sorted((int(ordered[last + 1]), int(ordered[-1])))
            template = N_(
                "is years away from all other dates, which are from {first} to {last}; set {@future_rows=keep} "
                "if it is right"
            )
            values = {name: date_of(day) for name, day in zip(("first", "last"), rest, strict=True)}
            found |= {int(day): Message(template, values) for day in ordered[: last + 1]}
    return found
