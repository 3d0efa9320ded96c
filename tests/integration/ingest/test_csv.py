from __future__ import annotations

import gzip
from datetime import date

import pytest

from batchcast.domain.calendar import Frequency, day_of

HEADER = "date,partnumber,site_code,demand_qty\n"
TWO_ROWS = HEADER + "2024-01-01,00123,Kendari,5\n2024-01-02,1E5,Kendari,7\n"
FIRST, SECOND = day_of(date(2024, 1, 1)), day_of(date(2024, 1, 2))


def test_rows_become_series_with_keys_to_the_letter(read, series):
    ingested = read(TWO_ROWS)

    assert series(ingested) == {("Kendari", "00123"): {FIRST: 5.0}, ("Kendari", "1E5"): {SECOND: 7.0}}
    assert ingested.report.rows_read == ingested.report.rows_kept == 2
    assert ingested.report.columns == {
        "date": "date",
        "partnumber": "partnumber",
        "site_code": "site_code",
        "demand_qty": "demand_qty",
    }
    assert ingested.report.rejected_path is None


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("packed", [False, True])
def test_every_delimiter_and_encoding_reads_the_same(read, series, delimiter, encoding, packed):
    text = HEADER.replace(",", delimiter) + delimiter.join(["2024-01-01", "Größe", "Abidjan Côte", "5"]) + "\n"
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    content = mark + text.encode(encoding)

    ingested = read(gzip.compress(content) if packed else content)

    assert series(ingested) == {("Abidjan Côte", "Größe"): {FIRST: 5.0}}


def test_format_names_the_encoding_and_the_delimiter(read):
    ingested = read((HEADER.replace(",", ";") + "2024-01-01;Größe;A;5\n").encode("cp1252"))

    assert str(ingested.report.format) == "CSV, Windows-1252, delimiter ;"


def test_line_ends_of_windows_and_old_macs_are_line_ends(read, series):
    expected = series(read(TWO_ROWS))

    assert series(read(TWO_ROWS.replace("\n", "\r\n"))) == expected
    assert series(read(TWO_ROWS.replace("\n", "\r"))) == expected
    assert series(read(TWO_ROWS.rstrip("\n"))) == expected


def test_sep_line_of_excel_is_a_hint_and_no_header(read):
    ingested = read("sep=;\n" + TWO_ROWS.replace(",", ";").replace("1E5", ""), bad_rows="skip")

    assert ingested.report.rows_read == 2
    assert [problem.line for problem in ingested.report.problems] == [4]


def test_without_a_site_column_everything_is_one_site(read, series):
    ingested = read("tgl,kode_barang,jumlah\n2024-01-01,A,1\n")

    assert set(series(ingested)) == {("ALL", "A")}
    assert any("one site, ALL" in str(note) for note in ingested.report.notes)


def test_columns_of_stock_are_said_to_be_there_for_orders_and_change_no_demand(read, series):
    ingested = read("date,part,qty,Stok,harga,cost,remark\n2024-01-01,A,1,7,9.99,?,x\n2024-01-01,A,2,many,,,x\n")

    report = ingested.report
    assert series(ingested) == {("ALL", "A"): {FIRST: 3.0}}
    assert report.stock_columns == {"unit_cost": "harga, cost", "on_hand": "Stok"}
    assert report.columns_left_alone == ("remark",)
    assert any("stock: harga, cost, Stok. Orders can be made from them" in str(note) for note in report.notes)


def test_a_price_alone_is_not_said_to_be_enough_for_orders(read):
    ingested = read("date,part,qty,price\n2024-01-01,A,1,9.99\n")

    told = [str(note) for note in ingested.report.notes]
    assert any("stock: price. Without one of what is on hand no order can be made from them" in note for note in told)


def test_further_columns_are_left_alone_and_named(read):
    ingested = read("date,part,qty,weight,remark\n2024-01-01,A,1,9.99,x\n")

    assert ingested.report.columns_left_alone == ("weight", "remark")


def test_rows_of_one_day_part_and_site_are_summed_and_counted(read, series):
    ingested = read(HEADER + "2024-01-01,A,S,5\n2024-01-01,A,S,2\n2024-01-01,A,S,-1\n2024-01-01,A,T,0\n")

    assert series(ingested) == {("S", "A"): {FIRST: 6.0}, ("T", "A"): {}}
    report = ingested.report
    assert (report.rows_read, report.rows_kept, report.rows_summed, report.returns_netted) == (4, 2, 2, 1)


def test_returns_can_be_ignored_or_rejected(read, series, rejected):
    text = HEADER + "2024-01-01,A,S,5\n2024-01-01,A,S,-2\n"

    ignored = read(text, returns="ignore")
    assert series(ignored) == {("S", "A"): {FIRST: 5.0}}
    assert (ignored.report.rows_read, ignored.report.rows_kept, ignored.report.rows_ignored) == (2, 1, 1)

    refused = read(text, returns="reject")
    assert (refused.report.rows_refused, refused.report.problems[0].line) == (1, 3)
    assert "negative" in rejected(refused)[0]["reason"]
    assert rejected(refused)[0]["value"] == "-2"


def test_first_day_counts_rows_of_zeros(read):
    import pyarrow.parquet as pq

    ingested = read(HEADER + "2024-01-02,A,S,5\n2024-01-01,A,S,0\n")

    row = pq.read_table(ingested.history.path).to_pylist()[0]
    assert (row["first_day"], row["rows"], row["day"], row["quantity"]) == (FIRST, 2, [SECOND], [5.0])


def test_series_are_sorted_as_utf8_bytes(read, series):
    rows = [("b", "z"), ("b", "Z"), ("B", "é"), ("é", "a"), ("B", "10"), ("B", "9")]
    ingested = read(HEADER + "".join(f"2024-01-01,{part},{site},1\n" for site, part in rows))

    assert list(series(ingested)) == sorted(rows, key=lambda key: (key[0].encode(), key[1].encode()))
    assert [site.site_code for site in ingested.history.facts.sites] == ["B", "b", "é"]


def test_every_refused_row_is_named_with_line_column_letter_value_and_reason(read, rejected):
    ingested = read(
        HEADER
        + "2024-01-01,A,S,5\n"
        + "31/02/2025,A,S,5\n"
        + "\n"
        + '"2024-01-03","B\nC",S,6\n'
        + "2024-01-04,,S,7\n"
        + "2024-01-05,A,,x7\n"
        + "2024-01-06,A,S\n"
    )

    problems = [(p.line, p.column, p.letter, p.value, str(p.reason)) for p in ingested.report.problems]
    assert problems == [
        (3, "date", "A", "31/02/2025", "is not a date: that month has no such day"),
        (7, "partnumber", "B", "", "is empty"),
        (8, "site_code", "C", "", "is empty"),
        (9, "demand_qty", "D", "", "is where the row goes wrong: it has 3 cells, the header 4"),
    ]
    assert [(p.site_code, p.partnumber) for p in ingested.report.problems] == [
        ("S", "A"),
        ("S", None),
        (None, "A"),
        ("S", "A"),
    ]
    assert ingested.report.rows_read == 6
    assert ingested.report.rows_refused == 4
    assert ingested.report.refused_by_site == {"": 1, "S": 3}
    rows = rejected(ingested)
    assert list(rows[0]) == ["line", "column", "value", "reason", "date", "partnumber", "site_code", "demand_qty"]
    assert rows[2]["reason"] == "is empty; is not a number"
    assert any("1 blank lines" in str(note) for note in ingested.report.notes)


def test_all_refused_rows_are_counted_and_the_first_hundred_reported(read, rejected):
    ingested = read(HEADER + "2024-01-01,A,S,1\n" + "2024-01-01,A,S,?\n" * 250)

    assert ingested.report.rows_refused == 250
    assert len(ingested.report.problems) == 100
    assert [int(row["line"]) for row in rejected(ingested)] == list(range(3, 253))


def test_file_with_no_acceptable_row_has_a_report_and_no_history(read):
    ingested = read(HEADER + "2024-01-01,A,S,?\n")

    assert ingested.history is None
    assert ingested.report.rows_refused == 1


def test_formulas_are_harmless_in_rejected_rows_and_numbers_stay(read, rejected):
    row = rejected(read(HEADER + "x,=1+1,@S,-5\n"))[0]

    assert (row["partnumber"], row["site_code"], row["demand_qty"]) == ("'=1+1", "'@S", "-5")


def test_odd_letters_in_part_numbers_stay_as_they_are(read, series):
    parts = ["a\nb", "🔧 7", "\u202eabc", "=SUM(A1)", '5" pipe', "x,y", " inner  space "]
    quoted = "".join(f'2024-01-01,"{part.replace(chr(34), chr(34) * 2)}",S,1\n' for part in parts)

    assert {part for _, part in series(read(HEADER + quoted))} == {part.strip() for part in parts}


def test_quotes_inside_an_unquoted_cell_are_letters(read, series):
    ingested = read(HEADER + '2024-01-01,5" pipe,S,1\n2024-01-01,"3"" pipe",S,1\n')

    assert {part for _, part in series(ingested)} == {'5" pipe', '3" pipe'}


def test_cells_beyond_the_header_are_dropped_where_most_rows_have_blank_ones(read):
    ingested = read(HEADER + "2024-01-01,A,S,1,,\n2024-01-03,A,S,1,,\n2024-01-02,A,S,1,x\n")

    assert (ingested.report.rows_kept, ingested.report.rows_refused) == (2, 1)
    assert ingested.report.problems[0].letter == "E"


def test_rows_of_nothing_but_delimiters_are_blank_lines(read):
    ingested = read(HEADER + "2024-01-01,A,S,1\n,,,\n , ,,\n")

    assert ingested.report.rows_read == 1
    assert ingested.report.rows_refused == 0


def test_mapping_joins_columns_and_sets_literals(read, series):
    ingested = read(
        "Client,WH,Item,When\n7,1,A,2024-01-01\n7,1,A,2024-01-01\n7,,A,2024-01-01\n",
        column_mapping={"site_code": "Client+wh", "demand_qty": "=1", "date": "When"},
    )

    assert series(ingested) == {("7-1", "A"): {FIRST: 2.0}}
    problem = ingested.report.problems[0]
    assert (problem.line, problem.column, problem.letter) == (4, "Client+WH", "B")
    assert ingested.report.columns == {
        "date": "When",
        "partnumber": "Item",
        "site_code": "Client+WH",
        "demand_qty": "=1",
    }


def test_wide_table_is_melted_and_said(read, series, rejected):
    ingested = read(
        "part,site,2024-01-01,2024-01-02,remark\nA,S,1,2,x\nB,S,,3,\n,S,4,5,\nC,S,x,0,\n,,,,\n", bad_rows="skip"
    )

    assert series(ingested) == {("S", "A"): {FIRST: 1.0, SECOND: 2.0}, ("S", "B"): {SECOND: 3.0}, ("S", "C"): {}}
    report = ingested.report
    assert (report.rows_read, report.rows_kept, report.rows_refused) == (6, 4, 2)
    assert [(p.line, p.column, p.letter) for p in report.problems] == [(4, "part", "A"), (5, "2024-01-01", "C")]
    assert len(rejected(ingested)) == 2
    assert any(str(note).startswith("Wide layout: 2 columns") for note in report.notes)
    assert report.columns_left_alone == ("remark",)


@pytest.mark.parametrize(
    "headers",
    [
        "Jan-2024,Feb-2024",
        "202312,202401",
        "Jan-24,Feb-24",
        "24-Jan,24-Feb",
        "Januari 2024,Pebruari 2024",
        "2024-01,2024-02",
    ],
)
def test_wide_months_are_monthly(read, headers):
    assert read(f"part,{headers}\nA,1,2\n").history.facts.frequency is Frequency.MONTHLY


def test_date_order_is_read_off_the_whole_column_even_when_shown_late(read, series):
    rows = "".join(f"0{day}/02/2024,A,S,1\n" for day in range(1, 10)) * 30_000
    ingested = read(HEADER + rows + "02/13/2024,A,S,1\n")

    assert set(series(ingested)[("S", "A")]) == {day_of(date(2024, month, 2)) for month in range(1, 10)} | {
        day_of(date(2024, 2, 13))
    }
    assert any("month_first: '02/13/2024' (line 270002)" in str(note) for note in ingested.report.notes)


def test_number_style_is_read_off_the_whole_column_even_when_shown_late(read, series):
    rows = '2024-01-01,A,S,"1,250"\n' * 400_000
    ingested = read(HEADER + rows + '2024-01-02,A,S,"0,5"\n')

    assert series(ingested)[("S", "A")] == {FIRST: 500_000.0, SECOND: 0.5}
    assert not ingested.history.facts.is_integer


@pytest.mark.parametrize(
    ("written", "expected"),
    [("1234", 1234), ('"1.234,5"', 1234.5), ('"1,234.5"', 1234.5), ("(100)", -100), ("1e3", 1000), ("100 ", 100),
     ("100-", -100), ("+5", 5), (".5", 0.5), ("5.", 5), ("007", 7), ('"12,345,678"', 12345678), ("-0", 0)],
)  # fmt: skip
def test_quantities_read_as_people_write_them(read, series, written, expected):
    found = series(read(HEADER + f"2024-01-01,A,S,{written}\n", demand_sign="positive"))[("S", "A")]

    assert found == ({FIRST: expected} if expected else {})


def test_settings_decide_what_the_column_leaves_open(read, series):
    text = HEADER + '03/04/2024,A,S,"1,234"\n'

    found = series(read(text, date_order="month_first", number_style="comma"))
    assert found == {("S", "A"): {day_of(date(2024, 3, 4)): 1.234}}
    found = series(read(text, date_order="day_first", number_style="point"))
    assert found == {("S", "A"): {day_of(date(2024, 4, 3)): 1234.0}}


def test_values_against_the_settings_are_refused_row_by_row(read):
    ingested = read(
        HEADER + '13/01/2024,A,S,"1.5"\n01/13/2024,A,S,"1,5"\n', date_order="day_first", number_style="comma"
    )

    assert [(p.line, p.column) for p in ingested.report.problems] == [(2, "demand_qty"), (3, "date")]


@pytest.mark.parametrize(
    ("dates", "frequency"),
    [
        (["2024-01-01", "2024-02-01"], Frequency.MONTHLY),
        (["2024-01-01", "2024-01-08", "2024-02-05"], Frequency.WEEKLY),
        (["2024-01-01", "2024-01-08", "2024-02-06"], Frequency.DAILY),
        (["2024-01-01"], Frequency.DAILY),
        (["202401"], Frequency.MONTHLY),
    ],
)
def test_frequency_is_read_off_the_dates(read, dates, frequency):
    ingested = read(HEADER + "".join(f"{one},A,S,1\n" for one in dates))

    assert ingested.history.facts.frequency is frequency


def test_weekdays_and_dates_are_facts(read):
    facts = read(HEADER + "2024-01-01,A,S,1\n2024-01-06,B,S,1.5\n").history.facts

    assert facts.weekdays == (True, False, False, False, False, True, False)
    assert (facts.first_date, facts.last_date) == (date(2024, 1, 1), date(2024, 1, 6))
    assert (facts.rows, facts.series, facts.parts, facts.is_integer) == (2, 2, 2, False)


def test_nothing_of_an_earlier_reading_stays(read, tmp_path):
    read(HEADER + "2024-01-01,A,S,?\n2024-01-01,A,S,1\n")
    read(HEADER + "2024-01-01,A,S,1\n")

    assert [path.name for path in (tmp_path / "ingested").iterdir()] == ["history.parquet"]


def test_one_row_is_a_history(read, series):
    assert series(read(HEADER + "2024-01-01,A,S,1")) == {("S", "A"): {FIRST: 1.0}}


def test_all_zeros_are_a_history(read, series):
    ingested = read(HEADER + "2024-01-01,A,S,0\n2024-01-02,A,S,0\n")

    assert series(ingested) == {("S", "A"): {}}
    assert ingested.history.facts.rows == 2


def test_a_blank_cell_beyond_the_header_in_one_row_alone_refuses_it(read):
    """In a wide file a separator too many moves every quantity behind it by a period."""
    wide = "part,2024-01,2024-02,2024-03\nA,1,2,3\nB,1,5,,\nC,4,5,6\n"

    report = read(wide).report

    assert [(one.line, one.letter) for one in report.problems] == [(3, "E")]
    assert report.rows_kept == 6
