"""Every store that there is: a new one joins by a line here, and must pass all that the others pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from batchcast.store.memory import MemoryStore
from batchcast.store.sql import SqlStore
from batchcast.store.store import Store


def _in_memory(request: pytest.FixtureRequest) -> Store:
    return MemoryStore()


def _in_sqlite(request: pytest.FixtureRequest) -> Store:
    folder: Path = request.getfixturevalue("tmp_path")
    return SqlStore.open(f"sqlite:///{folder / 'store.sqlite'}")


def _in_postgresql(request: pytest.FixtureRequest) -> Store:
    return SqlStore.open(request.getfixturevalue("new_postgresql_database")())


STORES: Mapping[str, Callable[[pytest.FixtureRequest], Store]] = {
    "memory": _in_memory,
    "sqlite": _in_sqlite,
}


@pytest.fixture(params=sorted(STORES))
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """An empty store of each kind."""
    made = STORES[request.param](request)
    yield made
    made.close()
