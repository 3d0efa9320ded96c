"""What each error means, by its slug, in the reader's language; for faces that explain an error where it is shown.

`errors/en.md` is `docs/errors.md` itself, by a symbolic link that packaging follows; `errors/id.md` says the same in
Indonesian. A test keeps the two alike: the same slugs, in the same sections and order.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from batchcast.app.words.translation import Language

_FOLDER = Path(__file__).parent / "errors"
_SECTION = re.compile(r"^## (?=\S)", re.MULTILINE)
_ENTRY = re.compile(r"^### (?=\S)", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class ErrorEntry:
    """What one error means."""

    slug: str
    text: str  # what happened and what to do: paragraphs and lists as Markdown writes them
    language: Language  # of the text


@dataclass(frozen=True, kw_only=True, slots=True)
class ErrorSection:
    """Errors about one thing."""

    title: str  # "The file"
    exit_codes: str  # how a command that meets one of them ends: "exit code 2"
    entries: tuple[ErrorEntry, ...]


@cache
def error_guide(language: Language) -> tuple[ErrorSection, ...]:
    """Every error, in sections; a paragraph without a translation is in English."""
    english = _read("en")
    if language == "en":
        return english
    translated = _read(language)
    by_slug = {entry.slug: entry for section in translated for entry in section.entries}
    return tuple(
        replace(section, entries=tuple(by_slug.get(entry.slug, entry) for entry in original.entries))
        for original, section in zip(english, translated, strict=True)
    )


def _read(language: Language) -> tuple[ErrorSection, ...]:
    text = (_FOLDER / f"{language}.md").read_text(encoding="utf-8")
    return tuple(_section(part, language) for part in _SECTION.split(text)[1:])


def _section(text: str, language: Language) -> ErrorSection:
    head, *entries = _ENTRY.split(text)
    title, _, exit_codes = head.strip().partition(": ")
    return ErrorSection(title=title, exit_codes=exit_codes, entries=tuple(_entry(part, language) for part in entries))


def _entry(text: str, language: Language) -> ErrorEntry:
    slug, _, rest = text.partition("\n")
    return ErrorEntry(slug=slug.strip(), text=rest.strip(), language=language)
