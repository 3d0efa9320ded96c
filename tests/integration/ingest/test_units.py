"""The unit of each quantity in a column of its own."""

from __future__ import annotations

import pytest

from batchcast.app.words.settings_text import settings_of_texts
from batchcast.ingest.common.problems import SeveralUnits


def rows(units, *, name="UoM", days=28) -> str:
    """A row a day of each part, with the units of the part by turns."""
    lines = [f"date,part,site,qty,{name}"]
    for day in range(1, days + 1):
        lines += [f"2024-01-{day:02d},{part},S,1,{found[day % len(found)]}" for part, found in units.items()]
    return "\n".join(lines)


@pytest.fixture
def totals(series):
    return lambda ingested: {part: sum(days.values()) for (_, part), days in series(ingested).items()}


@pytest.mark.parametrize("name", ["UoM", "Satuan", "Meins", "EUn", "Unit of measure", "unit", "Mengeneinheit"])
def test_a_part_in_several_units_is_a_question_that_each_choice_answers(read, totals, name):
    text = rows({"A": ["EA", "EA", "EA", "BOX"], "B": ["EA"]}, name=name)
    with pytest.raises(SeveralUnits, match="1 parts, such as 'A'") as asked:
        read(text)

    assert "'EA' (49), 'BOX' (7)" in str(asked.value)
    chosen = [choice.settings["only_rows"] for choice in asked.value.choices]
    assert chosen == [f"{name}=EA", f"{name}=BOX", f"{name}=EA,BOX"]
    answers = [totals(read(text, only_rows=settings_of_texts({"only_rows": [one]}).only_rows)) for one in chosen]
    assert answers == [{"A": 21, "B": 28}, {"A": 7}, {"A": 28, "B": 28}]


def test_parts_in_one_other_unit_stay_with_either_answer(read, totals):
    text = rows({"A": ["EA", "BOX"], "OIL": ["L"], "B": ["ea."]})
    with pytest.raises(SeveralUnits) as asked:
        read(text)

    chosen = [choice.settings["only_rows"] for choice in asked.value.choices]
    answers = [totals(read(text, only_rows=(one,))) for one in chosen]
    assert answers == [{"A": 14, "OIL": 28, "B": 28}, {"A": 14, "OIL": 28}, {"A": 28, "OIL": 28, "B": 28}]


def test_one_unit_for_each_part_is_said_in_a_line(read):
    report = read(rows({"A": ["EA"], "B": ["ea"], "OIL": ["L"]})).report
    assert [str(note) for note in report.notes if "several units" in str(note)] == [
        "Quantities are in several units of column 'UoM', one for each part: 'EA' (56), 'L' (28)."
    ]


@pytest.mark.parametrize("units", [{"A": ["EA"], "B": ["EA"]}, {"A": ["EA", ""], "B": ["EA"]}])
def test_one_unit_and_cells_without_one_are_not_worth_a_word(read, units):
    assert not any("units" in str(note) for note in read(rows(units)).report.notes)


@pytest.mark.parametrize(("name", "values"), [("unit", ["Plant 1", "Plant 2"]), ("um", ["x", "y"])])
def test_a_plain_name_is_one_of_units_only_where_it_holds_them(read, totals, name, values):
    assert totals(read(rows({"A": values}, name=name))) == {"A": 28}


def test_rows_that_are_refused_do_not_count(read, totals):
    text = rows({"A": ["EA"]}) + "\n2024-01-05,A,S,x,BOX"
    assert totals(read(text, bad_rows="skip")) == {"A": 28}


def test_the_unit_beside_the_quantity_is_its_own(read, totals):
    """As SAP lists have a quantity with its base unit, and one in the unit of entry."""
    lines = "".join(f"2024-01-{d:02d},A,{d},PC,1,{('PC', 'BOX')[d % 2]}\n" for d in range(1, 29))
    assert totals(read("date,part,Quantity,BUn,Qty in UnE,EUn\n" + lines)) == {"A": 406}


def test_lines_of_a_wide_table_in_several_units_are_asked_about(read):
    with pytest.raises(SeveralUnits):
        read("part,uom,2024-01-01,2024-02-01\nA,EA,1,2\nA,BOX,1,2\nB,KG,1,1\n")


def test_units_that_begin_after_the_first_rows_are_a_question(read):
    rows = [f"2024-01-{1 + k % 28:02d},A,5,{'' if k < 500 else ('box' if k % 2 else 'pcs')}" for k in range(900)]

    with pytest.raises(SeveralUnits):
        read("\n".join(["date,part,qty,Unit", *rows]))


def test_what_else_a_column_named_unit_holds_is_no_unit(read):
    rows = [f"2024-01-{1 + k % 28:02d},A,5,{'' if k < 500 else 'DT-' + str(k % 3)}" for k in range(900)]

    assert read("\n".join(["date,part,qty,Unit", *rows])).report.rows_read == 900
