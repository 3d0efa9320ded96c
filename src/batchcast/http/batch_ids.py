"""Ids of batches as they come in paths."""

from __future__ import annotations

import re

from batchcast.store.errors import UnknownBatch

_BATCH_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
_SHOWN = 40  # characters of an id that can't be one


def is_batch_id(text: str) -> bool:
    """Whether it looks like an id of ours."""
    return _BATCH_ID.fullmatch(text) is not None


def read_batch_id(text: str) -> str:
    """The id in a path; one that none of ours looks like is not even looked for.

    Raises:
        UnknownBatch: if it can't be one.
    """
    if not is_batch_id(text):
        raise UnknownBatch("".join(c for c in text if c.isprintable())[:_SHOWN])
    return text
