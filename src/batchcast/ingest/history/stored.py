"""The checked history on disk: its series, one of them, and the digest of what it was read from."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from batchcast.domain import columns
from batchcast.domain.disk import file_sha256
from batchcast.domain.errors import UnknownSeries
from batchcast.domain.history import DemandHistory, SeriesTable
from batchcast.ingest.common.arrow import numbers_of
from batchcast.ingest.common.limits import LARGE_FILE


def read_series_table(history: DemandHistory) -> SeriesTable:
    """One entry a series, in the order of the history."""
    names = [columns.SITE_CODE, columns.PARTNUMBER, columns.FIRST_DAY, columns.ROWS]
    with pq.ParquetFile(history.path) as file:  # pq.read_table would load pyarrow.dataset first, a tenth of a second
        table = file.read(columns=names)
    sites = table.column(columns.SITE_CODE).combine_chunks().dictionary_encode()
    parts = table.column(columns.PARTNUMBER).combine_chunks().dictionary_encode()
    return SeriesTable(
        site_codes=tuple(str(site) for site in sites.dictionary.to_pylist()),
        site_index=numbers_of(sites.indices),
        part_index=numbers_of(parts.indices),
        rows=numbers_of(table.column(columns.ROWS).combine_chunks()),
        first_day=numbers_of(table.column(columns.FIRST_DAY).combine_chunks()),
    )


def read_series_keys(history: DemandHistory) -> set[tuple[str, str]]:
    """Site and part number of every series."""
    with pq.ParquetFile(history.path) as file:
        table = file.read(columns=[columns.SITE_CODE, columns.PARTNUMBER])
    return set(zip(*(column.to_pylist() for column in table.columns), strict=True))


# The SHA-256 of what was sent; that of a large file is worked out while its rows are read.

_PIECE = 1 << 20  # bytes


def input_sha256_of(path: Path) -> str:
    """SHA-256 of a file as it was sent; of the sorted digests of its files for a folder."""
    if path.is_dir():
        members = sorted(input_sha256_of(file) for file in path.rglob("*") if file.is_file())
        return hashlib.sha256("\n".join(members).encode()).hexdigest()
    return file_sha256(path)


@contextmanager
def digesting(path: Path) -> Iterator[Callable[[], str]]:
    """A function that gives the digest of a file or folder; a thread is at work on it meanwhile, if it is large."""
    if not path.is_file() or path.stat().st_size < LARGE_FILE:
        yield partial(input_sha256_of, path)
        return
    from concurrent.futures import ThreadPoolExecutor

    stopped = Event()
    with ThreadPoolExecutor(1, thread_name_prefix="digest") as pool:
        try:
            yield pool.submit(_digest_until, stopped, path).result
        finally:
            stopped.set()


def _digest_until(stopped: Event, path: Path) -> str:
    """The digest, given up once the rows have turned out to be unreadable."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while not stopped.is_set() and (piece := file.read(_PIECE)):
            digest.update(piece)
    return digest.hexdigest()


# One series of a checked history, found without reading the others.

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


def read_out_days(history: DemandHistory | Path, site_code: str, partnumber: str) -> NDArray[np.int32]:
    """Days since 1970-01-01 for which other demand stands in, ascending; raises as `read_series`."""
    path = history.path if isinstance(history, DemandHistory) else history
    with pq.ParquetFile(path) as file:
        group, row = _find(file, site_code, partnumber)
        if columns.OUT_DAY not in file.schema_arrow.names:
            return np.zeros(0, dtype=np.int32)
        found = file.read_row_group(group, columns=[columns.OUT_DAY], use_threads=False).slice(row, 1)
        days: NDArray[np.int32] = _values(found[columns.OUT_DAY])
        return days


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
