"""Where this installation keeps its things; the only place that reads the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from batchcast.app.translation import Language, language_of

_THIS_MACHINE = "http://127.0.0.1:9571"


@dataclass(frozen=True, kw_only=True)
class Environment:
    """What the surroundings of the process decide."""

    home: Path  # BATCHCAST_HOME, or the platform's folder for user data: batches at work, timings

    @classmethod
    def read(cls) -> Environment:
        """The environment of this process."""
        home = os.environ.get("BATCHCAST_HOME")
        if home:
            return cls(home=Path(home).expanduser())
        from platformdirs import user_data_path

        return cls(home=user_data_path("batchcast", appauthor=False))


@dataclass(frozen=True, kw_only=True)
class ServerAddress:
    """Which server the command asks, and as whom."""

    url: str
    token: str | None = field(repr=False)


def read_server_address(url: str | None) -> ServerAddress:
    """The server at `url`, else at BATCHCAST_URL, else on this machine; BATCHCAST_TOKEN says who asks."""
    named = url or os.environ.get("BATCHCAST_URL") or _THIS_MACHINE
    return ServerAddress(url=named.rstrip("/"), token=os.environ.get("BATCHCAST_TOKEN") or None)


def read_language() -> Language:
    """The language of the person at this terminal."""
    return language_of(os.environ)
