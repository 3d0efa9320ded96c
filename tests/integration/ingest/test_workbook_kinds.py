from __future__ import annotations

import io
import re

import openpyxl
import pytest
import xlsxwriter
from tests.integration.ingest.test_unnamed_columns import as_csv, as_html, as_parquet, as_xlsx
from tests.integration.ingest.workbooks import ERRORS, ods_cell, ods_members, packed, xls_bytes, xlsb_members

from batchcast.domain.settings import BatchSettings
from batchcast.ingest.common.problems import AmbiguousColumn, UnknownFormat, UnreadablePeriods
from batchcast.ingest.reader import ingest_file


@pytest.fixture
def read(tmp_path):
    def read_it(rows, *, merged=(), **settings):
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        for cells in merged:
            book.active.merge_cells(cells)
        book.save(tmp_path / "book.xlsx")
        return ingest_file(tmp_path / "book.xlsx", into=tmp_path / "out", settings=BatchSettings(**settings)).report

    return read_it


@pytest.fixture
def read_bytes(tmp_path):
    def read_it(name, content):
        (tmp_path / name).write_bytes(content)
        return ingest_file(tmp_path / name, into=tmp_path / "out", settings=BatchSettings()).report

    return read_it


def reasons(report):
    return {(f"{one.letter}{one.line}", one.value, str(one.reason).split(";")[0]) for one in report.problems}


def test_error_values_and_formulas_without_a_result_are_refused_with_their_address(read):
    report = read(
        [
            ["date", "part", "qty"],
            ["2024-01-01", "A", "#REF!"],
            ["2024-01-02", "A", "=SUM(1,2)"],
            ["2024-01-03", "=B2", 4],
            ["#DIV/0!", "A", 5],
            ["2024-01-05", "A", 6],
        ]
    )

    uncomputed = "is a formula whose result is not stored"
    assert reasons(report) == {
        ("C2", "#REF!", "is an error value of a spreadsheet"),
        ("C3", "=SUM(1,2)", uncomputed),
        ("B4", "=B2", uncomputed),
        ("A5", "#DIV/0!", "is an error value of a spreadsheet"),
    }
    assert report.rows_kept == 1


def test_they_are_no_zeros_in_a_wide_table(read):
    report = read([["part", "2024-01-01", "2024-02-01"], ["A", "=1+1", 3], ["B", None, 3]])

    assert {place for place, _, _ in reasons(report)} == {"B2"}
    assert (report.rows_kept, report.rows_refused) == (2, 1)


def test_merged_keys_count_in_each_row_and_merged_quantities_once(read):
    rows = [["part", "date", "qty"], ["A", "2024-01-01", 4], [None, "2024-01-02", None], ["B", "2024-01-02", 3]]
    report = read(rows, merged=["A2:A3", "C2:C3"])

    assert report.rows_kept == 2
    assert [(one.line, one.letter, str(one.reason)) for one in report.problems] == [(3, "C", "is empty")]
    assert any("Merged cells" in str(note) for note in report.notes)


def test_years_over_months_are_one_header(read):
    years = ["", "", 2023, *[None] * 11, 2024, *[None] * 11]
    months = ["Site", "Part", *"Jan Feb Mrt Apr Mei Jun Jul Agt Sep Okt Nov Des".split() * 2]  # noqa: SIM905
    report = read([["Report"], years, months, ["S", "A", *range(1, 25)]])

    assert report.rows_kept == 24
    assert any("two rows, 2 and 3" in str(note) for note in report.notes)


def test_sheets_are_a_question_with_the_rows_of_each(tmp_path):
    book = openpyxl.Workbook()
    for sheet in (book.active, book.create_sheet("Other")):
        sheet.append(["date", "part", "qty"])
        sheet.append(["2024-01-01", "A", 1])
    book.save(tmp_path / "two.xlsx")

    with pytest.raises(AmbiguousColumn) as asked:
        ingest_file(tmp_path / "two.xlsx", into=tmp_path / "out", settings=BatchSettings())
    assert [choice.settings["column_mapping"] for choice in asked.value.choices] == ["sheet=Sheet", "sheet=Other"]


def test_what_looks_like_an_old_workbook_and_is_none_is_refused(tmp_path):
    (tmp_path / "locked.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000))
    with pytest.raises(UnknownFormat, match="encrypted"):
        ingest_file(tmp_path / "locked.xls", into=tmp_path / "out", settings=BatchSettings())


_WITH_ERRORS = [
    ["date", "part", "qty"],
    ["2024-01-01", "A", "#REF!"],
    ["2024-01-02", "#N/A", 4.0],
    ["#DIV/0!", "A", 5.0],
    ["2024-01-05", "A", 6.0],
]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.xlsb", packed(xlsb_members(_WITH_ERRORS))),
        ("formulas.xlsb", packed(xlsb_members(_WITH_ERRORS, by_formula=True))),
        ("x.xls", xls_bytes(_WITH_ERRORS)),
        ("x.ods", packed(ods_members(_WITH_ERRORS))),
    ],
    ids=["xlsb", "formulas of xlsb", "xls", "ods"],
)
def test_error_values_are_refused_with_their_address_in_workbooks_of_any_kind(read_bytes, name, content):
    report = read_bytes(name, content)

    assert {(place, value) for place, value, _ in reasons(report)} == {
        ("C2", "#REF!"),
        ("B3", "#N/A"),
        ("A4", "#DIV/0!"),
    }
    assert {reason for *_, reason in reasons(report)} == {"is an error value of a spreadsheet"}
    assert report.rows_kept == 1
    assert not any("error values" in str(note) for note in report.notes)


@pytest.mark.parametrize("error", ERRORS)
def test_each_error_value_is_told_by_its_name(read_bytes, error):
    rows = [["part", "2024-01-01", "2024-02-01"], ["A", error, 3.0], ["B", None, 3.0]]

    for name, content in {
        "x.xlsb": packed(xlsb_members(rows)),
        "x.xls": xls_bytes(rows),
        "x.ods": packed(ods_members(rows)),
    }.items():
        report = read_bytes(name, content)
        assert {(place, value) for place, value, _ in reasons(report)} == {("B2", error)}
        assert (report.rows_kept, report.rows_refused) == (2, 1)


def test_formulas_without_a_result_are_no_zeros_in_workbooks_of_any_kind(read_bytes):
    rows = [["part", "2024-01-01", "2024-02-01"], ["A", "=1+1", 3.0], ["B", None, 3.0]]

    kinds = {"x.xls": xls_bytes(rows), "x.ods": packed(ods_members(rows)), "x.xlsb": packed(xlsb_members(rows))}
    for name, content in kinds.items():
        report = read_bytes(name, content)
        assert {(place, reason) for place, _, reason in reasons(report)} == {
            ("B2", "is a formula whose result is not stored")
        }


@pytest.mark.parametrize("width", [20, 40, 300, 1500])
def test_an_error_far_to_the_right_of_a_wide_xlsb_is_found(read_bytes, width):
    days = [f"{2020 + i // 336}-{i // 28 % 12 + 1:02}-{i % 28 + 1:02}" for i in range(width)]
    rows = [["part", *days], *([f"P{i}", *[1.0] * (width - 1), "#N/A" if i == 7 else 2.0] for i in range(9))]

    report = read_bytes("x.xlsb", packed(xlsb_members(rows)))

    assert [(one.line, one.value) for one in report.problems] == [(9, "#N/A")]


def test_a_repeated_error_of_ods_is_told_for_each_cell_it_stands_for(read_bytes):
    error = ods_cell("#N/A").replace("<table:table-cell", '<table:table-cell table:number-columns-repeated="2"')
    row = '<table:table-row table:number-rows-repeated="3">' + ods_cell("B") + error + "</table:table-row>"
    rows = [["part", "2024-01-01", "2024-02-01"], ["A", 1.0, 2.0]]

    report = read_bytes("x.ods", packed(ods_members(rows, row)))

    assert {place for place, *_ in reasons(report)} == {f"{column}{line}" for column in "BC" for line in (3, 4, 5)}


def xlsx_by_formula(values):
    """An XLSX file whose formulas have these results, as xlsxwriter writes it: 0 where it is given none."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["part", "2024-01-01", "2024-02-01"])
        for row, (part, value) in enumerate(values.items(), start=1):
            sheet.write(row, 0, part)
            sheet.write(row, 1, 5)
            sheet.write_formula(row, 2, "=B2*2", None, *([] if value is None else [value]))
    return made.getvalue()


def test_formulas_that_a_program_stored_as_0_are_no_zeros(read_bytes):
    report = read_bytes("x.xlsx", xlsx_by_formula({"A": None, "B": None}))

    assert {(place, reason) for place, _, reason in reasons(report)} == {
        ("C2", "is a formula whose result is not stored"),
        ("C3", "is a formula whose result is not stored"),
    }


def test_formulas_some_of_which_have_a_result_are_read(read_bytes):
    report = read_bytes("x.xlsx", xlsx_by_formula({"A": 10, "B": 0}))

    assert (report.rows_kept, report.rows_refused) == (4, 0)


@pytest.mark.parametrize("is_marked", [True, False])
def test_the_same_in_xlsb_where_it_is_marked(read_bytes, is_marked):
    rows = [["part", "2024-01-01", "2024-02-01"], ["A", "=0", 3.0], ["B", "=0", 3.0]]
    report = read_bytes("x.xlsb", packed(xlsb_members(rows, is_marked=is_marked)))

    assert report.rows_refused == (2 if is_marked else 0)


NOTHINGS = ["NULL", "nan", "None", "n/a", "<NA>", "(blank)"]
CODES = ["NA", "nil", "tbd", "-", "NONE", "n.a."]


def as_kinds(rows):
    """The same rows as a file of each kind."""
    texts = [[None if cell is None else cell for cell in row] for row in rows]
    return {
        "x.csv": as_csv(rows),
        "x.xlsx": as_xlsx(rows),
        "x.html": as_html(rows),
        "x.parquet": as_parquet(rows),
        "x.xls": xls_bytes(texts),
        "x.ods": packed(ods_members(texts)),
        "x.xlsb": packed(xlsb_members(texts)),
    }


@pytest.mark.parametrize("name", as_kinds([["part", "date", "qty"], ["A", "2024-01-01", 1.0]]))
@pytest.mark.parametrize("layout", ["long", "wide"])
def test_a_code_that_reads_as_nothing_is_kept_and_said_or_refused_in_every_kind(read_bytes, name, layout):
    parts = [*NOTHINGS, *CODES]
    wide = [["part", "2024-01-01", "2024-02-01"], *([part, 2.0, 3.0] for part in parts)]
    days = ("2024-01-01", "2024-02-01")
    long = [["part", "date", "qty"], *([part, day, 2.0] for part in parts for day in days)]

    report = read_bytes(name, as_kinds(wide if layout == "wide" else long)[name])

    assert {one.value for one in report.problems} == set(NOTHINGS)
    assert report.rows_kept == 2 * len(CODES)
    (said,) = [note for note in map(str, report.notes) if "also write where there is none" in note]
    assert all(repr(code) in said for code in CODES[:5])


@pytest.mark.parametrize("error", ["#REF!", "#N/A"])
def test_an_error_value_among_the_headers_of_periods_is_named_with_its_column(read_bytes, error):
    rows = [["part", "2024-01-01", error, "2024-03-01", "2024-04-01"], ["A", 1.0, 2.0, 3.0, 4.0]]

    for name, content in {"x.xlsb": packed(xlsb_members(rows)), "x.xls": xls_bytes(rows)}.items():
        with pytest.raises(UnreadablePeriods, match=re.escape(f"{error!r} (C)")):
            read_bytes(name, content)
