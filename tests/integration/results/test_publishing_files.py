"""Partitions' results become the files that a server keeps."""

from __future__ import annotations

import datetime as dt
import resource
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from batchcast.domain.calendar import Calendar, Frequency
from batchcast.publish.certificate import Certificate, PublishFailed, ResultRejected
from batchcast.results.files import PublishedFolder, convert, publish_files

LAST_DAY = 20_000
TABLES = ("forecast", "stock", "accuracy")


def publish_into(folder: Path, batch: Any, **changed: Any) -> PublishedFolder:
    given = {"history": batch.history, "certificate": batch.certificate} | changed
    return publish_files(batch.partitions, folder=folder, **given)


def test_every_table_comes_in_both_formats_with_certificate_index_and_what_pages_show(batch: Any, out: Path) -> None:
    published = publish_into(out, batch)

    tables = {(kind, form) for kind in TABLES for form in ("csv", "parquet")}
    shown = {(kind, "parquet") for kind in ("series", "figures", "periods")} | {("overview", "json")}
    assert set(published.files) == tables | shown | {("certificate", "json")}
    assert {path.name for path in out.iterdir()} == {f"{kind}.{form}" for kind, form in published.files}
    assert published.counts == {"series": 5, "forecast": 5, "refused": 0}


def test_the_tables_are_those_of_a_run_to_the_byte(batch: Any, tmp_path: Path) -> None:
    run = batch.publish(tmp_path / "run.csv")
    run_parquet = batch.publish(tmp_path / "parquet" / "run.parquet")

    published = publish_into(tmp_path / "kept", batch)

    for kind in TABLES:
        assert published.files[kind, "csv"].read_bytes() == run.files[kind].read_bytes()
    assert published.files["forecast", "parquet"].read_bytes() == run_parquet.files["forecast"].read_bytes()


def test_the_plan_changes_no_byte_of_any_file(finish_batch: Callable[..., Any], tmp_path: Path) -> None:
    layouts = [[[(0, 5)]], [[(4, 5)], [(3, 4)], [(2, 3)], [(1, 2)], [(0, 1)]]]

    found = [publish_into(tmp_path / str(i), finish_batch(layout=layout)).files for i, layout in enumerate(layouts)]

    for key in found[0].keys() - {("certificate", "json")}:
        assert found[0][key].read_bytes() == found[1][key].read_bytes()


def test_the_certificate_names_the_csv_files_and_counts_every_series(batch: Any, out: Path) -> None:
    published = publish_into(out, batch)

    certificate = Certificate.read(published.files["certificate", "json"])

    assert {kind: file.name for kind, file in certificate.files.items()} == {kind: f"{kind}.csv" for kind in TABLES}
    assert certificate.files["stock"].size == published.files["stock", "csv"].stat().st_size
    assert certificate.counts["forecast"] == 5
    assert certificate.counts["rows_read"] == 7
    assert certificate.timings["publish"] >= 0


def test_refused_rows_and_series_are_kept_beside_the_tables(finish_batch: Callable[..., Any], out: Path) -> None:
    rows = out.parent / "refused.csv"
    rows.write_text("line,column,value,reason,date\n7,date,x,not a date,x\n", encoding="utf-8")

    published = publish_into(out, finish_batch(refused=[("Kendari", "00123")]), rejected_rows=rows)

    lines = published.files["rejected", "csv"].read_text(encoding="utf-8").splitlines()
    assert len(lines) == 3
    assert "00123" in lines[2]
    assert published.counts == {"series": 5, "forecast": 4, "refused": 1}
    assert pq.read_table(published.files["series", "parquet"]).num_rows == 4


def test_the_index_has_a_row_a_series_with_all_its_figures(batch: Any, out: Path) -> None:
    published = publish_into(out, batch)

    rows = pq.read_table(published.files["series", "parquet"]).to_pylist()
    forecast = pq.read_table(published.files["forecast", "parquet"])

    assert [(row["site_code"], row["partnumber"]) for row in rows] == list(batch.keys)
    assert [row["history_total"] for row in rows] == [0, 1, 3, 6, 10]
    assert [row["demand_periods"] for row in rows] == [0, 1, 2, 3, 4]
    for number, row in enumerate(rows):
        of_series = forecast.slice(3 * number, 3)
        assert row["forecast_total"] == pc.sum(of_series["forecast_qty"]).as_py()
        assert row["reorder_point"] == 2.0
        assert row["bias"] == -0.125
        assert row["model"] == "negbin_ses"
        assert row["last_demand"] == dt.date(2024, 10, 4)


def test_history_is_totalled_by_period_without_returns_beyond_its_demand(
    finish_batch: Callable[..., Any], out: Path
) -> None:
    batch = finish_batch(layout=[[(0, 5)]])
    monthly = Calendar(frequency=Frequency.MONTHLY)
    month = monthly.period_of_day(LAST_DAY)
    first, before = monthly.first_day(month), monthly.first_day(month - 1)
    days = [[before, before + 1, first], [before, before + 1, first], [first, monthly.first_day(month + 1)], [], []]
    quantities = [[5.0, -2.0, 4.0], [1.0, -3.0, 2.0], [7.0, 9.0], [], []]
    change_history(batch, days, quantities)
    request = replace(batch.request, calendar=monthly, last_period=month)
    horizon = [monthly.first_day(month + step) for step in (1, 2, 3)]
    dates = pa.array(horizon * 5, pa.int32()).cast(pa.date32())
    batch.change(0, "forecast", lambda table: table.set_column(0, "date", dates))

    published = publish_into(out, batch, certificate=replace(batch.certificate, request=request))

    rows = pq.read_table(published.files["series", "parquet"]).to_pylist()
    assert [row["history_total"] for row in rows] == [7, 2, 7, 0, 0]  # the last one's month after the cutoff left out
    assert [row["demand_periods"] for row in rows] == [2, 1, 1, 0, 0]


def change_history(batch: Any, days: list[list[int]], quantities: list[list[float]]) -> None:
    table = pq.read_table(batch.history.path)
    table = table.set_column(3, "day", pa.array(days, pa.list_(pa.int32())))
    pq.write_table(table.set_column(4, "quantity", pa.array(quantities, pa.list_(pa.float64()))), batch.history.path)


@pytest.mark.long
def test_many_series_of_many_partitions_keep_their_figures(finish_batch: Callable[..., Any], out: Path) -> None:
    keys = [(f"S{i // 1000}", f"P{i:05}") for i in range(3000)]
    refused = [keys[5], keys[1200], keys[2999]]
    layout = [[(0, 700), (1500, 2900)], [(700, 1500)], [(2900, 3000)]]
    batch = finish_batch(keys=keys, layout=layout, refused=refused, horizon=30)
    days = [[LAST_DAY]] * 3000
    change_history(batch, days, [[float(i)] for i in range(3000)])

    published = publish_into(out, batch)

    rows = pq.read_table(published.files["series", "parquet"]).to_pylist()
    done = [i for i, key in enumerate(keys) if key not in refused]
    assert [row["history_total"] for row in rows] == done
    assert [row["partnumber"] for row in rows] == [keys[i][1] for i in done]


def test_a_broken_result_leaves_no_file(batch: Any, out: Path) -> None:
    batch.change(1, "accuracy", lambda table: table.slice(1))

    with pytest.raises(ResultRejected, match="Partition 1 gave a result that can't be published"):
        publish_into(out, batch)

    assert list(out.iterdir()) == []


def test_a_partition_that_is_not_there_publishes_nothing(batch: Any, out: Path) -> None:
    batch.partitions.pop()

    with pytest.raises(ResultRejected, match="Partition 1"):
        publish_into(out, batch, certificate=replace(batch.certificate, partitions=(two := batch_partitions(batch))))

    assert not out.exists()
    assert len(two) == 2


def batch_partitions(batch: Any) -> tuple[Any, ...]:
    known = tuple(partition for partition, _ in batch.partitions)
    return (*known, replace(known[0], number=1))


def test_a_full_disk_is_said_and_leaves_no_file(batch: Any, out: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, hard))
    try:
        with pytest.raises(PublishFailed, match="File too large"):
            publish_into(out, batch)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert list(out.iterdir()) == []


@pytest.mark.parametrize("kind", TABLES)
def test_a_table_is_converted_as_it_would_have_been_published(batch: Any, tmp_path: Path, kind: str) -> None:
    published = publish_into(tmp_path / "kept", batch)

    convert(published.files[kind, "parquet"], tmp_path / f"{kind}.csv")
    convert(published.files[kind, "parquet"], tmp_path / f"{kind}.parquet")
    convert(published.files[kind, "parquet"], tmp_path / f"{kind}.xlsx")

    for form in ("csv", "parquet"):
        assert (tmp_path / f"{kind}.{form}").read_bytes() == published.files[kind, form].read_bytes()
    book = openpyxl.load_workbook(tmp_path / f"{kind}.xlsx")
    assert book.sheetnames == [kind]
    assert book[kind].max_row == 1 + pq.read_metadata(published.files[kind, "parquet"]).num_rows


def test_an_xlsx_forecast_is_that_of_a_run_to_the_byte(batch: Any, tmp_path: Path) -> None:
    run = batch.publish(tmp_path / "run.xlsx")
    published = publish_into(tmp_path / "kept", batch)

    convert(published.files["forecast", "parquet"], tmp_path / "forecast.xlsx")

    assert (tmp_path / "forecast.xlsx").read_bytes() == run.files["forecast"].read_bytes()


def test_a_conversion_that_can_not_be_written_leaves_no_file(batch: Any, tmp_path: Path) -> None:
    published = publish_into(tmp_path / "kept", batch)

    with pytest.raises(PublishFailed, match="No such file or directory"):
        convert(published.files["stock", "parquet"], tmp_path / "nowhere" / "stock.csv")


def test_a_text_too_long_for_a_cell_leaves_no_workbook(finish_batch: Callable[..., Any], tmp_path: Path) -> None:
    published = publish_into(tmp_path / "kept", finish_batch(keys=[("S", "x" * 40_000)], layout=[[(0, 1)]]))

    with pytest.raises(PublishFailed, match="does not fit a cell"):
        convert(published.files["stock", "parquet"], tmp_path / "stock.xlsx")

    assert {path.name for path in tmp_path.iterdir()} <= {"kept", "batch-0"}
