"""Which series stand for the whole history: those with the smallest hashes of site and part.

The hash is a property of the series alone, so the sample depends neither on the order of the series nor on their
partitions. The same hash seeds whatever is drawn at random for a series.
"""

# ruff: noqa: PLR0917 (compiled functions take plain arrays, in their order)
from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from batchcast.domain import columns
from batchcast.forecast.compiled import compiled

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
    names = pq.read_table(history_path, columns=[columns.SITE_CODE, columns.PARTNUMBER], memory_map=False)
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
