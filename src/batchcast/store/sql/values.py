"""Domain values as a database keeps them, and back: JSON as text, times as seconds since 1970 UTC."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import Any

from batchcast.domain.codec import decode, encode


def to_text(value: object) -> str | None:
    """A domain value as JSON text in ASCII, which every database keeps as it is; None stays None."""
    return None if value is None else json.dumps(encode(value), separators=(",", ":"))


def from_text(text: str | None) -> Any:
    """The value that `to_text` made this of."""
    return None if text is None else decode(json.loads(text))


def to_time(seconds: float) -> dt.datetime:
    """A time of the database's clock."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def to_time_if(seconds: float | None) -> dt.datetime | None:
    """The same, where there is one."""
    return None if seconds is None else to_time(seconds)


def digest_of(key: str) -> str:
    """A sender's key as something of a known length and alphabet."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
