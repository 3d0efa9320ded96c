"""Tables with types: what Parquet files and the library's pandas, polars and pyarrow tables have in common."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from batchcast.domain.errors import N_, Message
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.common.arrow import number_array
from batchcast.ingest.common.limits import RATIO_COUNTS_FROM, IngestLimits
from batchcast.ingest.common.problems import DamagedFile, EmptyInput, OverTheLimit, UnreadableColumn
from batchcast.ingest.common.source import (
    Block,
    BrokenRow,
    FindLayout,
    LayoutT,
    SourceRow,
    WantedColumns,
    notes_on_full_sheet,
)
from batchcast.ingest.files.frames import arrow_table
from batchcast.ingest.layout.sample import MOST_SAMPLED

ROWS_IN_BLOCK = 1 << 18
_EVERY_COLUMN = 200_000  # rows of a Parquet file that is read with all of its columns, to judge those that are ours
_MOST_OF_OTHERS = 2  # times the size of those that are ours, in a larger one
_MOST_SHOWN = 60  # other columns


@dataclass(frozen=True, slots=True)
class TableBlock:
    """Some rows of a table."""

    batch: Any  # pyarrow.RecordBatch of the wanted columns, perhaps with others, named by their number
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
        """The cells of the rows that are read, dates and times as text; those of other columns are left blank."""
        names = [int(name) for name in self.batch.schema.names]
        chosen = np.fromiter(indices, dtype=np.int64)
        held = [pa.nulls(len(one)) if _holds_no_cells(one.type) else one for one in self.batch.columns]
        plain = [column.cast(pa.string()) if _is_view(column) else column for column in held]
        taken = [column.take(number_array(chosen)) for column in plain]
        texts = [column.cast(pa.string()) if pa.types.is_temporal(column.type) else column for column in taken]
        for i, *found in zip(chosen.tolist(), *(column.to_pylist() for column in texts), strict=True):
            cells: list[Any] = [None] * self.width
            for index, cell in zip(names, found, strict=True):
                cells[index] = cell
            yield SourceRow(self.first_row + i, tuple(cells))


def _is_view(column: Any) -> bool:
    """Whether rows can't be taken of the column as it is."""
    return bool(pa.types.is_string_view(column.type))


@dataclass(frozen=True, slots=True)
class TypedTable:
    """A table in memory."""

    table: Any  # pyarrow.Table
    sheet: str | None = None
    several_files: bool = False

    @property
    def notes(self) -> tuple[Message, ...]:
        """What a person should know of it."""
        return tuple(notes_on_full_sheet(Message(N_("The table")), self.table.num_rows))

    @property
    def format(self) -> Message:
        """What it was read as."""
        return Message(N_("table of {count} columns"), {"count": self.table.num_columns})

    def blocks(self, layout: WantedColumns) -> Generator[Block, None, None]:
        """All rows once."""
        read = _with_others(self.table.schema, layout)
        chosen = pa.table([self.table.column(i) for i in read], names=[str(i) for i in read])
        check_types(chosen.schema, layout)
        yield from table_blocks(chosen.to_batches(max_chunksize=ROWS_IN_BLOCK), len(layout.header))


def table_blocks(batches: Iterable[Any], width: int) -> Iterator[TableBlock]:
    """Blocks that know the number of their first row."""
    first = 1
    for batch in batches:
        yield TableBlock(batch, first, width)
        first += batch.num_rows


def open_table(table: Any, settings: BatchSettings, find: FindLayout[LayoutT]) -> tuple[TypedTable, LayoutT]:
    """A pandas, polars or pyarrow table, as `arrow_table` reads it.

    Raises:
        UnknownFormat: if it is no table.
        UnreadableColumn: if a column mixes types.
        EmptyInput: if it has no columns.
    """
    arrow = arrow_table(table)
    if not arrow.num_columns:
        raise EmptyInput(Message(N_("The table has no columns.")))
    opened = TypedTable(arrow)
    return opened, find(arrow.schema.names, settings, sample=_sample(arrow))


def _sample(table: Any) -> list[tuple[Any, ...]]:
    """The first rows of a pyarrow table or batch."""
    return list(zip(*map(_values, table.slice(0, MOST_SAMPLED).columns), strict=True))


def _holds_no_cells(kind: Any) -> bool:
    return bool(pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _with_others(schema: Any, layout: WantedColumns) -> list[int]:
    """The wanted columns, and others that rows show as they are: they tell whether the right ones are wanted."""
    kinds = (pa.types.is_string, pa.types.is_large_string, pa.types.is_integer, pa.types.is_floating, pa.types.is_date)
    shown = [i for i, field in enumerate(schema) if any(is_one(field.type) for is_one in kinds)]
    return sorted({*layout.wanted, *shown[:_MOST_SHOWN]})


def _affordable(read: Sequence[int], layout: WantedColumns, metadata: Any) -> list[int]:
    """The wanted columns, and of the others the smallest, together no larger than some times the wanted."""
    sizes = dict.fromkeys(read, 0)
    paths = [metadata.schema.column(i).path for i in range(metadata.num_columns)]
    at = {path: i for i, path in enumerate(paths)}
    for index in read:
        leaf = at.get(metadata.schema.to_arrow_schema().names[index])  # nested columns have further ones
        if leaf is not None:
            groups = (metadata.row_group(group).column(leaf) for group in range(metadata.num_row_groups))
            sizes[index] = sum(chunk.total_uncompressed_size for chunk in groups)
    left = _MOST_OF_OTHERS * sum(sizes[i] for i in layout.wanted if i in sizes)
    chosen = set(layout.wanted)
    for index in sorted(set(read) - chosen, key=sizes.__getitem__):
        left -= sizes[index]
        if left < 0:
            break
        chosen.add(index)
    return sorted(chosen)


def check_types(schema: Any, layout: WantedColumns) -> None:
    """Refuse columns that can't hold what they should.

    Raises:
        UnreadableColumn: for the first such column.
    """
    for index in layout.wanted:
        kind = schema.field(str(index)).type
        if _holds_no_cells(kind) and index not in layout.of_any_type:
            template = N_("Column {column} is of type {type}; send it as text, numbers or dates.")
            raise UnreadableColumn(Message(template, {"column": layout.header[index], "type": str(kind)}))


# Parquet files, in batches, with what they unpack to known beforehand.

_ROWS_IN_BATCH = 1 << 16
_DENSER_THAN_TEXT = 10  # times that Parquet packs better than an archive of text
_BYTES_PER_CELL = 4  # the least a cell takes once it is unpacked


@dataclass(frozen=True, slots=True)
class ParquetSource:
    """A Parquet file."""

    path: Path
    columns: int
    rows: int
    notes: tuple[Message, ...] = ()
    sheet: str | None = None
    several_files: bool = False

    @property
    def format(self) -> Message:
        """What it was read as."""
        return Message(N_("Parquet, {count} columns"), {"count": self.columns})

    def blocks(self, layout: WantedColumns) -> Generator[Block, None, None]:
        """All rows once.

        Raises:
            DamagedFile: if it is corrupt.
        """
        try:
            schema = pq.read_schema(self.path)
            read = _with_others(schema, layout)
            if self.rows > _EVERY_COLUMN:
                read = _affordable(read, layout, pq.read_metadata(self.path))
            names = [schema.names[i] for i in read]
            check_types(pa.schema([schema.field(i).with_name(str(i)) for i in layout.wanted]), layout)
            nested = {field.name for field in schema if pa.types.is_nested(field.type)}
            wanted = {schema.names[i] for i in layout.wanted}
            flat = [name for name in names if name not in nested and name in wanted]
            with pq.ParquetFile(self.path, read_dictionary=flat) as file:
                batches = file.iter_batches(batch_size=_ROWS_IN_BATCH, columns=names, use_threads=False)
                yield from table_blocks((_chosen(batch, schema, read) for batch in batches), len(layout.header))
        except (pa.ArrowException, OSError) as error:
            raise _damaged(self.path, error) from error


def open_parquet(
    path: Path, settings: BatchSettings, limits: IngestLimits, find: FindLayout[LayoutT]
) -> tuple[ParquetSource, LayoutT]:
    """A Parquet file.

    Raises:
        DamagedFile: if it is cut short or corrupt.
        OverTheLimit: if it unpacks to more than is allowed.
        InvalidInput: if its columns can't be a demand history.
    """
    try:
        metadata = pq.read_metadata(path)
        header = metadata.schema.to_arrow_schema().names
    except UnicodeDecodeError as error:
        template = N_("A column name of {name} is no UTF-8 text; rename the column and save the file again.")
        raise DamagedFile(Message(template, {"name": path.name})) from error
    except (pa.ArrowException, OSError) as error:
        raise _damaged(path, error) from error
    said = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
    _check_expanded(path, said, limits)
    layout = find(header, settings, sample=_first_rows(path))
    _check_expanded(path, max(said, metadata.num_rows * len(layout.wanted) * _BYTES_PER_CELL), limits)
    notes = tuple(notes_on_full_sheet(path.name, metadata.num_rows))
    return ParquetSource(path, len(header), metadata.num_rows, notes), layout


def _check_expanded(path: Path, expanded: int, limits: IngestLimits) -> None:
    too_dense = expanded > RATIO_COUNTS_FROM and expanded > path.stat().st_size * limits.max_ratio * _DENSER_THAN_TEXT
    if expanded > limits.max_expanded_bytes or too_dense:
        template = N_(
            "{name} unpacks to {found} MB, from {sent} KB; at most {most} MB are read, and no more than a demand "
            "history can be packed. Send it in smaller files, or as CSV."
        )
        most = limits.max_expanded_bytes // 1_000_000
        values = {"name": path.name, "sent": path.stat().st_size // 1000, "most": most}
        raise OverTheLimit(Message(template, values | {"found": expanded // 1_000_000}))


def _first_rows(path: Path) -> list[tuple[Any, ...]]:
    """The first rows of a Parquet file; raises DamagedFile where they can't be read."""
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=MOST_SAMPLED, use_threads=False):
                batch.validate(full=True)
                return _sample(batch)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise _damaged(path, error) from error
    return []


def _values(column: Any) -> list[Any]:
    if _holds_no_cells(column.type):
        return [None] * len(column)
    try:
        values: list[Any] = column.to_pylist()
    except (ValueError, OverflowError, UnicodeDecodeError):  # a date beyond those of Python
        return [None] * len(column)
    return values


def _chosen(batch: Any, schema: Any, read: Sequence[int]) -> Any:
    """Some columns by their numbers, of a batch that has all columns of their names in the order of the file."""
    batch.validate(full=True)  # a damaged page may hold text that is none, or point beyond its dictionary
    every = iter(enumerate(schema.names))
    at = {next(i for i, known in every if known == name): place for place, name in enumerate(batch.schema.names)}
    columns = [batch.column(at[i]) for i in read]
    return pa.RecordBatch.from_arrays(columns, names=[str(i) for i in read])


def _damaged(path: Path, error: Exception) -> DamagedFile:
    template = N_("{name} is not a whole Parquet file ({cause}). Send it again.")
    return DamagedFile(Message(template, {"name": path.name, "cause": str(error).split("\n")[0][:200]}))
