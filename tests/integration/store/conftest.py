"""Every store that there is: a new one joins by a line here, and must pass all that the others pass."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.plugins.postgresql import PostgresServer

from batchcast.store.memory import MemoryStore
from batchcast.store.sql import schema
from batchcast.store.sql.database import Database
from batchcast.store.sql.sql_store import SqlStore
from batchcast.store.store import Store


def _in_memory(_request: pytest.FixtureRequest) -> Store:
    return MemoryStore()


def _in_sqlite(request: pytest.FixtureRequest) -> Store:
    path = request.getfixturevalue("tmp_path") / "store.sqlite"
    shutil.copy(request.getfixturevalue("empty_sqlite_file"), path)
    return SqlStore(Database(f"sqlite:///{path}"))


def _in_postgresql(request: pytest.FixtureRequest) -> Store:
    database = Database(request.getfixturevalue("migrated_postgresql_url"))
    with database.writing() as connection:
        for table in reversed(schema.metadata.sorted_tables):
            connection.execute(sa.delete(table))
    return SqlStore(database)


STORES: Mapping[str, Callable[[pytest.FixtureRequest], Store]] = {
    "memory": _in_memory,
    "sqlite": _in_sqlite,
    "postgresql": _in_postgresql,
}


@pytest.fixture(scope="session")
def empty_sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database without batches: copied, because making one takes longer than most tests."""
    path = tmp_path_factory.mktemp("sqlite") / "empty.sqlite"
    SqlStore.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture(scope="session")
def migrated_postgresql_url(postgresql_server: PostgresServer) -> str:
    """A database that the tests of a session have one after the other."""
    url = postgresql_server.new_database()
    SqlStore.open(url).close()
    return url


@pytest.fixture(params=sorted(STORES))
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """An empty store of each kind."""
    made = STORES[request.param](request)
    yield made
    made.close()
