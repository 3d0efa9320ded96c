"""Writes `src/batchcast/ingest/text/letters.txt`: letters and pairs of letters of languages, counted in CLDR's names.

A line is of one language: its code, then each letter with its count (`a812`), then each pair (`ök12`); `_` is the end
of a word. Each word that Babel carries (names of territories,
languages, currencies, months, cities of time zones) counts once. Run it after an upgrade of Babel:
`python tools/letter_pairs.py`.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path

from babel import localedata

LANGUAGES = [
    "ar",
    "be",
    "bg",
    "ca",
    "cs",
    "da",
    "de",
    "el",
    "es",
    "et",
    "fa",
    "fi",
    "fr",
    "he",
    "hr",
    "hu",
    "id",
    "is",
    "it",
    "lt",
    "lv",
    "mk",
    "nl",
    "no",
    "pl",
    "pt",
    "ro",
    "ru",
    "sk",
    "sl",
    "sq",
    "sr",
    "sr_Latn",
    "sv",
    "th",
    "tr",
    "uk",
    "vi",
]
TARGET = Path(__file__).parents[1] / "src" / "batchcast" / "ingest" / "text" / "letters.txt"
_NAMES = ("territories", "languages", "currency_names", "months", "days", "time_zones", "unit_display_names")
_MORE = {  # words with endings that names of CLDR do not have, as they are usual
    "it": "città qualità quantità capacità velocità attività novità elettricità densità umidità metà libertà società "
    "università caffè perché poiché affinché cioè così giovedì venerdì mezzodì lì dì però ciò può farò andrò verrà "
    "sarà dirà tribù virtù gioventù servitù più giù laggiù tè sé né finché",
}
_CEDILLAS = str.maketrans("șț", "şţ")  # as the older encodings have them


def words_of(language: str) -> set[str]:
    """The words of the names of a language, in small letters."""
    data = localedata.load(language, merge_inherited=False)
    texts = " ".join([*(text for name in _NAMES for text in _texts(data.get(name, {}))), _MORE.get(language, "")])
    letters = unicodedata.normalize("NFC", "".join(one if one == "İ" else one.lower() for one in texts)).translate(
        _CEDILLAS
    )
    words = set("".join(one if unicodedata.category(one)[0] in "LM" else " " for one in letters).split())
    script = Counter(_script(letter) for word in words for letter in word).most_common(1)[0][0]
    return {word for word in words if {_script(letter) for letter in word} == {script}}


def _script(letter: str) -> str:
    return unicodedata.name(letter, "").split(" ")[0]


def _texts(data: object) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, Mapping):
        for value in data.values():
            yield from _texts(value)


def line_of(language: str) -> str:
    """The counts of a language."""
    letters: Counter[str] = Counter()
    pairs: Counter[str] = Counter()
    for word in words_of(language):
        letters.update(f"_{word}")
        pairs.update(a + b for a, b in pairwise(f"_{word}_"))
    counted = [*sorted(letters.items()), *sorted(pairs.items())]
    return " ".join([language, *(f"{key}{count}" for key, count in counted)])


if __name__ == "__main__":
    TARGET.write_text("\n".join(map(line_of, LANGUAGES)) + "\n", encoding="utf-8")
