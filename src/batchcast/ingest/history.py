"""The checked history on disk, and what can be read off it."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from batchcast.domain import columns
from batchcast.domain.calendar import Frequency, date_of
from batchcast.domain.errors import UnknownSeries
from batchcast.domain.history import DemandHistory, HistoryFacts, SeriesTable, SiteFacts
from batchcast.ingest.accumulate import Totals
from batchcast.ingest.ahead import LARGE_FILE
from batchcast.ingest.arrow import list_array, number_array, numbers_of, text_array
from batchcast.ingest.stockouts import StockOuts

HISTORY_FILE = "history.parquet"
_ROW_GROUP = 4096  # series
_FIELDS: Any = {
    columns.SITE_CODE: pa.string(),
    columns.PARTNUMBER: pa.string(),
    columns.FIRST_DAY: pa.int32(),
    columns.ROWS: pa.int32(),
    columns.DAY: pa.list_(pa.int32()),
    columns.QUANTITY: pa.list_(pa.float64()),
}
_SCHEMA = pa.schema(_FIELDS)
_QUICK: dict[str, Any] = {  # to write and to read; a third of the size would cost twice the time
    "compression": "lz4",
    "use_dictionary": [columns.SITE_CODE],
    "column_encoding": {f"{columns.DAY}.list.element": "DELTA_BINARY_PACKED"},
    "write_statistics": False,
    "store_schema": False,
}


@dataclass(frozen=True, slots=True)
class Gathered:
    """Everything that was accepted: series as numbers of sites and parts, days as numbers of dates."""

    sites: Sequence[str]
    parts: Sequence[str]
    series_site: NDArray[np.int64]  # (series,), into sites
    series_part: NDArray[np.int64]  # (series,), into parts
    series_rows: NDArray[np.int64]  # (series,), accepted rows
    days: NDArray[np.int32]  # days since 1970-01-01, by their number
    totals: Totals
    stock_outs: StockOuts
    dates_are_months: bool  # some date was written without a day


def write_history(gathered: Gathered, path: Path) -> HistoryFacts:
    """Write the history, one row a series in the order of site and part; the same bytes for the same demand."""
    order = _series_order(gathered)
    day_order = np.argsort(gathered.days)
    schema = _SCHEMA.append(pa.field(columns.OUT_DAY, pa.list_(pa.int32()))) if gathered.stock_outs.any() else _SCHEMA
    with pq.ParquetWriter(path, schema, **_QUICK) as writer:
        for start in range(0, len(order), _ROW_GROUP):
            chosen = order[start : start + _ROW_GROUP]
            writer.write_table(_row_group(gathered, chosen, day_order, schema), row_group_size=_ROW_GROUP)
    return _facts(gathered)


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


def _series_order(gathered: Gathered) -> NDArray[np.int64]:
    """Numbers of the series, sorted by the UTF-8 bytes of site and part."""
    site_rank, part_rank = _ranks(gathered.sites), _ranks(gathered.parts)
    return np.lexsort((part_rank[gathered.series_part], site_rank[gathered.series_site]))


def _ranks(texts: Sequence[str]) -> NDArray[np.int64]:
    encoded = [text.encode() for text in texts]
    ranks = np.empty(len(texts), dtype=np.int64)
    ranks[sorted(range(len(texts)), key=encoded.__getitem__)] = np.arange(len(texts))
    return ranks


def _row_group(gathered: Gathered, chosen: NDArray[np.int64], day_order: NDArray[np.int64], schema: Any) -> Any:
    totals = gathered.totals.of_series(chosen, day_order)
    days = gathered.days[day_order]
    bounds = np.zeros(len(chosen) + 1, dtype=np.int32)
    np.cumsum(np.bincount(totals.place, minlength=len(chosen)), out=bounds[1:])
    sites = [gathered.sites[i] for i in gathered.series_site[chosen]]
    parts = [gathered.parts[i] for i in gathered.series_part[chosen]]
    arrays = [
        text_array(sites),
        text_array(parts),
        number_array(days[totals.first]),
        number_array(gathered.series_rows[chosen].astype(np.int32)),
        list_array(bounds, days[totals.rank]),
        list_array(bounds, totals.total),
    ]
    if len(schema) > len(arrays):
        arrays.append(list_array(*gathered.stock_outs.of_series(chosen, gathered.days)))
    return pa.table(arrays, schema=schema)


def _facts(gathered: Gathered) -> HistoryFacts:
    count = len(gathered.sites)
    rows = np.bincount(gathered.series_site, weights=gathered.series_rows, minlength=count)
    series = np.bincount(gathered.series_site, minlength=count)
    sites = (
        SiteFacts(site_code=s, rows=int(r), series=int(n)) for s, r, n in zip(gathered.sites, rows, series, strict=True)
    )
    days = np.sort(gathered.days)
    weekdays = set(((days + 3) % 7).tolist())  # 1970-01-01 was a Thursday
    return HistoryFacts(
        rows=int(gathered.series_rows.sum()),
        series=len(gathered.series_rows),
        parts=len(np.unique(gathered.series_part)),
        sites=tuple(sorted((s for s in sites if s.series), key=lambda s: s.site_code.encode())),
        first_date=date_of(int(days[0])),
        last_date=date_of(int(days[-1])),
        frequency=read_frequency(days, dates_are_months=gathered.dates_are_months),
        weekdays=tuple(day in weekdays for day in range(7)),
        is_integer=gathered.totals.is_integer,
    )


def read_frequency(days: NDArray[np.int32], *, dates_are_months: bool) -> Frequency:
    """The frequency that distinct, sorted days show: all first of a month, all on one weekday, or daily.

    One date alone shows nothing and is daily, unless it was written as a month.
    """
    starts = days.astype("datetime64[D]").astype("datetime64[M]").astype("datetime64[D]").astype(np.int32)
    if bool((starts == days).all()) and (len(days) > 1 or dates_are_months):
        return Frequency.MONTHLY
    if len(days) > 1 and not (np.diff(days) % 7).any():
        return Frequency.WEEKLY
    return Frequency.DAILY


# The SHA-256 of what was sent; that of a large file is worked out while its rows are read.

_PIECE = 1 << 20  # bytes


def digest_of(path: Path) -> str:
    """SHA-256 of a file as it was sent; of the sorted digests of its files for a folder."""
    if path.is_dir():
        members = sorted(digest_of(file) for file in path.rglob("*") if file.is_file())
        return hashlib.sha256("\n".join(members).encode()).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def digesting(path: Path) -> Iterator[Callable[[], str]]:
    """A function that gives the digest of a file or folder; a thread is at work on it meanwhile, if it is large."""
    if not path.is_file() or path.stat().st_size < LARGE_FILE:
        yield partial(digest_of, path)
        return
    from concurrent.futures import ThreadPoolExecutor

    stopped = Event()
    with ThreadPoolExecutor(1, thread_name_prefix="digest") as pool:
        try:
            yield pool.submit(_digest_until, stopped, path).result
        finally:
            stopped.set()


def _digest_until(stopped: Event, path: Path) -> str:
    """Nobody waits for the rest of a digest once the rows have turned out to be unreadable."""
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
