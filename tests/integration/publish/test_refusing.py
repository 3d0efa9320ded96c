"""A result that is not what it must be is refused with a sentence, and nothing is published."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from batchcast.publish.certificate import PublishFailed, ResultRejected
from batchcast.publish.publisher import stage_result


def put(name: str, row: int, value: Any) -> Callable[[pa.Table], pa.Table]:
    """Changes one cell of a table."""

    def change(table: pa.Table) -> pa.Table:
        column = table[name].to_pylist()
        column[row] = value
        place = table.schema.get_field_index(name)
        return table.set_column(place, table.schema.field(name), pa.array(column, table.schema.field(name).type))

    return change


def reorder(*rows: int) -> Callable[[pa.Table], pa.Table]:
    return lambda table: table.take(list(rows))


def rename_p50(table: pa.Table) -> pa.Table:
    return table.rename_columns([name.replace("p50", "p60") for name in table.column_names])


def as_integers(table: pa.Table) -> pa.Table:
    place = table.schema.get_field_index("bias")
    return table.set_column(place, "bias", table["bias"].cast(pa.int64(), safe=False))


BROKEN = [
    (
        "forecast",
        put("forecast_qty", 4, float("nan")),
        r"part '=1\+1' of site 'Bahodopi', 2024-10-06: forecast_qty is nan",
    ),
    (
        "forecast",
        put("forecast_raw", 0, float("inf")),
        r"part '1E5' of site 'Bahodopi', 2024-10-05: forecast_raw is inf",
    ),
    ("forecast", put("forecast_qty", 4, 1e300), r"2024-10-06: forecast_qty is 1e\+300"),
    ("forecast", put("p90", 4, 2e20), r"2024-10-06: p90 is 2e\+20"),
    ("forecast", put("forecast_raw", 0, None), r"2024-10-05: forecast_raw is None"),
    ("forecast", put("p10", 8, -1.0), r"part 'A,B' of site 'Morowali', 2024-10-07: p10 is -1\.0"),
    ("forecast", put("p50", 0, 900.0), r"part '1E5' of site 'Bahodopi', 2024-10-05: p50 is 900, over p90, \d+"),
    ("forecast", put("date", 1, 20_009), r"2024-10-13: date is 2024-10-13, expected 2024-10-06"),
    (
        "forecast",
        reorder(0, 1, 2, 6, 7, 8),
        r"'A,B' where part '=1\+1' of site 'Bahodopi' is expected|site_code 'Morowali' where part '=1\+1'",
    ),
    (
        "forecast",
        reorder(3, 4, 5, 0, 1, 2, 6, 7, 8),
        r"'=1\+1' where part '1E5' of site 'Bahodopi' is expected: missing",
    ),
    ("forecast", reorder(0, 1, 2, 3, 4, 5, 6, 7), r"2 rows for 1 series, expected 3 for each \(from part 'A,B'"),
    ("forecast", reorder(0, 1, 2, 3, 4, 5, 6, 7, 8, 8), r"forecast\.parquet has 1 rows more than its series need"),
    ("forecast", put("site_code", 5, "Elsewhere"), r"site_code 'Elsewhere' where part '=1\+1' of site 'Bahodopi'"),
    ("forecast", rename_p50, r"has the columns date, .*p60.*, expected date, .*p50"),
    ("stock", put("reorder_point", 2, float("nan")), r"part 'A,B' of site 'Morowali': reorder_point is nan"),
    ("stock", put("reorder_point", 2, 1e300), r"part 'A,B' of site 'Morowali': reorder_point is 1e\+300"),
    ("stock", put("lead_time_mean", 1, -0.5), r"lead_time_mean is -0\.5"),
    ("stock", put("safety_stock", 1, float("-inf")), r"safety_stock is -inf"),
    ("stock", reorder(0, 2), r"site_code 'Morowali' where part '=1\+1'"),
    ("stock", lambda table: table.drop_columns(["flag"]), r"stock\.parquet has the columns"),
    ("accuracy", put("bias", 0, float("nan")), r"part '1E5' of site 'Bahodopi': bias is nan"),
    ("accuracy", put("score_empirical", 0, float("inf")), r"score_empirical is inf"),
    ("accuracy", as_integers, r"its columns are .*bias \(double\).*before .*bias \(int64\)"),
]


@pytest.mark.parametrize(("table", "change", "sentence"), BROKEN)
def test_broken_table_is_refused_and_named(
    batch: Any, out: Path, table: str, change: Callable[[pa.Table], pa.Table], sentence: str
) -> None:
    batch.change(0, table, change)

    with pytest.raises(
        ResultRejected, match=rf"(?s)Partition \d gave a result that can't be published: .*({sentence})"
    ):
        batch.publish(out / "result.csv")

    assert not out.exists()


def test_old_result_stays_when_the_new_one_is_refused(batch: Any, out: Path) -> None:
    batch.publish(out / "result.csv")
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    batch.change(1, "forecast", put("forecast_qty", 0, float("nan")))

    with pytest.raises(ResultRejected):
        batch.publish(out / "result.csv")

    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


@pytest.mark.parametrize("name", ["forecast", "stock", "accuracy"])
def test_missing_or_damaged_table_is_refused(batch: Any, out: Path, name: str) -> None:
    path = batch.partitions[1][1] / f"{name}.parquet"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ResultRejected, match=rf"Partition 1 .*{name}\.parquet can't be read"):
        batch.publish(out)

    path.unlink()
    with pytest.raises(ResultRejected, match=rf"Partition 1 .*{name}\.parquet can't be read .*No such file"):
        batch.publish(out)


@pytest.mark.parametrize(
    ("summary", "sentence"),
    [
        ("", "its summary is cut off or damaged"),
        ([1], "its summary is cut off or damaged"),
        ({"series": 3, "forecast": 3}, "its summary lacks something"),
        ({"series": 3, "forecast": 3, "refused": 7}, "its summary lacks something"),
        ({"series": 3, "forecast": 2, "refused": []}, "3 series, 2 forecast and 0 refused, of 3"),
        ({"series": 2, "forecast": 2, "refused": []}, "2 series, 2 forecast and 0 refused, of 3"),
        ({"series": 3, "forecast": 2, "refused": [["X", "Y", "?"]]}, "0 rows for 1 series"),
    ],
)
def test_summary_that_does_not_add_up_is_refused(batch: Any, out: Path, summary: Any, sentence: str) -> None:
    (batch.partitions[0][1] / "summary.json").write_text(json.dumps(summary) if summary else "{")
    if isinstance(summary, dict) and summary.get("refused"):
        batch.change(0, "forecast", reorder(*range(6)))

    with pytest.raises(ResultRejected, match=f"Partition 0 .*({sentence})"):
        batch.publish(out)


def test_missing_partition_is_refused(batch: Any, out: Path) -> None:
    arguments = {"history": batch.history, "certificate": batch.certificate, "out": out}

    with pytest.raises(ResultRejected, match=r"Partition 1 .*not the one of the plan, or there is none"):
        stage_result(batch.partitions[:1], **arguments)


def test_text_that_no_cell_of_a_workbook_holds_is_refused(finish_batch: Callable[..., Any], out: Path) -> None:
    batch = finish_batch(keys=[("A", "x" * 32_768)], layout=[[(0, 1)]])

    with pytest.raises(PublishFailed, match=r"32768 characters does not fit a cell .* holds 32767"):
        batch.publish(out / "result.xlsx")

    assert not out.exists()
    assert batch.publish(out / "result.csv").forecast == 1


def test_quantiles_may_touch(batch: Any, out: Path) -> None:
    def level(table: pa.Table) -> pa.Table:
        for name in ("p10", "p50", "p90"):
            place = table.schema.get_field_index(name)
            table = table.set_column(place, name, pa.array(np.full(table.num_rows, 2.0)))
        return table

    batch.change(0, "forecast", level)

    assert batch.publish(out).forecast == 5
