"""How a CSV file is written: its delimiter and its header, read off its first lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from batchcast.domain.message import Message, mark
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.bytestream import Bytes
from batchcast.ingest.encoding import TextBlocks
from batchcast.ingest.names import ACCEPTED_NAMES, HELD_NAMES, normal
from batchcast.ingest.problems import EmptyInput, NotText, UnclosedQuote
from batchcast.ingest.records import Records, split_lines, split_records

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_SAMPLE_BYTES = 1 << 18
_SAMPLE_LINES = 60
_CONTROL = frozenset(map(chr, range(32))) - set("\t\r\n\f\v\x1c\x1d\x1e\x1f")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one CSV file is written."""

    delimiter: str
    header: tuple[str, ...]
    header_lines: int  # physical lines up to the end of the header
    encoding: str  # of its first lines


def read_dialect(source: Bytes, settings: BatchSettings) -> Dialect:
    """The dialect of a CSV file.

    Raises:
        EmptyInput: if there is nothing in it.
        NotText: if it is no text.
        UnclosedQuote: if a quote of the header never closes.
    """
    blocks = TextBlocks(source, _SAMPLE_BYTES)
    first = next(iter(blocks), None)
    lines = split_lines(first.data) if first else []
    start = next((i for i, line in enumerate(lines) if line.strip(" \t\r\n;,|")), None)
    if start is None:
        template = mark("{name} is empty: export it again, with a header and a row for each demand.")
        raise EmptyInput(Message(template, {"name": source.name}))
    if _CONTROL & set(lines[start]):
        template = mark("{name} is not a text file; send a CSV, XLSX or Parquet file.")
        raise NotText(Message(template, {"name": source.name}))
    hinted = _hint(lines[start])
    if hinted:
        start += 1
    candidates = [hinted] if hinted else list(DELIMITERS)
    best = max(candidates, key=lambda delimiter: _fit(lines[start:], delimiter, settings))
    return _described(source, lines, start, best, blocks.encoding)


def _described(source: Bytes, lines: Sequence[str], start: int, delimiter: str, encoding: str) -> Dialect:
    found = split_records(list(lines[start : start + _SAMPLE_LINES]), start + 1, delimiter)
    if found.open_from == 0:
        found = split_records(list(lines[start:]), start + 1, delimiter)
    line = start + 1
    if not found.rows or (found.broken and found.broken[0].row.line < found.rows[0].line):
        template = mark("A quote that opens in line {line} of {name}, the header, never closes; close it or remove it.")
        raise UnclosedQuote(Message(template, {"line": line, "name": source.name}))
    header = found.rows[0]
    after = _line_after_header(found, len(lines))
    return Dialect(delimiter, tuple(str(cell) for cell in header.cells), after - 1, encoding)


def _line_after_header(found: Records, total: int) -> int:
    """The line that follows the header, which may itself span several."""
    header = found.rows[0]
    inside = sum(str(cell).replace("\r\n", "\n").replace("\r", "\n").count("\n") for cell in header.cells)
    return min(header.line + inside + 1, total + 1)


def _hint(line: str) -> str | None:
    """Excel's `sep=;` line."""
    text = line.strip().strip('"')
    return text[4:] if text.lower().startswith("sep=") and text[4:] in DELIMITERS else None


def _fit(lines: Sequence[str], delimiter: str, settings: BatchSettings) -> tuple[int, int, int]:
    """How well a delimiter explains the first lines: columns we know, rows as wide as the header, columns."""
    rows = split_records(list(lines[:_SAMPLE_LINES]), 1, delimiter).rows
    cells = rows[0].cells if rows and rows[0].line == 1 else lines[0].replace('"', "").split(delimiter)
    header = [normal(str(cell)) for cell in cells]
    accepted = {normal(name) for names in {**ACCEPTED_NAMES, **HELD_NAMES}.values() for name in names}
    mapped = {normal(piece) for target in settings.column_mapping.values() for piece in [target, *target.split("+")]}
    known = sum(name in accepted or name in mapped for name in header)
    even = sum(len(row.cells) == len(header) for row in rows) if len(header) > 1 else 0
    return (known, even, len(header))
