"""Columns as the cells of text files: what no spreadsheet runs, numbers written out, and rows put together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Column = Any  # a pyarrow array: its stubs separate the kinds of values, which are known only at run time

TEXT = pa.large_string()  # 64-bit offsets: a piece may hold more than 2 GB

# Text cells that no spreadsheet runs as a formula.

# A cell is run where it starts with one of these. A semicolon, tab or line break starts a new cell where the
# spreadsheet's list separator is not ours (Excel in Indonesian splits at semicolons), so what follows one counts too.
_STARTERS = r"=+\-@＝＋－＠"
_SEPARATORS = r";\t\r\n"
_RISKY = rf"(^|[{_SEPARATORS}])('* *[{_STARTERS}])"
_BLANK_START = r"^('*[\t\r\n])"


def harmless_text(texts: Column) -> Column:
    """The texts with an apostrophe before every character that would start a formula; null stays null.

    `=1+1` becomes `'=1+1`; `'=1+1` becomes `''=1+1`, so that different texts stay different.
    """
    return pc.replace_substring_regex(
        pc.replace_substring_regex(texts, pattern=_BLANK_START, replacement=r"'\1"),
        pattern=_RISKY,
        replacement=r"\1'\2",
    )


# Columns of text put together row by row, and given to a file without a copy of each row.


def joined(*pieces: Column | str, separator: str = "") -> Column:
    """The pieces of each row, one after the other; null where one of them is."""
    columns = [pa.scalar(p, TEXT) if isinstance(p, str) else pc.cast(p, TEXT) for p in pieces]
    return pc.binary_join_element_wise(*columns, pa.scalar(separator, TEXT))


def joined_bytes(rows: Column) -> memoryview:
    """All the rows, one after the other, as UTF-8: a view of the buffer of Arrow."""
    if len(rows) == 0:
        return memoryview(b"")
    offsets = memoryview(rows.buffers()[1]).cast("q")
    return memoryview(rows.buffers()[2])[offsets[rows.offset] : offsets[rows.offset + len(rows)]]


def row_ends(rows: Column) -> NDArray[np.int64]:
    """Where each row ends in `joined_bytes`, shape (rows,)."""
    if len(rows) == 0:
        return np.zeros(0, dtype=np.int64)
    offsets = np.frombuffer(rows.buffers()[1], dtype=np.int64)[rows.offset : rows.offset + len(rows) + 1]
    ends: NDArray[np.int64] = offsets[1:] - offsets[0]
    return ends


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
