"""The sample of a history is a property of its series alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from batchcast.forecast.panel import SAMPLE_SIZE, choose_sample, series_keys


def keys_of(sites: list[str], parts: list[str], seed: int = 0) -> list[int]:
    return series_keys(pa.array(sites, pa.string()), pa.array(parts, pa.string()), seed).tolist()


def test_a_key_depends_on_site_part_and_seed_and_on_nothing_else():
    keys = keys_of(["a", "ab", "é", ""], ["bc", "c", "x", ""])

    assert keys == [keys_of([s], [p])[0] for s, p in [("a", "bc"), ("ab", "c"), ("é", "x"), ("", "")]]
    assert len(set(keys)) == 4
    assert keys_of(["a"], ["bc"], seed=1) != keys[:1]


def test_sliced_and_chunked_columns_have_the_same_keys():
    sites, parts = pa.array(["x", "a", "b"]), pa.array(["y", "1", "2"])
    chunked = pa.chunked_array([sites[1:2], sites[2:]]), pa.chunked_array([parts[1:2], parts[2:]])

    assert series_keys(*chunked, 0).tolist() == keys_of(["a", "b"], ["1", "2"])
    assert series_keys(pa.chunked_array([], pa.string()), pa.chunked_array([], pa.string()), 0).tolist() == []


def test_keys_are_spread_evenly():
    count = 20_000
    keys = np.array(keys_of(["S"] * count, [f"{k:05d}" for k in range(count)]), dtype=np.float64)

    shares = np.histogram(keys, bins=10, range=(0, 2.0**64))[0] / count

    assert np.abs(shares - 0.1).max() < 0.01


def test_a_small_history_is_its_own_sample(tmp_path: Path):
    assert choose_sample(tmp_path / "never-read", 0, 12) == ((0, 12),)


def test_the_same_series_are_sampled_when_others_are_added(tmp_path: Path):
    parts = [f"{k:06d}" for k in range(2 * SAMPLE_SIZE)]

    def sampled(kept: list[str]) -> set[str]:
        path = tmp_path / "history.parquet"
        pq.write_table(pa.table({"site_code": ["s"] * len(kept), "partnumber": kept}), path)
        return {kept[row] for start, stop in choose_sample(path, 0, len(kept)) for row in range(start, stop)}

    whole = sampled(parts)
    assert len(whole) == SAMPLE_SIZE
    half = sampled(parts[::2] + parts[1:SAMPLE_SIZE:2])
    assert whole & set(parts[::2]) <= half
