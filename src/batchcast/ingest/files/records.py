"""The exact way to split lines into rows and cells: strict about quotes, and it knows every line's number."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from batchcast.domain.errors import N_, Message
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.common.limits import MOST_COLUMNS
from batchcast.ingest.common.names import known_names, normal
from batchcast.ingest.common.problems import EmptyInput, NotText, UnclosedQuote
from batchcast.ingest.common.source import BrokenRow, SourceRow, is_blank
from batchcast.ingest.files.lists import (
    BAR,
    ListForm,
    ListLines,
    find_barred_list,
    find_rows_in_quotes,
    find_spaced_list,
)
from batchcast.ingest.layout.sample import MOST_SAMPLED
from batchcast.ingest.text.bytestream import Bytes
from batchcast.ingest.text.encoding import TextBlocks

_END = "\0"  # stands after the last line; no text of ours holds a NUL
_LONGEST_CELL = 64 << 20


@dataclass
class Records:
    """Rows of some lines."""

    rows: list[SourceRow] = field(default_factory=list)
    broken: list[BrokenRow] = field(default_factory=list)
    blank_lines: int = 0
    open_from: int | None = None  # index of the line where a quote opens that these lines don't close


def split_lines(data: bytes) -> list[str]:
    """Physical lines with their ends; a lone carriage return ends a line too."""
    return list(io.StringIO(data.decode(), newline=""))


def split_records(lines: list[str], first_line: int, delimiter: str) -> Records:
    """The rows of `lines`; a row whose quotes don't fit is broken, and reading goes on in the line after its first."""
    found = Records()
    start = 0
    with _long_cells():
        while start < len(lines) and found.open_from is None:
            start = _split_from(lines, start, first_line, delimiter, found)
    return found


def split_rows(lines: Iterable[str], delimiter: str) -> list[tuple[str, ...]]:
    """The cells of lines that are known to be one row each."""
    with _long_cells():
        return [tuple(cells) for cells in csv.reader(lines, delimiter=delimiter)]


@contextmanager
def _long_cells() -> Iterator[None]:
    """Let a cell be longer than the csv module allows by itself: it is refused with its row, not with the file."""
    earlier = csv.field_size_limit(_LONGEST_CELL)
    try:
        yield
    finally:
        csv.field_size_limit(earlier)


def _split_from(lines: list[str], start: int, first_line: int, delimiter: str, found: Records) -> int:
    """Split from line `start` on; return the line to go on with after a row that is broken."""
    feed = _Feed(lines, start)
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    while True:
        begin = feed.next
        try:
            cells = next(reader)
        except StopIteration:
            return len(lines)
        except csv.Error:
            if feed.next > len(lines):
                found.open_from = begin
                return len(lines)
            found.broken.append(_misquoted(lines[begin], first_line + begin, delimiter))
            return begin + 1
        if cells == [_END]:
            return len(lines)
        if not all(map(is_blank, cells)):
            found.rows.append(SourceRow(first_line + begin, tuple(cells)))
        else:
            found.blank_lines += 1


class _Feed:
    """Lines one by one, knowing how many were taken."""

    def __init__(self, lines: list[str], start: int) -> None:
        self.next = start
        self._lines = lines

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        self.next += 1
        if self.next <= len(self._lines):
            return self._lines[self.next - 1]
        if self.next == len(self._lines) + 1:
            return _END
        raise StopIteration


def _misquoted(line: str, number: int, delimiter: str) -> BrokenRow:
    cells = line.rstrip("\r\n").split(delimiter)
    column = next((i for i, cell in enumerate(cells) if cell.startswith('"')), 0)
    reason = Message(N_("has a quote that closes in the middle of a cell; double the quotes inside a quoted cell"))
    return BrokenRow(SourceRow(number, tuple(cells)), column, reason)


# How a CSV file is written: its delimiter and its header, read off its first lines.

DELIMITERS = {",": ",", ";": ";", "\t": "tab", "|": "|"}  # as a person reads them
_SAMPLE_BYTES = 1 << 18
_SAMPLE_LINES = 60
HEADER_WITHIN = 30  # rows that are searched for the header, under titles of a report
_CONTROL = frozenset(map(chr, range(32))) - set("\t\r\n\f\v\x1c\x1d\x1e\x1f")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one CSV file is written."""

    delimiter: str
    header: tuple[str, ...]
    header_lines: int  # physical lines up to the end of the header
    encoding: str  # the setting: how a text that is no UTF-8 is read
    rows: tuple[SourceRow, ...] = ()  # under the header, as many as were looked at
    form: ListForm | None = None  # where it is a list of pages, whose cells are cut by it
    damaged: tuple[int, ...] = ()  # lines among them that hold bytes that are no text ...
    read_as: str = "UTF-8"  # ... in this encoding

    @property
    def sample(self) -> list[tuple[Any, ...]]:
        """The cells of the rows under the header."""
        return [row.cells for row in self.rows]

    def at(self, row: int) -> Dialect:
        """The same with one of the rows as its header, and the lines above it passed over."""
        header = self.rows[row]
        lines = header.line + line_breaks(header)
        names = tuple(str(cell) for cell in header.cells)
        return replace(self, header=names, header_lines=lines, rows=self.rows[row + 1 :])

    @property
    def usual_width(self) -> int:
        """Cells of most rows under the header."""
        widths = Counter(len(row.cells) for row in self.rows)
        return max(widths, key=lambda width: (widths[width], -width), default=len(self.header))

    def check_header(self, name: str) -> None:
        """Refuse a header, or a line above it, that is no text.

        Raises:
            NotText: if it is none.
        """
        line = next((line for line in self.damaged if line <= self.header_lines), None)
        if line is not None:
            template = N_(
                "The header, line {line} of {name}, holds a byte that is no {encoding}; save the file as UTF-8."
            )
            raise NotText(Message(template, {"line": line, "name": name, "encoding": self.read_as}))


def read_dialect(source: Bytes, settings: BatchSettings) -> Dialect:
    """The dialect of a CSV file.

    Raises:
        EmptyInput: if there is nothing in it.
        NotText: if it is no text.
        UnclosedQuote: if a quote of the header never closes.
    """
    blocks = TextBlocks(source, _SAMPLE_BYTES, asked=settings.encoding)
    first = next(iter(blocks), None)
    lines = split_lines(first.data) if first else []
    start = next((i for i, line in enumerate(lines) if line.strip(" \t\r\n;,|")), None)
    if start is None:
        template = N_("{name} is empty: export it again, with a header and a row for each demand.")
        raise EmptyInput(Message(template, {"name": source.name}))
    if _CONTROL & set(lines[start]):
        template = N_("{name} is not a text file; send a CSV, XLSX or Parquet file.")
        raise NotText(Message(template, {"name": source.name}))
    known = known_names(settings.column_mapping.values())
    if found := find_barred_list(lines):
        return _of_list(lines, *found, settings.encoding)
    if form := find_rows_in_quotes(lines[start:], DELIMITERS):
        return _of_list(lines, start, form, settings.encoding)
    hinted = _hint(lines[start])
    if hinted:
        start += 1
    candidates = [hinted] if hinted else list(DELIMITERS)
    fits = {delimiter: _fit(lines[start:], delimiter, known) for delimiter in candidates}
    best = max(candidates, key=lambda delimiter: fits[delimiter])
    if fits[best][0] < 2 and (found := find_spaced_list(lines, known)):
        return _of_list(lines, *found, settings.encoding)
    dialect = _described(source, lines, start, best, settings.encoding)
    dialect = replace(dialect, damaged=tuple(first.damaged if first else ()), read_as=blocks.encoding)
    dialect.check_header(source.name)
    return dialect


def _of_list(lines: Sequence[str], number: int, form: ListForm, encoding: str) -> Dialect:
    below = list_records(lines[number + 1 : number + MOST_SAMPLED], number + 2, ListLines(form))
    return Dialect(form.delimiter or BAR, form.header, number + 1, encoding, tuple(below.rows), form)


def list_records(lines: Sequence[str], first_line: int, listed: ListLines) -> Records:
    """The rows of some lines of a list; lines between them are counted by `listed`."""
    found = Records()
    for number, line in enumerate(lines, start=first_line):
        if not line.strip():
            found.blank_lines += 1
        elif (cells := listed.row(line)) is not None:
            found.rows.append(SourceRow(number, cells))
    return found


def _described(source: Bytes, lines: Sequence[str], start: int, delimiter: str, encoding: str) -> Dialect:
    found = split_records(list(lines[start : start + MOST_SAMPLED]), start + 1, delimiter)
    if found.open_from == 0:
        found = split_records(list(lines[start:]), start + 1, delimiter)
    line = start + 1
    if not found.rows or (found.broken and found.broken[0].row.line < found.rows[0].line):
        template = N_("A quote that opens in line {line} of {name}, the header, never closes; close it or remove it.")
        raise UnclosedQuote(Message(template, {"line": line, "name": source.name}))
    header = found.rows[0]
    after = _line_after_header(found, len(lines))
    return Dialect(delimiter, tuple(str(cell) for cell in header.cells), after - 1, encoding, tuple(found.rows[1:]))


def _line_after_header(found: Records, total: int) -> int:
    """The line that follows the header, which may itself span several."""
    header = found.rows[0]
    return min(header.line + line_breaks(header) + 1, total + 1)


def line_breaks(row: SourceRow) -> int:
    """Line ends within the quoted cells of a row."""
    return sum(str(cell).replace("\r\n", "\n").replace("\r", "\n").count("\n") for cell in row.cells)


def _hint(line: str) -> str | None:
    """Excel's `sep=;` line."""
    text = line.strip().strip('"')
    return text[4:] if text.lower().startswith("sep=") and text[4:] in DELIMITERS else None


def _fit(lines: Sequence[str], delimiter: str, known_names: set[str]) -> tuple[int, int, int]:
    """How well a delimiter explains the first lines: columns we know, rows as wide as the header, columns."""
    rows = split_records(list(lines[:_SAMPLE_LINES]), 1, delimiter).rows
    cells = rows[0].cells if rows and rows[0].line == 1 else lines[0].replace('"', "").split(delimiter)
    headers = [
        [normal(str(cell)[:200]) for cell in one[: MOST_COLUMNS + 1]]
        for one in (cells, *(row.cells for row in rows[:HEADER_WITHIN]))
    ]
    counts = [sum(name in known_names for name in names) for names in headers]
    known = max(counts)
    usual = max(Counter(len(row.cells) for row in rows).items(), key=lambda item: (item[1], item[0]), default=(1, 0))[0]
    width = len(headers[counts.index(known)]) if known else usual  # titles may stand above a header we don't know
    even = sum(len(row.cells) == width for row in rows) if width > 1 else 0
    return (known, even, width)
