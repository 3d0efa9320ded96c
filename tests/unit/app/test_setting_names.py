"""A sentence says a setting as the readers of a face choose it, and writes none into its words."""

from __future__ import annotations

import re
from string import Formatter

import pytest
from babel.messages.pofile import read_po
from tests.unit.app.test_translations import PO, marked, placeholders_of

from batchcast.app.words.translation import translate
from batchcast.domain.errors import SETTING_PLACE, Message
from batchcast.domain.settings import SETTINGS

pytestmark = pytest.mark.xdist_group("sources")

OF_THE_COMMAND = ("cli/", "app/batchcast.py")  # sentences that no page shows
OPTIONS = {option for one in SETTINGS.values() for option in one.options}
NAMES = "|".join(sorted((name for name in SETTINGS if "_" in name and name != "lead_time"), key=len, reverse=True))
NAMED = re.compile(rf"(?<![\w-])(?:{'|'.join(OPTIONS)}|{NAMES})(?![\w-])")
_EVERY = "|".join(SETTINGS)
ASKED_FOR = re.compile(rf"(?:\b[Ss]et|\b[Aa]tur) (?:{_EVERY})\b|^(?:{_EVERY}) (?:is|names|has)\b")


def names_a_setting(text: str) -> bool:
    """Whether words of a sentence are the name of a setting, or of an option."""
    return bool(NAMED.search(text) or ASKED_FOR.search(text))


def words_of(template: str) -> str:
    """A template without its places."""
    return "".join(f"{words}{'{}' if name is not None else ''}" for words, name, _, _ in Formatter().parse(template))


def setting_places() -> set[str]:
    places = {place for template in marked() for place in placeholders_of(template)}
    return {place.removeprefix(SETTING_PLACE) for place in places if place.startswith(SETTING_PLACE)}


def test_no_sentence_has_the_name_of_a_setting_or_an_option_among_its_words():
    with PO.open("rb") as file:
        indonesian = {str(entry.id): str(entry.string) for entry in read_po(file, locale="id") if entry.id}
    on_pages = [template for template, place in marked().items() if not place.startswith(OF_THE_COMMAND)]
    said = {*on_pages, *(indonesian[template] for template in on_pages)}

    assert [template for template in said if names_a_setting(words_of(template))] == []


def test_every_place_of_a_setting_names_one_and_a_value_that_it_can_have():
    for place in setting_places():
        name, _, text = place.partition("=")
        declared = SETTINGS[name]
        assert text.startswith("$") or not text or declared.kind != "choice" or text in declared.choices, place
    assert len(setting_places()) > 30


@pytest.mark.parametrize("language", ["en", "id"])
def test_on_the_page_a_setting_is_called_as_its_field_is(language):
    for place in sorted(setting_places()):  # not a case each: every process would parse all sources to collect them
        value = {place.partition("$")[2]: "demand_qty=Qty"} if "$" in place else {}
        said = translate(Message(f"{{@{place}}}", value), language, "label")

        assert said.startswith("“"), place
        assert not names_a_setting(said.replace("demand_qty", "")), place


SKIPPED = Message("Leave them out with {@bad_rows=skip}.")
MAPPED = Message("Name it with {@column_mapping=$example}.", {"example": '"date=Tgl Trx"'})
NESTED = Message("{reason}: {setting} is {found}.", {"reason": SKIPPED, "setting": "lead_time", "found": 0})


@pytest.mark.parametrize(
    ("message", "naming", "said"),
    [
        (SKIPPED, "field", "Leave them out with bad_rows=skip."),
        (SKIPPED, "option", "Leave them out with --bad-rows skip."),
        (MAPPED, "field", 'Name it with column_mapping="date=Tgl Trx".'),
        (MAPPED, "option", 'Name it with --map "date=Tgl Trx".'),
        (MAPPED, "label", "Name it with “How the file is read”."),
        (NESTED, "option", "Leave them out with --bad-rows skip.: --lead-time is 0."),
        (NESTED, "field", "Leave them out with bad_rows=skip.: lead_time is 0."),
    ],
)
def test_a_setting_is_said_as_each_face_takes_it(message, naming, said):
    assert translate(message, "en", naming) == said


def test_a_sentence_by_itself_names_fields():
    assert str(SKIPPED) == "Leave them out with bad_rows=skip."
    assert str(NESTED.values["reason"]) in str(NESTED)
