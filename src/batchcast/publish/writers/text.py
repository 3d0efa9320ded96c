"""Columns of text put together row by row, and handed to a file without a copy a row."""

from __future__ import annotations

import numpy as np
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


# Numbers as plain decimals: the shortest that reads back to the same value, and never an exponent.


def plain_numbers(values: Column) -> Column:
    """`1e-07` is `0.0000001`, `3.0` is `3`, `-0.0` is `0`; null stays null."""
    texts = pc.cast(pc.add(values, 0.0), TEXT)
    with_exponent = pc.fill_null(pc.match_substring(texts, "e"), False)
    if not pc.any(with_exponent).as_py():
        return texts
    plain = [np.format_float_positional(value, trim="-") for value in pc.filter(values, with_exponent).to_pylist()]
    return pc.replace_with_mask(texts, with_exponent, pa.array(plain, TEXT))
