"""Numbers, dates and durations as a page writes them: in the form of the reader's language."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from babel import Locale, dates
from markupsafe import Markup

from batchcast.app.translation import Language, format_number, translate
from batchcast.domain.errors import N_, Message

NOTHING = "–"
_LOCALES: Mapping[Language, Locale] = {"en": Locale("en", "GB"), "id": Locale("id", "ID")}
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_KILO = 1024
_FEW = 10  # a number under it shows a decimal where it has one


def number(value: float | None, language: Language) -> str:
    """A count: 11,919 or 11.919."""
    return NOTHING if _is_missing(value) else format_number(round(value or 0), ",", language)


def quantity(value: float | None, language: Language) -> str:
    """A quantity of parts, with at most two decimals and none that say nothing: 3, 0.25, 1,204.5."""
    if value is None or _is_missing(value):
        return NOTHING
    written = f"{value:,.2f}".rstrip("0").rstrip(".")
    return written.translate(str.maketrans(",.", ".,")) if language == "id" else written


def percent(share: float | None, language: Language, decimals: int = 1) -> str:
    """A share of one: 0.948 is 94.8%."""
    return NOTHING if share is None or _is_missing(share) else format_number(share, f".{decimals}%", language)


def date(day: dt.date | str | None, language: Language) -> str:
    """A day: 24 Nov 2026."""
    if day is None:
        return NOTHING
    known = dt.date.fromisoformat(day[:10]) if isinstance(day, str) else day
    return str(dates.format_date(known, "d MMM y", locale=_LOCALES[language]))


def moment(time: dt.datetime | None, language: Language) -> Markup | str:
    """A moment, in UTC until the browser's script writes it in the reader's own time."""
    if time is None:
        return NOTHING
    utc = time.astimezone(dt.UTC)
    written = dates.format_datetime(utc, "d MMM y, HH:mm", tzinfo=dt.UTC, locale=_LOCALES[language])
    return Markup('<time datetime="{stamp}">{written} UTC</time>').format(
        stamp=utc.isoformat(timespec="seconds"), written=written
    )


def duration(seconds: float | None, language: Language) -> str:
    """A time that something takes, in two units at most: 0.4 s, 12 s, 3 min 5 s, 2 h 10 min, 3 d 4 h."""
    if seconds is None or _is_missing(seconds):
        return NOTHING
    if seconds < _FEW:
        return translate(Message(N_("{seconds:,.1f} s"), {"seconds": seconds}), language)
    whole = round(seconds)
    for unit, smaller, template in (
        (_DAY, _HOUR, N_("{big:,} d {small} h")),
        (_HOUR, _MINUTE, N_("{big} h {small} min")),
        (_MINUTE, 1, N_("{big} min {small} s")),
    ):
        if whole >= unit:
            return translate(Message(template, {"big": whole // unit, "small": whole % unit // smaller}), language)
    return translate(Message(N_("{seconds} s"), {"seconds": whole}), language)


def size(count: float | None, language: Language) -> str:
    """A number of bytes: 812 B, 1.4 MB (of 2**20)."""
    if count is None:
        return NOTHING
    amount = float(count)
    units = iter(("B", "KB", "MB", "GB"))
    unit = next(units)
    while amount >= _KILO and unit != "GB":
        amount, unit = amount / _KILO, next(units)
    form = ",.1f" if amount < _FEW and unit != "B" else ",.0f"
    return f"{format_number(amount, form, language)} {unit}"


def filters_of(language: Language) -> Mapping[str, Callable[..., Any]]:
    """The filters of templates, in one language."""
    known: dict[str, Callable[..., Any]] = {
        "number": number,
        "quantity": quantity,
        "percent": percent,
        "date": date,
        "moment": moment,
        "duration": duration,
        "bytes": size,
    }
    return {name: partial(one, language=language) for name, one in known.items()}


def _is_missing(value: float | None) -> bool:
    return value is None or math.isnan(value)
