"""Which of the older encodings a text is in, by how likely the words are that each of them gives.

A word is as likely as its pairs of letters are in the language where they are most likely: `letters.txt` has the
counts. Chinese, Japanese and Korean go by the characters in common use. Where the words of two encodings are about
as likely and not the same, a person is asked.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import groupby, pairwise
from math import log
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.errors import N_, Choice, Message
from batchcast.domain.settings import SETTINGS
from batchcast.ingest.common.names import shortened
from batchcast.ingest.common.problems import AmbiguousEncoding, NotText

UTF8 = "UTF-8"


class _Encoding(NamedTuple):
    codec: str  # Python's name
    prior: float  # logarithm of how usual it is, against Windows-1252


_WINDOWS, _OTHER, _RARE = -3.0, -4.5, -7.0
ENCODINGS = {  # as people call them
    "Windows-1252": _Encoding("cp1252", 0.0),
    **{f"Windows-{number}": _Encoding(f"cp{number}", _WINDOWS + 1.0) for number in (1250, 1251)},
    **{f"Windows-{number}": _Encoding(f"cp{number}", _WINDOWS) for number in (*range(1253, 1257), 874)},
    **{f"Windows-{number}": _Encoding(f"cp{number}", _WINDOWS - 1.0) for number in (1257, 1258)},
    "Shift-JIS": _Encoding("cp932", _WINDOWS),
    "EUC-JP": _Encoding("euc_jp", _WINDOWS),
    "GB18030": _Encoding("gb18030", _WINDOWS),
    "Big5": _Encoding("cp950", _WINDOWS),
    "EUC-KR": _Encoding("cp949", _WINDOWS),
    "ISO-8859-2": _Encoding("iso8859_2", _OTHER),
    "KOI8-R": _Encoding("koi8_r", _OTHER),
    "KOI8-U": _Encoding("koi8_u", _OTHER),
    "Mac Roman": _Encoding("mac_roman", _WINDOWS / 2),
    **{f"DOS {number}": _Encoding(f"cp{number}", _OTHER) for number in (850, 437, 852, 866)},
    **{f"DOS {number}": _Encoding(f"cp{number}", _RARE) for number in (737, 775, 857, 862)},
    **{f"ISO-8859-{part}": _Encoding(f"iso8859_{part}", _RARE) for part in (3, 4, 5, 6, 7, 10, 13, 15, 16)},
    "Mac Central Europe": _Encoding("mac_latin2", _RARE),
    "Mac Cyrillic": _Encoding("mac_cyrillic", _RARE),
    "Mac Greek": _Encoding("mac_greek", _RARE),
    "Mac Icelandic": _Encoding("mac_iceland", _RARE),
    "Mac Turkish": _Encoding("mac_turkish", _RARE),
}
ESCAPED = "ISO-2022-JP"  # ASCII with escape sequences
_CLEARLY, _OF_ONE_CELL = 6.0, 2.0  # so much likelier, as a logarithm, is a decision, and so much more with one cell
_OF_UNUSUAL, _OF_LOW_LETTERS = 2.0, 8.0  # so much more: of one that is no Windows; where Windows reads seldom letters
_CLEARLY_BY_WORDS = 4.0  # and so much likelier by the words alone, however usual each encoding is
_NO_PRIOR = 0.0  # of an encoding that is named: as good as the most usual one
_OF_NO_WORD = -15.9  # what a letter costs on average where the text is of no language
_HOPELESS = 50.0  # so much less likely after the first cells is out of the question
_FIRST_CELLS = 24
_CONTROLS = dict.fromkeys(range(0x80, 0xA0), "\ufffd")  # no letters either
_MOST_CHOICES = 5
_MOST_EXAMPLES = 3


class NoEncoding(NotText):
    """No encoding that is read explains the bytes."""


def codec_of(encoding: str) -> str:
    """Python's name of an encoding."""
    if encoding == ESCAPED:
        return "iso2022_jp_ext"
    return ENCODINGS[encoding].codec if encoding in ENCODINGS else encoding


def text_of(data: bytes, encoding: str, errors: str = "strict") -> str:
    """The text of some bytes; Vietnamese with each letter and its tone in one."""
    text = data.decode(codec_of(encoding), errors)
    return unicodedata.normalize("NFC", text) if encoding == "Windows-1258" else text


def legacy_encoding(cells: Sequence[bytes], name: str, line: int) -> str:
    """The encoding of cells with letters beyond ASCII that are not UTF-8.

    Args:
        cells: different ones.
        name: of the file.
        line: the first that is not UTF-8.

    Raises:
        NoEncoding: if none gives words.
        AmbiguousEncoding: if several give words that are about as likely and not the same.
    """
    scores = _scores(cells)
    best = max(scores, key=lambda encoding: scores[encoding])
    if not reads_as_words(cells, best):
        template = N_(
            "{name} is neither UTF-8 nor in another encoding that gives words, in line {line}. Save it as UTF-8, in "
            "Excel as “CSV UTF-8”, or say which encoding it is in with {@encoding}."
        )
        raise NoEncoding(Message(template, {"name": name, "line": line}))
    few = 1 / len(_telling(cells))
    enough = _CLEARLY + _OF_ONE_CELL * few
    if not best.startswith("Windows"):
        enough += _OF_UNUSUAL * (1 + few)
    elif _are_low(cells):
        enough += _OF_LOW_LETTERS
    by_words = {encoding: score - ENCODINGS[encoding].prior for encoding, score in scores.items()}
    if not (_has_rival(cells, scores, best, enough) or _has_rival(cells, by_words, best, _CLEARLY_BY_WORDS)):
        near = [one for one in scores if scores[one] > scores[best] - enough]
        return max(near, key=lambda one: (ENCODINGS[one].prior, scores[one]))
    raise _question(_readings(cells, scores, scores[best] - 2 * enough), name, line)


def _has_rival(cells: Sequence[bytes], scores: Mapping[str, float], best: str, enough: float) -> bool:
    """Whether an encoding that reads the cells otherwise is nearly as likely."""
    near = [one for one, score in scores.items() if score > scores[best] - enough]
    return len({tuple(text_of(cell, one, "replace").translate(_CONTROLS) for cell in cells) for one in near}) > 1


def _are_low(cells: Sequence[bytes]) -> bool:
    """All letters beyond ASCII are bytes that Windows seldom reads as letters, and a Mac and DOS nearly always do."""
    return all(byte < 0xA0 for cell in cells for byte in cell)


def is_unlikely(encoding: str, cells: Sequence[bytes]) -> bool:
    """Whether another encoding gives clearly likelier words than one that was declared or asked for."""
    scores = _scores(cells)
    declared = _Weighed()
    for cell in cells:
        declared.add(text_of(cell, encoding, "replace"), encoding)
    clearly = _CLEARLY + _OF_ONE_CELL / max(len(_telling(cells)), 1)
    return bool(cells) and max(scores.values()) > _NO_PRIOR + declared.total + clearly


def _readings(cells: Sequence[bytes], scores: Mapping[str, float], least: float) -> dict[str, tuple[str, ...]]:
    """The encodings that read the cells differently and are likely enough, the likeliest first, and what they read."""
    found: dict[tuple[str, ...], str] = {}
    for encoding in sorted(scores, key=lambda one: -scores[one]):
        if scores[encoding] > least and len(found) < _MOST_CHOICES:
            read = (text_of(cell, encoding, "replace").translate(_CONTROLS) for cell in cells)
            found.setdefault(tuple(read), encoding)
    return {encoding: read for read, encoding in found.items()}


def reads_as_words(cells: Iterable[bytes], encoding: str) -> bool:
    """Most letters beyond ASCII are of words, as far as these are known, where cells are read so."""
    cost = usual = 0.0
    for cell in cells:
        text = text_of(cell, encoding, "replace")
        cost += likelihood(text, encoding)
        usual += _OF_NO_WORD * sum(not letter.isascii() for letter in text)
    return cost >= usual


def _telling(cells: Sequence[bytes]) -> list[bytes]:
    """The cells without those whose letters all stand beside the same letters as in others: they tell nothing more."""
    known: set[bytes] = set()
    found = []
    for cell in cells:
        small = b" " + cell.lower() + b" "
        around = {small[i - 1 : i + 2] for i in range(1, len(small) - 1) if small[i] >= 0x80}
        if not around <= known:
            known |= around
            found.append(cell)
    return found


def _scores(cells: Sequence[bytes]) -> dict[str, float]:
    """By encoding, the logarithm of how likely the cells are, but for those that are hopeless."""
    cells = _telling(cells)
    weighed = {encoding: _Weighed() for encoding in ENCODINGS}
    for start, end in ((0, _FIRST_CELLS), (_FIRST_CELLS, len(cells))):
        for encoding, so_far in weighed.items():
            for cell in cells[start:end]:
                so_far.add(text_of(cell, encoding, "replace"), encoding)
        scores = {encoding: ENCODINGS[encoding].prior + so_far.total for encoding, so_far in weighed.items()}
        best = max(scores.values())
        weighed = {encoding: weighed[encoding] for encoding, score in scores.items() if score > best - _HOPELESS}
    return {encoding: scores[encoding] for encoding in weighed}


def _question(read: Mapping[str, Sequence[str]], name: str, line: int) -> AmbiguousEncoding:
    """Which encoding it is, with the first words that they read differently."""
    template = N_(
        "{name} is not UTF-8 in line {line}, and which encoding it is in can't be told: its letters read "
        "differently in {encodings}. Say which with {@encoding}, or save the file as UTF-8, in Excel as “CSV "
        "UTF-8”."
    )
    asked = {words: value for value, words in SETTINGS["encoding"].choices.items()}
    choices = [
        Choice(
            settings={"encoding": asked[encoding]},
            reading=Message(N_("{encoding} reads {words}"), {"encoding": encoding, "words": words}),
        )
        for encoding, words in _examples(read).items()
    ]
    message = Message(template, {"name": name, "line": line, "encodings": ", ".join(read)})
    return AmbiguousEncoding(message, setting="encoding", choices=choices)


def _examples(read: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """By encoding, the first cells that are not the same in all of them."""
    differing = [cells for cells in zip(*read.values(), strict=True) if len(set(cells)) > 1]
    shown = sorted(differing, key=lambda cells: -len(set(cells)))[:_MOST_EXAMPLES]
    return {one: ", ".join(repr(shortened(cells[i].strip(), 40)) for cells in shown) for i, one in enumerate(read)}


# How likely a text is. What a letter or sign costs is the logarithm of its probability.

_NO_LETTER = -18.0  # bytes that the encoding does not have, controls, characters of private use
_FOREIGN = -16.0  # a letter of no language, or of another than its word
_CAPITAL_INSIDE = -6.0  # in a word of small letters too
_BEHIND_DIGIT, _IN_NUMBER = -4.0, -16.0
_OF_TWO_SCRIPTS = -12.0
_LATIN_BESIDE = -10.0  # a small Latin letter beside a character of Chinese, Japanese or Korean
_SIGN, _BESIDE_LETTER, _IN_WORD = -10.0, -7.0, -12.0
_SIGNS = dict.fromkeys("°²³½¼¾×‰€", -4.0) | dict.fromkeys("–—‘’“”«»·…•§®©™£\u00a0、。・（）「」～：／－\u3000", -5.0)
_AROUND_WORDS = frozenset("–—‘’“”«»·…•、。・（）「」～：／－\u3000")  # or between them
_BETWEEN_LETTERS = {"’": -3.0, "–": -7.0, "·": -10.0, "\u00a0": -8.0} | dict.fromkeys("・（）「」～：／－", 0.0)
_BESIDE_ONE = {"\u00a0": -3.0, "…": -5.0, "“": -2.0, "”": -2.0, "«": -2.0, "»": -2.0, "’": -3.0, "·": -5.0}
_BESIDE_ONE |= {"–": -5.0, "—": -5.0, "°": -2.0, "º": -2.0, "ª": -2.0}
_QUOTES, _ALONE = "„“”«»", -5.0  # of which one that stands alone is the more likely another encoding's letter
_LETTERLIKE = frozenset("ºªµ")
_IDEOGRAPHS = "\u2e80"  # and kana and hangul stand behind it
_PLAIN, _PLAIN_WEIGHT = -2.6, 0.6  # of pairs of ASCII letters, which speak for or against a language only
_UNSEEN, _LEAST = 0.03, 1e-5  # of how likely a letter is, behind one where it has not been seen
_SMOOTHED = 25.0  # letters that each pair is taken to have been counted beside


_OF_ANOTHER = 3.0  # what a word costs that is of another language than most
_NOT_WRITTEN = -4.0  # a word of a language of whose letters the encoding lacks some
_FEW_LETTERS = 0.003
_SELDOM = {"is": -4.0, "lt": -1.5, "lv": -1.5, "et": -1.0, "sl": -1.0, "sq": -1.0}


class _Language(NamedTuple):
    counts: Mapping[str, int]  # of letters and of pairs of them; "_" is the end of a word
    letters: int
    usual: float  # logarithm of how usual words of it are, against the others


class _Languages(NamedTuple):
    every: Sequence[_Language]
    having: Mapping[str, frozenset[int]]  # a letter -> those that have it
    pooled: Mapping[str, int]  # counts of all


@lru_cache(1)
def _languages() -> _Languages:
    every: list[_Language] = []
    pooled: Counter[str] = Counter()
    having: dict[str, set[int]] = {}
    for line in Path(__file__).with_name("letters.txt").read_text(encoding="utf-8").splitlines():
        code, *items = line.split(" ")
        split = ((item.rstrip("0123456789"), item) for item in items)
        counts = {key: int(item[len(key) :]) for key, item in split}
        for letter in counts:
            having.setdefault(letter, set()).add(len(every))
        letters = sum(count for key, count in counts.items() if len(key) == 1 and key != "_")
        every.append(_Language(counts, letters, _SELDOM.get(code, 0.0)))
        pooled.update(counts)
    return _Languages(every, {letter: frozenset(numbers) for letter, numbers in having.items()}, pooled)


def _count_of_languages() -> int:
    return len(_languages().every) + len(_IN_USE)


@lru_cache
def _written_in(codec: str) -> frozenset[int]:
    """The languages of which the encoding has nearly all letters."""
    every, having, _ = _languages()
    lacking = [letter for letter in having if len(letter) == 1 and not _has(codec, letter)]
    return frozenset(
        i
        for i, language in enumerate(every)
        if sum(language.counts.get(letter, 0) for letter in lacking) < _FEW_LETTERS * language.letters
    )


def _has(codec: str, letter: str) -> bool:
    try:
        return letter.isascii() or bool(letter.encode(codec))
    except UnicodeEncodeError:
        return codec == "cp1258" and len(unicodedata.normalize("NFD", letter)) > 1


class _Weighed:
    """How likely some texts are: words of one language, for the most part."""

    def __init__(self) -> None:
        self._signs = 0.0
        self._words = np.zeros(_count_of_languages())  # by the language of most words

    def add(self, text: str, encoding: str) -> None:
        """Weigh a text too."""
        signs, words = _parts(text, encoding)
        self._signs += signs
        for word in words:
            self._words += np.maximum(word, word.max() - _OF_ANOTHER)

    @property
    def total(self) -> float:
        """The logarithm."""
        return self._signs + float(self._words.max())


def likelihood(text: str, encoding: str) -> float:
    """The logarithm of how likely the letters and signs beyond ASCII of a text are."""
    signs, words = _parts(text, encoding)
    return signs + sum(float(word.max()) for word in words)


def _parts(text: str, encoding: str) -> tuple[float, list[NDArray[np.float64]]]:
    """What the signs of a text cost, and its words, each by language."""
    pieces = [(kind, "".join(letters)) for kind, letters in groupby(text, key=_kind)]
    kinds = [" ", *(kind for kind, _ in pieces), " "]
    total = _ALONE * (sum(map(text.count, _QUOTES)) % 2)
    words = []
    for i, (kind, piece) in enumerate(pieces, start=1):
        if piece.isascii():
            continue
        if kind == "a":
            words.append(_word(piece, encoding))
            total += _beside_digits(piece, kinds[i - 1] + kinds[i + 1])
        else:
            total += sum(map(_sign, piece)) + _beside(piece, (kinds[i - 1] + kinds[i + 1]).count("a"))
    return total, words


def _beside_digits(word: str, kinds: str) -> float:
    if kinds[0] != "0" or not "\x80" <= word[0] < "\u0530":  # letters of Europe
        return 0.0
    return _IN_NUMBER if len(word) == 1 and kinds[1] == "0" else _BEHIND_DIGIT


def _kind(letter: str) -> str:
    if letter.isascii():
        return "a" if letter.isalpha() else "0" if letter.isdigit() else " "
    if letter in _LETTERLIKE:
        return "*"
    return "a" if unicodedata.category(letter)[0] in "LM" else "*"


def _beside(signs: str, letters: int) -> float:
    """What signs cost with a letter on one side, or on both."""
    if letters == 2:
        return _BETWEEN_LETTERS.get(signs, _IN_WORD)
    if letters and signs in _BESIDE_ONE:
        return _BESIDE_ONE[signs]
    return _BESIDE_LETTER if letters and not _AROUND_WORDS.issuperset(signs.strip()) else 0.0


def _sign(letter: str) -> float:
    if letter.isascii():
        return 0.0
    if letter in _SIGNS or letter in _LETTERLIKE:
        return _SIGNS.get(letter, -5.0)
    return _NO_LETTER if unicodedata.category(letter)[0] == "C" or letter == "\ufffd" else _SIGN


@lru_cache(50_000)
def _word(word: str, encoding: str) -> NDArray[np.float64]:
    """How likely the letters beyond ASCII of a word are in each language."""
    found = np.full(_count_of_languages(), _FOREIGN * max(1, sum(not letter.isascii() for letter in word)))
    languages, having, _ = _languages()
    if any(letter > _IDEOGRAPHS for letter in word):
        latin = sum(
            one.isascii() is not other.isascii() and (one + other).lower() == one + other
            for one, other in pairwise(word)
        )
        for i, language in enumerate(_IN_USE, start=len(languages)):
            found[i] = sum(_character(one, language) for one in word if not one.isascii())
        return found + latin * _LATIN_BESIDE
    capitals = 0 if word.isupper() else sum(map(str.isupper, word[1:]))
    small = "_" + "".join(one if one == "İ" else one.lower() for one in word) + "_"
    possible = frozenset.intersection(*(having.get(letter, frozenset()) for letter in small if not letter.isascii()))
    written = _written_in(codec_of(encoding))
    for i in possible:
        likely = languages[i].usual + (0.0 if i in written else _NOT_WRITTEN)
        found[i] = max(found[i], likely + sum(_after(languages[i], *pair) for pair in pairwise(small)))
    return found + capitals * _CAPITAL_INSIDE + (_OF_TWO_SCRIPTS if _is_mixed(word) else 0.0)


def _is_mixed(word: str) -> bool:
    """ASCII letters beside those of another script."""
    return any(map(str.isascii, word)) and any("\u0370" <= letter < "\u1e00" for letter in word)


def _after(language: _Language, first: str, second: str) -> float:
    """How likely a letter is behind another: as counted in the language, and as in all, where it has been seldom."""
    counts = language.counts
    if first not in counts or second not in counts:
        return _FOREIGN
    pooled = _languages().pooled
    alone = counts[second] / language.letters
    usual = pooled.get(first + second, 0) / pooled[first]
    both = (counts.get(first + second, 0) + _SMOOTHED * usual) / (counts[first] + _SMOOTHED)
    both = max(both, _UNSEEN * alone, _LEAST)
    return _PLAIN_WEIGHT * (log(both) - _PLAIN) if (first + second).isascii() else log(both)


# Chinese, Japanese and Korean: how likely a character is by whether its national standard has it among those in common
# use. The standards count alike, so that Japanese and Chinese without other evidence are a question.

_IN_COMMON_USE, _HANGUL, _IN_RARE_USE = -8.3, -7.8, -12.0
_IN_USE = {  # by language, the standard and the first bytes of its characters in common use
    "zh": ("gb2312", range(0xB0, 0xD8)),
    "zh_Hant": ("big5", range(0xA4, 0xC7)),
    "ja": ("euc_jp", range(0xB0, 0xD0)),
    "ko": ("euc_kr", range(0xB0, 0xC9)),
}


@lru_cache(50_000)
def _character(letter: str, language: str) -> float:
    standard, in_use = _IN_USE[language]
    if "\u3041" <= letter <= "\u30ff":
        return -6.0 if language == "ja" else _FOREIGN
    try:
        data = letter.encode(standard)
    except UnicodeEncodeError:
        return _NO_LETTER
    return (_HANGUL if language == "ko" else _IN_COMMON_USE) if data[0] in in_use else _IN_RARE_USE
