"""Text cells that no spreadsheet runs as a formula; `original_text` gives the text back to the letter."""

from __future__ import annotations

import re
from typing import Any

import pyarrow.compute as pc

Column = Any  # a pyarrow array: its stubs tell one kind of values from another, which we only learn at run time

# A cell is run where it starts with one of these. A semicolon, tab or line break starts a new cell where the
# spreadsheet's list separator is not ours (Excel in Indonesian splits at semicolons), so what follows one counts too.
_STARTERS = r"=+\-@＝＋－＠"
_SEPARATORS = r";\t\r\n"
_RISKY = rf"(^|[{_SEPARATORS}])('* *[{_STARTERS}])"
_BLANK_START = r"^('*[\t\r\n])"
_MADE_HARMLESS = re.compile(rf"(^|[{_SEPARATORS}])'('* *[{_STARTERS}])")
_MADE_HARMLESS_START = re.compile(r"^'('*[\t\r\n])")


def harmless_text(texts: Column) -> Column:
    """The texts with an apostrophe before every character that would start a formula; null stays null.

    `=1+1` becomes `'=1+1`; `'=1+1` becomes `''=1+1`, so that different texts stay different.
    """
    return pc.replace_substring_regex(
        pc.replace_substring_regex(texts, pattern=_BLANK_START, replacement=r"'\1"),
        pattern=_RISKY,
        replacement=r"\1'\2",
    )


def original_text(text: str) -> str:
    """The text that `harmless_text` was given."""
    return _MADE_HARMLESS_START.sub(r"\1", _MADE_HARMLESS.sub(r"\1\2", text))
