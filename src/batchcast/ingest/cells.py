"""The cells of one of our columns, however it is read: from a column of the file, several joined, or one value."""

from __future__ import annotations

import datetime as dt
import html
import re
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from batchcast.domain.errors import N_, Message
from batchcast.domain.history import row_location
from batchcast.ingest.arrow import numbers_of
from batchcast.ingest.bytestream import Bytes
from batchcast.ingest.keys import Keys, key_text
from batchcast.ingest.problems import OverTheLimit
from batchcast.ingest.source import Block, ColumnSource, SourceRow, Uncomputed

JOINT = "-"  # between the pieces of a joined key: site_code=Client+Warehouse gives 0-1


@dataclass(frozen=True, slots=True)
class DistinctCells:
    """The distinct cells of a column, and which of them each row has."""

    cells: list[Any]
    index: NDArray[np.int32]  # (rows,)

    def first_row(self, cell: object) -> int:
        """The first row that has this cell, as text."""
        numbers = [i for i, one in enumerate(self.cells) if one == cell or date_text(one) == cell]
        return int(np.flatnonzero(np.isin(self.index, numbers))[0])


def read_cells(block: Block, source: ColumnSource) -> DistinctCells:
    """The cells of one of our columns in a block."""
    if source.literal is not None:
        return DistinctCells([source.literal], np.zeros(block.num_rows, dtype=np.int32))
    pieces = [distinct(block.column(index)) for index in source.indices]
    return pieces[0] if len(pieces) == 1 else _joined(pieces)


def distinct(column: Any) -> DistinctCells:
    """The distinct cells of a pyarrow array, or of a list of cells of a workbook."""
    if isinstance(column, list):
        numbers: dict[object, int] = {}
        index = [numbers.setdefault(cell, len(numbers)) for cell in column]
        return DistinctCells(list(numbers), np.array(index, dtype=np.int32))
    if pa.types.is_temporal(column.type):
        column = column.cast(pa.string())
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    cells = encoded.dictionary.to_pylist()
    indices = encoded.indices
    if indices.null_count:
        cells.append(None)
        indices = indices.fill_null(len(cells) - 1)
    return DistinctCells(cells, numbers_of(indices).astype(np.int32, copy=False))


def read_codes(keys: Keys, block: Block, source: ColumnSource) -> NDArray[np.int32]:
    """The number of the key of each row of a block, NO_KEY where it can't be read."""
    cells = read_cells(block, source)
    return keys.codes(cells.cells)[cells.index]


def locator(block: Block, cells: DistinctCells, sheet: str | None) -> Callable[[str], Message]:
    """A function that says where a text stands first in a column of a block."""

    def locate(text: str) -> Message:
        row = next(block.rows([cells.first_row(text)]))
        return row_location(row.line, file=block.file, sheet=sheet)

    return locate


def cell_of(row: SourceRow, source: ColumnSource) -> Any:
    """The cell of one of our columns in a row."""
    if source.literal is not None:
        return source.literal
    cells = [row.cells[i] for i in source.indices]
    return cells[0] if len(cells) == 1 else _join(cells)


def date_text(cell: object) -> str:
    """A cell of a date column as text: a date cell of a workbook in ISO order, without its time."""
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat()
    if isinstance(cell, dt.date):
        return cell.isoformat()
    return cell if isinstance(cell, str) else key_text(cell)


def _joined(pieces: Sequence[DistinctCells]) -> DistinctCells:
    """Rows that agree in every piece agree in the joined cell."""
    codes = pieces[0].index.astype(np.int64)
    for piece in pieces[1:]:
        codes = codes * len(piece.cells) + piece.index
        _, codes = np.unique(codes, return_inverse=True)
    _, rows, index = np.unique(codes, return_index=True, return_inverse=True)
    cells = [_join([piece.cells[piece.index[row]] for piece in pieces]) for row in rows]
    return DistinctCells(cells, index.astype(np.int32))


def _join(cells: Sequence[Any]) -> str:
    """The pieces without their outer space; nothing where one of them is blank, as half a key is none."""
    texts = [key_text(cell).strip() for cell in cells]
    return JOINT.join(texts) if all(texts) else ""


# Cells of an XLSX sheet that hold no value: error values such as #N/A, and formulas without a stored result.

NoValues = dict[int, dict[int, str]]  # row, counted from 1 -> column, counted from 0 -> what stands there

_CELL = re.compile(rb"<(?:\w+:)?c\s([^>]{0,300}[^/>])>(.{0,9000}?)</(?:\w+:)?c>", re.DOTALL)
_PLACE = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')
_TYPE = re.compile(rb'\bt="(\w+)"')
_VALUE = re.compile(rb"<(?:\w+:)?v[^>/]*>([^<]+)<|<(?:\w+:)?is>")
_FORMULA = re.compile(rb"<(?:\w+:)?f(?:\s[^>]*?)?(?:/>|>([^<]*)<)")
_MOST_CELLS = 1_000_000
_LONGEST_CELL = 9_300  # bytes of a cell that are looked at


def add_no_values(found: NoValues, data: bytes, source: Bytes) -> None:
    """Add those of a piece of the sheet's XML.

    Raises:
        OverTheLimit: if there are more than a million.
    """
    if b't="e"' not in data and b"<f" not in data and b":f" not in data:
        return
    for cell in _CELL.finditer(data):
        text = _no_value(cell[1], cell[2])
        place = _PLACE.search(cell[1]) if text is not None else None
        if text is not None and place is not None:
            found.setdefault(int(place[2]), {})[column_number(place[1]) - 1] = text
    if len(found) > _MOST_CELLS:
        template = N_("{name} has error values in more than {most:,} rows; correct its formulas and save it again.")
        raise OverTheLimit(Message(template, {"name": source.name, "most": _MOST_CELLS}))


def last_cell(data: bytes) -> bytes:
    """The end of a piece that the next one goes on with: a cell may be cut in two."""
    start = max(data.rfind(b"<c "), data.rfind(b":c "), len(data) - _LONGEST_CELL)
    return data[max(0, min(start - 10, len(data) - 300)) :]


def column_number(letters: bytes) -> int:
    """A -> 1, AA -> 27."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def sheet_files(archive: zipfile.ZipFile) -> dict[str, str]:
    """The member of a workbook's archive by the name of its sheet."""
    try:
        workbook = archive.read("xl/workbook.xml").decode(errors="replace")
        relations = archive.read("xl/_rels/workbook.xml.rels").decode(errors="replace")
    except (KeyError, zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError):
        return {}
    targets = {}
    for relation in re.findall(r"<(?:\w+:)?Relationship\s[^>]*>", relations):
        attributes = dict(re.findall(r'(\w+)="([^"]*)"', relation))
        target = attributes.get("Target", "")
        targets[attributes.get("Id", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    files = {}
    for sheet in re.findall(r"<(?:\w+:)?sheet\s[^>]*>", workbook):
        attributes = dict(re.findall(r'([\w:]+)="([^"]*)"', sheet))
        relation = next((text for name, text in attributes.items() if name.endswith(":id")), "")
        files[html.unescape(attributes.get("name", ""))] = targets.get(relation, "")
    return files


def _no_value(attributes: bytes, body: bytes) -> str | None:
    """What stands in a cell without a value; None where it has one or is blank."""
    kind = _TYPE.search(attributes)
    value = _VALUE.search(body)
    if kind is not None and kind[1] == b"e":
        return html.unescape(value[1].decode(errors="replace")) if value and value[1] else "#N/A"
    formula = _FORMULA.search(body)
    if formula is None or value is not None or (kind is not None and kind[1] == b"str"):
        return None
    return Uncomputed("=" + html.unescape((formula[1] or b"").decode(errors="replace")))
