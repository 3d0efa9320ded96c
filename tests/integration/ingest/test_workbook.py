from __future__ import annotations

import io
import re
import zipfile
from datetime import date, datetime, time

import openpyxl
import pytest

from batchcast.domain.calendar import Frequency, day_of
from batchcast.domain.errors import InvalidInput
from batchcast.ingest.common import problems as found
from batchcast.ingest.common.limits import IngestLimits

HEADER = ["date", "partnumber", "site_code", "demand_qty"]
FIRST = day_of(date(2024, 1, 1))


def workbook(**sheets) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


def edited(content: bytes, change) -> bytes:
    """The workbook with the XML of its first sheet changed."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, change(data) if name == "xl/worksheets/sheet1.xml" else data)
    return packed.getvalue()


def test_cells_read_by_their_types(read, series):
    ingested = read(
        workbook(
            Data=[
                HEADER,
                [datetime(2024, 1, 1, 13, 5), 123, "007", 5],
                ["2024-01-01", "A", True, 1.5],
                [date(2024, 1, 1), 1.5, 7.0, "2.5"],
            ]
        ),
        name="demand.bin",
    )

    assert series(ingested) == {("007", "123"): {FIRST: 5.0}, ("7", "1.5"): {FIRST: 2.5}, ("TRUE", "A"): {FIRST: 1.5}}
    assert str(ingested.report.format) == "XLSX, sheet Data, header in row 1"


def test_refused_rows_have_the_row_of_the_sheet(read, rejected):
    ingested = read(
        workbook(
            Data=[
                ["Demand of January"],
                [],
                HEADER,
                ["2024-01-01", "A", "S", 1],
                [],
                ["2024-01-02", date(2024, 3, 1), "S", 1],
                [45_123, "A", "S", 1],
                ["2024-01-02", "A", "S", date(2024, 3, 1)],
                ["2024-01-02", "A", "S", None],
                [time(12, 0), "A", "S", "#N/A"],
            ]
        )
    )

    assert str(ingested.report.format) == "XLSX, sheet Data, header in row 3"
    assert [(p.line, p.column, p.letter, p.sheet) for p in ingested.report.problems] == [
        (6, "partnumber", "B", "Data"),
        (7, "date", "A", "Data"),
        (8, "demand_qty", "D", "Data"),
        (9, "demand_qty", "D", "Data"),
        (10, "date", "A", "Data"),
    ]
    assert ingested.report.problems[1].value == "45123"
    assert "turned the code into a date" in str(ingested.report.problems[0].reason)
    assert rejected(ingested)[0]["sheet"] == "Data"
    assert ingested.report.rows_read == 6


def test_returns_to_be_rejected_are_found_in_number_cells(read):
    ingested = read(workbook(Data=[HEADER, ["2024-01-01", "A", "S", -1]]), returns="reject")

    assert "negative" in str(ingested.report.problems[0].reason)


def test_wide_sheet_with_date_cells_as_header_is_melted(read, series):
    ingested = read(
        workbook(Data=[["part", date(2024, 1, 1), date(2024, 2, 1)], ["A", 1, None], ["B", "", 2], ["C", "x", 2]])
    )

    february = day_of(date(2024, 2, 1))
    assert series(ingested) == {
        ("ALL", "A"): {FIRST: 1.0},
        ("ALL", "B"): {february: 2.0},
        ("ALL", "C"): {february: 2.0},
    }
    assert ingested.history.facts.frequency is Frequency.MONTHLY
    assert ingested.report.rows_refused == 1


def test_only_sheet_with_the_columns_is_read_and_the_others_named(read):
    ingested = read(workbook(Cover=[["Hello"]], Data=[HEADER, ["2024-01-01", "A", "S", 1]], Empty=[]))

    assert ingested.report.rows_kept == 1
    assert any("left alone: Cover, Empty" in str(note) for note in ingested.report.notes)


def test_two_sheets_that_could_be_the_history_are_a_question_that_a_mapping_answers(read):
    content = workbook(Jan=[HEADER, ["2024-01-01", "A", "S", 1]], Feb=[HEADER, ["2024-02-01", "A", "S", 1]])

    with pytest.raises(found.AmbiguousColumn, match="sheet=Jan"):
        read(content)
    assert read(content, column_mapping={"sheet": "Feb"}).report.rows_kept == 1
    with pytest.raises(found.UnknownMapping, match="'Jan', 'Feb'"):
        read(content, column_mapping={"sheet": "March"})


def test_date_cells_beside_dates_as_text_are_refused_unless_the_order_is_given(read):
    content = workbook(Data=[HEADER, [date(2024, 1, 2), "A", "S", 1], ["13/01/2024", "A", "S", 1]])

    with pytest.raises(found.MixedDateOrders, match="may have swapped"):
        read(content)
    assert read(content, date_order="day_first").report.rows_kept == 2


def test_workbook_without_the_columns_says_what_the_likeliest_row_has(read):
    with pytest.raises(found.MissingColumn, match=r"Sheet Data \(row 2\).*'When', 'What', 'Much'.*date="):
        read(workbook(Data=[["Report"], ["When", "What", "Much"], ["2024-01-01", "A", 1]]))


def test_workbook_of_empty_sheets_is_empty(read):
    with pytest.raises(found.EmptyInput):
        read(workbook(Data=[], More=[]))


def test_header_alone_has_no_rows(read):
    with pytest.raises(found.NoRows):
        read(workbook(Data=[HEADER]))


def test_truncated_or_broken_workbooks_are_refused(read):
    content = workbook(Data=[HEADER, ["2024-01-01", "A", "S", 1]])

    for broken in (
        content[: len(content) // 2],
        edited(content, lambda xml: xml[: len(xml) // 2]),
        edited(content, lambda xml: b"<junk"),
    ):
        with pytest.raises(InvalidInput):
            read(broken)


def test_sheet_that_spans_too_many_cells_is_refused_before_it_is_spread_out(read):
    content = workbook(Data=[HEADER, ["2024-01-01", "A", "S", 1]])
    wide = edited(content, lambda xml: re.sub(rb'r="D2"', b'r="XFD1048576"', xml))

    with pytest.raises(found.OverTheLimit, match="1048576 rows by 16384 columns"):
        read(wide)
    with pytest.raises(found.OverTheLimit):
        read(content, limits=IngestLimits(max_expanded_bytes=1000))


def test_many_rows_keep_their_numbers(read, monkeypatch):
    monkeypatch.setattr("batchcast.ingest.files.sheets._ROWS_IN_BLOCK", 1000)
    rows = [["2024-01-01", f"P{i % 7}", "S", 1] for i in range(4500)]
    rows[4400][3] = "x"

    ingested = read(workbook(Data=[HEADER, *rows]))

    assert [p.line for p in ingested.report.problems] == [4402]
    assert (ingested.report.rows_read, ingested.report.rows_kept) == (4500, 7)
