"""One series of a checked history, found without reading the others."""

from __future__ import annotations

from bisect import bisect_left
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from batchcast.domain import columns
from batchcast.domain.errors import UnknownSeries
from batchcast.domain.history import DemandHistory

_Key = tuple[bytes, bytes]


def read_series(
    history: DemandHistory | Path, site_code: str, partnumber: str
) -> tuple[NDArray[np.int32], NDArray[np.float64], int]:
    """The demand of one series.

    Args:
        history: a checked history, or its file.
        site_code, partnumber: to the letter.

    Returns:
        Days since 1970-01-01 with a total that is not zero, ascending; the net total of each (negative where returns
        exceed demand), same shape; and the day of the first row, which may have a total of zero.

    Raises:
        UnknownSeries: if the history has none of that site and part.
    """
    path = history.path if isinstance(history, DemandHistory) else history
    with pq.ParquetFile(path) as file:
        group, row = _find(file, site_code, partnumber)
        names = [columns.FIRST_DAY, columns.DAY, columns.QUANTITY]
        found = file.read_row_group(group, columns=names, use_threads=False).slice(row, 1)
        days, quantities = (_values(found[name]) for name in (columns.DAY, columns.QUANTITY))
        return days, quantities, int(found[columns.FIRST_DAY][0].as_py())


def _find(file: pq.ParquetFile, site_code: str, partnumber: str) -> tuple[int, int]:
    """Row group and row of a series, by bisection: a history is sorted by the bytes of site and part."""
    wanted = (site_code.encode(), partnumber.encode())
    low, high = 0, file.metadata.num_row_groups
    while low < high:
        group = (low + high) // 2
        keys = _keys(file, group)
        if keys and wanted < keys[0]:
            high = group
        elif not keys or wanted > keys[-1]:
            low = group + 1
        else:
            row = bisect_left(keys, wanted)
            if keys[row] == wanted:
                return group, row
            break
    raise UnknownSeries(site_code, partnumber)


def _keys(file: pq.ParquetFile, group: int) -> list[_Key]:
    names = [columns.SITE_CODE, columns.PARTNUMBER]
    table = file.read_row_group(group, columns=names, use_threads=False)
    sites, parts = (table[name].to_pylist() for name in names)
    return [(site.encode(), part.encode()) for site, part in zip(sites, parts, strict=True)]


def _values(column: Any) -> NDArray[Any]:
    values: NDArray[Any] = column.combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return values
