"""The use cases of batchcast, one method each; the only room that puts the others together.

Comes in: what a face was asked for: a file, settings, where the result goes.
Goes out: analysis, published result, leaderboard; or one of the errors of `domain.errors`.
Open first: `batchcast.py` for batches, `library.py` for the Python library in this process.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from batchcast.app.analysis import Analysis
    from batchcast.app.batchcast import Batchcast, RunResult
    from batchcast.app.listener import Listener, NoListener
    from batchcast.domain.accuracy import LeaderboardRow

# Found when asked for: the command's help must not load the rooms.
_HOMES = {
    "Analysis": "batchcast.app.analysis",
    "Batchcast": "batchcast.app.batchcast",
    "LeaderboardRow": "batchcast.domain.accuracy",
    "Listener": "batchcast.app.listener",
    "NoListener": "batchcast.app.listener",
    "RunResult": "batchcast.app.batchcast",
}

__all__ = ["Analysis", "Batchcast", "LeaderboardRow", "Listener", "NoListener", "RunResult"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
