"""Digits as any script writes them: Arabic, Thai, Devanagari, full-width and all others are read as 0 to 9."""

from __future__ import annotations

import unicodedata

# The signs that stand between such digits: of numbers in Arabic, and full-width ones.
_SIGNS = dict(zip("\u066b\u066c\uff0c\uff0e\uff0f\uff1a\uff0b", ".,,./:+", strict=True))


def plain_digits(text: str) -> str:
    """A text with its digits as 0 to 9, and what stands between them as it does between those."""
    return text if text.isascii() else "".join(map(_plain, text))


def _plain(letter: str) -> str:
    digit = unicodedata.decimal(letter, None)
    return _SIGNS.get(letter, letter) if digit is None else str(digit)
