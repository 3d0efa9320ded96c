from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchcast.domain.errors import Message
from batchcast.ingest.common.problems import MixedNumberStyles, SeveralUnits
from batchcast.ingest.values.numbers import read_number
from batchcast.ingest.values.numberstyle import NumberReader


@pytest.mark.parametrize(
    ("text", "point", "comma"),
    [
        ("1234", 1234, 1234),
        ("1.234", 1.234, 1234),
        ("1,234", 1234, 1.234),
        ("0.125", 0.125, None),
        ("1234.567", 1234.567, None),
        ("1.234,5", None, 1234.5),
        ("1,234.5", 1234.5, None),
        ("1,234,567", 1234567, None),
        ("1.5", 1.5, None),
        ("1,5", None, 1.5),
        ("(1,234)", -1234, -1.234),
        ("( 5 )", -5, -5),
        ("5-", -5, -5),
        ("−5", -5, -5),
        ("- 5", -5, -5),
        ("+5", 5, 5),
        ("1e3", 1000, 1000),
        ("1.5E-1", 0.15, None),
        ("12,34", None, 12.34),
        ("0", 0, 0),
        ("-0", 0, 0),
        ("1e15", 1e15, 1e15),
    ],
)
def test_numbers_come_back_with_both_readings(text, point, comma):
    assert read_number(text) == (point, comma)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (" ", "is empty"),
        ("five", "is not a number"),
        ("1.2.3", "is not a number"),
        ("1,23,4", "is not a number"),
        ("(5", "is not a number"),
        ("-(5)", "is not a number"),
        ("-5-", "is not a number"),
        ("e5", "is not a number"),
        (".e5", "is not a number"),
        ("1e1234", "is not a number"),
        ("-Inf", "is not a finite number"),
        ("NaN", "is not a finite number"),
        ("1e308", "is beyond 1e+15, the largest quantity that is read"),
        ("9" * 400, "is beyond 1e+15, the largest quantity that is read"),
    ],
)
def test_what_is_no_number_says_why(text, reason):
    written = read_number(text)

    assert isinstance(written, Message)
    assert str(written) == reason


@pytest.mark.parametrize(
    ("text", "point", "comma"),
    [
        ("10 EA", 10, 10), ("5 pcs", 5, 5), ("5pcs.", 5, 5), ("1,234 kg", 1234, 1.234), ("-3 Nos", -3, -3),
        ("3- ea", -3, -3),
        ("1,23,456", 123456, None), ("12,34,567.5", 1234567.5, None), ("1'234", 1234, 1234),
        ("1’234’567", 1234567, 1234567),
        ("1'234.50", 1234.5, None), ("1 234", 1234, 1234), ("1 234,5", None, 1234.5), ("1\u00a0234,5", None, 1234.5),
        ("1\u202f234\u202f567", 1234567, 1234567), ("1\u2009234.5", 1234.5, None), ("-1 234", -1234, -1234),
        ("'-5", -5, -5), ("'5", 5, 5), ("10-", -10, -10), ("−7", -7, -7), ("–7", -7, -7), ("7–", -7, -7),
        ('="5"', 5, 5),
    ],
)  # fmt: skip
def test_numbers_as_people_write_them(text, point, comma):
    assert read_number(text) == (point, comma)


@pytest.mark.parametrize(
    "text",
    ["12 CR", "12.00 DR", "5K", "3M", "5 x", "USD 5", "5 EUR", "Rp 5.000", "50%", "1 23", "1 2345", "12 34 567", "1'23",
     "1 234'567", "-", "–", "--5", "=5", '="a"', "10 EA 5"],
)  # fmt: skip
def test_what_may_mean_another_number_is_none(text):
    assert isinstance(read_number(text), Message)


@given(st.integers(1, 10**9), st.sampled_from(" \u00a0\u202f\u2009'’"), st.sampled_from(["", " EA", " pcs.", "kg"]))
def test_grouped_thousands_with_a_unit_are_the_whole_number(number, space, unit):
    assert read_number(f"{number:,}".replace(",", space) + unit) == (number, number)


@pytest.mark.parametrize("text", ["12,-", "12,--", "12.-", "12,\u2014"])
def test_a_dash_in_place_of_decimals_is_no_minus(text):
    assert read_number(text) == (12, 12)


@pytest.mark.parametrize("texts", [["1,234", "5.678"], ["5.678", "1,234"]])
def test_two_signs_before_three_digits_are_two_styles(texts):
    reader = NumberReader("auto")
    reader.quantities(pa.array(texts), Message)

    with pytest.raises(MixedNumberStyles, match="each with three digits behind its sign"):
        reader.notes()


def read_units(cells, units=()):
    reader = NumberReader("auto", "qty", units=units)
    reader.quantities(pa.array(cells), Message)
    return reader


@pytest.mark.parametrize("other", ["3 DZ", "3 KG", "3 BOX", "3 galah", "3 Stück", "3 шт", "3個", "3 foo."])
def test_a_unit_beside_another_is_a_question_whether_we_know_it_or_not(other):
    cells = ["10 EA", other, "5 EA", other]
    with pytest.raises(SeveralUnits) as asked:
        read_units(cells).notes()
    both = asked.value.choices[-1].settings["quantity_units"].split(",")
    assert len(both) == 2

    reader = read_units(cells, tuple(both))
    assert reader.notes()
    assert [reader.explain(cell) for cell in cells] == [None] * 4
    refused = read_units(cells, ("EA",)).explain(other)
    assert refused is not None
    assert "only EA is to be read" in str(refused)


def test_one_word_behind_all_numbers_is_asked_about():
    cells = ["10 galah", "3 galah", "5 galah"]
    with pytest.raises(SeveralUnits, match="a word that may be their unit"):
        read_units(cells).notes()
    assert read_units(cells, ("galah",)).notes()


@pytest.mark.parametrize(
    "cells", [["5 CR", "3 CR"], ["5 k", "7 k"], ["5 EUR", "5 EUR"], ["5", "7", "9", "3 foo", "1 foo"]]
)
def test_money_signs_factors_and_slips_are_no_units(cells):
    reader = read_units(cells)
    assert reader.notes() == []
    assert "is not a number" in str(reader.explain(cells[-1]))
