"""Month names of all languages that CLDR has, from `months.txt`, which `tools/month_names.py` writes."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from batchcast.ingest.common.names import is_average_word

# English and Indonesian, in full and as people shorten them; they count before any other language.
OURS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januari",
            "feb february februari peb pebruari",
            "mar march maret mrt",
            "apr april",
            "may mei",
            "jun june juni",
            "jul july juli",
            "aug august agu agt ags agustus",
            "sep sept september",
            "oct october okt oktober",
            "nov november nop nopember",
            "dec december des desember",
        ),
        start=1,
    )
    for name in names.split()
}
LETTERS = "[A-Za-z\u00a1-\u1fff\u2c00-\U0010ffff]+"  # of a month's name, in a regular expression
COUNTED_MONTH = r"(?:M|(?:Month|Bulan|Bln|Monat|Mois|Mes|Mese|M[eê]s|Maand|Miesi[aą]c)[ ._-]?(?:ke[- ]?)?)(\d{1,2})"
_WORD = re.compile(LETTERS)
_WEEK = r"(?:W|wk|week|kw|minggu|mgg)[ ._-]?(?P<week>\d{1,2})"


_ALIKE = 0.6  # of the letters of a misspelt name stand in the same order
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?:\.0)?(?!\d)", re.ASCII)

_WITHOUT_YEAR = re.compile(rf"(?:(?P<day>\d{{1,2}})[ ./-]?)?(?P<month>{LETTERS})\.?$|{_WEEK}$", re.IGNORECASE)
_COUNTED = re.compile(rf"(?:{COUNTED_MONTH}|(?P<word>P|PERIODE?|PD|PER)[ ._-]?(?P<period>\d{{1,2}}))$", re.IGNORECASE)


class _Names(NamedTuple):
    certain: dict[str, int]  # of any language
    by_language: dict[str, dict[str, int]]  # of languages some of whose names are another month in another language


@cache
def _names() -> _Names:
    certain: dict[str, int] = {}
    by_language: dict[str, dict[str, int]] = {}
    for line in Path(__file__).with_name("months.txt").read_text(encoding="utf-8").splitlines():
        key, _, rest = line.partition(" ")
        if key.isdigit():
            certain |= dict.fromkeys(rest.split(" "), int(key))
        else:
            groups = enumerate(rest.split("|"), start=1)
            by_language[key] = {name: month for month, names in groups for name in names.split(",")}
    return _Names(certain, by_language)


def month_named(name: str, language: str | None = None) -> int | dict[str, int] | None:
    """The month of a name; by language where it differs and none is given; None where it is no month's name."""
    name = name.casefold()
    if name in OURS:
        return OURS[name]
    names = _names()
    if name in names.certain:
        return names.certain[name]
    found = {one: months[name] for one, months in names.by_language.items() if name in months}
    if language in found:
        return found[language]
    return found or None


def language_of(texts: Iterable[str]) -> str | None:
    """The language whose names of months all of the texts are in, where some name needs one and only one fits."""
    words = {word.casefold() for text in texts for word in _WORD.findall(text)}
    months = {word for word in words if month_named(word) is not None}
    fitting = [one for one, names in _names().by_language.items() if months <= names.keys()]
    return fitting[0] if len(fitting) == 1 else None


# Headers of periods that have no year: `Jan`, `1-Jan`, `Week 1`, `Bulan 1`, `P01`.


def lack_a_year(names: Sequence[str]) -> bool:
    """Whether several names are those of periods without a year."""
    language = language_of(names)
    return sum(_without_year(name, language) is not None for name in names) > 1


def with_years(names: Sequence[str], first_year: int | None) -> list[str]:
    """The names, those of periods without a year with one.

    Args:
        names: of columns, in their order.
        first_year: of the first of them; where they begin again, the next year does. None: the names stay as they are.
    """
    language, year, before = language_of(names), first_year, (0, 0)
    found = list(names)
    for i, name in enumerate(names):
        place = _without_year(name, language)
        if place is None or year is None or (is_average_word(name) and place[0] != before[0] + 1):
            continue  # avg is August too, in its place
        year, before = year + (place <= before), place
        number, day = place
        found[i] = f"{year}-W{number:02d}" if not day and _is_week(name) else f"{name.strip(' .')} {year}"
    return found


def years_in(text: str) -> list[int]:
    """The years that a text names."""
    return [int(float(one)) for one in _YEAR.findall(text)]


def years_of(cells: Sequence[object]) -> list[int]:
    """The years that cells are, in ascending order and each once; none where some cell is no year, or there is none."""
    found = [_YEAR.fullmatch(str(cell).strip()) for cell in cells]
    return sorted({int(one[0][:4]) for one in found if one}) if all(found) else []


def is_like_month(name: str, month: int, names: Sequence[str]) -> bool:
    """Whether a name may be that of a month, misspelt, as the other names of a header are written."""
    name = name.casefold().strip(" .")
    is_ours = all(word.casefold() in OURS for one in names for word in _WORD.findall(one))
    known = OURS if is_ours else {**_names().certain, **OURS}
    likely = [one for one, number in known.items() if number == month and abs(len(one) - len(name)) < 3]
    return any(difflib.SequenceMatcher(None, name, one).ratio() >= _ALIKE for one in likely)


def counted_months(names: Sequence[str]) -> dict[str, bool]:
    """The names that are a number of a month or a period, without a year, `M1` or `P01`; whether it is a period."""
    found = {name: written for name in names if (written := _COUNTED.match(name.strip()))}
    return {name: written["period"] is not None for name, written in found.items() if _place(written) is not None}


def number_of_period(name: str) -> int:
    """The number in such a name, also one that no month has; 0 where it is none."""
    counted = _COUNTED.match(name.strip())
    return 0 if counted is None else int(counted[1] or counted["period"])


def _place(counted: re.Match[str]) -> tuple[int, int] | None:
    """Month and day 0 of a number of a month; None where no year has so many."""
    number = int(counted[1] or counted["period"])
    return (number, 0) if 1 <= number <= 12 else None


def _is_week(name: str) -> bool:
    found = _WITHOUT_YEAR.match(name.strip())
    return found is not None and found["week"] is not None


def _without_year(name: str, language: str | None) -> tuple[int, int] | None:
    """Month and day, or week and 0, of a name without a year; None where it is none."""
    found = _WITHOUT_YEAR.match(name.strip())
    if found is None:
        counted = _COUNTED.match(name.strip())
        return None if counted is None else _place(counted)
    if found["week"] is not None:
        return int(found["week"]), 0
    month = month_named(found["month"], language)
    return (month, int(found["day"] or 0)) if isinstance(month, int) else None
