"""Part numbers and site codes: text to the letter.

Case, leading zeros, `1E5` and everything inside stay as they are. Space at either end (blanks, tabs, hard spaces) is
padding, in files and tables of every kind: it is dropped, and the report says so. Nothing but space is no key, nor is
what programs alone write for nothing (`NULL`, `NaN`, `n/a`), or an error value of a spreadsheet such as `#N/A`, in any
language: the cell is refused. What can also be a code (`NA`, `NIL`, `TBD`, `-`) is one, and the report says so. The
longest is 200 characters.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.errors import N_, Message
from batchcast.ingest.common.limits import MOST_KEY_CHARACTERS
from batchcast.ingest.common.source import Uncomputed
from batchcast.ingest.values.months import month_named

ERROR_VALUE = N_("is an error value of a spreadsheet")
UNCOMPUTED = N_("is a formula whose result is not stored; open the file in a spreadsheet, and save it")
_ERROR_VALUE = re.compile(  # of any language: #REF!, #BEZUG!, #¿NOMBRE?; #N/A, #NV, #N/D, #Н/Д; Err:502
    r"#[¡¿]?[^\W\d_]+(?:/[^\W_]+)?[!?]|#(?:N/[A-Z]|NV|Н/?Д|GETTING_DATA)|Err:\d{3}", re.IGNORECASE
)
_EMPTY = N_("is empty")
_NOTHING = N_("is what programs write for nothing; give the part or site its code")
# As databases, pandas, pivots and forms write it, whatever their case; NAN and NONE can be codes.
_NOTHINGS = {
    "null",
    "\\n",
    "(null)",
    "<null>",
    "[null]",
    "<na>",
    "n/a",
    "(n/a)",
    "<none>",
    "(none)",
    "(blank)",
    "(blanks)",
}
_NOTHINGS |= {"(empty)", "(kosong)", "(leer)", "(vide)", "(vacío)", "(en blanco)"}
_NOTHINGS_AS_WRITTEN = {"NaN", "nan", "-nan", "None", "none"}
# What can be a code, as NA is of Namibia: it is kept, and the report says so.
_DOUBTFUL = {"na", "n.a.", "n.a", "none", "nan", "nil", "nihil", "void", "tbd", "tba", "tbc", "unknown", "undefined"}
_DOUBTFUL |= {"unassigned", "missing", "nothing", "empty", "kosong", "leer", "vide", "dummy", "not assigned"}
_DOUBTFUL |= {"not available", "not applicable", "nicht zugeordnet", "tidak ada", "belum ada", "no aplica"}
_DOUBTFUL |= {"-", "--", "---", "–", "—", ".", "..", "...", "?", "??", "???", "*", "#", "_"}
_SHORTENED = re.compile(r"[1-9](?:[.,](\d+))?E\+(\d{2,3})$", re.ASCII)
_OF_FLOAT = re.compile(r"([1-9]\d{15,})\.0+", re.ASCII)
_LIKE_DATE = re.compile(
    r"(?:\d{1,2}[-/ ])?([A-Za-z]{3})[-/ ]\d{2}$|\d{1,2}[-/ ]([A-Za-z]{3})(?:[-/ ]\d{2,4})?$", re.ASCII
)
_MISREAD = re.compile(r"[ÂÃÄÅâ][\u0080-\u00bf\u0152-\u0192\u02c6-\u2122]")  # UTF-8 that was read as Windows-1252
_LOOKS_LIKE = (  # Latin letters and plain signs, and the letters of other alphabets and signs that look like each
    "AАΑ BВΒ CСϹ EЕΕ HНΗҺ IІΙӀ JЈ KКΚ MМΜ NΝ OОΟ PРΡ QԚ SЅ TТΤ WԜ XХΧ YУҮΥ ZΖ aа cсϲ eе hһ iі jј oоο pрρ sѕ vν xх× yу "
    "3ЗӠ /⁄∕ -− \"″“”„ '′’‘´`"
)
_LATIN = {ord(other): group[0] for group in _LOOKS_LIKE.split() for other in group[1:]}
_APOSTROPHES = "'\u2019`"
_MOST_ALIKE = 5  # that a sentence lists
_LONGEST_DOUBTFUL = max(map(len, _DOUBTFUL))
_LONGEST_DATE = 12  # characters of a key that a spreadsheet may have made a date
NO_KEY = -1  # where a key can't be read
_LARGEST_PLAIN = 1e15  # floats up to here are written as whole numbers


class Keys:
    """Numbers distinct keys in the order they are met."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.trimmed: list[str] = []  # as they are written, with the space that is dropped
        self.unwrapped: list[str] = []  # as they are written: ="00123"
        self._codes: dict[str, int] = {}
        self._written: dict[object, int] = {}  # cells of any type, to the same number

    def codes(self, cells: Sequence[object]) -> NDArray[np.int32]:
        """The number of each key, `NO_KEY` where it can't be one."""
        written = self._written
        found = [written.get(cell) for cell in cells]
        if None in found:
            found = [self._code(cell) if code is None else code for cell, code in zip(cells, found, strict=True)]
        return np.array(found, dtype=np.int32)

    def _code(self, cell: object) -> int:
        key = read_key(cell)
        if isinstance(key, Message):
            return NO_KEY
        code = self._codes.setdefault(key, len(self.texts))
        if code == len(self.texts):
            self.texts.append(key)
        self._written[cell] = code
        if isinstance(cell, str) and cell != key:
            (self.unwrapped if cell.strip() != key else self.trimmed).append(cell)
        return code

    def notes(self) -> list[Message]:
        """What a person should know of how the keys are written."""
        apostrophes = [text for text in self.texts if text[0] in _APOSTROPHES]
        trimmed = N_("{count:,} parts or sites are written with space at an end, such as {example!r}; it is dropped.")
        unwrapped = N_("{count:,} parts or sites are written as a formula, such as {example}; what it shows is read.")
        marked = N_("{count:,} parts or sites start with an apostrophe, such as {example}; it stays a part of them.")
        dated = N_(
            "{count:,} parts or sites look like dates, such as {example!r}: a spreadsheet may have made them of codes "
            "such as 3-4 or MAR-1."
        )
        misread = N_(
            "{count:,} parts or sites look like UTF-8 that was read as Windows-1252 before it was saved, such as "
            "{example!r}; they are kept as they are."
        )
        said = (
            (trimmed, self.trimmed),
            (unwrapped, self.unwrapped),
            (marked, apostrophes),
            (dated, [text for text in self.texts if _is_like_date(text)]),
            (misread, [text for text in self.texts if not text.isascii() and _MISREAD.search(text)]),
        )
        notes = [Message(template, {"count": len(found), "example": found[0]}) for template, found in said if found]
        doubtful = [text for text in self.texts if len(text) <= _LONGEST_DOUBTFUL and text.casefold() in _DOUBTFUL]
        if doubtful:
            template = N_(
                "Parts or sites are called {names}, as people also write where there is none: each is read as a code. "
                "If it is none, give these rows the right one."
            )
            shown = ", ".join(map(repr, doubtful[:_MOST_ALIKE])) + (", …" if len(doubtful) > _MOST_ALIKE else "")
            notes.append(Message(template, {"names": shown}))
        alike = self._alike()
        if alike:
            template = N_(
                "{count:,} times parts or sites differ only in case, space, dashes, leading zeros, .0 at the end or "
                "letters that look alike: {examples}. They stay apart; write them alike if they are one."
            )
            shown = "; ".join(" / ".join(map(_shown, group[:_MOST_ALIKE])) for group in alike[:_MOST_ALIKE])
            shown += "; …" if len(alike) > _MOST_ALIKE else ""
            notes.append(Message(template, {"count": len(alike), "examples": shown}))
        return notes

    def _alike(self) -> list[list[str]]:
        """Keys that only case, space, dashes, leading zeros or the form of their letters tell apart, in groups."""
        every = "\n".join([*self.texts, ""])
        if every.isascii() and ".0\n" not in every:  # most files: no look at each letter
            plain = ["".join(text.split()).casefold().replace("-", "").lstrip("0") for text in self.texts]
        else:
            plain = [compared(text) for text in self.texts]
        if len(set(plain)) == len(plain):
            return []
        groups: dict[str, list[str]] = {}
        for short, text in zip(plain, self.texts, strict=True):
            groups.setdefault(short, []).append(text)
        return [group for group in groups.values() if len(group) > 1]


def _shown(text: str) -> str:
    """A key for a sentence: letters that show nothing by their numbers, and one that looks like another by its name."""
    if any(unicodedata.category(letter) == "Cf" for letter in text):
        return ascii(text)
    others = (letter for letter in text if not letter.isascii() and letter.isprintable())
    foreign = next((letter for letter in others if _plain(letter).isascii()), "")
    return f"{text!r} ({foreign}: {unicodedata.name(foreign, '')})" if foreign else repr(text)


def compared(text: str) -> str:
    """A key without what makes no difference to a person."""
    if not text.isascii():
        text = "".join(
            letter
            for letter in unicodedata.normalize("NFKC", "".join(map(_plain, text)))
            if unicodedata.category(letter) not in ("Cf", "Pd")  # letters that show nothing, and dashes
        )
    short = "".join(text.split()).casefold()
    if short.endswith(".0") and short[:-2].isdigit():
        short = short[:-2]
    return short.replace("-", "").lstrip("0")


def _plain(letter: str) -> str:
    """The Latin letter, the digit of ours or the plain sign that a letter or a sign looks like; else the letter."""
    digit = unicodedata.decimal(letter, None)
    return unicodedata.normalize("NFKC", letter.translate(_LATIN)) if digit is None else str(digit)


def _is_like_date(text: str) -> bool:
    found = _LIKE_DATE.match(text) if len(text) <= _LONGEST_DATE else None
    return found is not None and month_named(found[1] or found[2]) is not None


def is_error_value(text: str) -> bool:
    """Whether a text is what a spreadsheet shows for an error, in any language: `#N/A`, `#BEZUG!`, `Err:502`."""
    return text[:1] in "#E" and _ERROR_VALUE.fullmatch(text) is not None


def read_key(cell: object) -> str | Message:
    """The key in a cell, without the space around it, or the reason why there is none."""
    if isinstance(cell, Uncomputed):
        return Message(UNCOMPUTED)
    text = without_wrapping(key_text(cell).strip())
    reason = _no_key(text)
    if reason is not None:
        return Message(reason)
    if len(text) > MOST_KEY_CHARACTERS:
        template = N_("has {found} characters; at most {most} are allowed")
        return Message(template, {"found": len(text), "most": MOST_KEY_CHARACTERS})
    if "\0" in text:
        return Message(N_("holds a NUL character"))
    if isinstance(cell, dt.date):
        return Message(N_("is a date cell; a spreadsheet has turned the code into a date, format the column as text"))
    return _lost_digits(cell, text) or text


def _no_key(text: str) -> str | None:
    """Why a text is no key by itself; None where it can be one."""
    if not text:
        return _EMPTY
    if text in _NOTHINGS_AS_WRITTEN or text.casefold() in _NOTHINGS:
        return _NOTHING
    return ERROR_VALUE if is_error_value(text) else None


def _lost_digits(cell: object, text: str) -> Message | None:
    """Why a code is no longer what it was; None where it is."""
    written = _OF_FLOAT.fullmatch(text)
    was_float = written is not None and int(float(written[1])) == int(written[1])  # other digits no float can hold
    if was_float or (isinstance(cell, float) and abs(cell) >= _LARGEST_PLAIN):
        return Message(N_("has 16 digits or more and is stored as a number, which keeps 15; export the column as text"))
    shortened = _SHORTENED.match(text)
    if shortened and int(shortened[2]) > len(shortened[1] or ""):
        return Message(N_("is a number that a spreadsheet has shortened: digits are lost; export the column as text"))
    return None


def without_wrapping(text: str) -> str:
    """What a formula such as `="00123"` shows, as it is written to keep zeros; other texts as they are."""
    if text[:2] != '="' or text[-1:] != '"' or len(text) < 3:
        return text
    return text[2:-1].replace('""', '"').strip()


def key_text(cell: object) -> str:
    """A cell as a person would type it: 123.0 -> '123', None -> ''."""
    if cell is None or cell != cell:  # noqa: PLR0124 NaN is a blank cell of a table
        return ""
    if isinstance(cell, str):
        return cell if cell.strip() else ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return f"{cell:.0f}" if cell.is_integer() and abs(cell) < _LARGEST_PLAIN else repr(cell)
    if isinstance(cell, Decimal):
        return f"{cell:f}".rstrip("0").rstrip(".") if "." in f"{cell:f}" else f"{cell:f}"
    return str(cell)


# Numbers the series: each distinct pair of site and part gets the next number as it is met.

Codes = NDArray[np.int32]
_LARGEST_TABLE = 1 << 25  # pairs that are looked up in a table; beyond it, by search


class SeriesKeys:
    """Series, by the numbers of their site and part."""

    def __init__(self) -> None:
        self._table: Codes | None = np.full((0, 0), -1, dtype=np.int32)
        self._pairs: NDArray[np.int64] = np.empty(0, dtype=np.int64)  # site << 32 | part, in order of number
        self._sorted: NDArray[np.int64] = self._pairs  # the same, sorted, where there is no table
        self._numbers: Codes = np.empty(0, dtype=np.int32)  # of the sorted ones

    def __len__(self) -> int:
        return len(self._pairs)

    @property
    def sites(self) -> NDArray[np.int64]:
        """Number of each series' site."""
        return self._pairs >> 32

    @property
    def parts(self) -> NDArray[np.int64]:
        """Number of each series' part."""
        return self._pairs & 0xFFFFFFFF

    def codes(self, sites: Codes, parts: Codes) -> Codes:
        """The number of each row's series."""
        if not len(sites):
            return np.empty(0, dtype=np.int32)
        table = self._fitting(int(sites.max()) + 1, int(parts.max()) + 1)
        if table is not None:
            return self._looked_up(table, sites, parts)
        return self._searched((sites.astype(np.int64) << 32) | parts)

    def found(self, sites: Codes, parts: Codes) -> Codes:
        """The number of each row's series, -1 where it has none yet or its site or part can't be read."""
        table = self._table
        if not (len(self._sorted) if table is None else table.size):  # every row so far was refused
            return np.full(len(sites), -1, dtype=np.int32)
        if table is not None:
            rows, columns = table.shape
            inside = (sites >= 0) & (parts >= 0) & (sites < rows) & (parts < columns)
            numbers: Codes = np.where(
                inside, table.reshape(-1)[np.where(inside, sites.astype(np.int64) * columns + parts, 0)], -1
            )
            return numbers
        pairs = (sites.astype(np.int64) << 32) | parts
        at = np.minimum(np.searchsorted(self._sorted, pairs), len(self._sorted) - 1)
        return np.where((self._sorted[at] == pairs) & (sites >= 0) & (parts >= 0), self._numbers[at], -1).astype(
            np.int32
        )

    def _fitting(self, sites: int, parts: int) -> Codes | None:
        """The table, made large enough, or None once it would be too large."""
        if self._table is None:
            return None
        rows, columns = self._table.shape
        if sites <= rows and parts <= columns:
            return self._table
        shape = (_grown(rows, sites), _grown(columns, parts))
        if shape[0] * shape[1] > _LARGEST_TABLE:
            self._table = None
            order = np.argsort(self._pairs)
            self._sorted, self._numbers = self._pairs[order], order.astype(np.int32)
            return None
        larger = np.full(shape, -1, dtype=np.int32)
        larger[:rows, :columns] = self._table
        self._table = larger
        return larger

    def _looked_up(self, table: Codes, sites: Codes, parts: Codes) -> Codes:
        flat, width = table.reshape(-1), table.shape[1]
        at = sites.astype(np.int64) * width + parts
        codes: Codes = flat[at]
        if codes.min() < 0:
            unknown = at[codes < 0]
            new = np.unique(unknown[np.flatnonzero(np.diff(unknown, prepend=-1))])  # most repeat the row before
            flat[new] = np.arange(len(self._pairs), len(self._pairs) + len(new), dtype=np.int32)
            self._pairs = np.concatenate([self._pairs, (new // width) << 32 | new % width])
            codes = flat[at]
        return codes

    def _searched(self, pairs: NDArray[np.int64]) -> Codes:
        distinct, inverse = np.unique(pairs, return_inverse=True)
        at = np.searchsorted(self._sorted, distinct)
        known = np.zeros(len(distinct), dtype=np.bool_)
        inside = at < len(self._sorted)
        known[inside] = self._sorted[at[inside]] == distinct[inside]
        new = distinct[~known]
        numbers = np.arange(len(self._pairs), len(self._pairs) + len(new), dtype=np.int32)
        self._sorted = np.insert(self._sorted, at[~known], new)
        self._numbers = np.insert(self._numbers, at[~known], numbers)
        self._pairs = np.concatenate([self._pairs, new])
        codes: Codes = self._numbers[np.searchsorted(self._sorted, distinct)][inverse]
        return codes


def _grown(size: int, needed: int) -> int:
    size = max(size, 16)
    while size < needed:
        size *= 2
    return size
