"""Whatever a file holds, every row is accounted for or the file is refused in a sentence."""

from __future__ import annotations

import csv
import datetime as dt
import io
import tempfile
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from batchcast.domain.errors import InvalidInput
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.files.records import split_lines, split_records
from batchcast.ingest.reader import ingest_file
from batchcast.ingest.values.dates import WrittenDate, read_date
from batchcast.ingest.values.numbers import WrittenNumber, read_number

HEADER = "date,part,qty\n"
cells = st.text(alphabet='ab1,";\n\r\t\\ é(-.\u202e', max_size=12)


def read(content: bytes):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "demand.csv"
        path.write_bytes(content)
        return ingest_file(path, into=Path(folder) / "into", settings=BatchSettings())


@settings(max_examples=80, deadline=None)
@given(st.lists(st.lists(cells, min_size=1, max_size=4), max_size=8))
def test_rows_written_by_a_csv_writer_are_all_accounted_for(rows):
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([["2024-01-01", "A", "1"], *rows])
    try:
        report = read((HEADER + text.getvalue()).encode()).report
    except InvalidInput:
        return

    filled = [row for row in rows if any(cell.strip() for cell in row)]
    assert report.rows_read == 1 + len(filled)
    assert report.rows_read == report.rows_accepted + report.rows_refused


def test_files_that_were_appended_to_one_another_may_each_have_a_byte_order_mark():
    rows = ["2024-01-01,A,1\n", "2024-02-01,A,2\n", "2024-03-01,A,3\n"]

    report = read("\ufeff".join(["", HEADER, *rows]).encode()).report

    assert (report.rows_accepted, report.rows_refused) == (3, 0)


@settings(max_examples=80, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)), st.booleans())
@example("\ufeff".encode(), True)
@example("\ufeff\n2024-01-01,A,1\n\ufeff2024-02-01,A,2\n\ufeff\n".encode(), True)
def test_any_bytes_are_read_or_refused(content, with_header):
    try:
        report = read(HEADER.encode() + content if with_header else content).report
    except InvalidInput as error:
        found = str(error)
    else:
        found = report
        assert report.rows_read == report.rows_accepted + report.rows_refused + report.rows_ignored
    assert found


@settings(max_examples=80, deadline=None)
@given(st.lists(st.lists(cells, min_size=2, max_size=4), min_size=1, max_size=6))
def test_records_are_those_of_the_csv_module_with_their_lines(rows):
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    found = split_records(split_lines(text.getvalue().encode()), 1, ",")

    filled = [tuple(row) for row in rows if any(cell.strip() for cell in row)]
    assert [row.cells for row in found.rows] == filled
    assert not found.broken
    assert found.open_from is None
    lines = split_lines(text.getvalue().encode())
    for row in found.rows:
        assert split_records(lines[row.line - 1 :], 1, ",").rows[0].cells == row.cells


@settings(max_examples=80, deadline=None)
@given(st.dates(min_value=dt.date(1969, 1, 1), max_value=dt.date(2068, 12, 31)))
def test_every_way_of_writing_a_date_reads_back(day):
    from batchcast.domain.calendar import day_of

    number = day_of(day)
    for form in ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%A, %d %b %Y", "%d %B %Y", "%b %d, %Y", "%Y-%m-%dT%H:%M:%SZ"):
        written = read_date(day.strftime(form))
        assert isinstance(written, WrittenDate)
        assert written.day == number
    for order, forms in {
        "day_first": ("%d/%m/%Y", "%d.%m.%y", "%d-%m-%Y 08:30", "%d%m%y"),
        "month_first": ("%m/%d/%Y", "%m-%d-%y", "%m%d%y"),
        "year_first": ("%y-%m-%d", "%y/%m/%d", "%y%m%d"),
    }.items():
        for form in forms:
            written = read_date(day.strftime(form))
            assert isinstance(written, WrittenDate)
            assert written.readings is not None
            assert written.readings[order] == number
    written = read_date(day.strftime("%d-%b-%y"))
    assert isinstance(written, WrittenDate)
    assert number in {written.day, *(written.readings or {}).values()}


@settings(max_examples=80, deadline=None)
@given(st.integers(-(10**12), 10**12), st.integers(0, 99))
def test_every_way_of_writing_a_number_reads_back(whole, hundredths):
    value = float(f"{whole}.{hundredths:02d}")
    written = f"{whole:,}.{hundredths:02d}"

    point = read_number(written)
    assert isinstance(point, WrittenNumber)
    assert point.point == value
    comma = read_number(written.translate(str.maketrans(",.", ".,")))
    assert isinstance(comma, WrittenNumber)
    assert comma.comma == value
