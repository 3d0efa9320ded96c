from __future__ import annotations

import pytest

from batchcast.domain.errors import Message
from batchcast.ingest.numberstyle import read_number


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
