"""Quantities as people write them: one written number to what it means with a decimal point, and with a comma."""

from __future__ import annotations

import re
from typing import NamedTuple

from batchcast.domain.message import Message, mark
from batchcast.ingest.limits import LARGEST_QUANTITY

_NOT_A_NUMBER = mark("is not a number")
_EMPTY = mark("is empty")
_TOO_LARGE = mark("is beyond {largest:.0e}, the largest quantity that is read")
_NOT_FINITE = mark("is not a finite number")

_NOT_FINITE_NAMES = frozenset(
    {"inf", "infinity", "nan", "#n/a", "#num!", "#div/0!", "#value!", "#ref!", "null", "none"}
)
_SIGNED = re.compile(
    r"(?P<open>\()?\s*(?P<sign>[-+−]?)\s*(?P<body>[\d.,]+(?:[eE][-+]?\d{1,3})?)\s*(?P<after>-?)(?P<close>\))?$",
    re.ASCII,
)
_POINT = re.compile(r"(?:[1-9]\d{0,2}(?:,\d{3})+|\d+)?(?:\.\d*)?(?:[eE][-+]?\d+)?$", re.ASCII)
_COMMA = re.compile(r"(?:[1-9]\d{0,2}(?:\.\d{3})+|\d+)?(?:,\d*)?(?:[eE][-+]?\d+)?$", re.ASCII)
_DIGIT = re.compile(r"\d", re.ASCII)


class WrittenNumber(NamedTuple):
    """What one written number can mean: None where that style gives no number."""

    point: float | None  # 1,234.5
    comma: float | None  # 1.234,5


def read_number(text: str) -> WrittenNumber | Message:
    """What `text` can mean as a quantity, or the reason why it is none."""
    text = text.strip()
    if not text:
        return Message(_EMPTY)
    if text.strip("()+- ").lower() in _NOT_FINITE_NAMES:
        return Message(_NOT_FINITE)
    found = _SIGNED.match(text)
    if found is None or not _DIGIT.search(re.split("[eE]", found["body"])[0]) or not _is_signed_once(found):
        return Message(_NOT_A_NUMBER)
    negative = bool(found["open"]) or found["after"] == "-" or found["sign"] in ("-", "−")
    body = found["body"]
    point = float(body.replace(",", "")) if _POINT.match(body) else None
    comma = float(body.replace(".", "").replace(",", ".")) if _COMMA.match(body) else None
    if point is None and comma is None:
        return Message(_NOT_A_NUMBER)
    if all(value is None or value > LARGEST_QUANTITY for value in (point, comma)):
        return too_large()
    return WrittenNumber(_signed(point, negative), _signed(comma, negative))


def too_large() -> Message:
    """The reason of a quantity that no demand can be."""
    return Message(_TOO_LARGE, {"largest": LARGEST_QUANTITY})


def not_finite() -> Message:
    """The reason of an infinity, or of a NaN in a typed column."""
    return Message(_NOT_FINITE)


def _is_signed_once(found: re.Match[str]) -> bool:
    if bool(found["open"]) != bool(found["close"]):
        return False
    return sum((bool(found["open"]), bool(found["sign"]), bool(found["after"]))) <= 1


def _signed(value: float | None, negative: bool) -> float | None:
    if value is None:
        return None
    return -value if negative and value else value
