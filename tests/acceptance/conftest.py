"""Commands and servers as a person starts them: in processes of their own, in English, with a home of their own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.service.server import Server


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The environment of a command; its lines are counted elsewhere, which would take it half its time again."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("COV_", "COVERAGE_"))}
    return own | {
        "BATCHCAST_HOME": str(tmp_path_factory.mktemp("home")),
        "BATCHCAST_LANG": "en",
        "COLUMNS": "100",
    }


@pytest.fixture
def make_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Makes servers, by default with one home and so one queue; whatever is left of them goes at the end."""
    servers: list[Server] = []

    def make(name: str = "home", **settings: Any) -> Server:
        home = settings.pop("home", tmp_path / name)
        servers.append(Server(home, **settings))
        return servers[-1]

    yield make
    for server in servers:
        server.close()
