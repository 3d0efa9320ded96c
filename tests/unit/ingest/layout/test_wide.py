from __future__ import annotations

import datetime as dt

import pytest

from batchcast.app.words.settings_text import settings_of_texts
from batchcast.domain.calendar import date_of, month_in_words
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.common.problems import AmbiguousColumn, AmbiguousDates, MissingColumn, UnreadablePeriods
from batchcast.ingest.layout.header import find_columns
from batchcast.ingest.layout.wide import DaysOfPeriods

ONCE = ["Jan", "Feb", "Mar", "Nov", "Dec", "Jan", "Feb"]


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [
        (ONCE, "2023-01-01", "2024-02-01"),
        (["Januari", "Februari", "Maret"], "2023-01-01", "2023-03-01"),
        (["Oktober", "November", "Dezember", "Januar"], "2023-10-01", "2024-01-01"),
        (["1-Dec", "15-Dec", "1-Jan"], "2023-12-01", "2024-01-01"),
        (["Week 51", "Week 52", "Week 1"], "2023-12-18", "2024-01-01"),
    ],
)
def test_periods_without_a_year_begin_in_the_one_that_is_given(header, first, last):
    with pytest.raises(MissingColumn):
        layout_of(*header)
    layout = find_columns(["part", *header], BatchSettings(first_year=2023))

    days = [str(date_of(one.day)) for one in layout.periods]
    assert (days[0], days[-1], len(days)) == (first, last, len(header))


def test_headers_that_have_a_year_keep_it():
    layout = find_columns(["part", "Jan-24", "Feb-24"], BatchSettings(first_year=2001))

    assert [str(date_of(one.day)) for one in layout.periods] == ["2024-01-01", "2024-02-01"]


MONTHS = ["Jan-24", "Feb-24", "Mar-24", "Apr-24"]


def layout_of(*header, rows=()):
    return find_columns(["part", *header], BatchSettings(), sample=rows)


def said(layout):
    return "\n".join(map(str, layout.notes))


@pytest.mark.parametrize(
    ("header", "named"),
    [
        (["Jan-24", "Fbe-24", "Mar-24"], "'Fbe-24' (C)"),
        (["Jna-24", "Feb-24", "Mar-24"], "'Jna-24' (B)"),  # before the first
        (["Jan-24", "Feb-24", "Mra-24"], "'Mra-24' (D)"),  # after the last
        (["2024-01", "remark", "2024-02"], "'remark' (C)"),
        (["2024-12", "2024-13", "2025-01"], "'2024-13' (C)"),
    ],
)
def test_a_column_among_the_periods_that_is_none_stops_the_file(header, named):
    with pytest.raises(UnreadablePeriods) as refused:
        layout_of(*header)
    assert named in str(refused.value)


def test_a_total_of_the_periods_before_it_is_left_out_and_said():
    header = ["Jan-24", "Feb-24", "Q1", "Mar-24", "Apr-24", "Total"]
    layout = layout_of(*header, rows=[["a", 1, 2, 3, 4, 5, 12], ["b", "0", "5", "5", "", "1", "6"]])

    assert [period.name for period in layout.periods] == MONTHS
    assert "totals are left out: 'Q1' (D)" in said(layout)


def test_a_total_that_does_not_add_up_stops_the_file():
    with pytest.raises(UnreadablePeriods, match="'Total'"):
        layout_of("Jan-24", "Feb-24", "Total", "Mar-24", rows=[["a", 1, 2, 7, 4]])


def test_a_blank_column_with_no_name_separates_and_one_with_cells_stops():
    assert len(layout_of("Jan-24", "", "Feb-24", rows=[["a", 1, None, 2]]).periods) == 2
    with pytest.raises(UnreadablePeriods):
        layout_of("Jan-24", "", "Feb-24", rows=[["a", 1, 3, 2]])


def test_weeks_are_decided_on_the_whole_header():
    layout = layout_of(*[f"2024{week:02d}" for week in range(1, 53)])
    assert [str(date_of(layout.periods[i].day)) for i in (0, 12, 51)] == ["2024-01-01", "2024-03-25", "2024-12-23"]

    with pytest.raises(AmbiguousDates):
        layout_of(*[f"2024{number:02d}" for number in range(1, 13)])


@pytest.mark.parametrize(
    ("header", "missing"),
    [
        (["Jan-24", "Feb-24", "Apr-24", "May-24"], "Mar 2024"),
        (["W01/2024", "W02/2024", "W04/2024", "W05/2024"], "2024-01-15"),
        (["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-05"], "2024-01-04"),
    ],
)
def test_a_missing_period_is_said(header, missing):
    assert f"the periods {missing} between" in said(layout_of(*header))


def test_weekends_are_not_missing_where_no_period_is_one():
    days = ["2024-01-04", "2024-01-05", "2024-01-08", "2024-01-09"]
    assert "No column" not in said(layout_of(*days))


def test_columns_out_of_order_are_said_and_read_by_their_headers():
    layout = layout_of("Feb-24", "Jan-24", "Mar-24")

    assert "not in the order of time" in said(layout)
    assert layout.periods[1].day < layout.periods[0].day


@pytest.mark.parametrize("header", [["Jan-24 Qty", "Jan-24 Value"], ["Value Jan-24", "Qty Jan-24"]])
def test_quantities_beside_values_are_read(header):
    header = [name.replace("Jan", month) for month in ("Jan", "Feb") for name in header]
    layout = layout_of(*header)

    assert {period.name for period in layout.periods} == {name for name in header if "Qty" in name}
    assert "left alone: Value" in said(layout)


def test_other_measures_of_the_periods_are_no_attributes_of_the_parts():
    """A column of values in which few parts differ looks like one, as costs and families do."""
    rows = [("A", "1", "10", "2", "20"), ("B", "2", "10", "3", "20"), ("C", "3", "10", "3", "20")]
    layout = layout_of("Qty Jan 2024", "Value Jan 2024", "Qty Feb 2024", "Value Feb 2024", rows=rows)

    assert [period.name for period in layout.periods] == ["Qty Jan 2024", "Qty Feb 2024"]
    assert layout.attributes == ()
    assert "left alone: Value." in said(layout)


@pytest.mark.parametrize("unit", ["pcs", "EA", "units", "kg"])
def test_a_unit_behind_each_period_is_the_measure(unit):
    layout = layout_of(*(f"{month} ({unit})" for month in ("Jan-24", "Feb-24", "Mar-24")))

    assert [period.day for period in layout.periods] == [19723, 19754, 19783]


def test_two_measures_of_which_none_is_a_quantity_stop_the_file():
    with pytest.raises(UnreadablePeriods, match="two columns for each period"):
        layout_of("Jan-24 Plan", "Jan-24 Ist", "Feb-24 Plan", "Feb-24 Ist")


@pytest.mark.parametrize("header", [["P01.2024", "P02.2024", "P03.2024"], ["FY24-P01", "FY24-P02", "FY24-P03"]])
def test_periods_that_are_no_dates_are_refused_as_such(header):
    with pytest.raises(MissingColumn, match="periods are no dates"):
        layout_of(*header)


def test_one_period_beside_others_that_are_none_stops_the_file():
    """A language with one name of a month that is read: the other columns would be lost."""
    with pytest.raises(UnreadablePeriods, match=r"'See 2023' \(B\), 'Pha 2023' \(D\)"):
        layout_of("See 2023", "Mar 2023", "Pha 2023")


@pytest.mark.parametrize("damaged", ["2O24-03", "2024-31", "O3-2024", ""])
def test_a_column_of_numbers_beside_the_periods_that_may_be_one_stops_the_file(damaged):
    rows = [("A", "1", "2", "3"), ("B", "4", "5", "6")]

    with pytest.raises(UnreadablePeriods, match=rf"'{damaged}' \(D\)"):
        layout_of("2024-01", "2024-02", damaged, rows=rows)


def test_columns_of_numbers_beside_the_periods_are_named():
    rows = [("A", "1", "2", "9", "3"), ("B", "4", "5", "8", "9")]

    found = layout_of("2024-01", "2024-02", "Price 1", "Total", rows=rows)

    assert "beside the periods are not read: 'Price 1' (D)." in said(found)
    assert "Columns of totals are left out: 'Total' (E)." in said(found)


LEDGERS = {
    "measure behind": ["Jan-24 In", "Jan-24 Out", "Jan-24 Stock", "Feb-24 In", "Feb-24 Out", "Feb-24 Stock"],
    "measure before": ["Opening Jan-24", "Receipts Jan-24", "Opening Feb-24", "Receipts Feb-24"],
    "key": ["202401_IN", "202401_OUT", "202402_IN", "202402_OUT"],
    "week": ["W01-2024 Issue", "W01-2024 Receipt", "W02-2024 Issue", "W02-2024 Receipt"],
    "forecast": ["Jan-24 Forecast", "Jan-24 Actual", "Feb-24 Forecast", "Feb-24 Actual"],
    "two words": ["Jan-24 Qty In", "Jan-24 Qty Stock", "Feb-24 Qty In", "Feb-24 Qty Stock"],
    "numbered": ["Jan-24", "Jan-24.1", "Feb-24", "Feb-24.1"],
    "twice": ["Jan-24", "Jan-24", "Feb-24", "Feb-24"],
    "no year": ["Jan In", "Jan Out", "Jan Stock", "Feb In", "Feb Out", "Feb Stock"],
    "value, no year": ["Qty Jan", "Value Jan", "Qty Feb", "Value Feb"],
}


@pytest.mark.parametrize("header", LEDGERS.values(), ids=LEDGERS)
def test_several_measures_of_each_period_are_refused_by_their_names_and_never_summed(header):
    rows = [[f"P{row}", *(str(row + i) for i in range(len(header)))] for row in range(6)]

    with pytest.raises((UnreadablePeriods, AmbiguousColumn, MissingColumn)) as refused:
        layout_of(*header, rows=rows)
    assert repr(header[1]) in str(refused.value)


@pytest.mark.parametrize(
    ("header", "read"),
    [
        (["Masuk Jan-24", "Keluar Jan-24", "Masuk Feb-24", "Keluar Feb-24"], ["Keluar Jan-24", "Keluar Feb-24"]),
        (["Receipts Jan-24", "Issues Jan-24", "Receipts Feb-24", "Issues Feb-24"], ["Issues Jan-24", "Issues Feb-24"]),
        (["Jan-24 Qty In", "Jan-24 Qty Out", "Feb-24 Qty In", "Feb-24 Qty Out"], ["Jan-24 Qty Out", "Feb-24 Qty Out"]),
        (["Qty (Jan-24)", "Amount (Jan-24)", "Qty (Feb-24)", "Amount (Feb-24)"], ["Qty (Jan-24)", "Qty (Feb-24)"]),
    ],
)
def test_the_measure_that_is_a_quantity_is_read_and_the_others_named(header, read):
    found = layout_of(*header)

    assert [period.name for period in found.periods] == read
    assert "left alone" in said(found)


@pytest.mark.parametrize("template", ["{}\n2024", "Sum of {} 2024", "  {}   2024 "])
def test_a_month_is_found_in_its_dress(template):
    header = [template.format(month) for month in ("Jan", "Feb", "Mar", "Apr")]

    assert [str(date_of(period.day)) for period in layout_of(*header).periods][-1] == "2024-04-01"


@pytest.mark.parametrize(
    "header",
    [
        ["I/2023", "II/2023", "III/2023", "IV/2023"],
        ["1/23", "2/23", "3/23", "10/23"],
        ["01.01.2023 - 31.01.2023", "01.02.2023 - 28.02.2023", "01.03.2023 - 31.03.2023"],
    ],
)
def test_periods_that_are_no_dates_are_named_as_such(header):
    with pytest.raises(MissingColumn, match="wide table whose periods are no dates") as refused:
        layout_of(*header, rows=[["a", *range(len(header))], ["b", *range(len(header))]])

    assert repr(header[0]) in str(refused.value)


@pytest.mark.parametrize(
    "header",
    [
        ["2019-Q1", "2019-Q2", "2019-Q3", "2019-Q4"],
        ["Q1 2019", "Q2 2019", "Q3 2019"],
        ["Q1'19", "Q2'19", "Q3'19"],
        ["1Q19", "2Q19", "3Q19"],
        ["TW I 2019", "TW II 2019", "TW III 2019", "TW IV 2019"],
        ["Kuartal 1 2019", "Kuartal 2 2019", "Kuartal 3 2019"],
        ["1. Quartal 2019", "2. Quartal 2019", "3. Quartal 2019"],
        ["2022 H1", "2022 H2", "2023 H1"],
        ["Semester 1 2022", "Semester 2 2022", "Semester 1 2023"],
        ["2015", "2016", "2017", "2018"],
    ],
)
def test_periods_longer_than_months_are_told_as_too_coarse_and_not_to_be_written_as_dates(header):
    with pytest.raises(MissingColumn, match="quarters, halves or years") as refused:
        layout_of(*header, rows=[["a", *range(len(header))], ["b", *range(len(header))]])

    assert repr(header[0]) in str(refused.value)
    assert "Write the first date" not in str(refused.value)


@pytest.mark.parametrize(
    ("header", "named"),
    [
        (["Jna", "Feb", "Mar"], "'Jna' (B)"),
        (["Jan", "Feb", "Mra"], "'Mra' (D)"),
        (["Fbe", "Mrt", "Apr"], "'Fbe' (B)"),
        (["Okt", "Nov", "Dse"], "'Dse' (D)"),
        (["Janaury", "February", "March"], "'Janaury' (B)"),
        (["Jna", "Fbe", "Mar", "Apr"], "'Jna' (B), 'Fbe' (C)"),
        (["Wek 1", "Week 2", "Week 3"], "'Wek 1' (B)"),
        (["1-Jna", "15-Jan", "1-Feb"], "'1-Jna' (B)"),
        (["Jan", "Fbe", "Mar"], "'Fbe' (C)"),
        (["Januar", "Februar", "Mrz", "Arpil"], "'Arpil' (E)"),
    ],
)
def test_a_misspelt_period_beside_those_that_are_only_named_stops_the_file(header, named):
    with pytest.raises(UnreadablePeriods) as refused:
        find_columns(["part", *header], BatchSettings(first_year=2024), sample=[["A", *[1] * len(header)]])
    assert named in str(refused.value)


@pytest.mark.parametrize("name", ["Total", "Harga", "Stok", "Max", "Avg", "Unit", "Nilai", "Keterangan"])
def test_a_column_of_another_name_beside_them_does_not(name):
    rows = [["A", 1, 2, 3, 7], ["B", 1, 1, 1, 4]]
    layout = find_columns(["part", "Okt", "Nov", "Des", name], BatchSettings(first_year=2024), sample=rows)

    assert len(layout.periods) == 3


BY_YEAR = [["A", 2023, 1, 2, 3], ["A", 2024, 4, 5, 6]]


@pytest.mark.parametrize("name", ["Year", "Tahun", "Jahr", "Periode"])
def test_years_in_a_column_are_those_of_months_without_one(name):
    layout = find_columns(["part", name, "Jan", "Feb", "Mrt"], BatchSettings(), sample=BY_YEAR)

    assert layout.year == 1
    assert len(layout.periods) == 3
    assert f"stand in column '{name}'" in said(layout)


def test_fiscal_years_in_a_column_are_refused():
    with pytest.raises(UnreadablePeriods, match="begin again at 'Jan'"):
        find_columns(["part", "Year", "Nov", "Dec", "Jan"], BatchSettings(), sample=BY_YEAR)


def test_years_in_a_column_go_before_the_first_year():
    layout = find_columns(["part", "Year", "Jan", "Feb", "Mar"], BatchSettings(first_year=2001), sample=BY_YEAR)

    assert layout.year == 1
    assert "is not used" in said(layout)


ITEMS = [["1000", "Bicycle", "2024-01-05", 3], ["1100", "Wheel", "2024-02-05", 4], ["1000", "Bicycle", "2024-03-01", 1]]


def test_the_number_beside_those_of_documents_is_the_part():
    header = ["Document No.", "No.", "Description", "Posting Date", "Quantity"]
    layout = find_columns(header, BatchSettings(), sample=[[f"D{i}", *row] for i, row in enumerate(ITEMS)])

    assert layout.part.name == "No."


def test_a_number_alone_is_a_question():
    with pytest.raises(AmbiguousColumn) as asked:
        find_columns(["No.", "Description", "Posting Date", "Quantity"], BatchSettings(), sample=ITEMS)
    choices = [choice.settings["column_mapping"] for choice in asked.value.choices]
    assert choices == ["partnumber=No.", "partnumber=Description"]


@pytest.mark.parametrize("name", ["No.", "Nr.", "NO", "N°"])
def test_the_number_in_a_wide_table_is_the_part(name):
    layout = find_columns([name, "Jan-24", "Feb-24"], BatchSettings(), sample=[["LS-100", 1, 2], ["LS-75", 3, 4]])

    assert layout.part.name == name


@pytest.mark.parametrize("start", [0, 1])
def test_a_number_that_counts_the_rows_is_no_part(start):
    rows = [[start + i, *row] for i, row in enumerate(ITEMS)]
    with pytest.raises(MissingColumn):
        find_columns(["No.", "Barangnya", "Ket", "Posting Date", "Quantity"], BatchSettings(), sample=rows)


@pytest.mark.parametrize(
    "name", ["P{n:02}/2024", "FY24-P{n:02}", "FY2024 P{n}", "2024 Period {n}", "Periode {n} 2024", "2024P{n:02}"]
)
def test_periods_of_a_year_are_months_once_that_is_said(name):
    header = ["part", *(name.format(n=n) for n in range(1, 13))]

    with pytest.raises(AmbiguousDates, match=r"periods are no dates .*from Jan 2024 to Dec 2024") as asked:
        find_columns(header, BatchSettings())

    assert asked.value.setting == "date_order"
    layout = find_columns(header, BatchSettings(**asked.value.choices[0].settings))
    assert [date_of(one.day).month for one in layout.periods] == list(range(1, 13))


def test_periods_beyond_the_twelfth_are_no_months():
    header = ["part", *(f"P{n:02}/2024" for n in range(1, 14))]

    with pytest.raises(UnreadablePeriods, match="P13/2024"):
        find_columns(header, BatchSettings(date_order="year_month"))


FISCAL = ["part", *(f"P{n:02}/{year}" for year in (2024, 2025) for n in range(1, 13))]


def days_of(layout):
    days = [date_of(one.day) for one in layout.periods]
    return f"{days[0]:%Y-%m} {days[-1]:%Y-%m} {len(days)}"


def test_periods_of_a_fiscal_year_are_asked_about_by_month_and_name():
    with pytest.raises(AmbiguousDates, match="say in which with") as asked:
        find_columns(FISCAL, BatchSettings())
    readings = {
        str(choice.reading): days_of(find_columns(FISCAL, BatchSettings(**choice.settings)))
        for choice in asked.value.choices
    }

    assert len(readings) > 3
    for said, days in readings.items():
        first, last = (month_in_words(dt.date.fromisoformat(f"{month}-01")) for month in days.split()[:2])
        assert f"from {first} to {last}" in said
    assert "2023-04 2025-03 24" in readings.values()
    with pytest.raises(AmbiguousDates, match="begin in June"):
        find_columns(FISCAL, BatchSettings(fiscal_year_start="june"))
    layout = find_columns(FISCAL, BatchSettings(fiscal_year_start="june", fiscal_year_named="start"))
    assert days_of(layout) == "2024-06 2026-05 24"
    assert any("begins in June" in str(note) for note in layout.notes)


def test_months_with_names_are_not_moved_by_a_fiscal_year():
    settings = BatchSettings(fiscal_year_start="april", fiscal_year_named="end")

    assert days_of(find_columns(["part", *MONTHS], settings)) == "2024-01 2024-04 4"


THAI = [
    ["ม.ค. 2567", "ก.พ. 2567", "มี.ค. 2567"],
    ["01/2567", "02/2567", "03/2567"],
    ["2567-01", "2567-02", "2567-03"],
    ["Jan 2567", "Feb 2567", "Mar 2567"],
    ["ม.ค. ๒๕๖๗", "ก.พ. ๒๕๖๗", "มี.ค. ๒๕๖๗"],
    ["ม.ค. 67", "ก.พ. 67", "มี.ค. 67"],
    ["มกราคม 67", "กุมภาพันธ์ 67", "มีนาคม 67"],
    ["01/67", "02/67", "03/67"],
    ["67/01", "67/02", "67/03"],
    ["Jan-67", "Feb-67", "Mar-67"],
    ["๐๑/๖๗", "๐๒/๖๗", "๐๓/๖๗"],
]


@pytest.mark.parametrize("months", THAI, ids=lambda months: months[0])
def test_periods_of_buddhist_years_are_asked_about_and_read(months):
    with pytest.raises(AmbiguousDates, match="counted as in Thailand, from 2024-01-01 to 2024-03-01") as asked:
        find_columns(["part", *months], BatchSettings(today=dt.date(2024, 4, 5)))

    assert asked.value.setting == "era"
    assert str(asked.value.choices[0].reading) == "years of the Buddhist calendar, from 2024-01-01 to 2024-03-01"
    layout = find_columns(["part", *months], BatchSettings(**asked.value.choices[0].settings))
    assert days_of(layout) == "2024-01 2024-03 3"


@pytest.mark.parametrize("months", [["Jan-24", "Feb-24", "Mar-24"], ["01/2024", "02/2024"], ["Jan-98", "Feb-98"]])
def test_periods_of_the_common_calendar_are_not_asked_about(months):
    found = find_columns(["part", *months], BatchSettings(today=dt.date(2024, 4, 5)))

    assert len(found.periods) == len(months)


def test_so_are_years_in_a_column_of_their_own():
    header, rows = ["part", "Year", "Jan", "Feb", "Mar"], [["A", 2566, 1, 2, 3], ["A", 2567, 4, 5, 6]]
    with pytest.raises(AmbiguousDates, match="'Year' has years such as 2566") as asked:
        find_columns(header, BatchSettings(), sample=rows)

    layout = find_columns(header, BatchSettings(**asked.value.choices[0].settings), sample=rows)
    assert layout.year == 1


TODAY = dt.date(2025, 7, 5)
NUMBERED = ["P{n:02}", "Period {n}", "Periode {n}", "M{n}", "Bulan {n}", "Bulan ke-{n}", "Month {n}"]


def numbered(pattern, last=12):
    return [pattern.format(n=n) for n in range(1, last + 1)]


@pytest.mark.parametrize("pattern", NUMBERED)
def test_numbered_periods_without_a_year_are_asked_about_and_each_answer_reads_them(pattern):
    header = ["part", *numbered(pattern)]
    with pytest.raises(AmbiguousDates, match="numbered") as asked:
        find_columns(header, BatchSettings(today=TODAY))
    assert asked.value.setting == "first_year"
    assert asked.value.choices[0].settings["first_year"] == "2024"
    for choice in asked.value.choices:
        texts = {name: [text] for name, text in choice.settings.items()}
        layout = find_columns(header, settings_of_texts(texts | {"today": [TODAY.isoformat()]}))
        days = [date_of(one.day) for one in layout.periods]
        months = [12 * day.year + day.month for day in days]
        assert months == list(range(months[0], months[0] + 12))
        assert str(month_in_words(days[0])) in str(choice.reading)


def test_numbered_months_go_on_in_the_next_year():
    header = ["part", *numbered("M{n}"), "M01", "M02"]
    periods = find_columns(header, BatchSettings(first_year=2023)).periods
    assert (str(date_of(periods[0].day)), str(date_of(periods[-1].day))) == ("2023-01-01", "2024-02-01")


@pytest.mark.parametrize("pattern", ["P{n:02}", "P{n:02}/2024", "2024/{n:03}", "FY24-P{n}"])
def test_thirteen_periods_are_no_months_unless_the_last_is_left_out(pattern):
    header = ["part", *numbered(pattern, 13)]
    with pytest.raises(UnreadablePeriods, match="thirteen"):
        find_columns(header, BatchSettings(today=TODAY))
    with pytest.raises(AmbiguousDates):
        find_columns(header, BatchSettings(today=TODAY, ignore_columns=(header[-1],)))


@pytest.mark.parametrize(("pattern", "first"), [("P{n:02}", "2023-04-01"), ("Bulan {n}", "2023-01-01")])
def test_numbered_periods_have_their_year_from_a_column(pattern, first):
    header = ["part", "Tahun", *numbered(pattern)]
    rows = [["a", year, *[1] * 12] for year in (2023, 2024)]
    fiscal = BatchSettings(fiscal_year_start="april", fiscal_year_named="start")
    layout = find_columns(header, fiscal if "P" in pattern else BatchSettings(), sample=rows)
    days = DaysOfPeriods(layout, fiscal if "P" in pattern else BatchSettings())
    assert str(date_of(days.of_year(2023)[0])) == first


def test_periods_of_a_fiscal_year_with_the_year_in_a_column_are_asked_about():
    header = ["part", "Tahun", *numbered("P{n:02}")]
    rows = [["a", year, *[1] * 12] for year in (2023, 2024)]
    with pytest.raises(AmbiguousDates) as asked:
        find_columns(header, BatchSettings(today=TODAY), sample=rows)
    assert all("first_year" not in choice.settings for choice in asked.value.choices)


BANDS = [["0-30", "31-60", "61-90", ">90"], ["Current", "1-30", "31-60"], ["<30", "30-60", "60-90", "90+"]]


@pytest.mark.parametrize("bands", BANDS)
@pytest.mark.parametrize("before", [["part"], ["part", "site"], ["date", "part"]])
def test_bands_are_told_as_such_and_never_as_buddhist_years_or_sites(bands, before):
    header = [*before, *bands]
    rows = [["2025-01-01" if name == "date" else 7 if name in bands else "a" for name in header]]
    with pytest.raises(MissingColumn, match="columns for bands"):
        find_columns(header, BatchSettings(today=TODAY), sample=rows)


def test_bands_among_and_beside_periods_are_no_periods():
    layout = layout_of("0-30", "Jan-24", "31-60", "Feb-24", ">60", rows=[["a", 1, 2, 3, 4, 5]])
    assert [one.name for one in layout.periods] == ["Jan-24", "Feb-24"]
    assert "Columns of bands, such as ages or sizes, are no periods: '0-30', '31-60', '>60'." in said(layout)
