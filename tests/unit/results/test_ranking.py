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


def test_abc_counts_value_where_most_costs_are_known_else_units() -> None:
    units = months([60.0], [25.0], [10.0], [5.0], [0.0])
    cheap_first = np.array([1.0, 2.0, 5.0, 400.0, 9.0])

    by_value = rank(units, cheap_first)

    assert by_value.abc.tolist() == ["B", "C", "C", "A", "C"]
    assert by_value.columns_of(slice(3, 4))["year_value"].tolist() == [12 * 5.0 * 400.0]
    unknown = np.array([1.0, np.nan, np.nan, np.nan, 9.0])
    assert rank(units, unknown).abc.tolist() == rank(units).abc.tolist()
    assert "year_value" not in rank(units, unknown).columns_of(slice(0, 5))


def test_a_series_of_unknown_cost_counts_at_the_median_of_the_others() -> None:
    units = months(*[[10.0]] * 5)

    values = rank(units, np.array([1.0, 2.0, 3.0, 4.0, np.nan])).values

    assert values is not None
    assert values.tolist() == [120.0, 240.0, 360.0, 480.0, 300.0]
