"""Tables with dates down and a column for each part, or for each site; and months across with years in a column."""

from __future__ import annotations

import pytest
from tests.integration.ingest.test_unnamed_columns import KINDS, each_kind

from batchcast.domain.calendar import date_of
from batchcast.domain.errors import ReadingQuestion
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.common.problems import AmbiguousColumn, AmbiguousDates, MissingColumn, UnreadablePeriods
from batchcast.ingest.preview import preview_file

ACROSS = {"partnumber": "(header)"}
MONTHS = [f"2024-{month:02d}-01" for month in range(1, 13)]
TABLE = [["date", "A-1", "B 2", "10"], *([day, n, 2 * n, 3] for n, day in enumerate(MONTHS, start=1))]
TOTALS = {("ALL", "A-1"): 78, ("ALL", "B 2"): 156, ("ALL", "10"): 36}


def totals(series, ingested):
    return {key: sum(days.values()) for key, days in series(ingested).items()}


@each_kind
def test_each_column_is_a_part_once_it_is_said(read, series, name):
    content = KINDS[name](TABLE)
    with pytest.raises(AmbiguousColumn, match="dates down") as asked:
        read(content, name=name)
    assert asked.value.choices[0].settings == {"column_mapping": "partnumber=(header)"}

    ingested = read(content, name=name, column_mapping=ACROSS)

    assert totals(series, ingested) == TOTALS
    assert ingested.report.rows_read == ingested.report.rows_kept == 36


def test_sites_beside_the_dates_are_kept(read, series):
    rows = [
        ["date", "site", "A", "B"],
        ["2024-01-01", "S", 1, 2],
        ["2024-01-01", "T", 3, ""],
        ["2024-02-01", "S", 5, "-"],
    ]
    ingested = read(KINDS["demand.csv"](rows), column_mapping=ACROSS)

    assert totals(series, ingested) == {("S", "A"): 6, ("S", "B"): 2, ("T", "A"): 3}


def test_each_column_is_a_site_once_it_is_said(read, series):
    rows = [["date", "part", "Kolaka", "Wolo"], *([day, part, 1, 2] for day in MONTHS for part in ("A", "B"))]
    with pytest.raises(AmbiguousColumn, match="If each is a site") as asked:
        read(KINDS["demand.csv"](rows))
    mapping = dict([asked.value.choices[0].settings["column_mapping"].split("=", 1)])

    ingested = read(KINDS["demand.csv"](rows), column_mapping=mapping)

    assert mapping == {"site_code": "(header)"}
    assert totals(series, ingested) == {(s, p): n for s, n in (("Kolaka", 12), ("Wolo", 24)) for p in ("A", "B")}


def test_a_cell_that_is_no_number_is_refused_with_its_column(read):
    rows = [*TABLE[:4], ["2024-04-01", "x", 5, 3], ["n.a.", 1, 2, 3], *TABLE[5:]]
    report = read(KINDS["demand.csv"](rows), column_mapping=ACROSS).report

    assert [(one.line, one.column, one.value) for one in report.problems] == [(5, "A-1", "x"), (6, "date", "n.a.")]
    assert report.rows_read == report.rows_kept + report.rows_refused == 37


def test_a_column_and_a_row_of_totals_are_left_out_and_said(read, series):
    rows = [[*TABLE[0], "Total"], *([*row, sum(row[1:])] for row in TABLE[1:])]
    ingested = read(KINDS["demand.csv"](rows), column_mapping=ACROSS)

    assert totals(series, ingested) == TOTALS
    assert any("Total" in str(note) for note in ingested.report.notes)
    with pytest.raises(AmbiguousColumn, match="dates down"):
        read(KINDS["demand.csv"]([[*TABLE[0], "Jumlah"], *rows[1:]]))


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (["date", "A", "A ", "B"], "both called 'A'"),
        (["date", "A", "NULL", "B"], "programs write for nothing"),
        (["date", "A", None, "B"], "without a name hold numbers: C"),
    ],
)
def test_a_column_that_can_be_no_part_stops_the_file(read, header, words):
    with pytest.raises((UnreadablePeriods, AmbiguousColumn), match=words):
        read(KINDS["demand.csv"]([header, *TABLE[1:]]), column_mapping=ACROSS)


def test_a_column_of_text_is_refused_or_left_out_as_asked_for(read, series):
    rows = [["date", "Hari", *TABLE[0][1:]], *([row[0], "Senin", *row[1:]] for row in TABLE[1:])]
    report = read(KINDS["demand.csv"](rows), column_mapping=ACROSS).report
    ingested = read(KINDS["demand.csv"](rows), column_mapping=ACROSS, ignore_columns=("Hari",))

    assert report.rows_refused == 12
    assert totals(series, ingested) == TOTALS


def test_the_preview_shows_the_part_and_the_date_of_each_cell(tmp_path):
    path = tmp_path / "demand.csv"
    path.write_bytes(KINDS["demand.csv"](TABLE))
    preview = preview_file(path, "history", BatchSettings(column_mapping=ACROSS), into=tmp_path / "out")

    assert preview.refusal is None
    assert preview.missing == ()
    assert preview.counts.total == sum(TOTALS.values())
    assert [(str(row.date), row.partnumber, row.demand_qty) for row in preview.rows[:3]] == [
        ("2024-01-01", "A-1", 1),
        ("2024-01-01", "B 2", 2),
        ("2024-01-01", "10", 3),
    ]


# Months across, with years in a column.

BY_YEAR = [
    ["part", "Tahun", "Jan", "Feb", "Mrt"],
    ["A", 2023, 1, 2, 3],
    ["A", 2024, 4, 5, ""],
    ["B", 2024, 7, 8, 9],
    ["B", 2022, 6, "", ""],
]


@each_kind
def test_each_row_has_the_months_of_its_year(read, series, name):
    rows = [[None if cell == "" else cell for cell in row] for row in BY_YEAR]
    found = series(read(KINDS[name](rows), name=name))

    by_month = {key: {str(date_of(day))[:7]: value for day, value in days.items()} for key, days in found.items()}
    assert by_month == {
        ("ALL", "A"): {"2023-01": 1, "2023-02": 2, "2023-03": 3, "2024-01": 4, "2024-02": 5},
        ("ALL", "B"): {"2022-01": 6, "2024-01": 7, "2024-02": 8, "2024-03": 9},
    }


def test_a_row_without_its_year_is_refused(read):
    rows = [*BY_YEAR, ["C", "", 1, 2, 3], ["D", "FY24", 1, 2, 3]]
    report = read(KINDS["demand.csv"]([*BY_YEAR, *BY_YEAR[1:] * 3, *rows[5:]])).report

    assert [(one.line, one.column, str(one.reason)) for one in report.problems] == [
        (18, "Tahun", "is empty"),
        (19, "Tahun", "is not a year"),
    ]


def test_the_preview_has_the_year_of_each_row(tmp_path):
    path = tmp_path / "demand.csv"
    path.write_bytes(KINDS["demand.csv"](BY_YEAR))
    preview = preview_file(path, "history", BatchSettings(), into=tmp_path / "out")

    assert [str(row.date) for row in preview.rows][:4] == ["2023-01-01", "2023-02-01", "2023-03-01", "2024-01-01"]


# Headers that need what stands above them.


@pytest.mark.parametrize("title", ["Pemakaian 2024", "Laporan pemakaian;;;", "Dari 01.2023 s/d 12.2024"])
def test_the_year_in_a_title_is_asked_about(read, title):
    text = f"{title}\n\nPart;Gudang;Jan;Feb;Mrt\nA;S;1;2;3\nB;S;4;5;6\n"
    years = [one for one in ("2023", "2024") if one in title]
    if not years:
        with pytest.raises(Exception, match="no year in their headers"):
            read(text)
        return
    with pytest.raises(AmbiguousDates) as asked:
        read(text)

    assert asked.value.setting == "first_year"
    assert [choice.settings for choice in asked.value.choices] == [{"first_year": year} for year in years]
    facts = read(text, first_year=2024).history.facts
    assert (str(facts.first_date), str(facts.last_date)) == ("2024-01-01", "2024-03-01")


@pytest.mark.parametrize("name", ["pemakaian 2023.csv", "2023/pemakaian.csv"])
def test_the_year_in_the_name_of_a_file_is_asked_about(read, tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    with pytest.raises(ReadingQuestion if " " in name else Exception, match="no year in their headers"):
        read("part,Jan,Feb,Mar\nA,1,2,3\n", name=name)


PAIRS = ["Qty;Amount;Qty;Amount", "Kuantitas;Nilai;Kuantitas;Nilai", "Qty;Value;Qty;Value"]


@pytest.mark.parametrize("measures", PAIRS)
@pytest.mark.parametrize(
    "header",
    [
        ";;Jan-24;;Feb-24;\nPart;Site;{}\n",
        "Part;Site;Jan-24;;Feb-24;\n;;{}\n",
        ";;Jan-24;Jan-24;Feb-24;Feb-24\nPart;Site;{}\n",
        "Laporan\n\n;;Jan-24;;Feb-24;\nPart;Site;{}\n",
    ],
)
def test_quantities_and_amounts_under_a_month_are_read_by_their_names(read, series, header, measures):
    text = header.format(measures) + "A;S;1;1000;2;2000\nB;S;3;3000;;\n"
    found = series(read(text))

    assert {key: list(days.values()) for key, days in found.items()} == {("S", "A"): [1, 2], ("S", "B"): [3]}


def test_the_order_of_dates_above_the_measures_is_asked(read):
    with pytest.raises(AmbiguousDates):
        read(";01/02/2024;;01/03/2024;\nPart;Qty;Amount;Qty;Amount\nA;1;10;2;20\n")


def test_two_columns_of_one_name_in_a_list_are_still_a_question(read):
    with pytest.raises(AmbiguousColumn, match="qty"):
        read("date,part,qty,qty\n2024-01-01,A,1,2\n2024-02-01,A,1,2\n")


PAIRS_WITHOUT_YEAR = ";Jan;;Feb;;Mar;\nPart;Qty;Amount;Qty;Amount;Qty;Amount\nA;1;10;2;20;3;30\nB;1;10;2;20;3;30\n"


@pytest.mark.parametrize("title", ["", "Laporan pemakaian\n"])
def test_months_without_a_year_above_the_measures_need_it(read, series, title):
    with pytest.raises(MissingColumn, match="no year in their headers"):
        read(title + PAIRS_WITHOUT_YEAR)

    found = series(read(title + PAIRS_WITHOUT_YEAR, first_year=2024))
    assert {key: list(days.values()) for key, days in found.items()} == {("ALL", one): [1, 2, 3] for one in "AB"}


def test_measures_of_unknown_names_are_told_of_as_such(read):
    with pytest.raises(UnreadablePeriods, match="two columns for each period"):
        read(";Jan-24;;Feb-24;\nPart;Pcs;IDR;Pcs;IDR\nA;1;100;2;200\nB;1;100;5;500\n")
