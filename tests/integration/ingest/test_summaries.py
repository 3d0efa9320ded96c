from __future__ import annotations

import pyarrow.parquet as pq
import pytest

from batchcast.domain.settings import BatchSettings
from batchcast.ingest.reader import ingest_file


@pytest.fixture
def read(tmp_path):
    def read_it(text):
        (tmp_path / "demand.csv").write_text(text, encoding="utf-8")
        ingested = ingest_file(tmp_path / "demand.csv", into=tmp_path / "out", settings=BatchSettings())
        table = pq.read_table(ingested.history.path)
        return ingested.report, table["site_code"].to_pylist(), table["partnumber"].to_pylist()

    return read_it


@pytest.mark.parametrize("word", ["Grand Total", "JUMLAH", "Summe", "Gesamtergebnis", "* Total"])
def test_the_total_of_a_wide_table_is_left_out_and_said(read, word):
    report, _, parts = read(f"part;2024-01-01;2024-02-01\nA;1;2\nB;3;4,5\n{word};4;6,5\n")

    assert parts == ["A", "B"]
    assert (report.rows_kept, report.rows_ignored) == (4, 2)
    assert any(f"'{word}'" in str(note) and "left out" in str(note) for note in report.notes)


def test_subtotals_of_sites_and_the_total_of_all(read):
    rows = ["K,A,1,2", "K,B,3,4", "K Total,Total,4,6", "L,A,5,6", "L,Total,5,6", "Total,Total,9,12"]
    report, sites, parts = read("\n".join(["site,part,2024-01-01,2024-02-01", *rows]))

    assert list(zip(sites, parts, strict=True)) == [("K", "A"), ("K", "B"), ("L", "A")]
    assert report.rows_ignored == 6


def test_totals_of_a_part_over_sites_in_a_long_file(read):
    rows = [f"2024-0{m}-01,{site},A,{m}" for m in (1, 2) for site in ("K", "L")]
    totals = [f"2024-0{m}-01,All,A Total,{2 * m}" for m in (1, 2)]
    _, sites, parts = read("\n".join(["date,site,part,qty", *rows, *totals]))

    assert list(zip(sites, parts, strict=True)) == [("K", "A"), ("L", "A")]


def test_a_part_that_is_only_called_total_is_kept_and_said(read):
    report, _, parts = read("part,2024-01-01,2024-02-01\nA,1,2\nB,3,4\nTotal,5,6\nTotal Station 5,4,7\n")

    assert parts == ["A", "B", "Total", "Total Station 5"]
    assert any("is not the sum of other rows" in str(note) for note in report.notes)
