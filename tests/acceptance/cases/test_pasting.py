"""What a refusal prints as a way out works when it is pasted back."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Formatter
from urllib.parse import urlencode

import openpyxl
import pytest
from tests.acceptance.cases.test_every_case import FILES, GIVEN, NAMES, settings_of_arguments

from batchcast.app.words.settings_text import settings_of_texts
from batchcast.app.words.translation import translate
from batchcast.cli.options import option_words
from batchcast.domain.errors import SETTING_PLACE, BatchcastError, InvalidInput, Message, ReadingQuestion
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.reader import ingest_file
from batchcast.web.forms import ANSWER, SHOWN, read_form

_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")

MADE = {
    "no_names": "Buchungstag,Art Nr,Anzahl, gesamt\n2024-01-01,A,1,2\n2024-01-02,A,1,2\n",
    "spaces": "Tgl Trx;Nomor Brg;Banyak nya\n2024-01-01;A;1\n2024-01-02;A;2\n",
    "quotes": 'day of "sale";part;n $ of it\n2024-01-01;A;1\n2024-01-02;A;2\n',
    "two_quantities": "date,part,qty,quantity\n2024-01-01,A,1,2\n",
    "one_name": "date,part,qty,qty\n2024-01-01,A,1,2\n",
    "no_name": "date,part,\n2024-01-01,A,1\n2024-01-02,A,2\n",
    "two_parts": "date,item,sku code,sku,qty\n2024-01-01,A,B,C,2\n",
    "ambiguous_dates": "date,part,qty\n01/02/2024,A,1\n03/04/2024,A,1\n",
    "ambiguous_numbers": 'date,part,qty\n2024-01-01,A,"1,234"\n2024-01-02,A,"2,345"\n',
    "ambiguous_encoding": "date,part,site,qty\n2024-01-01,A,Beðoðlu,1\n2024-01-02,A,Beðoðlu,1\n",
}  # by the reason it is refused for


def test_every_way_out_of_the_cases_works(tmp_path: Path) -> None:
    """Over all files of the acceptance cases, whatever they are refused for."""
    pasted = 0
    for name, given in GIVEN.items():
        file = FILES / name / given["main"]
        pasted += _paste_all(file, settings_of_arguments(given["args"]), tmp_path / name)
    assert pasted >= 10, "the cases have questions and advice to paste"


@pytest.mark.parametrize("name", MADE)
def test_every_way_out_of_a_made_file_works(name: str, tmp_path: Path) -> None:
    """Names with spaces, commas, quotes and signs of a shell; two that fit; dates and numbers that read twice."""
    file = tmp_path / f"{name}.csv"
    file.write_text(MADE[name], encoding="cp1252" if name == "ambiguous_encoding" else "utf-8")
    assert _paste_all(file, BatchSettings(), tmp_path / "out") > 0


def test_the_sheet_that_is_named_can_be_pasted(tmp_path: Path) -> None:
    """A sheet whose name has a space, of two that could be meant."""
    workbook = openpyxl.Workbook()
    for sheet in (workbook.active, workbook.create_sheet("North east")):
        assert sheet is not None
        for row in (["date", "part", "qty"], ["2024-01-01", "A", 1]):
            sheet.append(row)
    workbook.worksheets[0].title = "South & west"
    workbook.save(tmp_path / "two.xlsx")
    assert _paste_all(tmp_path / "two.xlsx", BatchSettings(), tmp_path / "out") > 0


def _paste_all(file: Path, settings: BatchSettings, into: Path) -> int:
    """Paste each way out that the refusal of a file prints; returns how many there were."""
    error = _refusal(file, settings, into / "first")
    if error is None:
        return 0
    ways = list(_ways_out(error))
    for number, texts in enumerate(ways):
        again = settings_of_texts(texts, base=settings)
        second = _refusal(file, again, into / str(number))
        assert second is None or _reason(second) != _reason(error), (
            f"{file.parent.name}: {texts} of {error} gives {second}"
        )
    return len(ways)


def _refusal(file: Path, settings: BatchSettings, into: Path) -> InvalidInput | None:
    into.mkdir(parents=True)
    try:
        ingest_file(file, into=into, settings=settings)
    except InvalidInput as error:
        return error
    return None


def _reason(error: BatchcastError) -> object:
    """What is asked for: the setting of a question, or the sentence with its values."""
    if isinstance(error, ReadingQuestion):
        return error.slug, error.setting
    return error.slug, str(error)


def _ways_out(error: InvalidInput) -> Iterator[Mapping[str, list[str]]]:
    """The texts of the settings of every way out, as the command, the API and the page take them."""
    found = list(settings_said(error.message))
    typed = translate(error.message, "en", "option")
    assert len(_OPTION.findall(typed)) == len(found), f"suggested in words, and not as a setting: {typed}"
    for name, text in found:
        if not text:
            continue
        as_typed = translate(Message(f"{{@{name}=$text}}", {"text": text}), "en", "option")
        assert as_typed in typed
        assert f"{name}={text}" in translate(error.message, "en")
        yield _taken_by_every_face(_typed(as_typed), {name: text})
    if isinstance(error, ReadingQuestion):
        assert error.choices, "a question has choices"
        for choice in error.choices:
            yield _taken_by_every_face(_typed(option_words(choice.settings)), choice.settings)


def settings_said(message: Message) -> Iterator[tuple[str, str]]:
    """The settings that a sentence names, each with its value or none, those of the sentences in it too."""
    for _, place, _, _ in Formatter().parse(message.template):
        if place is not None and place.startswith(SETTING_PLACE):
            name, _, text = place.removeprefix(SETTING_PLACE).partition("=")
            yield name, str(message.values[text[1:]]) if text.startswith("$") else text
    for value in message.values.values():
        if isinstance(value, Message):
            yield from settings_said(value)


def _taken_by_every_face(typed: dict[str, list[str]], sent: Mapping[str, str]) -> dict[str, list[str]]:
    """What was typed; the same as a program sends it, as a field of the page holds it, and as a button sends it."""
    settings = settings_of_texts(typed)
    fields = {name: [text] for name, text in sent.items()}
    assert settings_of_texts(fields) == settings
    assert read_form({SHOWN: ["1"], "batch_mode": ["auto"], **fields}).readable == settings
    assert read_form({ANSWER: [urlencode(sent)]}).readable == settings
    return typed


def _typed(words: str) -> dict[str, list[str]]:
    """The texts by setting of some words of a command line, as a shell cuts them."""
    cut = shlex.split(words)
    texts: dict[str, list[str]] = {}
    for option, text in zip(cut[::2], cut[1::2], strict=True):
        texts.setdefault(NAMES[option], []).append(text)
    return texts
