"""Commands as a person starts them: in processes of their own, in English, with a home of their own."""

from __future__ import annotations

import os
from collections.abc import Mapping

import pytest


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The environment of a command; its lines are counted elsewhere, which would take it half its time again."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("COV_", "COVERAGE_"))}
    return own | {
        "BATCHCAST_HOME": str(tmp_path_factory.mktemp("home")),
        "BATCHCAST_LANG": "en",
        "COLUMNS": "100",
    }
