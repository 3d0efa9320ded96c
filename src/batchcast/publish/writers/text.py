"""Columns of text put together row by row, and handed to a file without a copy a row."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from batchcast.publish.cells import Column

TEXT = pa.large_string()  # 64-bit offsets: a piece may hold more than 2 GB


def joined(*pieces: Column | str, separator: str = "") -> Column:
    """The pieces of each row, one after the other; null where one of them is."""
    columns = [pa.scalar(p, TEXT) if isinstance(p, str) else pc.cast(p, TEXT) for p in pieces]
    return pc.binary_join_element_wise(*columns, pa.scalar(separator, TEXT))


def joined_bytes(rows: Column) -> memoryview:
    """All the rows, one after the other, as UTF-8: Arrow keeps them just so."""
    if len(rows) == 0:
        return memoryview(b"")
    offsets = memoryview(rows.buffers()[1]).cast("q")
    return memoryview(rows.buffers()[2])[offsets[rows.offset] : offsets[rows.offset + len(rows)]]


def is_text(values: Column) -> bool:
    """The values are text of either offset width."""
    return bool(pa.types.is_string(values.type) or pa.types.is_large_string(values.type))
