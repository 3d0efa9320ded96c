"""Whatever the text and the number: harmless, reversible, exact."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from batchcast.publish.cells import harmless_text, plain_numbers
from batchcast.publish.writers import CsvWriter, XlsxWriter

NASTY = st.text(st.sampled_from(list("=+-@'＝ ;,\t\r\n\"|AZ019_xé\u200f😀")), max_size=8)
TEXTS = st.one_of(NASTY, st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=20))
NUMBERS = st.one_of(
    st.floats(0, allow_infinity=False),
    st.floats(0, 1e15),
    st.integers(0, 10**15).map(float),
    st.sampled_from([1e-5, 1e-7, 1e22, 1e15, 0.1 + 0.2, 5e-324, -0.0]),
)


MADE_HARMLESS = re.compile(r"(^|[;\t\r\n])'('* *[=+\-@＝＋－＠])")
MADE_HARMLESS_START = re.compile(r"^'('*[\t\r\n])")


def harmless(text: str) -> str:
    return str(harmless_text(pa.array([text]))[0].as_py())


def original_text(text: str) -> str:
    """The text that `harmless_text` was given: no two texts become the same."""
    return MADE_HARMLESS_START.sub(r"\1", MADE_HARMLESS.sub(r"\1\2", text))


@given(text=TEXTS)
@settings(max_examples=300)
def test_harmless_text_starts_no_formula_and_gives_the_original_back(text: str) -> None:
    found = harmless(text)

    assert original_text(found) == text
    assert not found.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    for separator in ";\t\r\n":  # where another program would begin a new cell
        assert all(not cell.lstrip(" ").startswith(("=", "+", "-", "@")) for cell in found.split(separator))


@given(one=NASTY, other=NASTY)
@settings(max_examples=300)
def test_different_texts_stay_different(one: str, other: str) -> None:
    assert (harmless(one) == harmless(other)) == (one == other)


@pytest.mark.parametrize("text", ["00123", "1E5", "O'Brien", "'quoted'", "A-5", "A=B", "10+2", "x@y", "A, -5", "", " "])
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert harmless(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("=1+1", "'=1+1"),
        ("-5", "'-5"),
        ("'=1+1", "''=1+1"),
        ("  @SUM", "'  @SUM"),
        ("A;=1+1", "A;'=1+1"),
        ("A\n+1", "A\n'+1"),
        ("\tA", "'\tA"),
        ("＝1", "'＝1"),
    ],
)
def test_text_that_would_run_gets_an_apostrophe(text: str, expected: str) -> None:
    assert harmless(text) == expected


@given(value=NUMBERS)
@settings(max_examples=300)
def test_number_reads_back_to_the_same_value_without_an_exponent(value: float) -> None:
    (text,) = plain_numbers(pa.array([value])).to_pylist()

    assert float(text) == value
    assert "e" not in text
    assert not text.startswith("-")
    assert not text.endswith(".0")


def test_numbers_are_written_as_a_planner_types_them() -> None:
    values = pa.array([0.0, -0.0, 3.0, 1e-5, 1e-7, 1.5e-10, 1e22, 12.25, None])

    expected = ["0", "0", "3", "0.00001", "0.0000001", "0.00000000015", "1" + "0" * 22, "12.25", None]
    assert plain_numbers(values).to_pylist() == expected


@given(rows=st.lists(st.tuples(TEXTS, NUMBERS), min_size=1, max_size=5))
@settings(max_examples=100)
def test_csv_reads_back_to_the_letter(rows: list[tuple[str, float]], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("csv") / "table.csv"

    _write(CsvWriter, path, rows)

    text = path.read_bytes().decode()
    header, *found = csv.reader(io.StringIO(text, newline=""), lineterminator="\n")
    assert header == ["part", "figure"]
    assert [(original_text(part), float(figure)) for part, figure in found] == rows


@given(rows=st.lists(st.tuples(TEXTS, NUMBERS.filter(lambda number: number < 1e300)), min_size=1, max_size=20))
@settings(max_examples=60)
def test_workbook_reads_back_to_the_letter(
    rows: list[tuple[str, float]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("xlsx") / "table.xlsx"

    _write(XlsxWriter, path, rows)

    _, *found = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    assert [original_text(part) for part, _ in found] == [part for part, _ in rows]
    assert [figure for _, figure in found] == pytest.approx([figure for _, figure in rows], rel=1e-15, abs=0.0)


def _write(writer_class: Any, path: Path, rows: list[tuple[str, float]]) -> None:
    parts, figures = zip(*rows, strict=True)
    table = pa.table({"part": pa.array(parts, pa.string()), "figure": pa.array(np.array(figures))})
    writer = writer_class(path, table.schema)
    writer.write(table)
    writer.close()
