"""The cells of one of our columns, however it is read: from a column of the file, several joined, or one value."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from batchcast.domain.errors import Message
from batchcast.domain.history import row_location
from batchcast.ingest.common.arrow import numbers_of
from batchcast.ingest.common.source import Block, ColumnSource, SourceRow
from batchcast.ingest.values.keys import Keys, key_text, without_wrapping

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
    """The distinct cells of a pyarrow array, or of a list of cells of a workbook; nested types and bytes have none."""
    if isinstance(column, list):
        numbers: dict[object, int] = {}
        index = [numbers.setdefault(cell, len(numbers)) for cell in column]
        return DistinctCells(list(numbers), np.array(index, dtype=np.int32))
    if pa.types.is_nested(column.type) or pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        return DistinctCells([None], np.zeros(len(column), dtype=np.int32))
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
    """A cell of a date column as text: a date cell of a workbook in ISO order, without its time; `="…"` unwrapped."""
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat()
    if isinstance(cell, dt.date):
        return cell.isoformat()
    return without_wrapping(cell) if isinstance(cell, str) else key_text(cell)


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
