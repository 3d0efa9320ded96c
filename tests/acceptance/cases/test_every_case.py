"""Every file of `files/` has an outcome that is right, and the right totals where it is read."""

from __future__ import annotations

import datetime as dt
import json
import re
import shlex
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq
import pytest
from tests.acceptance.cases.table import CASES, Asked, Outcome, Read, Refused, RowsRefused
from tests.unit.app.test_setting_names import names_a_setting

from batchcast.app.installation.timings import TYPICAL_PACE
from batchcast.app.words.settings_text import settings_of_texts
from batchcast.app.words.translation import translate
from batchcast.domain.calendar import date_of
from batchcast.domain.errors import BatchcastError, Message
from batchcast.domain.history import DemandHistory
from batchcast.domain.settings import SETTINGS, BatchSettings
from batchcast.ingest.history.stored import read_series_table
from batchcast.ingest.reader import Ingested, ingest_file
from batchcast.plan.planner import plan_batch

FILES = Path(__file__).parent / "files"
GIVEN = json.loads((FILES / "cases.json").read_text(encoding="utf-8"))
NAMES = {option: name for name, declared in SETTINGS.items() for option in declared.options}
TODAY = dt.date(2025, 7, 5)  # the files were exported then, or not long before


@dataclass
class Seen:
    """What became of a file."""

    said: str  # every sentence
    messages: tuple[Message, ...]  # the same, as faces translate them
    setting: str | None = None  # of the question that was asked
    is_refused: bool = False
    frequency: str = ""
    first: str = ""
    last: str = ""
    start: str = ""
    refused: int = 0
    ingested: Ingested | None = None  # where the file was read
    totals: dict[str, float] = field(default_factory=dict)

    def fits(self, right: Outcome, totals: dict[str, float] | None) -> bool:
        """Whether this is the outcome."""
        match right:
            case Asked():
                return self.setting == right.setting
            case Refused():
                return self.is_refused and self.says(right.words)
            case RowsRefused():
                return not self.is_refused and not self.totals and self.says(right.words)
            case Read():
                return self._is_read_as(right, totals)

    def says(self, words: tuple[str, ...]) -> bool:
        """Whether all the words are said."""
        return all(word.lower() in self.said.lower() for word in words)

    def _is_read_as(self, right: Read, totals: dict[str, float] | None) -> bool:
        return (
            not self.is_refused
            and bool(self.totals)
            and (not right.totals or totals is None or _without_zeros(self.totals) == _without_zeros(totals))
            and self.says(right.says)
            and right.refused in (None, self.refused)
            and right.frequency in (None, self.frequency)
            and right.start in (None, self.start)
            and self.first.startswith(right.first or "")
            and self.last.startswith(right.last or "")
        )


@cache
def look_at(name: str) -> Seen:
    """Read and plan a file as the command does."""
    with TemporaryDirectory() as folder:
        return _look_at(name, Path(folder))


def _look_at(name: str, into: Path) -> Seen:
    settings = settings_of_arguments(GIVEN[name]["args"])
    try:
        ingested = ingest_file(FILES / name / GIVEN[name]["main"], into=into, settings=settings)
    except BatchcastError as error:
        choices = tuple(one.reading for one in getattr(error, "choices", ()))
        messages = (error.message, *choices)
        return Seen(said=str(error), messages=messages, setting=getattr(error, "setting", None), is_refused=True)
    report = ingested.report
    said = [*map(str, report.notes), *(f"{one.value!r} {one.reason}" for one in report.problems)]
    messages = (*report.notes, report.format, *(one.reason for one in report.problems))
    seen = Seen(said="\n".join(said), messages=messages, refused=report.rows_refused, ingested=ingested)
    if ingested.history is None:
        return seen
    return _planned(seen, ingested.history, settings)


def settings_of_arguments(arguments: str) -> BatchSettings:
    """The settings of some words of the command line."""
    words = shlex.split(arguments)
    texts: dict[str, list[str]] = {"today": [TODAY.isoformat()]}
    for option, text in zip(words[::2], words[1::2], strict=True):
        texts.setdefault(NAMES[option], []).append(text)
    return settings_of_texts(texts)


def _planned(seen: Seen, history: DemandHistory, settings: BatchSettings) -> Seen:
    facts = history.facts
    table = pq.read_table(history.path, columns=["site_code", "partnumber", "quantity"])
    for site, part, quantities in zip(*(column.to_pylist() for column in table.columns), strict=True):
        seen.totals[f"{site}|{part}"] = round(sum(quantities), 6)
    plan = plan_batch(facts, read_series_table(history), settings, TYPICAL_PACE)
    calendar, request = plan.request.calendar, plan.request
    seen.said += "\n".join(map(str, plan.notes))
    seen.messages += (*plan.notes, *plan.hints)
    seen.frequency, seen.first, seen.last = calendar.frequency.value, str(facts.first_date), str(facts.last_date)
    seen.start = str(date_of(calendar.first_day(request.last_period + 1 + request.skip)))
    return seen


def _without_zeros(totals: dict[str, float]) -> dict[str, float]:
    return {key: round(total, 6) for key, total in totals.items() if total}


def test_every_file_is_in_the_table():
    assert set(CASES) == set(GIVEN) == {folder.name for folder in FILES.iterdir() if folder.is_dir()}


each_case = pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            name,
            marks=[
                pytest.mark.xdist_group(f"case {name}"),
                *([pytest.mark.xfail(strict=True, reason=f"class {one.of}")] if one.pending else []),
            ],
        )
        for name, one in CASES.items()
    ],
)


@each_case
def test_the_outcome_is_right(name):
    seen = look_at(name)

    assert any(seen.fits(right, GIVEN[name]["totals"]) for right in CASES[name].right), seen


_FROM_FILE = re.compile(r"'[^']*'|\S+, misalnya .*?(?= –|$)|misalnya \S+")  # a value, samples, how it may be typed


@each_case
def test_dates_in_sentences_are_words(name):
    said = [translate(message, "id", "label") for message in look_at(name).messages]

    assert [sentence for sentence in said if re.search(r"\b\d{4}-\d{2}\b", _FROM_FILE.sub("", sentence))] == []


@each_case
@pytest.mark.parametrize("language", ["en", "id"])
def test_no_sentence_on_the_page_names_a_setting(name, language):
    said = [translate(message, language, "label") for message in look_at(name).messages]

    assert [sentence for sentence in said if names_a_setting(sentence)] == []
