from __future__ import annotations

import numpy as np
import pytest

from batchcast.ingest import keys as keys_module
from batchcast.ingest.keys import SeriesKeys


@pytest.mark.parametrize("largest_table", [1 << 25, 300, 0])
def test_each_pair_has_one_number_however_it_is_looked_up(monkeypatch, largest_table):
    monkeypatch.setattr(keys_module, "_LARGEST_TABLE", largest_table)
    rng = np.random.default_rng(1)
    keys = SeriesKeys()
    met: dict[tuple[int, int], int] = {}

    for most in (3, 10, 100):
        sites, parts = (rng.integers(0, most, 500).astype(np.int32) for _ in range(2))
        codes = keys.codes(sites, parts)
        for site, part, code in zip(sites.tolist(), parts.tolist(), codes.tolist(), strict=True):
            assert met.setdefault((site, part), code) == code

    assert sorted(met.values()) == list(range(len(keys)))
    assert {(s, p) for s, p in zip(keys.sites.tolist(), keys.parts.tolist(), strict=True)} == set(met)
    assert len(keys.codes(np.empty(0, np.int32), np.empty(0, np.int32))) == 0
