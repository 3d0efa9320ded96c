"""The rows of a small table, of a CSV file or a sheet of a workbook, from its header on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from batchcast.ingest.bytestream import plain_file, unreadable
from batchcast.ingest.dialect import DELIMITERS
from batchcast.ingest.encoding import TextBlocks
from batchcast.ingest.limits import IngestLimits
from batchcast.ingest.recognise import opened_workbook
from batchcast.ingest.records import Records, split_lines, split_records
from batchcast.ingest.source import SourceRow, is_blank

_HEADER_WITHIN = 30  # rows of a sheet that are searched for the header

Known = Callable[[Sequence[object]], int]  # how many cells of a row are names of columns


@dataclass(frozen=True, kw_only=True, slots=True)
class StockTable:
    """All rows, the header first; lines whose cells are not those of the header apart."""

    rows: list[SourceRow]
    uneven: list[int] = field(default_factory=list)  # ascending


def read_table(path: Path, limits: IngestLimits, known: Known) -> StockTable:
    """The rows of a file.

    Args:
        path: of it.
        limits: what it may hold.
        known: tells the header, and how a text is delimited.

    Raises:
        InvalidInput: if it can't be read.
    """
    try:
        with opened_workbook(path) as archive:
            if archive is not None:
                from batchcast.ingest.workbook import read_sheets

                return _of_sheets(list(read_sheets(archive, path, limits)), known)
        source = plain_file(path, path.name, limits)
    except OSError as error:
        raise unreadable(path.name, error) from error
    lines = [line for block in TextBlocks(source) for line in split_lines(block.data)]
    every = (split_records(lines, 1, delimiter) for delimiter in DELIMITERS)
    return _of_records(max(every, key=lambda records: _header_worth(records, known)))


def _of_sheets(sheets: Sequence[list[SourceRow]], known: Known) -> StockTable:
    """The sheet, and the row of it, in which most columns are known."""
    best, start, most = list[SourceRow](), 0, -1
    for rows in sheets:
        for place, row in enumerate(islice(rows, _HEADER_WITHIN)):
            if known(row.cells) > most:
                best, start, most = rows, place, known(row.cells)
    if not best:
        return StockTable(rows=[])
    width = max(place for place, cell in enumerate(best[start].cells, start=1) if not is_blank(cell))
    return StockTable(rows=[SourceRow(row.line, _fitted(row.cells, width)) for row in best[start:]])


def _fitted(cells: tuple[Any, ...], width: int) -> tuple[Any, ...]:
    return (*cells[:width], *([None] * (width - len(cells))))


def _of_records(records: Records) -> StockTable:
    width = len(records.rows[0].cells) if records.rows else 0
    uneven = {row.line for row in records.rows if len(row.cells) != width}
    uneven |= {one.row.line for one in records.broken}
    if records.open_from is not None:
        uneven.add(records.open_from + 1)
    return StockTable(rows=records.rows, uneven=sorted(uneven))


def _header_worth(records: Records, known: Known) -> tuple[int, int]:
    cells = records.rows[0].cells if records.rows else ()
    return known(cells), len(cells)
