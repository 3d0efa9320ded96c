"""Tables with types: what Parquet files and the library's pandas, polars and pyarrow tables have in common."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from batchcast.domain.message import Message, mark
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.arrow import number_array
from batchcast.ingest.header import Find, Found, Wanted
from batchcast.ingest.problems import EmptyInput, UnknownFormat, UnreadableColumn
from batchcast.ingest.source import Block, BrokenRow, SourceRow

ROWS_IN_BLOCK = 1 << 18


@dataclass(frozen=True, slots=True)
class TableBlock:
    """Some rows of a table."""

    batch: Any  # pyarrow.RecordBatch of the wanted columns, named by their number
    first_row: int  # 1-based
    width: int  # columns of the table
    file: str | None = None
    broken: Sequence[BrokenRow] = ()
    blank_lines: int = 0

    @property
    def num_rows(self) -> int:
        """Rows that every column has."""
        return int(self.batch.num_rows)

    def column(self, index: int) -> Any:
        """The column, with its type."""
        return self.batch.column(str(index))

    def rows(self, indices: Iterable[int]) -> Iterator[SourceRow]:
        """The wanted cells of the rows, dates and times as text; cells of other columns are left blank."""
        names = [int(name) for name in self.batch.schema.names]
        chosen = np.fromiter(indices, dtype=np.int64)
        taken = [column.take(number_array(chosen)) for column in self.batch.columns]
        texts = [column.cast(pa.string()) if pa.types.is_temporal(column.type) else column for column in taken]
        for i, *found in zip(chosen.tolist(), *(column.to_pylist() for column in texts), strict=True):
            cells: list[Any] = [None] * self.width
            for index, cell in zip(names, found, strict=True):
                cells[index] = cell
            yield SourceRow(self.first_row + i, tuple(cells))


@dataclass(frozen=True, slots=True)
class TypedTable:
    """A table in memory."""

    table: Any  # pyarrow.Table
    notes: tuple[Message, ...] = ()
    sheet: str | None = None
    several_files: bool = False
    padded: bool = False

    @property
    def format(self) -> Message:
        """What it was read as."""
        return Message(mark("table of {count} columns"), {"count": self.table.num_columns})

    def blocks(self, layout: Wanted) -> Generator[Block, None, None]:
        """All rows once."""
        chosen = pa.table([self.table.column(i) for i in layout.wanted], names=[str(i) for i in layout.wanted])
        check_types(chosen.schema, layout)
        yield from table_blocks(chosen.to_batches(max_chunksize=ROWS_IN_BLOCK), len(layout.header))


def table_blocks(batches: Iterable[Any], width: int) -> Iterator[TableBlock]:
    """Blocks that know the number of their first row."""
    first = 1
    for batch in batches:
        yield TableBlock(batch, first, width)
        first += batch.num_rows


def open_table(table: Any, settings: BatchSettings, find: Find[Found]) -> tuple[TypedTable, Found]:
    """A pandas, polars or pyarrow table, by the Arrow interface that they share.

    Raises:
        UnknownFormat: if it is no table.
        UnreadableColumn: if a column mixes types.
        EmptyInput: if it has no columns.
    """
    arrow = _as_arrow(table)
    if not arrow.num_columns:
        raise EmptyInput(Message(mark("The table has no columns.")))
    opened = TypedTable(arrow)
    return opened, find(arrow.schema.names, settings)


def check_types(schema: Any, layout: Wanted) -> None:
    """Refuse columns that can't hold what they should.

    Raises:
        UnreadableColumn: for the first such column.
    """
    for index in layout.wanted:
        kind = schema.field(str(index)).type
        if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
            template = mark("Column {column} is of type {type}; send it as text, numbers or dates.")
            raise UnreadableColumn(Message(template, {"column": layout.header[index], "type": str(kind)}))


def _as_arrow(table: Any) -> Any:
    if isinstance(table, pa.Table):
        return table
    try:
        if hasattr(table, "columns") and type(table).__module__.partition(".")[0] == "pandas":
            return pa.Table.from_pandas(table, preserve_index=False)
        if hasattr(table, "__arrow_c_stream__"):
            return pa.table(table)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        template = mark("A column of the table can't be read ({cause}); give it one type, such as text.")
        raise UnreadableColumn(Message(template, {"cause": str(error)})) from error
    template = mark("{found} is not a table; give a pandas, polars or pyarrow table.")
    raise UnknownFormat(Message(template, {"found": type(table).__name__}))
