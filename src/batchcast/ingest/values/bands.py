"""Bands of ages or sizes, such as `0-30`, `31-60` and `>90`: they are no dates, though some read as such."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

from batchcast.ingest.values.digits import plain_digits
from batchcast.ingest.values.months import month_named

_BAND = re.compile(
    r"(?P<before>[^\W\d_][^\d<>≤≥]*?)??\s*(?:"
    r"(?P<low>\d{1,6})\s*(?:-|–|—|~|\.\.|s/d|s\.d\.|sd|to|bis|a|à|sampai)\s*(?P<high>\d{1,6})"
    r"|(?P<open>[<>≤≥]=?\s*\d{1,6}|\d{1,6}\s*\+))\s*(?P<after>[^\W\d_][^\d]*)?",
    re.IGNORECASE,
)
_LONGEST = 40  # characters
_WORD = re.compile(r"[^\W\d_]+")
_SEVERAL = 2


def bands_in(texts: Iterable[str]) -> list[str]:
    """The texts that are bands: two or more that follow each other without a gap, and those that are open at an end.

    None where each is one wide, as `2023-2024` and `2024-2025` are, or where words beside them are names of months.
    """
    found = {text: one for text in texts if len(text) <= _LONGEST and (one := _band(text)) is not None}
    spans = sorted({(int(one["low"]), int(one["high"])) for one in found.values() if one["low"]})
    follow = [after[0] in (before[1], before[1] + 1) for before, after in pairwise(spans)]
    is_open = len(spans) < len(found)
    if len(spans) < _SEVERAL - is_open or not all(follow) or all(high - low == 1 for low, high in spans):
        return []
    return list(found)


def _band(text: str) -> re.Match[str] | None:
    """The band that a text is; None where it is none."""
    found = _BAND.fullmatch(plain_digits(text).strip())
    if found is None or (found["low"] and int(found["low"]) >= int(found["high"])):
        return None
    words = _WORD.findall(f"{found['before'] or ''} {found['after'] or ''}")
    return None if any(month_named(word) is not None for word in words) else found
