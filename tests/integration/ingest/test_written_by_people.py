"""Codes, units and dashes as people and spreadsheets write them: read right and said, asked, or refused by row."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.integration.ingest.test_workbook import workbook

from batchcast.domain.settings import BatchSettings
from batchcast.ingest.common.problems import SeveralUnits
from batchcast.ingest.reader import ingest_table

HEADER = "date,part,site,qty\n"


def rows(*codes: str, qty: str = "1") -> str:
    return HEADER + "".join(f"2024-01-01,{code},S,{qty}\n" for code in codes)


def parts(series, ingested) -> dict[str, float]:
    return {part: sum(days.values()) for (_, part), days in series(ingested).items()}


def said(ingested) -> str:
    return "\n".join(map(str, ingested.report.notes))


@pytest.mark.parametrize("written", ['"=""00123"""', '="00123"'])
def test_codes_in_a_formula_are_unwrapped_and_said(read, series, written):
    ingested = read(rows(written, "00123", "00999"))

    assert parts(series, ingested) == {"00123": 2, "00999": 1}
    assert '1 parts or sites are written as a formula, such as ="00123"' in said(ingested)


@pytest.mark.parametrize("date", ["2024-01-01", "01/01/2024", "1 Jan 2024"])
def test_dates_in_a_formula_are_those_that_it_shows(read, series, date):
    ingested = read(HEADER + f'"=""{date}""",A,S,2\n{date},A,S,1\n13/01/2024,A,S,1\n')

    assert (ingested.report.rows_refused, parts(series, ingested)) == (0, {"A": 4})


def test_space_around_codes_is_dropped_and_said(read, series):
    ingested = read(rows("AB-1", "AB-1  ", "AB-1\u00a0", "AB-2"))

    assert parts(series, ingested) == {"AB-1": 3, "AB-2": 1}
    assert "2 parts or sites are written with space at an end, such as 'AB-1  '; it is dropped" in said(ingested)


def test_codes_with_an_apostrophe_stay_and_are_said(read, series):
    ingested = read(rows("'00123", "00124"))

    assert parts(series, ingested) == {"'00123": 1, "00124": 1}
    assert "start with an apostrophe, such as '00123" in said(ingested)


@pytest.mark.parametrize(("one", "other"), [("AB-1", "ab-1"), ("00123", "123"), ("A 1", "A1"), ("A\u00a01", "A 1")])
def test_codes_that_differ_little_stay_apart_and_are_listed(read, series, one, other):
    ingested = read(rows(one, other, "X"))

    assert parts(series, ingested) == {one: 1, other: 1, "X": 1}
    assert f"letters that look alike: {one!r} / {other!r}. They stay apart" in said(ingested)


def test_codes_that_differ_are_not_listed(read):
    assert "differ only" not in said(read(rows("AB-1", "AB-2", "100", "1000")))


@pytest.mark.parametrize("code", ["1.23457E+15", "8.99E+12", "4E+20"])
def test_codes_that_a_spreadsheet_has_shortened_are_refused(read, series, rejected, code):
    ingested = read(rows(code, "A"))

    assert parts(series, ingested) == {"A": 1}
    assert "digits are lost" in rejected(ingested)[0]["reason"]


def test_codes_with_an_e_in_them_stay(read, series):
    assert parts(series, read(rows("1E5", "2E10", "1.2E+01", "E12"))) == {"1E5": 1, "2E10": 1, "1.2E+01": 1, "E12": 1}


def test_long_codes_that_were_stored_as_a_number_are_refused(read, series, rejected):
    table = [
        ["date", "part", "site", "qty"],
        ["2024-01-01", 1234567890123456, "S", 1],
        ["2024-01-01", 123456789012345, "S", 2],
    ]

    ingested = read(workbook(Data=table))

    assert parts(series, ingested) == {"123456789012345": 2}
    assert "has 16 digits or more" in rejected(ingested)[0]["reason"]


@given(st.integers(10**15, 10**18))
def test_long_codes_are_read_as_whole_numbers_and_refused_as_floats(tmp_path_factory, code):
    into = tmp_path_factory.mktemp("codes")
    for column, refused in (([code], 0), ([float(code)], 1)):
        table = pa.table({"date": ["2024-01-01"], "part": column, "qty": [1]})
        assert ingest_table(table, into=into, settings=BatchSettings()).report.rows_refused == refused


def test_one_unit_is_left_out_and_said(read, series):
    ingested = read(HEADER + "2024-01-01,A,S,10 EA\n2024-01-01,A,S,5 ea.\n2024-01-01,A,S,1\n")

    assert parts(series, ingested) == {"A": 16}
    assert "Quantities of qty are written with a unit, which is left out: ea (2)" in said(ingested)


def test_several_units_are_a_question_with_their_counts(read, series, rejected):
    content = HEADER + "2024-01-01,A,S,10 EA\n2024-01-01,A,S,2 BOX\n2024-01-01,B,S,5 EA\n2024-01-01,B,S,1\n"

    with pytest.raises(SeveralUnits, match=r"ea \(2\), box \(1\)") as asked:
        read(content)

    assert [dict(choice.settings) for choice in asked.value.choices] == [
        {"quantity_units": "ea"},
        {"quantity_units": "box"},
        {"quantity_units": "ea,box"},
    ]
    only = read(content, quantity_units=("EA",))
    assert parts(series, only) == {"A": 10, "B": 6}
    assert "is in box, and only EA is to be read" in rejected(only)[0]["reason"]
    assert parts(series, read(content, quantity_units=("EA", "Box"))) == {"A": 12, "B": 6}


@pytest.mark.parametrize("dash", ["-", " - ", "–", "—", "−"])
def test_a_dash_is_zero_in_a_wide_table_and_no_number_in_a_long_one(read, series, dash):
    wide = read(f"part,2024-01,2024-02,2024-03\nA,1,{dash},2\nB,{dash},{dash},\n")

    assert parts(series, wide) == {"A": 3, "B": 0}
    assert (wide.report.rows_refused, wide.report.rows_read) == (0, 5)
    assert "3 cells hold only a dash and are zero" in said(wide)
    assert read(rows("A", qty=dash)).report.rows_refused == 1


def test_a_dash_in_a_wide_workbook_is_zero_too(read, series):
    ingested = read(workbook(Data=[["part", "2024-01", "2024-02"], ["A", 1, "-"], ["B", "–", 4]]))

    assert parts(series, ingested) == {"A": 1, "B": 4}
    assert "2 cells hold only a dash" in said(ingested)
