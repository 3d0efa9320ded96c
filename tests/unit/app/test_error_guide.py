"""What each error means is told in both languages, and on the page of the documentation in the same words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from batchcast.app.words import error_guide as guide
from batchcast.app.words.error_guide import ErrorSection, error_guide

FOLDER = guide._FOLDER
DOCS = Path(__file__).parents[3] / "docs"


def slugs_of(sections: tuple[ErrorSection, ...]) -> list[list[str]]:
    return [[entry.slug for entry in section.entries] for section in sections]


def codes_in(text: str) -> set[str]:
    """What is written as code: names, values and options, which are the same in every language."""
    return set(re.findall(r"`([^`]+)`", " ".join(text.split())))


def test_the_english_is_the_page_of_the_documentation():
    assert (FOLDER / "en.md").read_bytes() == (DOCS / "errors.md").read_bytes()


def test_indonesian_tells_the_same_errors_in_the_same_sections_and_order():
    assert slugs_of(guide._read("id")) == slugs_of(guide._read("en"))


def test_no_paragraph_is_empty():
    entries = [entry for language in ("en", "id") for section in guide._read(language) for entry in section.entries]

    assert [entry.slug for entry in entries if len(entry.text) < 20] == []


def test_both_languages_name_the_same_settings_options_and_values():
    english = {entry.slug: entry.text for section in error_guide("en") for entry in section.entries}
    indonesian = {entry.slug: entry.text for section in error_guide("id") for entry in section.entries}

    differ = [slug for slug, text in english.items() if codes_in(text) != codes_in(indonesian[slug])]
    assert differ == []


def test_a_section_has_its_title_apart_from_how_commands_end():
    first = error_guide("en")[0]

    assert (first.title, first.exit_codes) == ("The file", "exit code 2")
    assert first.entries[0].slug == "invalid-input"


def test_a_paragraph_without_a_translation_is_told_in_english(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / "en.md").write_text("## The file: exit code 2\n\n### old\nOld.\n\n### new\nNew.\n", encoding="utf-8")
    (tmp_path / "id.md").write_text("## File: kode keluar 2\n\n### old\nLama.\n", encoding="utf-8")
    monkeypatch.setattr(guide, "_FOLDER", tmp_path)
    error_guide.cache_clear()

    entries = error_guide("id")[0].entries

    error_guide.cache_clear()
    assert [(entry.slug, entry.text, entry.language) for entry in entries] == [
        ("old", "Lama.", "id"),
        ("new", "New.", "en"),
    ]
