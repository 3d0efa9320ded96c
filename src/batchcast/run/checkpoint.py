"""Under which key the result of a partition is kept, so that a later batch can take it instead of forecasting again."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path

from batchcast.domain.codec import encode
from batchcast.domain.plan import ForecastRequest
from batchcast.publish import engine_versions

_CODE = (Path(__file__).parents[1] / "forecast", Path(__file__).parents[1] / "domain")  # what turns rows into numbers


def checkpoint_key(request: ForecastRequest, knowledge: str, rows: str) -> str:
    """The same key where, and only where, the numbers must be the same.

    Args:
        request: what is to be forecast.
        knowledge: SHA-256 of what the preparation step learned.
        rows: SHA-256 of the partition's rows of the history, wherever in the file they are.
    """
    given = [engine_versions(), _code(), encode(request), knowledge, rows]
    return hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()


@cache  # it changes with the version, and between versions where someone works on it
def _code() -> str:
    """SHA-256 of the code that forecasts."""
    digest = hashlib.sha256()
    for folder in _CODE:
        for path in sorted(folder.rglob("*.py")):
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
