"""Series are ranked by their share of the demand and by how even their months are."""

from __future__ import annotations

import numpy as np

from batchcast.results.ranking import rank


def months(*series: list[float]) -> np.ndarray:
    return np.array([values * (12 // len(values)) for values in series], dtype=np.float64)


def test_a_has_80_percent_of_the_demand_b_the_next_15_and_c_the_rest_and_what_was_not_demanded() -> None:
    found = rank(months([60.0], [25.0], [10.0], [5.0], [0.0]))

    assert found.abc.tolist() == ["A", "A", "B", "C", "C"]  # 60 % alone is less than 80 %
    assert rank(months([0.0], [0.0])).abc.tolist() == ["C", "C"]
    assert rank(np.zeros((0, 12))).abc.tolist() == []


def test_xyz_is_by_the_variation_of_the_months() -> None:
    once_a_quarter = [12.0, 0.0, 0.0]  # deviation over mean: the root of 2
    every_second = [8.0, 0.0]  # exactly 1
    even = [5.0, 4.0]  # 0.11
    uneven = [9.0, 2.0]  # 0.64

    found = rank(months(once_a_quarter, every_second, even, uneven, [0.0]))

    assert found.xyz.tolist() == ["Z", "Y", "X", "Y", "Z"]


def test_the_columns_of_the_index_are_those_of_its_rows() -> None:
    found = rank(months([1.0], [2.0, 3.0], [0.0])).columns_of(slice(1, 3))

    assert found["year_total"].tolist() == [30.0, 0.0]
    assert found["recent"].to_pylist() == [[2.0, 3.0] * 6, [0.0] * 12]
    assert (found["abc"].to_pylist(), found["xyz"].to_pylist()) == (["A", "C"], ["X", "Z"])
