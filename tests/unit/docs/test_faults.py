"""The table of faults has every row, and names tests that there are."""

from __future__ import annotations

import re

import pytest
from tests.plugins.sources import ROOT, page

TABLE = page("explanation/faults.md")
ROWS = dict(re.findall(r"^\| ([A-H]\d+(?:(?:, |-)[A-H]?\d+)*) \| (.+) \|$", TABLE, re.MULTILINE))
NUMBERS = {"A": 10, "B": 12, "C": 14, "D": 8, "E": 11, "F": 9, "G": 7, "H": 15}  # rows of each letter
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)`", TABLE)))


def numbers_of(name: str) -> list[str]:
    """The rows that a first cell names: `A1`, `B1, B2` or `G1-G7`."""
    if "-" in name:
        first, last = name.split("-")
        return [f"{first[0]}{number}" for number in range(int(first[1:]), int(last[1:]) + 1)]
    return name.split(", ")


def test_every_fault_has_one_row():
    found = [number for name in ROWS for number in numbers_of(name)]

    assert sorted(found) == sorted(
        f"{letter}{number}" for letter, last in NUMBERS.items() for number in range(1, last + 1)
    )
    assert len(found) == 86


@pytest.mark.parametrize("path", NAMED)
def test_every_test_that_is_named_is_there(path):
    assert "\ndef test_" in (ROOT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ROWS)
def test_every_row_names_a_test_or_says_what_is_open_or_why_it_does_not_apply(name):
    cell = ROWS[name]

    assert re.search(r"`tests/[\w/]+\.py`|does not apply: \w+|\bopen\b.*: |`make audit`", cell)


@pytest.mark.parametrize("path", NAMED)
def test_what_only_the_long_run_tests_is_named_as_long(path):
    text = (ROOT / path).read_text(encoding="utf-8")
    tests = re.findall(r"^def test_", text, re.MULTILINE)
    is_long = "pytestmark = pytest.mark.long" in text or text.count("@pytest.mark.long") >= len(tests)

    if is_long:
        lines = [line for line in TABLE.splitlines() if f"`{path}`" in line]
        assert [line for line in lines if f"`{path}` (long" not in line] == []
