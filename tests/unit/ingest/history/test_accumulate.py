from __future__ import annotations

import numpy as np
import pytest

from batchcast.ingest.history import accumulate
from batchcast.ingest.history.accumulate import Totals

ORDER = np.array([1, 0, 2])  # days in the order of their dates


def added(*blocks: tuple[list[int], list[int], list[float]]) -> Totals:
    totals = Totals()
    for series, days, quantities in blocks:
        amounts = np.array(quantities)
        totals.add(np.array(series, dtype=np.int32), np.array(days, dtype=np.int32), amounts)
    totals.finish()
    return totals


@pytest.mark.parametrize("small", [1 << 22, 0])
def test_totals_of_a_worked_example(monkeypatch, small):
    monkeypatch.setattr(accumulate, "_SMALL", small)
    monkeypatch.setattr(accumulate, "_FILLED", 8 if small else 0)

    totals = added(([0, 0, 1], [0, 2, 1], [5, 7, 0]), ([0, 1], [0, 2], [0.1, -2]), ([0, 1], [0, 2], [0.2, 2]))

    found = totals.of_series(np.array([1, 0]), ORDER)
    assert totals.cells == 4
    assert not totals.is_integer
    assert found.first.tolist() == [0, 1]
    assert found.position.tolist() == [1, 1]
    assert found.rank.tolist() == [1, 2]
    assert found.total.tolist() == [5.3, 7.0]


def test_large_whole_sums_leave_the_narrow_type_without_loss():
    totals = added(([0] * 3, [0] * 3, [10**9] * 3), ([0], [0], [10**15]), ([], [], []))

    assert totals.of_series(np.array([0]), np.array([0])).total.tolist() == [10**15 + 3 * 10**9]
    assert totals.is_integer


def test_a_matrix_that_thins_out_becomes_runs_and_back(monkeypatch):
    monkeypatch.setattr(accumulate, "_SMALL", 4)
    monkeypatch.setattr(accumulate, "_FILLED", 2)
    blocks = [([0, 1], [0, 1], [1, 2]), ([9], [9], [3]), ([5] * 60, [5] * 60, [1] * 60), ([0], [0], [0.5])]

    totals = added(*blocks)

    found = totals.of_series(np.array([0, 1, 5, 9]), np.arange(10))
    assert found.total.tolist() == [1.5, 2, 60, 3]
    assert totals.cells == 4
