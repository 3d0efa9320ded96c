"""The panel: the series of a partition side by side, with a value for every period; and the sample of a batch."""

# ruff: noqa: PLR0917 (compiled functions take plain arrays, in their order)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from batchcast.domain import columns
from batchcast.domain.plan import ForecastRequest
from batchcast.forecast.compiled import compiled
from batchcast.forecast.kernels.periods import fill_stand_ins, mark_periods, scatter_demand

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
NO_DEMAND = int(np.iinfo(np.int32).min)  # `last_demand` of a series without any

_READ = [
    *(*columns.SERIES, columns.FIRST_DAY, columns.DAY),
    *(columns.QUANTITY, columns.LEARNED_QUANTITY, columns.OUT_DAY),
]


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Series of different length, as ragged arrays; the series of a chunk all end at the same cutoff.

    Series `i` is `values[offsets[i]:offsets[i + 1]]`; it may be empty, where its first day lies after the cutoff.
    """

    values: Floats  # demand of each period in its unit, at least 0; zeros where nothing was demanded
    offsets: NDArray[np.int64]  # shape (series + 1,), into values
    site_codes: list[str]  # of each series
    partnumbers: list[str]  # of each series
    last_demand: NDArray[np.int32]  # period of the last demand of each series; NO_DEMAND where there is none
    last_period: int  # the cutoff: period of the last value of every series, but of those with an end of their own
    out_of_stock: NDArray[np.bool_] | None = None  # of each value: it stands in for demand that is not known
    ends: NDArray[np.int32] | None = None  # period of the last value of each series, where they differ

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Periods of each series, shape (series,)."""
        return np.diff(self.offsets)

    @property
    def last_periods(self) -> NDArray[np.int32]:
        """Period of the last value of each series, shape (series,)."""
        return np.full(len(self), self.last_period, dtype=np.int32) if self.ends is None else self.ends

    def series(self, index: int) -> Floats:
        """The values of one series, a view."""
        return self.values[self.offsets[index] : self.offsets[index + 1]]

    def chunk(self, start: int, stop: int) -> Panel:
        """The series from `start` up to, not with, `stop`, which end at one cutoff; the values are shared."""
        low, high = self.offsets[start], self.offsets[stop]
        return Panel(
            values=self.values[low:high],
            offsets=self.offsets[start : stop + 1] - low,
            site_codes=self.site_codes[start:stop],
            partnumbers=self.partnumbers[start:stop],
            last_demand=self.last_demand[start:stop],
            last_period=int(self.last_periods[start]) if stop > start else self.last_period,
            out_of_stock=None if self.out_of_stock is None else self.out_of_stock[low:high],
        )


def warm_reading() -> None:
    """Load what `read_panel` calls, or compile it."""
    quantities, one = np.ones(1), np.zeros(1, dtype=np.int64)
    quantities.flags.writeable = False  # as Arrow gives them
    bounds, day = np.array([0, 1], dtype=np.int64), np.zeros(1, dtype=np.int32)
    scatter_demand(day, quantities, bounds, one, bounds, np.zeros(1), day.copy())
    mark_periods(day, bounds, one, bounds, np.zeros(1, dtype=np.bool_))
    fill_stand_ins(np.ones(1), bounds, np.zeros(1, dtype=np.bool_))


def read_panel(path: Path, ranges: Sequence[tuple[int, int]], request: ForecastRequest) -> Panel:
    """The panel of some series of a history file, in the file's order.

    Args:
        path: a checked history (`domain.history.DemandHistory`); only row groups that hold a wanted series are read.
        ranges: [start, stop) rows of the file, ascending and disjoint.
        request: its calendar makes periods of days; demand after the end of a site is left out, other demand stands in
            for that of periods not observed, and net totals of a period under 0 (returns exceed demand) count as 0.
    """
    table = _read_rows(path, ranges)
    starts = request.calendar.periods_of_days(_flat(table[columns.FIRST_DAY]).to_numpy()).astype(np.int64)
    site_codes = cast(list[str], table[columns.SITE_CODE].to_pylist())
    ends = np.array([request.end_of(site) for site in site_codes], dtype=np.int32)
    offsets = np.zeros(table.num_rows + 1, dtype=np.int64)
    np.cumsum(np.maximum(ends - starts + 1, 0), out=offsets[1:])
    learned = columns.LEARNED_QUANTITY if columns.LEARNED_QUANTITY in table.column_names else columns.QUANTITY
    day, quantity = _flat(table[columns.DAY]), _flat(table[learned])
    bounds = day.offsets.to_numpy()
    used = slice(int(bounds[0]), int(bounds[-1]))
    periods = np.require(request.calendar.periods_of_days(day.values.to_numpy()[used]), requirements="W")
    shift = int(quantity.offsets[0].as_py())
    quantities = quantity.values.to_numpy()[shift : shift + used.stop - used.start]
    values = np.zeros(offsets[-1])
    last_demand = np.full(table.num_rows, NO_DEMAND, dtype=np.int32)
    scatter_demand(periods, quantities, bounds.astype(np.int64) - used.start, starts, offsets, values, last_demand)
    unknown = _unknown(table, site_codes, request, starts, offsets)
    if unknown is not None:
        fill_stand_ins(values, offsets, unknown)
    return Panel(
        values=values,
        offsets=offsets,
        site_codes=site_codes,
        partnumbers=cast(list[str], table[columns.PARTNUMBER].to_pylist()),
        last_demand=last_demand,
        last_period=request.last_period,
        out_of_stock=unknown,
        ends=ends if request.ends else None,
    )


def _unknown(
    table: pa.Table, site_codes: Sequence[str], request: ForecastRequest, starts: Ints, offsets: Ints
) -> NDArray[np.bool_] | None:
    """Of which values demand is not known: out of stock, or not observed; None where all is known."""
    flags = np.zeros(offsets[-1], dtype=np.bool_)
    if columns.OUT_DAY in table.column_names:
        days = _flat(table[columns.OUT_DAY])
        bounds = days.offsets.to_numpy().astype(np.int64)
        periods = request.calendar.periods_of_days(days.values.to_numpy()[bounds[0] : bounds[-1]])
        mark_periods(np.require(periods, requirements="W"), bounds - bounds[0], starts, offsets, flags)
    elif not request.unobserved:
        return None
    if request.unobserved:
        missing = [request.unobserved.get(site, ()) for site in site_codes]
        bounds = np.cumsum([0, *map(len, missing)], dtype=np.int64)
        mark_periods(np.array(list(chain(*missing)), dtype=np.int32), bounds, starts, offsets, flags)
    return flags


def _read_rows(path: Path, ranges: Sequence[tuple[int, int]]) -> pa.Table:
    """The wanted rows, each row group that holds any read once; of a group read in part only the rows are kept."""
    wanted = np.concatenate([np.arange(0), *(np.arange(start, stop) for start, stop in ranges)])
    with pq.ParquetFile(path) as file:
        stops = np.cumsum([0] + [file.metadata.row_group(k).num_rows for k in range(file.metadata.num_row_groups)])
        read = [name for name in _READ if name in file.schema_arrow.names]
        parts = []
        for group in np.unique(np.searchsorted(stops, wanted, side="right") - 1).tolist():
            rows = file.read_row_group(group, columns=read, use_threads=False)
            mine = wanted[(wanted >= stops[group]) & (wanted < stops[group + 1])] - stops[group]
            parts.append(rows if len(mine) == rows.num_rows else rows.take(mine))
        return pa.concat_tables(parts) if parts else file.schema_arrow.empty_table().select(read)


def _flat(column: Any) -> Any:  # a chunked array to an array; pyarrow's types say neither of what
    """The column as one array, whatever pieces it was read in."""
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks or [pa.array([], column.type)])


# The sample of a batch: the series with the smallest hashes of site and part.
#
# The hash depends on the series alone, so the sample depends neither on the order nor on the partitions of the series.
# The same hash seeds what is drawn at random for a series.

Keys = NDArray[np.uint64]

SAMPLE_SIZE = 2_000  # series; enough for shares and ratios to 1-2 %
_SEPARATOR = np.uint8(0)
_PRIME = np.uint64(0x100000001B3)
_BASIS = np.uint64(0xCBF29CE484222325)


def series_keys(site_codes: Any, partnumbers: Any, seed: int) -> Keys:
    """A 64-bit hash of the UTF-8 bytes of (seed, site, part) of each series: FNV-1a, then mixed.

    Both columns are pyarrow arrays of text, chunked or not.
    """
    sites, parts = (_bytes_and_offsets(texts) for texts in (site_codes, partnumbers))
    keys = np.empty(len(site_codes), dtype=np.uint64)
    _hash(*sites, *parts, np.uint64(seed % 2**64), keys)
    return keys


def choose_sample(history_path: Path, seed: int, total_series: int) -> tuple[tuple[int, int], ...]:
    """Ranges [start, stop) of rows of the history file: the SAMPLE_SIZE series with the smallest hashes, or all."""
    if total_series <= SAMPLE_SIZE:
        return ((0, total_series),)
    names = pq.read_table(history_path, columns=list(columns.SERIES), memory_map=False)
    keys = series_keys(names.column(0), names.column(1), seed)
    rows = np.sort(np.argsort(keys, kind="stable")[:SAMPLE_SIZE])
    return tuple((int(row), int(row) + 1) for row in rows)


def _bytes_and_offsets(texts: Any) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """UTF-8 bytes of all texts, one after the other, and where each begins."""
    texts = texts.cast(pa.large_string())
    if isinstance(texts, pa.ChunkedArray):
        texts = pa.concat_arrays(texts.chunks or [pa.array([], pa.large_string())])
    _, offsets, data = texts.buffers()
    places = np.frombuffer(offsets, dtype=np.int64)[texts.offset : texts.offset + len(texts) + 1]
    letters = np.frombuffer(data, dtype=np.uint8) if data is not None else np.zeros(0, dtype=np.uint8)
    return letters.copy(), places.copy()


@compiled
def _hash(
    site_bytes: NDArray[np.uint8],
    site_offsets: NDArray[np.int64],
    part_bytes: NDArray[np.uint8],
    part_offsets: NDArray[np.int64],
    seed: np.uint64,
    keys: Keys,
) -> None:
    for i in range(len(keys)):
        value = _BASIS ^ seed
        for k in range(site_offsets[i], site_offsets[i + 1]):
            value = (value ^ np.uint64(site_bytes[k])) * _PRIME
        value = (value ^ np.uint64(_SEPARATOR)) * _PRIME
        for k in range(part_offsets[i], part_offsets[i + 1]):
            value = (value ^ np.uint64(part_bytes[k])) * _PRIME
        value = (value ^ (value >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
        value = (value ^ (value >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
        keys[i] = value ^ (value >> np.uint64(33))
