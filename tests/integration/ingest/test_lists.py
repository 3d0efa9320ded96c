"""Lists with bars or blanks between columns, as SAP saves them and databases print them."""

from __future__ import annotations

import pytest

from batchcast.ingest.common.problems import MissingColumn

NAMES = ["Material", "Material Description", "Plnt", "MvT", "Pstng Date", "Qty in UnE", "EUn"]
WIDTHS = [18, 20, 4, 3, 10, 14, 3]
RULE = "-" * 81
PARTS = ["100-100", '3/4" x 2', "AB 1"]
TOTALS = {("1000", "100-100"): 66, ("1000", '3/4" x 2'): 45, ("1000", "AB 1"): 54}


def barred(cells) -> str:
    return "|" + "|".join(f"{cell:<{width}}" for cell, width in zip(cells, WIDTHS, strict=True)) + "|"


def spaced(cells) -> str:
    *left, quantity, unit = cells
    return " ".join([*(f"{cell:<{w}}" for cell, w in zip(left, WIDTHS, strict=False)), f"{quantity:>14}", unit])


def pages(line, *, feed="", title="01.03.2024      Material Document List      {page}", total=None) -> str:
    """Three pages of ten rows, each with its title, rules and header."""
    lines = []
    for page in range(1, 4):
        lines += [feed + title.format(page=page), RULE, line(NAMES), RULE]
        for i in range(10):
            lines.append(line([PARTS[i % 3], "Casing", "1000", "201", f"{i + 1:02d}.0{page}.2024", f"{i + 1}-", "PC"]))
        lines += [RULE, *([total] if total else [])]
    return "\n".join(lines) + "\n"


@pytest.fixture
def totals(series):
    return lambda ingested: {key: sum(days.values()) for key, days in series(ingested).items()}


@pytest.mark.parametrize("line", [barred, spaced])
@pytest.mark.parametrize("feed", ["", "\f"])
@pytest.mark.parametrize("title", ["01.03.2024      Material Document List      {page}", "PT Maju\nPage {page}\n"])
def test_titles_rules_and_headers_of_each_page_are_no_rows(read, totals, line, feed, title):
    ingested = read(pages(line, feed=feed, title=title), name="list.txt")

    assert totals(ingested) == TOTALS
    assert ingested.report.rows_refused == 0
    notes = " ".join(map(str, ingested.report.notes))
    assert "8 lines of dashes, 2 repeated headers" in notes
    assert "Material Document List" in notes or "PT Maju" in notes


def test_totals_marked_with_stars_are_left_out_and_said(read, totals):
    total = barred(["*", "", "", "", "", "55-", "PC"])
    ingested = read(pages(barred, total=total), name="list.txt")

    assert totals(ingested) == TOTALS
    assert any("3 lines of totals" in str(note) for note in ingested.report.notes)


@pytest.mark.parametrize(
    ("cut", "reason"),
    [
        ("|100-100           |Casing  ", "it has 1 cells"),  # the file ends within a row
        (barred(["100|100", "Casing", "1000", "201", "05.01.2024", "1-", "PC"]), "it has 8 cells"),
        (barred(["100-100", "Casing", "1000", "201", "", "1-", "PC"]), "is empty"),
    ],
)
def test_a_row_that_can_not_be_cut_is_refused_with_its_line(read, cut, reason):
    text = pages(barred) + cut + "\n"
    problems = read(text, name="list.txt").report.problems

    assert [(one.line, reason in str(one.reason)) for one in problems] == [(text.count("\n"), True)]


def test_a_cell_that_runs_into_the_next_column_is_refused(read):
    longer = spaced(["100-100-300-400-500", "Casing", "1000", "201", "05.01.2024", "1-", "PC"])
    report = read(pages(spaced) + longer + "\n", name="list.txt").report

    assert report.rows_refused == 1
    assert report.rows_accepted == 30


def test_blanks_within_a_column_never_cut_it(read, totals):
    """Every part has a blank at the same place, so that there is a column of blanks in the middle of the parts."""
    rows = "".join(f"ABCDE X{i % 3}    2024-01-{i + 1:02d} {i + 1:>5}\n" for i in range(28))
    with pytest.raises(MissingColumn):
        read("part        date         qty\n" + rows, name="list.txt")
    ruled = read("part        date         qty\n----------- ---------- -----\n" + rows, name="list.txt")
    assert set(totals(ruled)) == {("ALL", f"ABCDE X{i}") for i in range(3)}


@pytest.mark.parametrize(
    "text",
    [
        "+------------+------+-----+\n| date       | part | qty |\n+------------+------+-----+\n{rows}+---+---+---+\n",
        "| date | part | qty |\n|:-----|-----:|----:|\n{rows}",
    ],
)
def test_tables_of_databases_and_of_markdown_are_read(read, totals, text):
    rows = "".join(f"| 2024-01-{day:02d} | A-1  |  {day:>2} |\n" for day in range(1, 29))
    assert totals(read(text.format(rows=rows), name="list.txt")) == {("ALL", "A-1"): 406}


def test_what_a_database_prints_is_cut_by_its_dashes(read, totals):
    rows = "".join(f"2024-01-{day:02d} A {day % 2:<6} {day:>11}\n" for day in range(1, 29))
    text = f"date       part     qty\n---------- -------- -----------\n{rows}\n(28 rows affected)\n"
    assert totals(read(text, name="list.txt")) == {("ALL", "A 0"): 210, ("ALL", "A 1"): 196}


def test_a_list_of_two_levels_is_refused_with_the_list_to_save_instead(read):
    text = (
        f"{RULE}\n|Material           Material Description                     Plnt Name 1|\n"
        f"|SLoc MvT S Mat. Doc.  Item Pstng Date   Quantity in UnE EUn |\n{RULE}\n"
        "|100-100            Casing                                   1000 Hamburg|\n"
        "|0001 261   4900000321    1 12.01.2024                10- PC  |\n"
    )
    with pytest.raises(MissingColumn, match="several columns in one cell"):
        read(text, name="list.txt")


def test_the_quantity_in_the_unit_of_the_part_wins_over_that_of_entry(read):
    report = read("date,part,Quantity,Qty in UnE\n2024-01-01,A,12,1\n2024-01-02,A,24,2\n").report
    assert report.columns["demand_qty"] == "Quantity"


def quoted(line: str) -> str:
    """A line as a spreadsheet saves it that holds all of it in its first cell."""
    return '"' + line.replace('"', '""') + '"'


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("which", ["all", "with a comma", "all but the header"])
def test_rows_in_quotes_as_a_whole_are_read_as_if_they_were_not(read, totals, delimiter, which):
    rows = [
        (f"2024-{month:02}-01", f"P-{part}", 'Depo "A"', 3 * month + part) for month in (1, 2, 3) for part in (1, 2)
    ]
    lines = [
        delimiter.join(["date", "partnumber", "site_code", "demand_qty"]),
        *(delimiter.join([date, part, '"Depo ""A"""', f'"{quantity},5"']) for date, part, _, quantity in rows),
    ]
    wrapped = {"all": lines, "with a comma": lines[2:], "all but the header": lines[1:]}[which]
    text = "\n".join(quoted(line) if line in wrapped else line for line in lines)

    ingested = read(text, number_style="comma")

    assert totals(ingested) == {('Depo "A"', "P-1"): 3 * 6 + 3 + 1.5, ('Depo "A"', "P-2"): 3 * 6 + 6 + 1.5}
    notes = [str(note) for note in ingested.report.notes]
    assert f"{sum(line in wrapped for line in lines) - (which == 'all')} rows stand in quotes as a whole" in " ".join(
        notes
    )


def test_a_row_in_quotes_that_is_cut_wrong_is_refused_with_its_line(read):
    text = "\n".join(
        quoted(line) for line in ["date;part;qty", *(f"2024-01-{day:02};A;1" for day in range(1, 29)), "2024-02-01;A"]
    )

    report = read(text).report

    assert (report.rows_refused, report.problems[0].line) == (1, 30)
