"""Parquet files, in batches, with what they unpack to known beforehand."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from batchcast.domain.message import Message, mark
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.header import Find, Found, Wanted
from batchcast.ingest.limits import RATIO_COUNTS_FROM, IngestLimits
from batchcast.ingest.problems import DamagedFile, OverTheLimit
from batchcast.ingest.source import Block
from batchcast.ingest.table import check_types, table_blocks

_ROWS_IN_BATCH = 1 << 16
_DENSER_THAN_TEXT = 10  # times that Parquet packs better than an archive of text
_BYTES_PER_CELL = 4  # the least a cell takes once it is unpacked


@dataclass(frozen=True, slots=True)
class ParquetSource:
    """A Parquet file."""

    path: Path
    columns: int
    notes: tuple[Message, ...] = ()
    sheet: str | None = None
    several_files: bool = False
    padded: bool = False

    @property
    def format(self) -> Message:
        """What it was read as."""
        return Message(mark("Parquet, {count} columns"), {"count": self.columns})

    def blocks(self, layout: Wanted) -> Generator[Block, None, None]:
        """All rows once.

        Raises:
            DamagedFile: if it is corrupt.
        """
        names = [layout.header[i] for i in layout.wanted]
        try:
            schema = pq.read_schema(self.path)
            check_types(pa.schema([schema.field(i).with_name(str(i)) for i in layout.wanted]), layout)
            with pq.ParquetFile(self.path, read_dictionary=names) as file:
                batches = file.iter_batches(batch_size=_ROWS_IN_BATCH, columns=names, use_threads=False)
                yield from table_blocks((_renamed(batch, layout) for batch in batches), len(layout.header))
        except (pa.ArrowException, OSError) as error:
            raise _damaged(self.path, error) from error


def open_parquet(
    path: Path, settings: BatchSettings, limits: IngestLimits, find: Find[Found]
) -> tuple[ParquetSource, Found]:
    """A Parquet file.

    Raises:
        DamagedFile: if it is cut short or corrupt.
        OverTheLimit: if it unpacks to more than is allowed.
        InvalidInput: if its columns can't be a demand history.
    """
    try:
        metadata = pq.read_metadata(path)
        header = metadata.schema.to_arrow_schema().names
    except (pa.ArrowException, OSError) as error:
        raise _damaged(path, error) from error
    layout = find(header, settings)
    said = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
    expanded = max(said, metadata.num_rows * len(layout.wanted) * _BYTES_PER_CELL)
    too_dense = expanded > RATIO_COUNTS_FROM and expanded > path.stat().st_size * limits.max_ratio * _DENSER_THAN_TEXT
    if expanded > limits.max_expanded_bytes or too_dense:
        template = mark(
            "{name} unpacks to {found} MB, from {sent} KB; at most {most} MB are read, and no more than a demand "
            "history can be packed. Send it in smaller files, or as CSV."
        )
        most = limits.max_expanded_bytes // 1_000_000
        values = {"name": path.name, "sent": path.stat().st_size // 1000, "most": most}
        raise OverTheLimit(Message(template, values | {"found": expanded // 1_000_000}))
    return ParquetSource(path, len(header)), layout


def _renamed(batch: Any, layout: Wanted) -> Any:
    columns = [batch.column(layout.header[i]) for i in layout.wanted]
    return pa.RecordBatch.from_arrays(columns, names=[str(i) for i in layout.wanted])


def _damaged(path: Path, error: Exception) -> DamagedFile:
    template = mark("{name} is not a whole Parquet file ({cause}). Send it again.")
    return DamagedFile(Message(template, {"name": path.name, "cause": str(error).split("\n")[0][:200]}))
