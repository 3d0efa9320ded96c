"""The history is a function of the demand: order of rows, of files and of columns change no bit of it."""

from __future__ import annotations

import math
import random
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from batchcast.domain.settings import BatchSettings
from batchcast.ingest.reader import ingest_file, ingest_table

# Random signs, and members that differ on the same days, would be questions.
AS_WRITTEN = BatchSettings(demand_sign="positive", overlaps="sum")

quantities = st.one_of(
    st.integers(-1000, 1000).map(float),
    st.sampled_from([-2.5, -1.0, 1.0, 2.5]),  # of which many reverse each other
    st.decimals(-1000, 1000, places=2, allow_nan=False).map(float),
    st.floats(-1e9, 1e9, allow_nan=False).filter(lambda value: value == 0 or abs(value) > 2**-8),
)
rows = st.lists(
    st.tuples(st.integers(0, 40), st.sampled_from("AaBé"), st.sampled_from("ST"), quantities), min_size=1, max_size=40
)


def history_of(table: pa.Table) -> bytes:
    with tempfile.TemporaryDirectory() as into:
        ingested = ingest_table(table, into=Path(into), settings=AS_WRITTEN)
        report = ingested.report
        assert report.rows_read == report.rows_kept + report.rows_summed + report.rows_refused + report.rows_ignored
        assert ingested.history is not None
        return ingested.history.path.read_bytes()


def table_of(found: list[tuple[int, str, str, float]]) -> pa.Table:
    days, parts, sites, amounts = zip(*found, strict=True)
    day = pa.array(np.array(days, dtype=np.int32) + 19_723).cast(pa.date32())
    return pa.table({"date": day, "part": parts, "site": sites, "qty": amounts})


@settings(max_examples=60, deadline=None)
@given(rows, st.randoms(use_true_random=False))
def test_shuffled_rows_give_the_same_bytes(found, rng):
    shuffled = list(found)
    rng.shuffle(shuffled)

    assert history_of(table_of(found)) == history_of(table_of(shuffled))


def net_reversals(days: dict[int, list[float]]) -> None:
    """Move each return to the latest day up to its own with a booking of its quantity that no other return took."""
    left = {day: [amount for amount in amounts if amount > 0] for day, amounts in days.items()}
    for day, amount in sorted((day, amount) for day, amounts in days.items() for amount in amounts if amount < 0):
        for booked in sorted((other for other in left if other <= day and -amount in left[other]), reverse=True)[:1]:
            left[booked].remove(-amount)
            days[day].remove(amount)
            days[booked].append(amount)


@settings(max_examples=60, deadline=None)
@given(rows)
def test_totals_are_the_exact_sums(found):
    expected: dict[tuple[str, str], dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for day, part, site, amount in found:
        expected[(site, part)][day + 19_723].append(amount)
    days_with_rows = {key: set(days) for key, days in expected.items()}
    for days in expected.values():
        net_reversals(days)

    with tempfile.TemporaryDirectory() as into:
        ingested = ingest_table(table_of(found), into=Path(into), settings=AS_WRITTEN)
        assert ingested.history is not None
        written = pq.read_table(ingested.history.path).to_pylist()

    assert [(row["site_code"], row["partnumber"]) for row in written] == sorted(
        expected, key=lambda key: (key[0].encode(), key[1].encode())
    )
    for row in written:
        days = expected[(row["site_code"], row["partnumber"])]
        assert row["first_day"] == min(days_with_rows[(row["site_code"], row["partnumber"])])
        assert row["rows"] == sum(map(len, days.values()))
        totals = {day: math.fsum(amounts) for day, amounts in days.items()}
        nonzero = {day for day, total in totals.items() if abs(total) > 1e-15}
        assert set(row["day"]) == nonzero
        for day, total in zip(row["day"], row["quantity"], strict=True):
            assert math.isclose(total, totals[day], rel_tol=1e-15, abs_tol=1e-16)


def test_sparse_and_dense_ways_of_adding_give_the_same_bytes(monkeypatch):
    rng = random.Random(3)
    found = [(rng.randrange(40), rng.choice("ABCDEFG"), rng.choice("ST"), rng.random()) for _ in range(5000)]
    dense = history_of(table_of(found))

    monkeypatch.setattr("batchcast.ingest.history.accumulate._SMALL", 0)
    monkeypatch.setattr("batchcast.ingest.history.accumulate._FILLED", 0)
    monkeypatch.setattr("batchcast.ingest.history.accumulate._RUN", 100)
    monkeypatch.setattr("batchcast.ingest.files.table.ROWS_IN_BLOCK", 64)
    monkeypatch.setattr("batchcast.ingest.values.keys._LARGEST_TABLE", 0)

    assert history_of(table_of(found)) == dense


def test_a_csv_and_its_parts_in_a_folder_give_the_same_bytes(tmp_path):
    rng = random.Random(4)
    header = "date,part,site,qty\n"
    lines = [f"2024-{rng.randrange(1, 13):02d}-15,P{rng.randrange(90)},S,{rng.randrange(9)}\n" for _ in range(3000)]
    (tmp_path / "whole.csv").write_text(header + "".join(lines))
    rng.shuffle(lines)
    (tmp_path / "parts").mkdir()
    for i in range(3):
        (tmp_path / f"parts/{i}.csv").write_text(header + "".join(lines[i::3]))

    found = [
        ingest_file(tmp_path / name, into=tmp_path / f"into-{name}", settings=AS_WRITTEN).history
        for name in ("whole.csv", "parts")
    ]

    assert found[0].path.read_bytes() == found[1].path.read_bytes()
    assert found[0].facts == found[1].facts
