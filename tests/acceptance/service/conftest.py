"""Servers in processes of their own, on either database, and what a run that nothing disturbs publishes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from tests.acceptance.service.sample import SETTINGS, demand, files_below
from tests.acceptance.service.server import Server


@pytest.fixture
def server(make_server: Callable[..., Server]) -> Server:
    """A server at work, with SQLite in its home."""
    return make_server().start()


@pytest.fixture(scope="module")
def server_of_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server at work for the tests of a module that leave it as it was."""
    server = Server(tmp_path_factory.mktemp("shared") / "home")
    try:
        yield server.start()
    finally:
        server.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str | None:
    """Either database in turn, with nothing in it yet; None is the file in the server's home."""
    if request.param == "sqlite":
        return None
    return str(request.getfixturevalue("new_postgresql_database")())


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """What a run that nothing disturbs makes of the history: the digests of its tables, and its files."""
    server = Server(tmp_path_factory.mktemp("undisturbed") / "home")
    try:
        client = server.start().client
        batch_id = client.accepted(demand(), **SETTINGS)
        ended = client.await_end(batch_id)
        assert ended["status"] == "COMPLETED", ended
        digests = client.sha256(batch_id)
        server.terminate()
        return {"sha256": digests, "files": files_below(server.home, batch_id)}
    finally:
        server.close()


@pytest.fixture(autouse=True)
def _servers_without_coverage(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lines that these servers run are counted elsewhere; here their start and their end are what takes time."""
    for name in ("COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START"):
        monkeypatch.delenv(name, raising=False)
