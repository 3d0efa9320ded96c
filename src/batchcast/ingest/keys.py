"""Part numbers and site codes: text to the letter.

Case, leading zeros, `1E5` and everything inside stay as they are. Space at either end is padding in a CSV or a
workbook and is dropped there; in Parquet files and tables a text is exact and keeps it, and the report says so.
Nothing but space is no key, nor is `NULL`, as databases export it, or an error value of a spreadsheet such as
`#N/A`. The longest is 200 characters.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.message import Message, mark
from batchcast.ingest.limits import MOST_KEY_CHARACTERS

_ERROR_VALUE = mark("is an error value of a spreadsheet")
_NO_KEYS = {"": mark("is empty"), "NULL": mark("is NULL, which databases write for nothing")} | dict.fromkeys(
    ("#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!"), _ERROR_VALUE
)
NO_KEY = -1  # where a key can't be read
_LARGEST_PLAIN = 1e15  # floats up to here are written as whole numbers


class Keys:
    """Numbers distinct keys in the order they are met."""

    def __init__(self, *, padded: bool) -> None:
        self._padded = padded
        self.texts: list[str] = []
        self._codes: dict[str, int] = {}
        self._written: dict[object, int] = {}  # cells of any type, to the same number

    def codes(self, cells: Sequence[object]) -> NDArray[np.int32]:
        """The number of each key, `NO_KEY` where it can't be one."""
        written = self._written
        found = [written.get(cell) for cell in cells]
        if None in found:
            found = [self._code(cell) if code is None else code for cell, code in zip(cells, found, strict=True)]
        return np.array(found, dtype=np.int32)

    @property
    def with_outer_space(self) -> list[str]:
        """Keys with space at either end."""
        return [text for text in self.texts if text != text.strip()]

    def _code(self, cell: object) -> int:
        key = read_key(cell, padded=self._padded)
        if isinstance(key, Message):
            return NO_KEY
        code = self._codes.setdefault(key, len(self.texts))
        if code == len(self.texts):
            self.texts.append(key)
        self._written[cell] = code
        return code


def read_key(cell: object, *, padded: bool) -> str | Message:
    """The key in a cell, or the reason why there is none; where cells are padded, without the space around it."""
    text = key_text(cell).strip() if padded else key_text(cell)
    reason = _NO_KEYS.get(text.strip())
    if reason is not None:
        return Message(reason)
    if len(text) > MOST_KEY_CHARACTERS:
        template = mark("has {found} characters; at most {most} are allowed")
        return Message(template, {"found": len(text), "most": MOST_KEY_CHARACTERS})
    if "\0" in text:
        return Message(mark("holds a NUL character"))
    if isinstance(cell, dt.date):
        return Message(mark("is a date cell; a spreadsheet has turned the code into a date, format the column as text"))
    return text


def key_text(cell: object) -> str:
    """A cell as a person would type it: 123.0 -> '123', None -> ''."""
    if cell is None or cell != cell:  # noqa: PLR0124 NaN is how tables say nothing
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
