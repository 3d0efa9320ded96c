"""Reads rendered files back, and says what became of them."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from hypothesis import strategies as st
from tests.property.ingest.rendered import Form, History, period_of

from batchcast.app.words.settings_text import settings_of_texts
from batchcast.domain.calendar import date_of
from batchcast.domain.columns import ALL_SITES
from batchcast.domain.errors import InvalidInput, ReadingQuestion
from batchcast.domain.history import IngestReport
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.reader import ingest_file

Totals = Mapping[tuple[str, str, str], float]
_MOST_QUESTIONS = 4  # that follow on each other


@dataclass(frozen=True)
class Drawn:
    """A `Chooser` of hypothesis."""

    data: st.DataObject

    def one_of(self, options: Any) -> Any:
        return self.data.draw(st.sampled_from(list(options)))

    def whole(self, least: int, most: int) -> int:
        return self.data.draw(st.integers(least, most))


def totals_of(history: History, form: Form) -> Totals:
    """What a file of the history holds."""
    return {
        (site if form.has_site else ALL_SITES, part, period): round(quantity, 6)
        for (site, part, period), quantity in history.totals.items()
    }


def read(files: Mapping[str, bytes], settings: BatchSettings, frequency: str) -> tuple[IngestReport, Totals]:
    """The report of a file or folder, and its demand by site, part and period."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            path = Path(folder) / "in" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        source = Path(folder) / "in" / next(iter(files)).split("/")[0]
        ingested = ingest_file(source, into=Path(folder) / "out", settings=settings)
        totals: dict[tuple[str, str, str], float] = defaultdict(float)
        rows = pq.read_table(ingested.history.path).to_pylist() if ingested.history else []
    for row in rows:
        for day, quantity in zip(row["day"], row["quantity"], strict=True):
            totals[row["site_code"], row["partnumber"], period_of(date_of(day), frequency)] += quantity
    return ingested.report, {key: round(total, 6) for key, total in totals.items() if round(total, 6)}


def settled(
    files: Mapping[str, bytes], settings: BatchSettings, frequency: str, expected: Totals, depth: int = 0
) -> BatchSettings | None:
    """The settings under which the totals are these, after the questions have been answered; None where none are.

    A reading of other totals is a failure, unless rows were refused or another answer was the right one.
    """
    try:
        report, totals = read(files, settings, frequency)
    except ReadingQuestion as asked:
        question = asked
    except InvalidInput:
        return None
    else:
        if totals == expected:
            return settings
        assert depth or report.rows_refused, f"silently other totals: {totals} for {expected}; {report.notes}"
        return None
    assert depth < _MOST_QUESTIONS, question
    answers = [{name: [text] for name, text in choice.settings.items()} for choice in question.choices]
    tried = (settled(files, settings_of_texts(one, base=settings), frequency, expected, depth + 1) for one in answers)
    found = next((one for one in tried if one is not None), None)
    assert found is not None or depth, f"no answer gives the totals: {question}"
    return found
