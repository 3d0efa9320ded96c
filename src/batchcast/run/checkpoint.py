"""Under which key the result of a partition is kept, so that a later batch can take it instead of forecasting again."""

from __future__ import annotations

import hashlib
import json

from batchcast.domain.codec import encode
from batchcast.domain.plan import ForecastRequest
from batchcast.publish import engine_versions


def checkpoint_key(request: ForecastRequest, knowledge: str, rows: str) -> str:
    """The same key where, and only where, the numbers must be the same.

    Args:
        request: what is to be forecast.
        knowledge: SHA-256 of what the preparation step learned.
        rows: SHA-256 of the partition's rows of the history, wherever in the file they are.
    """
    given = [engine_versions(), encode(request), knowledge, rows]
    return hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()
