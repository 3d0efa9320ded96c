"""A preview of a file that is read whole has the counts of the full reading, and refuses what that refuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from tests.acceptance.cases.table import CASES
from tests.acceptance.cases.test_every_case import FILES, GIVEN, settings_of_arguments

from batchcast.domain.errors import InvalidInput
from batchcast.ingest.preview import preview_file
from batchcast.ingest.reader import Ingested, ingest_file


def refusal_or(read: Callable[[], Any]) -> Any:
    """What reading gives, or the sentence that refuses it."""
    try:
        return read()
    except InvalidInput as error:
        return str(error)


def total_of(ingested: Ingested) -> float:
    """All units of the history that was written."""
    if ingested.history is None:
        return 0.0
    return sum(map(sum, pq.read_table(ingested.history.path).column("quantity").to_pylist()))


@pytest.mark.parametrize("name", sorted(CASES))
def test_the_preview_is_what_is_read(name: str, tmp_path: Path) -> None:
    file, settings = FILES / name / GIVEN[name]["main"], settings_of_arguments(GIVEN[name]["args"])

    ingested = refusal_or(lambda: ingest_file(file, into=tmp_path / "whole", settings=settings))
    found = refusal_or(lambda: preview_file(file, "history", settings, into=tmp_path / "preview"))

    if isinstance(found, str) or isinstance(ingested, str):
        told = found if isinstance(found, str) else str(found.refusal and found.refusal.message)
        asks_of_periods = not isinstance(found, str) and found.refusal is None  # of the frequency, unknown to a preview
        assert told == ingested or asks_of_periods
        return
    if not found.is_whole:
        pytest.skip("the file has more rows than a preview reads")
    counts, report = found.counts, ingested.report
    assert found.refusal is None
    assert (counts.rows_read, counts.rows_refused) == (report.rows_read, report.rows_refused)
    assert counts.total == pytest.approx(total_of(ingested))
    assert {row.line for row in found.rows if row.reason} <= {one.line for one in report.problems}
    if ingested.history is not None:
        facts = ingested.history.facts
        assert (counts.parts, counts.sites) == (facts.parts, len(facts.sites))
        assert facts.first_date <= counts.first_date <= counts.last_date
        assert (counts.last_date.year, counts.last_date.month) == (facts.last_date.year, facts.last_date.month)
