"""Which encoding the bytes of a text are in, decided on the whole file by the evidence in it.

UTF-8 where most letters beyond ASCII are valid UTF-8: the few lines that are not are damaged. Else one of the older
encodings. Those of Latin letters are told apart by the letters that each language has, the others by
charset-normalizer; where several are left that read differently, a person is asked.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from batchcast.domain.errors import N_, Choice, Message
from batchcast.domain.settings import SETTINGS
from batchcast.ingest.names import shortened
from batchcast.ingest.problems import AmbiguousEncoding, NotText

UTF8 = "UTF-8"
_SAMPLE_BYTES = 1 << 15  # of lines with letters beyond ASCII
_LONGEST_LINE = 1 << 12  # bytes of one of them
_FEW_BAD_BYTES = 3  # that no encoding explains: their rows are refused, not the file
_MIXED = 3  # a file with a valid letter for every three that are not is in two encodings

_DOS = "DOS 850"  # read only where no encoding of Windows explains the letters
_CODECS = {  # as people call them -> Python's name
    "Windows-1252": "cp1252",
    "Windows-1250": "cp1250",
    "Windows-1254": "cp1254",
    _DOS: "cp850",
    "Windows-1251": "cp1251",
    "Windows-1253": "cp1253",
    "Windows-1255": "cp1255",
    "Windows-1256": "cp1256",
    "KOI8-R": "koi8_r",
    "DOS 866": "cp866",
    "Shift-JIS": "cp932",
    "EUC-JP": "euc_jp",
    "GB18030": "gb18030",
    "Big5": "big5",
    "EUC-KR": "cp949",
}
_WEST = (
    "äöüß",
    "éèêëàâæçîïôœùûüÿäöß",
    "éèêëàâæçîïôœùûüÿ",
    "áéíóúñü",
    "áâãàçéêíóôõúü",
    "àèéìíòóù",
    "åäöæøéü",
    "áéíóúýþæðö",
    "ëïéèöüäó",
)
_CENTRE = (
    *("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "čćđšž", "ăâîşţ"),
    "äöüß",
)
_LANGUAGES = {
    encoding: [frozenset(letters) for letters in languages]
    for encoding, languages in {
        "Windows-1252": _WEST,
        "Windows-1250": _CENTRE,
        "Windows-1254": ("çğıöşüâî",),
        _DOS: _WEST,
    }.items()
}
_SYMBOLS = frozenset("\u00a0°²³½¼¾µ×§®©™–—‘’“”«»·…€£¡¿ªº±•²")
_IN_WORDS = frozenset("\u00a0’·–—")  # symbols that may stand between two letters
_PIECE = re.compile(r"(?:<[^<>]{0,200}>|[\s,;|\"])+")
_MOST_EXAMPLES = 3
_WORD = re.compile(r"[^\W\d_]+")
_RUN = re.compile(r"[A-Za-z\x80-\U0010ffff]+")  # of ASCII letters and anything beyond ASCII
_IN_NUMBER = re.compile(r"\d[^\W\d_a-zA-Z]\d")  # a letter beyond ASCII that cuts a number
_VOWELS = frozenset("aeiouyæœøı")
_CLEARER = 0.03  # of the disorder that charset-normalizer measures: so much less is a decision
_MORE_COHERENT = 0.1  # of the likeness to a language: so much more is one


class NoEncoding(NotText):
    """No encoding that is read explains the bytes."""


@dataclass
class EncodingEvidence:
    """What a whole file shows of its encoding."""

    valid: int = 0  # letters beyond ASCII that are UTF-8
    invalid: int = 0  # places that are not
    lines: list[bytes] = field(default_factory=list)  # some that hold letters beyond ASCII
    _sampled: int = 0

    def add(self, block: bytes) -> None:
        """Count whole lines."""
        if block.isascii():
            return
        text = block.decode(errors="replace")
        bad = text.count("\ufffd") - block.count(b"\xef\xbf\xbd")
        self.invalid += bad
        self.valid += sum(not letter.isascii() for letter in text) - bad if bad else _lead_bytes(block)
        if bad and self._sampled < _SAMPLE_BYTES:
            self._sample(block)

    def _sample(self, block: bytes) -> None:
        for line in block.splitlines():
            if not line.isascii():
                self.lines.append(line[:_LONGEST_LINE])
                self._sampled += len(self.lines[-1])
                if self._sampled >= _SAMPLE_BYTES:
                    return


def decide_encoding(blocks: Iterable[bytes], name: str, line: int, *, asked: str, has_mark: bool) -> str:
    """The name of the encoding of a text that is not valid UTF-8 throughout.

    Args:
        blocks: the whole file, in blocks of whole lines.
        name: of the file.
        line: the first that is not UTF-8.
        asked: the setting `encoding`.
        has_mark: it starts with the mark of UTF-8.

    Raises:
        NotText: if it is in two encodings, or in none that is read.
        AmbiguousEncoding: if it is in one of several that read differently.
    """
    if asked != "auto":
        return SETTINGS["encoding"].choices[asked]
    evidence = EncodingEvidence()
    for block in blocks:
        evidence.add(block)
    if has_mark or evidence.valid >= evidence.invalid:
        return UTF8
    if evidence.valid * _MIXED >= evidence.invalid:
        template = N_(
            "{name} is in two encodings: {valid} letters are UTF-8 and {invalid} are not. Save the whole file in one, "
            "best as UTF-8."
        )
        raise NotText(Message(template, {"name": name, "valid": evidence.valid, "invalid": evidence.invalid}))
    try:
        return legacy_encoding(evidence.lines, name, line)
    except NoEncoding:
        if evidence.invalid <= _FEW_BAD_BYTES:
            return UTF8
        raise


def codec_of(encoding: str) -> str:
    """Python's name of an encoding."""
    return _CODECS.get(encoding, encoding)


def legacy_encoding(lines: Sequence[bytes], name: str, line: int) -> str:
    """The encoding of lines that are not UTF-8; raises as `decide_encoding`."""
    read = {encoding: text for encoding in _CODECS if (text := _decoded(lines, encoding)) is not None}
    possible = [encoding for encoding in _LANGUAGES if encoding in read and _is_latin(read[encoding])]
    if not _words(read.get(_DOS, "")):  # symbols alone are not evidence of DOS
        possible = [encoding for encoding in possible if encoding != _DOS]
    latin = [one for one in possible if _is_of_one_language([read[one]], one)]
    latin = latin or [one for one in possible if _is_of_one_language(_words(read[one]), one)]
    found = _most_alternating([encoding for encoding in latin if encoding != _DOS] or latin, read)
    if not latin:
        others = [encoding for encoding in read if encoding not in _LANGUAGES and _is_plausible(read[encoding])]
        found = _detected(lines, others)
    if len(found) == 1:
        return found[0]
    if not found:
        template = N_("{name} is neither UTF-8 nor in another encoding that is read, in line {line}; save it as UTF-8.")
        raise NoEncoding(Message(template, {"name": name, "line": line}))
    raise _question({encoding: read[encoding] for encoding in found}, name, line)


def _question(read: Mapping[str, str], name: str, line: int) -> AmbiguousEncoding:
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


def _examples(read: Mapping[str, str]) -> dict[str, str]:
    """By encoding, the first pieces of the text that are not the same in all of them."""
    pieces = [_PIECE.split(text) for text in read.values()]
    if len(set(map(len, pieces))) > 1:
        pieces = [sorted(_words(text)) for text in read.values()]
    differing = dict.fromkeys(words for words in zip(*pieces, strict=False) if len(set(words)) > 1)
    shown = list(differing)[:_MOST_EXAMPLES]
    return {encoding: ", ".join(repr(shortened(words[i], 40)) for words in shown) for i, encoding in enumerate(read)}


def _decoded(lines: Sequence[bytes], encoding: str) -> str | None:
    try:
        return "\n".join(line.decode(_CODECS[encoding]) for line in lines)
    except UnicodeDecodeError:
        return None


def _is_latin(text: str) -> bool:
    """Most words have ASCII letters too, and symbols stand outside words."""
    runs = {run for run in _RUN.findall(text) if len(run) > 1 and not run.isascii()}
    beside = sum(any(letter.isascii() for letter in run) for run in runs)
    others = {letter for letter in text if not letter.isascii() and not letter.isalpha()}
    inside = "".join(sorted(others - _IN_WORDS))
    between = re.search(rf"[^\W\d_][{re.escape(inside)}][^\W\d_]", text) if inside else None
    return 2 * beside >= len(runs) and others <= _SYMBOLS and between is None and not _IN_NUMBER.search(text)


def _is_of_one_language(texts: Iterable[str], encoding: str) -> bool:
    """The letters beyond ASCII of each text are of one language."""
    letters = [{one for one in _lower(text) if not one.isascii() and one.isalpha()} for text in texts]
    return all(any(each <= language for language in _LANGUAGES[encoding]) for each in letters)


def _most_alternating(encodings: Sequence[str], read: dict[str, str]) -> list[str]:
    """Those in which vowels and consonants alternate best around the letters that are not ASCII, one a reading."""
    scores = {encoding: _alternation(read[encoding]) for encoding in encodings}
    best = [encoding for encoding, score in scores.items() if score == max(scores.values())]
    return list({read[encoding]: encoding for encoding in reversed(best)}.values())[::-1]


def _alternation(text: str) -> int:
    score = 0
    for word in map(_lower, _words(text)):
        is_vowel = [unicodedata.normalize("NFD", letter)[0] in _VOWELS for letter in word]
        for i, letter in enumerate(word):
            if not letter.isascii():
                score += _fit(letter, is_vowel, i)
    return score


def _fit(letter: str, is_vowel: Sequence[bool], i: int) -> int:
    """How well a letter fits between its neighbours; the one behind says more."""
    own, following = is_vowel[i], is_vowel[i + 1] if i + 1 < len(is_vowel) else None
    if len(is_vowel) == 1:
        return 1 if own else -1
    if (letter == "þ" and i) or (letter == "ð" and not i):
        return -4
    if letter == "ń":  # ni is written before vowels
        return -2 if following else 2
    before = 0 if not i else 1 if is_vowel[i - 1] != own else -1
    return before + (0 if following is None else 2 if following != own else -2)


def _is_plausible(text: str) -> bool:
    """Most words are of one script, and no capital follows a small letter."""
    words = _words(text)  # none where symbols alone are not ASCII: that is no evidence
    odd = sum(len({_script(letter) for letter in word}) > 1 or _has_capital_inside(word) for word in words)
    return bool(words) and 5 * odd <= len(words) and not _IN_NUMBER.search(text)


def _has_capital_inside(word: str) -> bool:
    return any(one.islower() and other.isupper() for one, other in itertools.pairwise(word))


def _script(letter: str) -> str:
    name = unicodedata.name(letter, "").split(" ")[0].split("-")[0]
    return "CJK" if name in {"HIRAGANA", "KATAKANA", "IDEOGRAPHIC"} else name


def _words(text: str) -> set[str]:
    """The words with letters beyond ASCII."""
    return {word for word in _WORD.findall(text) if not word.isascii()}


def _lower(word: str) -> str:
    return word.lower().replace("i\u0307", "i")


def _detected(lines: Sequence[bytes], encodings: Sequence[str]) -> list[str]:
    """What charset-normalizer finds most orderly, and whatever is about as orderly."""
    if not encodings:
        return []
    from charset_normalizer import from_bytes

    names = {_CODECS[encoding]: encoding for encoding in encodings}
    found = list(from_bytes(b"\n".join(lines), cp_isolation=list(names), enable_fallback=False))
    ranked = sorted(found, key=lambda match: (round(match.chaos, 3), -match.coherence))
    near = [
        match
        for match in ranked
        if match.chaos < ranked[0].chaos + _CLEARER and match.coherence > ranked[0].coherence - _MORE_COHERENT
    ]
    return [names[match.encoding] for match in near if match.encoding in names]


def _lead_bytes(block: bytes) -> int:
    """Letters beyond ASCII in valid UTF-8."""
    return len(block.decode()) - len(block.translate(None, bytes(range(0x80, 0x100))))
