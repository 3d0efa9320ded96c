"""Numbers as plain decimals: the shortest that reads back to the same value, and never an exponent."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from batchcast.publish.cells import Column
from batchcast.publish.writers.text import TEXT


def plain_numbers(values: Column) -> Column:
    """`1e-07` is `0.0000001`, `3.0` is `3`, `-0.0` is `0`; null stays null."""
    texts = pc.cast(pc.add(values, 0.0), TEXT)
    with_exponent = pc.fill_null(pc.match_substring(texts, "e"), False)
    if not pc.any(with_exponent).as_py():
        return texts
    plain = [np.format_float_positional(value, trim="-") for value in pc.filter(values, with_exponent).to_pylist()]
    return pc.replace_with_mask(texts, with_exponent, pa.array(plain, TEXT))
