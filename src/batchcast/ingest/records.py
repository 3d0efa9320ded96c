"""The exact way to split lines into rows and cells: strict about quotes, and it knows every line's number."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from batchcast.domain.message import Message, mark
from batchcast.ingest.source import BrokenRow, SourceRow, is_blank

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
    reason = Message(mark("has a quote that closes in the middle of a cell; double the quotes inside a quoted cell"))
    return BrokenRow(SourceRow(number, tuple(cells)), column, reason)
