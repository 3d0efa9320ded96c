"""Lists as SAP and databases print them: bars or blanks between columns, and rules, headers and titles on each page.

And rows that a spreadsheet has put into quotes as a whole.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from batchcast.domain.errors import N_, Message
from batchcast.ingest.common.names import normal, shortened

BAR = "|"
Gap = tuple[int, int]  # first place, and the one behind the last
_LOOKED_AT = 400  # lines that tell whether a text is a list
_HEADER_WITHIN = 30  # lines that are searched for the header of a list without bars
_LEAST_ROWS = 2
_MOST = 0.8  # of the lines with a bar stand between two
_MOST_WIDTH = 4_000  # characters of a line of a list without bars
_FEW = 0.05  # of the rows may run into the next column: they are refused
_RULE = re.compile(r"[\s|+:*=_-]*[-=_]{3}[\s|+:*=_-]*\Z")
_FOOTER = re.compile(r"\s*\(\d+ rows?(?: affected)?\)\s*\Z")
_STARS = re.compile(r"\*+\Z")
_IN_QUOTES = re.compile(r'"((?:[^"]|"")+)"[\s;,]*\Z')  # a line that is one quoted cell
_WORD = re.compile(r"\S+")
_NUMBER = re.compile(r"\d+")
_RULES, _HEADERS, _TITLES, _TOTALS = "rules", "headers", "titles", "totals"


@dataclass(frozen=True, slots=True)
class ListForm:
    """How the lines of a list are cut into cells."""

    header: tuple[str, ...]
    titles: frozenset[str] = frozenset()  # the lines above the header, as they are compared
    gaps: tuple[Gap, ...] = ()  # places of blanks between columns; none where bars stand between them
    delimiter: str = ""  # within rows that stand in quotes as a whole

    def cells(self, line: str) -> tuple[str, ...] | None:
        """The cells of a line; None where it can't be cut as the header is."""
        if self.delimiter:
            return _without_quotes(line, self.delimiter)
        if not self.gaps:
            return _between_bars(line)
        text = line.rstrip()
        if any(text[slice(*gap)].strip() for gap in self.gaps):
            return None
        bounds = (0, *(end for _, end in self.gaps), max(len(text), self.gaps[-1][1]))
        return tuple(text[start:end].strip() for start, end in pairwise(bounds))


@dataclass(slots=True)
class ListLines:
    """Tells the rows of a list from its other lines, and counts those."""

    form: ListForm
    passed: Counter[str] = field(default_factory=Counter)
    in_quotes: int = 0  # rows that stood in quotes as a whole
    title: str = ""  # the first that was passed over

    def row(self, line: str) -> tuple[str, ...] | None:
        """The cells of a line; None where it is no row. A line that can't be cut is one cell."""
        line = line.replace("\f", "")
        cells = self.form.cells(line)
        kind = self._kind(line, cells)
        if kind is None:
            self.in_quotes += bool(self.form.delimiter and _IN_QUOTES.match(line.strip()))
            return cells or (line.strip(),)
        if kind == _TITLES:
            self.title = self.title or line.strip()
        self.passed[kind] += 1
        return None

    def notes(self) -> list[Message]:
        """What was passed over."""
        if self.form.delimiter:
            template = N_("{count:,} rows stand in quotes as a whole; they are read as if they did not.")
            return [Message(template, {"count": self.in_quotes})]
        if not self.passed.total():
            return []
        template = N_(
            "The file is a list of pages: {rules:,} lines of dashes, {headers:,} repeated headers and {titles:,} lines "
            "of titles are passed over."
        )
        counts: dict[str, object] = {kind: self.passed[kind] for kind in (_RULES, _HEADERS, _TITLES)}
        notes = [Message(template, counts)]
        if self.title:
            template = N_("The first line of titles that is passed over is {title!r}.")
            notes.append(Message(template, {"title": shortened(self.title)}))
        if self.passed[_TOTALS]:
            template = N_("{count:,} lines of totals, which the list marks with *, are left out.")
            notes.append(Message(template, {"count": self.passed[_TOTALS]}))
        return notes

    def _kind(self, line: str, cells: tuple[str, ...] | None) -> str | None:
        """What a line is besides a row; None for a row."""
        if self.form.delimiter:
            return None
        if _RULE.match(line):
            return _RULES
        if cells == self.form.header:
            return _HEADERS
        if _FOOTER.match(line) or (not self.form.gaps and BAR not in line) or _compared(line) in self.form.titles:
            return _TITLES
        return _TOTALS if cells and _STARS.match(cells[0]) else None


def find_barred_list(lines: Sequence[str]) -> tuple[int, ListForm] | None:
    """The number of the header's line, from 0, and the form of a list with bars around each row; None where it is none.

    Args:
        lines: the first of the text.
    """
    looked = [line.replace("\f", "") for line in lines[:_LOOKED_AT]]
    with_bars = [i for i, line in enumerate(looked) if BAR in line and not _RULE.match(line)]
    framed = {i: cells for i in with_bars if (cells := _between_bars(looked[i]))}
    if len(framed) <= _LEAST_ROWS or len(framed) < _MOST * len(with_bars):
        return None
    width, _ = Counter(map(len, framed.values())).most_common(1)[0]
    number = next(i for i, cells in framed.items() if len(cells) == width)
    return (number, ListForm(framed[number], _titles(looked[:number]))) if width > 1 else None


def find_rows_in_quotes(lines: Sequence[str], delimiters: Collection[str]) -> ListForm | None:
    """The form of a text whose rows stand in quotes as a whole: all, or those alone that a spreadsheet quoted.

    Args:
        lines: the first of the text, from its header on.
        delimiters: those that may stand between cells.
    """
    looked = [line for line in lines[:_LOOKED_AT] if line.strip()]
    if not any(_IN_QUOTES.match(line.strip()) for line in looked):
        return None
    for delimiter in delimiters:
        cut = [_without_quotes(line, delimiter) for line in looked]
        width = len(cut[0] or ())
        fitting = sum(len(cells or ()) == width for cells in cut)
        if width > 1 and cut[0] and fitting > _LEAST_ROWS and fitting >= (1 - _FEW) * len(cut):
            return ListForm(cut[0], delimiter=delimiter)
    return None


def _without_quotes(line: str, delimiter: str) -> tuple[str, ...] | None:
    """The cells of a line, without the quotes around all of them; None where others are out of place."""
    whole = _IN_QUOTES.match(line.strip())
    try:
        rows = list(csv.reader([whole[1].replace('""', '"') if whole else line], delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return tuple(rows[0]) if rows else None


def find_spaced_list(lines: Sequence[str], known: Collection[str]) -> tuple[int, ListForm] | None:
    """The same of a list with blanks between its columns: one run of places that are blank in the header and every row.

    Args:
        lines: the first of the text.
        known: names of columns, as they are compared.
    """
    looked = [line.replace("\f", "").rstrip() for line in lines[:_LOOKED_AT]]
    if any("\t" in line or len(line) > _MOST_WIDTH for line in looked):
        return None
    for number, line in enumerate(looked[:_HEADER_WITHIN]):
        if sum(normal(name) in known for name in {*line.split(), *re.split(r"\s{2,}", line)}) < 2:
            continue
        titles = _titles(looked[:number])
        rows = [row for row in looked[number + 1 :] if row != line and _compared(row) not in titles]
        rows = [row for row in rows if row and not _RULE.match(row) and not _FOOTER.match(row)]
        form = ListForm((), titles, _ruled_gaps(looked[number + 1 :][:1]) or _gaps(line, rows))
        header = form.cells(line) if form.gaps and len(rows) >= _LEAST_ROWS else None
        if header and sum(normal(name) in known for name in header) >= 2:
            return number, replace(form, header=header)
    return None


def _between_bars(line: str) -> tuple[str, ...] | None:
    text = line.strip()
    if len(text) < 3 or text[0] != BAR or text[-1] != BAR:
        return None
    return tuple(cell.strip() for cell in text[1:-1].split(BAR))


def _titles(lines: Sequence[str]) -> frozenset[str]:
    return frozenset(_compared(line) for line in lines if line.strip() and not _RULE.match(line))


def _compared(line: str) -> str:
    """A line of titles as it is compared: the date and the number of the page make no difference."""
    return _NUMBER.sub("0", " ".join(line.split()))


def _ruled_gaps(lines: Sequence[str]) -> tuple[Gap, ...]:
    """The blanks between the dashes under a header, one run of dashes a column; none where the line is no such rule."""
    runs = [found.span() for line in lines if _RULE.match(line) for found in _WORD.finditer(line)]
    return tuple((one[1], other[0]) for one, other in pairwise(runs))


def _gaps(header: str, rows: Sequence[str]) -> tuple[Gap, ...]:
    """The blanks between two words of the header that part all rows; none where two runs of blanks do between some."""
    counts = Counter(i for line in rows for i, letter in enumerate(line) if letter != " ")
    filled = {i for i, count in counts.items() if count > _FEW * len(rows)}
    words = [word.span() for word in _WORD.finditer(header)]
    last = max(filled | {words[-1][1]}) + 2
    filled_or_named = filled | {i for start, end in words for i in range(start, end)}
    found: list[Gap] = []
    for start, end in pairwise([*(start for start, _ in words), last]):
        runs = _runs([i for i in range(start, end) if i not in filled_or_named])
        if len(runs) > 1:
            return ()
        found += runs
    return _between_filled(found[:-1], filled, last)


def _between_filled(gaps: list[Gap], filled: Collection[int], end: int) -> tuple[Gap, ...]:
    """The gaps without those of one blank beside a piece that no row fills: `Qty in UnE` is one name."""
    number = 0
    while number <= len(gaps):
        start = gaps[number - 1][1] if number else 0
        until = gaps[number][0] if number < len(gaps) else end
        beside = [i for i in (number - 1, number) if 0 <= i < len(gaps) and gaps[i][1] - gaps[i][0] == 1]
        if beside and not any(i in filled for i in range(start, until)):
            del gaps[beside[0]]
            number = max(0, number - 1)
        else:
            number += 1
    return tuple(gaps)


def _runs(places: Sequence[int]) -> list[Gap]:
    """Consecutive ascending numbers as (first, last + 1)."""
    found: list[Gap] = []
    for place in places:
        if found and found[-1][1] == place:
            found[-1] = (found[-1][0], place + 1)
        else:
            found.append((place, place + 1))
    return found
