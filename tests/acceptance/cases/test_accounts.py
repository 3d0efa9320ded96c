"""Every row and every column of each file that is read is read, or named as not read: counted on the file itself."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import openpyxl
from python_calamine import CalamineWorkbook
from tests.acceptance.cases.test_every_case import FILES, GIVEN, each_case, look_at

from batchcast.ingest.common.names import letter_of
from batchcast.ingest.common.source import is_blank
from batchcast.ingest.layout.layout import Layout
from batchcast.ingest.reader import Ingested

DELIMITERS = {",": ",", ";": ";", "tab": "\t", "|": "|"}
Row = Sequence[Any]


def rows_of(file: Path, ingested: Ingested) -> list[Row]:
    """The rows of the file below its header that hold something, by another reader than ours."""
    values = ingested.report.format.values
    if "sheet" in values:
        below = list(_sheet_rows(file, str(values["sheet"])))[int(str(values["row"])) :]
    else:
        header = ingested.layout.header
        below = list(_below_header(_text_rows(file, DELIMITERS[str(values["delimiter"])], header), header))
    return [row for row in below if not all(map(is_blank, row))]


def _sheet_rows(file: Path, sheet: str) -> Iterator[Row]:
    if file.suffix == ".xlsx":  # openpyxl has the texts of error cells
        return openpyxl.load_workbook(file, data_only=True)[sheet].iter_rows(values_only=True)
    return CalamineWorkbook.from_path(file).get_sheet_by_name(sheet).iter_rows()


def _text_rows(file: Path, delimiter: str, header: Sequence[str]) -> Iterator[Row]:
    content = file.read_bytes()
    encoding = "utf-8-sig"
    if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        encoding = "utf-16"
    elif content[1:2] == b"\0":
        encoding = "utf-16-le"
    text = content.decode(encoding, errors="replace")
    lines = io.StringIO(text.replace("\r\n", "\n").replace("\r", "\n"))
    if any("\n" in name for name in header):
        yield from csv.reader(lines, delimiter=delimiter)
    for line in lines:
        yield next(csv.reader([line], delimiter=delimiter), ())


def _below_header(rows: Iterator[Row], header: Sequence[str]) -> Iterator[Row]:
    named = [name for name in header if name]
    for row in rows:
        if [cell.strip() for cell in row if cell.strip()] == named:
            break
    yield from rows


def expected_rows(rows: Sequence[Row], layout: Layout) -> int:
    """Each row, or each cell of a period of a wide table; a row of it whose part or site is blank is one."""
    if not layout.periods:
        return len(rows)
    keys = [i for source in (layout.part, layout.site) if source for i in source.indices]
    count = 0
    for row in rows:
        is_known = not any(is_blank(row[i]) for i in keys)
        count += sum(not is_blank(row[one.index]) for one in layout.periods) if is_known else 1
    return count


def columns_named(ingested: Ingested) -> set[str]:
    """The letters of the columns that are read, and of those that the report names as not read."""
    layout, report = ingested.layout, ingested.report
    read = {i for i in layout.wanted if i not in layout.unnamed}
    read |= {i for cells in layout.stock_columns.values() for i in cells.indices}
    left = {i for i, name in enumerate(layout.header) if name in report.columns_left_alone}
    said = {letter for letter in report.columns_unnamed if any(f"{letter}: " in str(note) for note in report.notes)}
    return {letter_of(i) for i in read | left} | said


@each_case
def test_every_row_is_read_or_named(name):
    ingested = look_at(name).ingested
    if ingested is None:
        assert look_at(name).is_refused
        return
    rows = rows_of(FILES / name / GIVEN[name]["main"], ingested)

    report = ingested.report
    named = report.rows_kept + report.rows_summed + report.rows_refused + report.rows_ignored + report.rows_filtered
    assert report.rows_read == named == expected_rows(rows, ingested.layout)


@each_case
def test_every_column_is_read_or_named(name):
    ingested = look_at(name).ingested
    if ingested is None:
        assert look_at(name).is_refused
        return
    rows = rows_of(FILES / name / GIVEN[name]["main"], ingested)

    held = {letter_of(i) for row in rows for i, cell in enumerate(row) if not is_blank(cell)}
    headed = {letter_of(i) for i, cell in enumerate(ingested.layout.header) if cell}
    surplus = {letter_of(i) for row in rows if len(row) > len(ingested.layout.header) for i in range(len(row))}
    if surplus:  # each such row is refused, or its further cells are blank
        uneven = [row for row in rows if any(not is_blank(cell) for cell in row[len(ingested.layout.header) :])]
        assert len(uneven) <= ingested.report.rows_refused
        held -= {letter_of(i) for row in uneven for i in range(len(ingested.layout.header), len(row))}
    assert (held | headed) - columns_named(ingested) == set()


def test_a_row_or_a_column_that_is_missing_is_found():
    ingested = look_at("all_zero_file").ingested
    assert ingested is not None
    rows = rows_of(FILES / "all_zero_file" / GIVEN["all_zero_file"]["main"], ingested)

    assert expected_rows(rows[1:], ingested.layout) != ingested.report.rows_read
    assert letter_of(len(ingested.layout.header)) not in columns_named(ingested)
