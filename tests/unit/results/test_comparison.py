"""Two results are compared by their totals, and series by series with the reason."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from batchcast.results.comparison import Changes, compare_results
from batchcast.results.series import SeriesIndex

USUAL = {"forecast_total": 5.0, "history_total": 40.0, "reorder_point": 9.0, "model": "ses", "demand_class": "lumpy"}


def index(**series: dict[str, Any]) -> SeriesIndex:
    """An index of parts at one site."""
    rows = [{"site_code": "S", "partnumber": part} | USUAL | values for part, values in sorted(series.items())]
    return SeriesIndex(pa.Table.from_pylist(rows))


def reasons(changes: Changes) -> dict[str, str]:
    return {one.partnumber: str(one.reason) for one in changes.largest}


def test_totals_and_counts_are_over_the_series_of_both() -> None:
    before = index(A={}, B={"forecast_total": 3.0}, GONE={"forecast_total": 2.0})
    after = index(A={}, B={"forecast_total": 10.0}, NEW={"forecast_total": 1.0})

    found = compare_results(before, after)

    assert (found.before, found.after) == (10.0, 16.0)
    assert (found.both, found.added, found.gone, found.differing) == (2, 1, 1, 3)
    assert [(one.partnumber, one.difference) for one in found.largest] == [("B", 7.0), ("GONE", -2.0), ("NEW", 1.0)]


def test_each_difference_has_its_reason() -> None:
    before = index(A={}, B={}, C={}, GONE={})
    more = {"forecast_total": 8.0}
    after = index(A=more | {"history_total": 44.0}, B=more | {"model": "naive"}, C=more, NEW={})

    found = reasons(compare_results(before, after))

    assert found["A"] == "Other demand: 40 units in all before, 44 now."
    assert found["B"] == "The same demand in all, another model. Before: ses. Now: naive."
    assert found["C"].startswith("The same demand in all and the same model")
    assert found["GONE"] == "Not in this result any more."
    assert found["NEW"] == "Not in the earlier result."


def test_equal_results_have_no_change() -> None:
    found = compare_results(index(A={}, B={}), index(A={}, B={}))

    assert (found.differing, found.largest, found.before) == (0, (), found.after)
