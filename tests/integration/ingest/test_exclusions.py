"""Rows that a column excludes stay in the history and are not learned from."""

from __future__ import annotations

import numpy as np
import pyarrow.parquet as pq
import pytest

from batchcast.domain import columns

HEADER = "date,partnumber,site_code,demand_qty"
MONTHLY = [f"2024-{month:02d}-10,{part},S,10" for month in range(1, 13) for part in "ABCDE"]


def quantities_of(ingested, part="A"):
    """By day: all of it, and what is learned from."""
    rows = {row["partnumber"]: row for row in pq.read_table(ingested.history.path).to_pylist()}
    row = rows[part]
    return dict(zip(row["day"], zip(row["quantity"], row[columns.LEARNED_QUANTITY], strict=True), strict=True))


def text_of(rows, name="exclude"):
    return "\n".join([f"{HEADER},{name}", *(f"{row},no" for row in MONTHLY), *rows, ""])


@pytest.mark.parametrize(
    ("name", "yes"), [("exclude", "yes"), ("Excluded", "1"), ("dikecualikan", "ya"), ("kecualikan", "X")]
)
def test_an_excluded_row_is_kept_and_not_learned_from(read, name, yes):
    found = read(text_of([f"2024-05-10,A,S,1000.1,{yes}", f"2024-05-20,A,S,7,{yes}"], name), frequency="M")

    both = quantities_of(found)
    assert sum(total for total, _ in both.values()) == pytest.approx(1127.1)
    assert [learned for _, learned in both.values()].count(10.0) == 12  # exactly what the other rows say
    assert sum(learned for _, learned in both.values()) == 120
    report = found.report
    assert report.rows_read == report.rows_kept + report.rows_summed == 62
    assert report.columns[columns.EXCLUDE] == name
    said = " ".join(map(str, report.notes))
    assert f"are not learned from, as column {name} says: 2, 1,007.1 units in all" in said


def test_another_column_can_be_mapped(read):
    found = read(text_of(["2024-05-20,A,S,1000,yes"], "proyek"), frequency="M", column_mapping={"exclude": "proyek"})

    assert sum(learned for _, learned in quantities_of(found).values()) == 120


def test_a_return_alone_can_be_excluded(read):
    found = read(text_of(["2024-05-10,A,S,-10,yes"]), frequency="M")

    assert sorted(quantities_of(found).values())[0] == (0.0, 10.0)


def test_an_excluded_booking_is_reversed_by_no_return(read):
    found = read(text_of(["2024-05-20,A,S,500,yes", "2024-06-10,A,S,-500,no"]), frequency="M")

    assert not any("reverse" in str(note) for note in found.report.notes)


def test_cells_that_say_neither_are_told(read):
    found = read(text_of(["2024-05-20,A,S,500,perhaps"]), frequency="M")

    assert any("'perhaps'" in str(note) and "count as no" in str(note) for note in found.report.notes)


def test_without_an_excluded_row_the_history_is_as_without_the_column(read):
    plain = read("\n".join([HEADER, *MONTHLY, ""]), name="plain.csv", frequency="M").history.path.read_bytes()

    assert read(text_of([]), name="none.csv", frequency="M").history.path.read_bytes() == plain


def test_rows_that_two_files_have_are_excluded_once(tmp_path, read):
    folder = tmp_path / "files"
    folder.mkdir()
    whole = text_of(["2024-05-20,A,S,500,yes"])
    (folder / "a.csv").write_text(whole)
    (folder / "b.csv").write_text(whole + "2024-12-20,B,S,7,no\n")

    both = quantities_of(read(folder, frequency="M"))

    assert sum(total for total, _ in both.values()) == 620
    assert np.array([learned for _, learned in both.values()]).min() == 0  # on the day of the excluded row
    assert sum(learned for _, learned in both.values()) == 120
