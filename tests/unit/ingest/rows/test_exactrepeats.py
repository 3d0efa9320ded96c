"""Rows that stand in a file again: told by their quantities, by coming in twos, and never where documents differ."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

import pytest

from batchcast.domain.settings import BatchSettings
from batchcast.ingest.reader import ingest_file

SAID = "more than chance explains"


def sales(count=200, quantities=(1, 2, 3, 5, 8, 13), parts=12, seed=1):
    made = random.Random(seed)
    days = [dt.date(2024, 1, 1) + dt.timedelta(days=made.randint(0, 500)) for _ in range(count)]
    return sorted((str(day), f"P-{made.randint(1, parts)}", made.choice(quantities)) for day in days)


def shuffled(rows, seed=2):
    mixed = list(rows)
    random.Random(seed).shuffle(mixed)
    return mixed


def notes_of(rows, into: Path, header="date,part,qty"):
    file = into / "sales.csv"
    lines = [header, *(",".join(map(str, row)) for row in rows)]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    report = ingest_file(file, into=into / "out", settings=BatchSettings(today=dt.date(2025, 7, 5))).report
    return [str(note) for note in report.notes]


@pytest.mark.parametrize("arranged", [sorted, shuffled])
@pytest.mark.parametrize("quantities", [(1, 2, 3, 5, 8, 13), (1,)])
def test_rows_again_among_the_others_are_said_at_the_top(arranged, quantities, tmp_path):
    rows = sales(quantities=quantities)
    again = rows[100:160]

    first = notes_of(arranged([*rows, *again]), tmp_path)[0]
    assert SAID in first
    assert "take them out" in first


def test_a_stamp_of_the_export_makes_no_difference(tmp_path):
    rows = [(*row, "2025-06-01 08:00") for row in sales()]
    again = [(*row[:3], "2025-06-02 09:30") for row in rows[100:160]]

    assert SAID in notes_of(sorted([*rows, *again]), tmp_path, "date,part,qty,exported")[0]


def test_every_row_three_times_is_said(tmp_path):
    assert SAID in notes_of(shuffled(sales() * 3), tmp_path)[0]


@pytest.mark.parametrize("parts", [2, 30])
def test_sales_that_are_alike_by_chance_are_not(parts, tmp_path):
    assert SAID not in "".join(notes_of(sales(400, (1,), parts), tmp_path))


def test_nor_those_of_documents_of_their_own(tmp_path):
    orders = [(day, part, 1, f"D{n}A") for n, (day, part, _) in enumerate(sales(150, parts=20))]
    second = [(day, part, 1, f"D{n}B") for n, (day, part, _, _) in enumerate(orders) if n % 3 == 0]

    assert SAID not in "".join(notes_of(sorted([*orders, *second]), tmp_path, "date,part,qty,document"))
    assert SAID in notes_of(sorted(row[:3] for row in [*orders, *second]), tmp_path)[0]  # without their numbers
