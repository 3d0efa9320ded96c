"""What both faces read off a request: the id of a batch in its path, and the language of its headers."""

from __future__ import annotations

import re
from collections.abc import Mapping

from batchcast.app.translation import LANGUAGES, Language
from batchcast.store.errors import UnknownBatch

_BATCH_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
_MOST_SHOWN = 40  # characters of a text that is no id
_ALSO_CALLED = {"in": "id"}  # what old Java programs call Indonesian


def is_batch_id(text: str) -> bool:
    """Whether a text has the form of a batch id."""
    return _BATCH_ID.fullmatch(text) is not None


def read_batch_id(batch_id: str) -> str:
    """The id in a path.

    Raises:
        UnknownBatch: if it has not the form of one, so that the store need not be asked.
    """
    if not is_batch_id(batch_id):
        raise UnknownBatch("".join(c for c in batch_id if c.isprintable())[:_MOST_SHOWN])
    return batch_id


def preferred_language(headers: Mapping[str, str]) -> Language:
    """The language that Accept-Language prefers among those of the product; English where it names none of them."""
    preferred = [_weighed(part) for part in headers.get("accept-language", "").split(",")[:20]]
    ranked = sorted((one for one in preferred if one[1] > 0), key=lambda one: -one[1])
    return next((known for name, _ in ranked for known in LANGUAGES if known == name), "en")


def _weighed(part: str) -> tuple[str, float]:
    name, _, weight = part.partition(";")
    base = name.strip().lower().split("-")[0]
    try:
        share = float(weight.strip().removeprefix("q=")) if weight else 1.0
    except ValueError:
        share = 0.0
    return _ALSO_CALLED.get(base, base), share
