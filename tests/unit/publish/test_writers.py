"""Tables to files: what a spreadsheet or a program must find there."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook

from batchcast.publish.certificate import PublishFailed
from batchcast.publish.writers import CsvWriter, ParquetWriter, XlsxWriter, open_writer

DAYS = [dt.date(2024, 2, 29), None, dt.date(2026, 12, 31)]
TABLE = pa.table(
    {
        "date": pa.array(DAYS, pa.date32()),
        "partnumber": ["00123", 'a <b> & "c"', None],
        "folds": pa.array([3, None, 0], pa.int32()),
        "figure": [0.5, None, 12.0],
        "flag": pa.array([None] * 3, pa.string()),
    }
)


def write(path: Path, *tables: pa.Table) -> Path:
    writer = open_writer(path, tables[0].schema)
    for table in tables:
        writer.write(table)
    writer.close()
    return path


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.csv", CsvWriter),
        ("a.XLSX", XlsxWriter),
        ("a.parquet", ParquetWriter),
        ("a.csv_semicolon", CsvWriter),
        ("a", CsvWriter),
    ],
)
def test_suffix_names_the_format(tmp_path: Path, name: str, kind: type) -> None:
    writer = open_writer(tmp_path / name, TABLE.schema)

    assert type(writer) is kind
    writer.close()


def test_csv_is_utf8_with_iso_dates_and_empty_cells_for_what_is_missing(tmp_path: Path) -> None:
    found = write(tmp_path / "table.csv", TABLE).read_bytes()

    assert found == (
        b'date,partnumber,folds,figure,flag\n2024-02-29,00123,3,0.5,\n,"a <b> & ""c""",,,\n2026-12-31,,0,12,\n'
    )


def test_csv_for_spreadsheets_of_a_decimal_comma_has_a_mark_semicolons_and_commas_in_numbers(tmp_path: Path) -> None:
    found = write(tmp_path / "table.csv_semicolon", TABLE).read_bytes()

    assert found == (
        b"\xef\xbb\xbfdate;partnumber;folds;figure;flag\n2024-02-29;00123;3;0,5;\n"
        b';"a <b> & ""c""";;;\n2026-12-31;;0;12;\n'
    )
    part = pa.table({"partnumber": ["A;B", "1,5", ";=1+1"]})
    assert write(tmp_path / "parts.csv_semicolon", part).read_text("utf-8-sig").splitlines()[1:] == [
        '"A;B"',
        "1,5",
        '";\'=1+1"',
    ]


def test_workbook_keeps_kinds_and_missing_cells(tmp_path: Path) -> None:
    path = write(tmp_path / "table.xlsx", TABLE)

    sheet = openpyxl.load_workbook(path).active
    header, *rows = sheet.iter_rows(values_only=True)

    assert header == ("date", "partnumber", "folds", "figure", "flag")
    assert rows == [
        (dt.datetime(2024, 2, 29), "00123", 3, 0.5, None),
        (None, 'a <b> & "c"', None, None, None),
        (dt.datetime(2026, 12, 31), None, 0, 12, None),
    ]
    assert sheet.freeze_panes == "A2"
    assert CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()[1][:2] == [dt.date(2024, 2, 29), "00123"]


def test_full_sheet_is_continued_on_a_second_with_its_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("batchcast.publish.workbook.SHEET_ROWS", 5)
    table = pa.table({"part": [f"{n:03}" for n in range(10)]})

    path = write(tmp_path / "table.xlsx", table.slice(0, 3), table.slice(3))

    workbook = openpyxl.load_workbook(path)
    assert workbook.sheetnames == ["forecast", "forecast 2", "forecast 3"]
    found = [[row[0] for row in sheet.iter_rows(values_only=True)] for sheet in workbook]
    assert found == [
        ["part", "000", "001", "002", "003"],
        ["part", "004", "005", "006", "007"],
        ["part", "008", "009"],
    ]


def test_text_longer_than_a_cell_is_refused(tmp_path: Path) -> None:
    writer = open_writer(tmp_path / "table.xlsx", pa.schema({"part": pa.string()}))

    with pytest.raises(PublishFailed, match="32768 characters"):
        writer.write(pa.table({"part": ["x" * 32_768]}))
    writer.close()


def test_workbook_of_no_rows_has_its_header(tmp_path: Path) -> None:
    path = write(tmp_path / "table.xlsx", TABLE.slice(0, 0))

    assert CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python() == [TABLE.column_names]


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "parquet"])
def test_bytes_do_not_depend_on_the_pieces(tmp_path: Path, suffix: str) -> None:
    whole = write(tmp_path / f"whole.{suffix}", TABLE)
    pieces = write(tmp_path / f"pieces.{suffix}", TABLE.slice(0, 0), TABLE.slice(0, 1), TABLE.slice(1, 2))

    assert whole.read_bytes() == pieces.read_bytes()


def test_parquet_keeps_everything(tmp_path: Path) -> None:
    path = write(tmp_path / "table.parquet", TABLE.slice(0, 1), TABLE.slice(1))

    assert pq.read_table(path).equals(TABLE)
