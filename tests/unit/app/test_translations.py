"""The Indonesian catalogue has every sentence of the package, with the same placeholders, and no other sentence."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from string import Formatter

import pytest
from babel.messages.pofile import read_po
from jinja2 import Environment, nodes
from tests.plugins.sources import PACKAGE, python_sources, text_of, tree_of

pytestmark = pytest.mark.xdist_group("sources")

PO = PACKAGE / "app" / "words" / "locale" / "id.po"


def calls_of(name: str) -> Iterator[tuple[str, ast.Call]]:
    for path in python_sources():
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name and node.args:
                yield f"{path.relative_to(PACKAGE)}:{node.lineno}", node


def is_literal(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def needs_translation(template: str) -> bool:
    """Has it letters besides its placeholders?"""
    return re.search(r"[^\W\d_]", re.sub(r"\{[^}]*\}", "", template)) is not None


def placeholders_of(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


def sentences_of_templates() -> Iterator[tuple[str, str]]:
    """Sentences of the templates of the page, with where they are."""
    for path in sorted(PACKAGE.glob("web/templates/**/*.html")):
        for call in Environment().parse(text_of(path)).find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name == "_" and isinstance(call.args[0], nodes.Const):
                yield call.args[0].value, f"{path.relative_to(PACKAGE)}:{call.lineno}"


@cache
def marked() -> dict[str, str]:
    found = {call.args[0].value: place for place, call in calls_of("N_") if is_literal(call.args[0])}
    found |= dict(sentences_of_templates())
    return {template: place for template, place in found.items() if needs_translation(template)}


@pytest.fixture(scope="module")
def indonesian() -> dict[str, str]:
    with PO.open("rb") as file:
        catalogue = read_po(file, locale="id", abort_invalid=True)
    return {str(entry.id): str(entry.string) for entry in catalogue if entry.id}


def test_every_sentence_has_its_indonesian(indonesian):
    missing = {template: place for template, place in marked().items() if not indonesian.get(template)}

    assert missing == {}


def test_there_is_no_indonesian_for_a_sentence_that_is_not_used(indonesian):
    assert sorted(set(indonesian) - set(marked())) == []


def test_the_placeholders_of_a_sentence_are_the_same_in_both_languages(indonesian):
    differ = [english for english, said in indonesian.items() if placeholders_of(english) != placeholders_of(said)]

    assert differ == []


def test_only_literal_sentences_are_marked():
    assert [place for place, call in calls_of("N_") if not is_literal(call.args[0])] == []


def test_no_message_is_made_of_an_unmarked_sentence():
    unmarked = [
        place
        for place, call in calls_of("Message")
        if is_literal(call.args[0]) and needs_translation(call.args[0].value)  # type: ignore[attr-defined]
    ]

    assert unmarked == []


def test_the_sentences_stand_in_alphabetical_order(indonesian):
    assert list(indonesian) == sorted(indonesian, key=str.casefold)
