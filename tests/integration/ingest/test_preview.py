"""A file by its first rows: its columns, what is read from each, and the rows as they would be read."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batchcast.domain.recipe import MOST_PREVIEWED, Recipe
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.common.problems import DamagedFile, EmptyInput
from batchcast.ingest.preview import preview_file
from batchcast.ingest.recipes import read_file

HEADER = "Kapan;Barangnya;Tempat;Banyaknya;Jenis\n"
ROWS = "".join(
    f"{day:02}/01/2024;{part};{site};{day};{kind}\n"
    for day in range(1, 29)
    for part in ("07-4410", "HYD")
    for site in ("Kolaka", "Raha")
    for kind in ("Rutin", "Proyek")
)
TITLED = f"Laporan pengeluaran\nPeriode 2024\n{HEADER}{ROWS}"
MAPPING = {"date": "Kapan", "partnumber": "Barangnya", "site_code": "Tempat", "demand_qty": "Banyaknya"}


@pytest.fixture
def preview(tmp_path):
    def preview_it(content, *, kind="history", name="export.csv", recipes=(), **settings):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return preview_file(path, kind, BatchSettings(**settings), recipes, into=tmp_path / "scratch")

    return preview_it


def test_columns_under_titles_are_told_where_none_of_them_is_known(preview):
    found = preview(TITLED)

    assert [column.name for column in found.columns] == HEADER.strip().split(";")
    assert found.columns[0].samples == ("01/01/2024", "02/01/2024", "03/01/2024")
    assert found.columns[2].values == {"Kolaka": 112, "Raha": 112}
    assert found.columns[3].has_numbers
    assert found.missing == ("date", "partnumber", "demand_qty")
    assert found.refusal.slug == "missing-column"
    assert (found.rows, found.counts) == ((), None)


def test_rows_are_read_once_their_columns_are_mapped(preview):
    found = preview(TITLED, column_mapping=MAPPING)

    assert found.missing == ()
    assert found.refusal is None
    first, second = found.rows[:2]
    assert (first.line, first.date, first.partnumber, first.site_code) == (4, dt.date(2024, 1, 1), "07-4410", "Kolaka")
    assert (second.line, second.demand_qty) == (5, 1)
    assert {column.ours for column in found.columns} == {*MAPPING, None}
    counts = found.counts
    assert (counts.rows_read, counts.parts, counts.sites, counts.total) == (224, 2, 2, 8 * sum(range(1, 29)))
    assert (counts.first_date, counts.last_date) == (dt.date(2024, 1, 1), dt.date(2024, 1, 28))


def test_only_rows_are_shown_and_counted_that_are_chosen(preview):
    found = preview(TITLED, column_mapping=MAPPING, only_rows=("Jenis=Rutin",))

    assert [row.line for row in found.rows] == list(range(4, 24, 2))
    assert (found.counts.rows_filtered, found.counts.total) == (112, 4 * sum(range(1, 29)))


def test_a_value_that_no_first_row_holds_is_no_mistake_of_the_preview(preview):
    found = preview(TITLED, column_mapping=MAPPING, only_rows=("Jenis=Retur,Rutin",))

    assert found.refusal is None
    assert found.counts.rows_filtered == 112


def test_a_refused_row_has_its_reason_where_it_stands(preview):
    rows = ROWS.splitlines(keepends=True)
    rows[1] = "31/02/2024;HYD;Raha;3;Rutin\n"
    rows[60] = "05/01/2024;;Raha;3;Rutin\n"
    found = preview(HEADER + "".join(rows), column_mapping=MAPPING)

    refused = [row for row in found.rows if row.reason]
    assert [(row.line, row.column, row.value) for row in refused] == [(3, "Kapan", "31/02/2024"), (62, "Barangnya", "")]
    assert "no such day" in str(refused[0].reason)
    assert found.counts.rows_refused == 2
    assert len(found.rows) == 11


def test_a_question_is_part_of_the_answer(preview):
    ambiguous = "".join(line for line in ROWS.splitlines(keepends=True) if int(line[:2]) < 12)
    asked = preview(HEADER + ambiguous, column_mapping=MAPPING)
    told = preview(HEADER + ambiguous, column_mapping=MAPPING, date_order="month_first")

    assert asked.refusal.setting == "date_order"
    assert [choice.settings for choice in asked.refusal.choices] == [
        {"date_order": "day_first"},
        {"date_order": "month_first"},
    ]
    assert asked.found["date"] == "Kapan"
    assert told.rows[-1].date == dt.date(2024, 2, 1)


def test_two_columns_of_one_kind_are_a_question_with_all_columns_told(preview):
    found = preview("date,part,qty_out,order_qty\n2024-01-01,A,1,2\n2024-01-02,A,2,3\n")

    assert found.refusal.slug == "ambiguous-column"
    assert found.missing == ("demand_qty",)
    assert [column.name for column in found.columns] == ["date", "part", "qty_out", "order_qty"]


def test_no_more_than_the_first_rows_are_read(preview, tmp_path):
    rows = "".join(f"2024-01-{1 + k % 28:02},P{k % 7},S,1\n" for k in range(400_000))
    path = tmp_path / "long.csv"
    path.write_text("date,part,site,qty\n" + rows + "2024-13-01,A,S,never looked at\n")

    found = preview_file(path, "history", BatchSettings(), into=tmp_path / "scratch")

    assert not found.is_whole
    assert (found.counts.rows_read, found.counts.rows_refused) == (MOST_PREVIEWED, 0)
    assert sum(found.columns[1].values.values()) == MOST_PREVIEWED


@pytest.mark.parametrize("count", [MOST_PREVIEWED, MOST_PREVIEWED + 1])
def test_it_says_whether_it_is_the_whole_file(preview, count):
    rows = "".join(f"2024-01-{1 + k % 28:02},P{k % 7},S,1\n" for k in range(count))

    assert preview("date,part,site,qty\n" + rows).is_whole == (count == MOST_PREVIEWED)


WIDE = "Kode,Depo,Jan-23,Fbe-23,Mar-23,Keseluruhan\n07-4410,Kolaka,1,2,3,6\n07-4410,Raha,4,,6,10\nHYD,Kolaka,7,8,x,15\n"


def test_a_wide_table_tells_its_periods_before_its_parts_are_known(preview):
    found = preview(WIDE)

    assert found.is_wide
    assert found.missing == ("partnumber",)
    assert [column.period for column in found.columns[2:]] == [dt.date(2023, 1, 1), None, dt.date(2023, 3, 1), None]


def test_columns_of_a_wide_table_that_are_no_periods_can_be_left_out(preview):
    refused = preview(WIDE, column_mapping={"partnumber": "Kode"})
    found = preview(WIDE, column_mapping={"partnumber": "Kode"}, ignore_columns=("Fbe-23", "Keseluruhan"))

    assert refused.refusal.slug == "unreadable-periods"
    assert found.refusal is None
    assert [column.is_ignored for column in found.columns] == [False, False, False, True, False, True]
    assert (found.counts.total, found.counts.rows_refused) == (21, 1)
    assert [(row.line, row.column, row.demand_qty) for row in found.rows[:3]] == [
        (2, "Jan-23", 1),
        (2, "Mar-23", 3),
        (3, "Jan-23", 4),
    ]
    assert str(found.rows[-1].reason) == "is not a number"


def test_a_table_with_a_column_that_is_named_like_a_date_is_wide_where_it_is_mapped_to_none(preview):
    content = "Part,Order Date,2024-01-01,2024-02-01,2024-03-01\nA,2020-05-05,1,2,3\nB,2020-05-06,4,5,6\n"

    assert preview(content).missing == ("demand_qty",)
    found = preview(content, column_mapping={"date": "=", "demand_qty": "="})
    assert (found.refusal, found.counts.total) == (None, 21)


def workbook(*sheets: tuple[str, str]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, text in sheets:
        sheet = book.create_sheet(name)
        for line in text.splitlines():
            sheet.append([cell or None for cell in line.split(";")])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def test_a_workbook_and_a_parquet_file_are_told_likewise(preview):
    columns = list(zip(*(line.split(";") for line in ROWS.splitlines()), strict=True))
    table = pa.table([pa.array(one) for one in columns], names=HEADER.strip().split(";"))
    content = io.BytesIO()
    pq.write_table(table, content)

    for name, one in (("x.xlsx", workbook(("Catatan", "isi"), ("Data", TITLED))), ("x.parquet", content.getvalue())):
        unknown = preview(one, name=name)
        assert [column.name for column in unknown.columns] == HEADER.strip().split(";")
        assert unknown.columns[1].samples == ("07-4410", "HYD")
        assert preview(one, name=name, column_mapping=MAPPING).counts.total == 8 * sum(range(1, 29))


def test_a_damaged_file_is_an_error(preview):
    with pytest.raises(EmptyInput):
        preview("")
    with pytest.raises(DamagedFile):
        preview(b"PK\x03\x04 and no more")


STOCK = "Barangnya;Tempat;Saldo Akhir;Datang\n07-4410;Kolaka;3;1\nHYD;Raha;x;2\n"


def test_a_stock_file_is_told_likewise(preview):
    unknown = preview(STOCK, kind="stock")
    mapping = {"partnumber": "Barangnya", "site_code": "Tempat", "on_hand": "Saldo Akhir", "on_order": "Datang"}
    found = preview(STOCK, kind="stock", column_mapping=mapping)

    assert unknown.missing == ("partnumber", "on_hand")
    assert unknown.items == ()
    assert [(item.partnumber, item.on_hand, item.on_order) for item in found.items] == [
        ("07-4410", 3, 1),
        ("HYD", None, 2),
    ]
    assert "on_hand is 'x' in line 3" in str(found.refusal.message)
    assert (found.counts.parts, found.counts.total, found.counts.on_order) == (2, 3, 3)


def test_a_recipe_of_a_header_under_titles_is_filled_in_for_preview_and_reading(preview, tmp_path):
    file = tmp_path / "march.csv"
    file.write_text(TITLED)
    first = read_file(file, into=tmp_path / "first", settings=BatchSettings(column_mapping=MAPPING))
    recipe = Recipe(
        name="keluar",
        signature=first.signature,
        settings={"column_mapping": MAPPING, "only_rows": ["Jenis=Rutin"]},
        source="march.csv",
        kept_on=dt.date(2024, 4, 1),
    )

    found = preview(TITLED, recipes=[recipe])
    again = read_file(file, into=tmp_path / "again", settings=BatchSettings(), recipes=[recipe])

    assert found.settings.column_mapping == MAPPING
    assert found.counts.rows_filtered == again.ingested.report.rows_filtered == 112
    assert "Read by the recipe 'keluar'" in str(found.notes[0])


def test_nothing_is_left_in_the_folder_but_scratch(preview, tmp_path):
    preview(HEADER + ROWS.replace("01/01/2024", "never", 1), column_mapping=MAPPING)

    assert sorted(path.name for path in Path(tmp_path).iterdir()) == ["export.csv", "scratch"]
