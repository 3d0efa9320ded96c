"""Excel drops the rows beyond its last one without a word; what it leaves is known by its number of rows."""

from __future__ import annotations

import io

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batchcast.ingest.common import source
from batchcast.ingest.files import sheets


def said(ingested) -> bool:
    notes = [str(note) for note in ingested.report.notes]
    return any("as many" in note and "Excel drops" in note for note in notes)


def csv_of(rows, titles="") -> str:
    return titles + "date,part,qty\n" + "2024-01-05,A,1\n" * rows


@pytest.mark.parametrize(
    ("rows", "titles", "is_full"),
    [
        (65_535, "", True),  # with the header, as a sheet of the old format holds
        (65_536, "", True),  # without it
        (65_534, "Usage\n", True),
        (65_534, "", False),
        (65_537, "", False),
    ],
)
def test_a_text_of_as_many_rows_as_a_sheet_holds_is_said(read, rows, titles, is_full):
    assert said(read(csv_of(rows, titles))) == is_full


@pytest.mark.parametrize(("rows", "is_full"), [(1_048_575, True), (1_048_574, False)])
def test_the_rows_of_a_sheet_of_today(read, rows, is_full):
    assert said(read(csv_of(rows))) == is_full


def test_each_file_of_a_folder_is_looked_at(read, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "cut.csv").write_text(csv_of(65_535), encoding="utf-8")
    (folder / "rest.csv").write_text(csv_of(3).replace("2024", "2023"), encoding="utf-8")

    notes = [str(note) for note in read(folder).report.notes if "Excel drops" in str(note)]
    assert len(notes) == 1
    assert notes[0].startswith("cut.csv has as many rows")


@pytest.mark.parametrize(("rows", "is_full"), [(19, True), (18, False), (20, False)])
@pytest.mark.parametrize("kind", ["xlsx", "xls"])
def test_a_sheet_that_is_full_to_its_last_row_is_said(read, monkeypatch, kind, rows, is_full):
    monkeypatch.setattr(sheets, "EXCEL_ROWS", (20,))
    lines = [["date", "part", "qty"], *[["2024-01-05", "A", 1]] * rows]
    content = io.BytesIO(b"<table>" + b"".join(b"<tr><td>%s<td>%s<td>%s" % tuple(map(encoded, row)) for row in lines))
    if kind == "xlsx":
        book = openpyxl.Workbook()
        for line in lines:
            book.active.append(line)
        book.save(content)

    assert said(read(content.getvalue(), name=f"full.{kind}")) == is_full


def encoded(cell) -> bytes:
    return str(cell).encode()


def test_a_parquet_file_made_of_a_full_sheet_is_said(read, tmp_path, monkeypatch):
    monkeypatch.setattr(source, "EXCEL_ROWS", (20,))
    table = pa.table({"date": ["2024-01-05"] * 19, "part": ["A"] * 19, "qty": [1] * 19})
    pq.write_table(table, tmp_path / "full.parquet")
    assert said(read(tmp_path / "full.parquet"))
