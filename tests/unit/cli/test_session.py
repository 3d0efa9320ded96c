from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchcast.cli.session import Words, safe, shorten

ENGLISH, INDONESIAN = Words("en"), Words("id")


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (42.4, "42 s"),
        (190, "3 min 10 s"),
        (3_900, "1 h 5 min"),
        (93_600, "1 d 2 h"),
    ],
)
def test_a_duration_is_as_exact_as_a_person_reads_it(seconds, written):
    assert ENGLISH.duration(seconds) == written


def test_numbers_have_the_points_and_commas_of_the_language():
    assert ENGLISH.number(1_234.5, ",.1f") == "1,234.5"
    assert INDONESIAN.number(1_234.5, ",.1f") == "1.234,5"
    assert ENGLISH.share(0.945, 1) == "94.5%"
    assert INDONESIAN.share(0.945, 1) == "94,5%"


def test_a_number_that_is_not_there_is_a_dash():
    assert ENGLISH.number(float("nan"), ".3f") == ENGLISH.share(float("nan")) == "–"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("P-100 β 部品", "P-100 β 部品"),
        ("\x1b[2J\x07", "\\x1b[2J\\x07"),
        ("a\nb\tc", "a\\nb\\tc"),
        ("gpj.\u202eexe", "gpj.\\u202eexe"),
        ("\x9b31m", "\\x9b31m"),
        ("bad\udcff", "bad\\udcff"),
    ],
)
def test_what_a_terminal_would_obey_is_written_out(text, shown):
    assert safe(text) == shown


@given(st.text())
def test_safe_text_is_printable_whatever_came_in(text):
    assert safe(text).isprintable()


def test_long_text_ends_in_an_ellipsis():
    assert shorten("0123456789", 5) == "0123…"
    assert shorten("01234", 5) == "01234"
