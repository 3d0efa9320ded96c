"""English sentences in which something is counted once: sentences are written for several. Indonesian has one form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any


def _words(text: str) -> list[str]:
    return text.split()


_NOUNS = {
    f"{noun}s": noun
    for noun in _words(
        """attempt backtest byte case cell character column date day demand event file header hour letter level line
    mark minute month order pair part partition period place purchase result return row second site table unit value
    view week year"""
    )
} | {"batches": "batch", "quantities": "quantity", "stretches": "stretch"}
_VERBS = {
    "are copies": "is a copy",
    "are balances": "is a balance",
    "are receipts": "is a receipt",
    "are further transactions": "is a further transaction",
    "are": "is",
    "were": "was",
    "have": "has",
    "do": "does",
} | {
    verb: f"{verb}s"
    for verb in _words("change come count differ end hold look name need repeat risk say stand start stay take")
}
_PRONOUNS = {"they": "it", "them": "it", "their": "its"}
_LIMITS = {"most", "least", "limit"}  # places of what is allowed, of which there are never few


def _any_of(words: Mapping[str, str]) -> str:
    return "(?:" + "|".join(sorted(words, key=len, reverse=True)) + ")"


_NOUN, _VERB, _PRONOUN = _any_of(_NOUNS), _any_of(_VERBS), _any_of(_PRONOUNS)
_NEITHER_NOUN_NOR_END = rf"(?!(?:of|and|or|at|in|to|for|from|with|by|a|the|had|where|{_VERB})\b|\w+s\b)[A-Za-z-]+"
_COUNTED = re.compile(  # such as: {count:,} of {total:,} blank lines
    r"(?<!all )(?<!All )(?<!each of )"
    r"\{(?P<count>\w+)(?::(?P<form>[^{}]*))?\}(?: of \{(?P<total>\w+)(?::(?P<total_form>[^{}]*))?\})?"
    rf"(?: {_NEITHER_NOUN_NOR_END}){{0,2}} (?P<noun>{_NOUN}\b(?:(?:, | and | or ){_NOUN}\b)*)"
)
_BEFORE_SUBJECT = re.compile(r"(?:^[.…, ]*(?:and )?|[.:;] )(?:only )?(?:[Tt]he )?$")
_CLAUSE_END = re.compile(r"[.:;](?: |$)|, (?:as|of which) | and \{")
_EACH_NOUN = re.compile(rf"\b{_NOUN}\b")
_EACH_VERB = re.compile(rf"(?<![\w@$])(?<!may )(?<!to )(?<!can't )(?<!an )(?<!others ){_VERB}\b(?![=:!}}])")
_OF_PRONOUN = re.compile(rf"(?i:\bthey\b)(?: {_VERB}\b)?[^.;:]*?, and {_VERB}\b|(?i:\bwere they\b|\bthey {_VERB}\b)")
_EACH_PRONOUN = re.compile(rf"(?<!of )(?i:\b{_PRONOUN}\b)")


def singular(template: str, values: Mapping[str, Any]) -> str:
    """A template in which each noun that is counted once is in its singular, with its verbs and pronouns.

    The noun stands behind the place of its count, with two words between at most. A place that shows 1 counts once.
    """
    if not any(_may_be_one(value) for value in values.values()):
        return template
    for found in reversed(list(_COUNTED.finditer(template))):
        is_one = _shows_one(values.get(found["count"]), found["form"]) and found["count"] not in _LIMITS
        is_noun_one = _shows_one(values.get(found["total"]), found["total_form"]) if found["total"] else is_one
        before, rest = template[: found.start()], template[found.end() :]
        if is_one and _BEFORE_SUBJECT.search(before):
            rest = _said_of_one(rest)
        noun = _EACH_NOUN.sub(lambda word: _NOUNS[word[0]], found["noun"]) if is_noun_one else found["noun"]
        template = template[: found.start("noun")] + noun + rest
    return template


def _may_be_one(value: Any) -> bool:
    return value == "1" or (isinstance(value, int | float) and 0 < value < 2)  # 0.6 may be shown as 1


def _shows_one(value: Any, form: str | None) -> bool:
    is_formed = isinstance(value, int | float) and bool(form)
    return (format(value, form or "") if is_formed else str(value)) == "1"


def _said_of_one(rest: str) -> str:
    """What follows a noun in the plural, said of one: the verbs of its clause, and pronouns to the end."""
    end = _CLAUSE_END.search(rest)
    stop = len(rest) if end is None else end.start()
    clause = _EACH_VERB.sub(lambda word: _VERBS[word[0]], rest[:stop])
    further = _OF_PRONOUN.sub(lambda said: _EACH_VERB.sub(lambda word: _VERBS[word[0]], said[0]), rest[stop:])
    return _EACH_PRONOUN.sub(_pronoun_of_one, clause + further)


def _pronoun_of_one(found: re.Match[str]) -> str:
    said = _PRONOUNS[found[0].lower()]
    return said.capitalize() if found[0][0].isupper() else said
