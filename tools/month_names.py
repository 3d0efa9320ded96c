"""Writes `src/batchcast/ingest/values/months.txt`: the month names that CLDR has, as Babel carries them.

Lines `1` to `12` hold the names that mean this month wherever they are used. A name that means another month in
another of the large languages (`lis` is October in Croatian and November in Polish) stands in a line of its language,
with all names of that language. Run it after an upgrade of Babel: `python tools/month_names.py`.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from babel import localedata

LARGE_LANGUAGES = """
af am ar as az be bg bn bs ca cs cy da de el en es et eu fa fi fil fr ga gl gu he hi hr hu hy id is
it ja ka kk km kn ko ky lo lt lv mk ml mn mr ms my nb ne nl no or pa pl ps pt ro ru sd si sk sl sq
sr sr_Latn sv sw ta te th tk tr uk ur uz vi zh zu
"""  # the modern coverage of CLDR: their names count before those of other languages
TARGET = Path(__file__).parents[1] / "src" / "batchcast" / "ingest" / "values" / "months.txt"
_LARGE = frozenset(LARGE_LANGUAGES.split())
_OURS = ("en", "id")  # decided in `dates.py`
_ALSO = {"de": {"mrz": 3, "maerz": 3}, "ms": {"ogo": 8}, "nl": {"mrt": 3}}  # of spreadsheets, not in CLDR


def names_of(language: str) -> dict[str, int]:
    """The names of a language, in full and as it shortens them; also without accents."""
    found: dict[str, int] = {}
    for name, month in _written(language):
        found.setdefault(name, month)
        found.setdefault(_plain(name), month)
    return found | _ALSO.get(language, {})


def _cut(names: dict[str, int]) -> dict[str, int]:
    """Latin names cut to three letters, as reports do, where that leaves one month."""
    months: dict[str, set[int]] = defaultdict(set)
    for name, month in names.items():
        if _is_latin(name):
            months[name[:3]].add(month)
    return {name: min(found) for name, found in months.items() if len(found) == 1}


def _written(language: str) -> Iterator[tuple[str, int]]:
    months = localedata.load(language, merge_inherited=False).get("months", {})
    for context in months.values():
        for width in ("wide", "abbreviated"):
            names = context.get(width)
            for month, name in names.items() if isinstance(names, dict) else ():
                text = name.casefold().strip().replace(".", "")
                if _is_name(text):
                    yield text, month


def _is_name(text: str) -> bool:
    if any(letter.isdigit() or letter.isspace() or letter in "-/.,'’_" for letter in text):
        return False
    return len(text) > (2 if text.isascii() else 1)


def _is_latin(text: str) -> bool:
    return all("LATIN" in unicodedata.name(letter, "") for letter in text)


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in letters if not unicodedata.combining(letter)) if _is_latin(text) else text


def table() -> str:
    """The content of the file."""
    languages = [one for one in localedata.locale_identifiers() if "_" not in one or len(one.split("_")[1]) == 4]
    names = {language: names_of(language) for language in sorted(languages) if language not in _OURS}
    meanings: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for language, found in names.items():
        for name, month in found.items():
            meanings[name][month].add(language)
    cut: dict[str, set[int]] = defaultdict(set)
    for language in sorted(_LARGE & names.keys()):
        for name, month in _cut(names[language]).items():
            cut[name].add(month)
    certain: dict[int, list[str]] = defaultdict(list)
    for name, found_months in cut.items():
        if name not in meanings and len(found_months) == 1:
            certain[min(found_months)].append(name)
    several: set[str] = set()
    for name, months in meanings.items():
        large = {month: used & _LARGE for month, used in months.items() if used & _LARGE}
        if len(large or months) == 1:
            certain[min(large or months)].append(name)
        elif large:
            several |= set().union(*large.values())
    lines = [f"{month} {' '.join(sorted(certain[month]))}" for month in range(1, 13)]
    for language in sorted(several):
        of_month: dict[int, list[str]] = defaultdict(list)
        for name, month in names[language].items():
            of_month[month].append(name)
        lines.append(f"{language} {'|'.join(','.join(sorted(of_month[month])) for month in range(1, 13))}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    TARGET.write_text(table(), encoding="utf-8")
