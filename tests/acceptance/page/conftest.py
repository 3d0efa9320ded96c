"""A server with its page, and files to try it with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.acceptance.page.reader import Reader
from tests.acceptance.service.server import Server

from batchcast.app.samples import write_sample


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server at work, for all tests of a process; tests that kill theirs start another."""
    server = Server(tmp_path_factory.mktemp("site") / "home", max_parallel=2)
    try:
        yield server.start()
    finally:
        server.close()


@pytest.fixture(scope="session")
def small_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1,000 rows, 3 sites."""
    return _sample(tmp_path_factory, "sample_optimal")


@pytest.fixture(scope="session")
def large_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """11,919 rows, 13 sites, 2,070 parts."""
    return _sample(tmp_path_factory, "alldemand_augjul")


@pytest.fixture(params=["en", "id"])
def reader(request: pytest.FixtureRequest, open_page, site: Server) -> Reader:
    """Somebody before the dashboard, who reads English or Indonesian."""
    return Reader(open_page(site.page, language=request.param), request.param, site)


def _sample(factory: pytest.TempPathFactory, name: str) -> Path:
    path = factory.mktemp("samples") / f"{name}.csv"
    write_sample(name, path)
    return path
