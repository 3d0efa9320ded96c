"""Where this installation keeps its things; the only place that reads the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from batchcast.app.translation import Language, language_of


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


def read_language() -> Language:
    """The language of the person at this terminal."""
    return language_of(os.environ)
