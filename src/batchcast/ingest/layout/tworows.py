"""Headers in two rows, as pivot tables write years over months, and years that only the titles above a header name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from batchcast.domain.errors import N_, Choice, InvalidInput, Message
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.common.problems import AmbiguousColumn, AmbiguousDates, MissingColumn, UnreadablePeriods
from batchcast.ingest.layout.missing import LEAST_PERIODS, MOST_NAMES, month_words, months_alone
from batchcast.ingest.values.months import with_years, years_in

_LETTER_AND_DIGIT = re.compile(r"[^\W\d_].*\d")


def two_row_headers(headers: Sequence[Sequence[str]]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Two rows that are one header, as pivots write years over months: (number of the lower row, names)."""
    for lower in range(1, len(headers)):
        names, over = [], ""
        upper = headers[lower - 1]
        for i, name in enumerate(headers[lower]):
            own = upper[i].strip() if i < len(upper) else ""
            over = own or over
            names.append(f"{name.strip()} {over}".strip() if name.strip() else own)
        yield lower + 1, tuple(names)


def says_more(of_two_rows: InvalidInput, names: Sequence[str], of_one: InvalidInput) -> bool:
    """Whether what is wrong with two rows that are read as one is better advice than what is wrong with one of them."""
    if not isinstance(of_one, AmbiguousColumn | MissingColumn):
        return False
    is_pairs = isinstance(of_two_rows, UnreadablePeriods)
    return is_pairs or (isinstance(of_two_rows, MissingColumn) and len(months_alone(names)) >= LEAST_PERIODS)


def header_in_two_rows(row: int, names: Sequence[str]) -> Message:
    """What to say where a header stands in two rows."""
    template = N_("The header stands in two rows, {first} and {row}, that are read as one: {example!r}.")
    example = max(names, key=lambda name: bool(_LETTER_AND_DIGIT.search(name)))
    return Message(template, {"first": row - 1, "row": row, "example": example})


def ask_about_year(names: Sequence[str], titles: Iterable[str], settings: BatchSettings) -> None:
    """Ask whether a year that the titles above a header name is that of its months, which have none.

    Raises:
        AmbiguousDates: if they name some.
    """
    years = sorted({year for title in titles for year in years_in(title)})
    months = [name for name in names if with_years([name], 2000) != [name]]
    months = months if len(months) >= LEAST_PERIODS else month_words(names)
    if settings.first_year is not None or not years or len(months) < LEAST_PERIODS:
        return
    template = N_(
        "The columns {months} … have no year in their headers, and the titles name {years}. If that is the year of "
        "the first, say so with {@first_year=$year}; else write the year into each header, such as Jan 2024."
    )
    choices = []
    for year in years[:MOST_NAMES]:
        dated = with_years(months, year)
        reading = Message(N_("from {first} to {last}"), {"first": dated[0], "last": dated[-1]})
        choices.append(Choice(settings={"first_year": str(year)}, reading=reading))
    values = {"months": ", ".join(map(repr, months[:3])), "years": ", ".join(map(str, years)), "year": str(years[0])}
    raise AmbiguousDates(Message(template, values), setting="first_year", choices=choices)
