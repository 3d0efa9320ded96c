"""Partitions' results become one published result."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook

from batchcast.publish.certificate import Certificate, InvalidCertificate, OutputTaken

HEADER = ["date", "partnumber", "site_code", "forecast_qty", "forecast_raw", "p10", "p50", "p90", "model"]


def read_csv(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_rows_come_in_the_order_of_the_history_whatever_the_partitions(batch: Any, out: Path) -> None:
    published = batch.publish(out / "result.csv")

    header, *rows = read_csv(published.files["forecast"])

    assert header == HEADER
    assert [(row[2], row[1]) for row in rows[::3]] == [
        ("Bahodopi", "1E5"),
        ("Bahodopi", "'=1+1"),  # made harmless
        ("Kendari", "00123"),
        ("Kendari", "ÅÄÖ"),
        ("Morowali", "A,B"),
    ]
    assert [row[0] for row in rows[:3]] == ["2024-10-05", "2024-10-06", "2024-10-07"]
    assert (published.series, published.forecast, published.refused) == (5, 5, 0)


def test_the_partition_plan_changes_no_byte_of_any_table(finish_batch: Callable[..., Any], tmp_path: Path) -> None:
    layouts = [[[(0, 5)]], [[(0, 2), (4, 5)], [(2, 4)]], [[(4, 5)], [(3, 4)], [(2, 3)], [(1, 2)], [(0, 1)]]]

    for suffix in ("csv", "xlsx", "parquet"):
        digests = set()
        for number, layout in enumerate(layouts):
            published = finish_batch(layout=layout).publish(tmp_path / f"{suffix}-{number}" / f"result.{suffix}")
            digests.add(tuple(published.sha256[kind] for kind in ("forecast", "stock", "accuracy")))

        assert len(digests) == 1


def test_side_files_are_csv_with_missing_figures_empty(batch: Any, out: Path) -> None:
    published = batch.publish(out / "result.parquet")

    stock = read_csv(out / "stock.csv")
    accuracy = read_csv(out / "accuracy.csv")

    assert stock[1] == [
        "Bahodopi",
        "1E5",
        "lumpy",
        "2024-10-04",
        "3",
        "0.95",
        "2.5",
        "2",
        "-0.5",
        "2",
        "0.99",
        *[""] * 7,
    ]
    assert accuracy[0][-2:] == ["score_negbin_ses", "score_empirical"]
    assert accuracy[1] == [
        "Bahodopi",
        "1E5",
        "lumpy",
        "negbin_ses",
        "3",
        "0.25",
        "",
        "1",
        "-0.125",
        "",
        "1.5",
        "4",
        *[""] * 6,
        *("0.25", ""),
    ]
    assert not (out / "rejected.csv").exists()
    assert sorted(published.files) == ["accuracy", "certificate", "figures", "forecast", "stock"]


def test_parquet_keeps_every_part_number_to_the_letter(batch: Any, out: Path) -> None:
    batch.publish(out / "result.parquet")

    table = pq.read_table(out / "result.parquet")

    assert table.column_names == HEADER
    assert table["partnumber"].to_pylist()[::3] == [part for _, part in batch.keys]
    assert table.schema.field("date").type == pa.date32()


def test_workbook_has_text_as_text_and_dates_as_dates(batch: Any, out: Path) -> None:
    batch.publish(out / "result.xlsx")

    sheet = openpyxl.load_workbook(out / "result.xlsx").active
    header, first, *rest = sheet.iter_rows(values_only=True)
    by_calamine = CalamineWorkbook.from_path(out / "result.xlsx").get_sheet_by_index(0).to_python()

    assert list(header) == HEADER
    assert first[:3] == (dt.datetime(2024, 10, 5), "1E5", "Bahodopi")
    assert sheet["A2"].is_date
    assert sheet["B5"].data_type == "s"
    assert [row[1] for row in rest][2::3] == ["'=1+1", "00123", "ÅÄÖ", "A,B"]
    assert by_calamine[1][:3] == [dt.date(2024, 10, 5), "1E5", "Bahodopi"]
    assert [row[1] for row in by_calamine][1::3] == ["1E5", "'=1+1", "00123", "ÅÄÖ", "A,B"]


def test_folder_without_a_suffix_gets_a_forecast_csv(batch: Any, out: Path) -> None:
    published = batch.publish(out)

    assert published.files["forecast"] == out / "forecast.csv"
    assert sorted(path.name for path in out.iterdir()) == [
        "accuracy.csv",
        "certificate.json",
        "figures.parquet",
        "forecast.csv",
        "stock.csv",
    ]


def test_refused_series_are_left_out_and_named(finish_batch: Callable[..., Any], out: Path, tmp_path: Path) -> None:
    batch = finish_batch(refused=[("Bahodopi", "=1+1"), ("Kendari", "00123")])
    refused_rows = tmp_path / "refused.csv"
    refused_rows.write_text("line,column,value,reason,tgl,part\n3,tgl,31/02/2025,is not a date,31/02/2025,X\n")

    published = batch.publish(out / "result.csv", rejected_rows=refused_rows)

    assert (published.series, published.forecast, published.refused) == (5, 3, 2)
    assert len(read_csv(out / "result.csv")) == 1 + 3 * 3
    assert len(read_csv(out / "stock.csv")) == 1 + 3
    assert read_csv(published.files["rejected"])[1:] == [
        ["3", "tgl", "31/02/2025", "is not a date", "31/02/2025", "X"],
        ["", "partnumber", "'=1+1", "no forecast for this part of site 'Bahodopi': begins after the cutoff", "", ""],
        ["", "partnumber", "00123", "no forecast for this part of site 'Kendari': begins after the cutoff", "", ""],
    ]


def test_partition_whose_series_are_all_refused_is_published(finish_batch: Callable[..., Any], out: Path) -> None:
    batch = finish_batch(refused=[("Kendari", "00123"), ("Kendari", "ÅÄÖ")])

    published = batch.publish(out)

    assert published.forecast == 3
    assert read_csv(out / "rejected.csv")[0] == ["line", "column", "value", "reason"]


def test_skipped_periods_are_not_in_the_result(finish_batch: Callable[..., Any], out: Path) -> None:
    published = finish_batch(skip=10).publish(out)

    assert read_csv(published.files["forecast"])[1][0] == "2024-10-15"


def test_sites_that_were_not_asked_for_are_passed_over(finish_batch: Callable[..., Any], out: Path) -> None:
    published = finish_batch(layout=[[(1, 2), (4, 5)]]).publish(out / "result.parquet")

    assert published.series == 2
    assert pq.read_table(out / "result.parquet")["site_code"].to_pylist()[::3] == ["Bahodopi", "Morowali"]


def test_many_partitions_with_many_ranges_keep_few_files_open(
    finish_batch: Callable[..., Any], out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batchcast.publish.rows.MOST_OPEN_FILES", 2)
    keys = [(f"S{n // 10}", f"{n:04}") for n in range(60)]
    layout = [[(row, row + 1) for row in range(first, 60, 6)] for first in range(6)]

    batch = finish_batch(keys=keys, layout=layout)
    published = batch.publish(out)

    assert [(row[2], row[1]) for row in read_csv(published.files["forecast"])[1::3]] == keys


def test_table_larger_than_a_piece_is_streamed_whole(
    finish_batch: Callable[..., Any], out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batchcast.publish.combined._PIECE_ROWS", 7)
    monkeypatch.setattr("batchcast.publish.rows._BATCH_ROWS", 5)
    monkeypatch.setattr("batchcast.publish.writers.GROUP_ROWS", 11)
    keys = [(f"S{n // 10}", f"{n:04}") for n in range(40)]

    finish_batch(keys=keys, layout=[[(0, 13), (30, 40)], [(13, 30)]]).publish(out / "result.parquet")

    table = pq.read_table(out / "result.parquet")
    assert table["partnumber"].to_pylist()[::3] == [part for _, part in keys]
    groups = pq.ParquetFile(out / "result.parquet").metadata
    assert {groups.row_group(i).num_rows for i in range(groups.num_row_groups - 1)} == {11}


def test_certificate_tells_the_run_and_every_file_with_its_digest(batch: Any, out: Path) -> None:
    published = batch.publish(out / "result.csv")

    certificate = Certificate.read(out / "certificate.json")

    assert certificate.counts == {
        "rows_read": 7,
        "rows_kept": 5,
        "rows_refused": 2,
        "series": 5,
        "forecast": 5,
        "refused": 0,
    }
    assert certificate.partitions == batch.certificate.partitions
    assert sorted(certificate.timings) == ["ingest", "publish"]
    for kind, file in certificate.files.items():
        data = (out / file.name).read_bytes()
        assert (file.sha256, file.size) == (hashlib.sha256(data).hexdigest(), len(data))
        assert published.sha256[kind] == file.sha256


def test_publishing_again_gives_the_same_bytes(batch: Any, tmp_path: Path) -> None:
    for suffix in ("csv", "xlsx", "parquet"):
        first = batch.publish(tmp_path / "one" / suffix / f"result.{suffix}")
        second = batch.publish(tmp_path / "two" / suffix / f"result.{suffix}")

        assert {**first.sha256, "certificate": ""} == {**second.sha256, "certificate": ""}


def test_later_run_of_the_same_name_replaces_the_earlier_with_all_its_files(
    finish_batch: Callable[..., Any], out: Path
) -> None:
    finish_batch(refused=[("Kendari", "00123")]).publish(out / "result.csv")
    assert (out / "rejected.csv").exists()

    finish_batch().publish(out / "result.csv")

    assert not (out / "rejected.csv").exists()
    assert len(read_csv(out / "result.csv")) == 1 + 5 * 3


def test_folder_with_the_result_of_another_name_is_refused(batch: Any, out: Path) -> None:
    batch.publish(out / "june.csv")
    before = {path.name: path.read_bytes() for path in out.iterdir()}

    with pytest.raises(
        OutputTaken, match=r"already holds stock\.csv, accuracy\.csv, figures\.parquet, certificate\.json.*july\.csv"
    ):
        batch.publish(out / "july.csv")

    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_files_that_are_not_of_an_earlier_run_are_not_overwritten(batch: Any, out: Path) -> None:
    out.mkdir()
    (out / "stock.csv").write_text("my own")

    with pytest.raises(OutputTaken, match=r"already holds stock\.csv, which is not of an earlier run"):
        batch.publish(out / "result.csv")

    assert [path.read_text() for path in out.iterdir()] == ["my own"]


def test_certificate_of_another_program_protects_what_is_there(batch: Any, out: Path) -> None:
    out.mkdir()
    (out / "certificate.json").write_text("{}")

    with pytest.raises(OutputTaken, match=r"certificate\.json"):
        batch.publish(out / "result.csv")
    with pytest.raises(InvalidCertificate, match="'format' is missing"):
        Certificate.read(out / "certificate.json")


def test_accuracy_alone_is_one_file(batch: Any, tmp_path: Path) -> None:
    as_file = batch.publish_accuracy(tmp_path / "x" / "scores.parquet")
    in_folder = batch.publish_accuracy(tmp_path / "y")

    assert [path.name for path in as_file.parent.iterdir()] == ["scores.parquet"]
    assert pc.sum(pq.read_table(as_file)["folds"]).as_py() == 15
    assert [path.name for path in in_folder.parent.iterdir()] == ["accuracy.csv"]


def test_accuracy_alone_may_be_called_accuracy(batch: Any, out: Path) -> None:
    path = batch.publish_accuracy(out / "accuracy.csv")
    again = batch.publish_accuracy(out / "accuracy.csv")

    assert path == again == out / "accuracy.csv"


@pytest.mark.parametrize("name", ["", "accuracy.csv", "result.csv"])
def test_accuracy_alone_overwrites_no_published_result(batch: Any, out: Path, name: str) -> None:
    batch.publish(out / "result.csv")

    with pytest.raises(OutputTaken, match=r"belongs to the result that .*certificate\.json names"):
        batch.publish_accuracy(out / name)
