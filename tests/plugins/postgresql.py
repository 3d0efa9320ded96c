"""A real PostgreSQL server for tests: on a free loopback port, in a folder of its own, gone at the end."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import psycopg
import pytest
from tests.plugins.debian import find_postgresql

_START_SECONDS = 60
_ROLE = "postgres"
How = Literal["fast", "immediate"]


class NoPostgreSQL(Exception):
    """The server's programs are not on this machine, and can't be brought here."""


class PostgresServer:
    """A server with empty databases; everybody who can reach its port may do everything."""

    def __init__(self) -> None:
        """Make its folder; `start` it then."""
        self._programs = _find_programs()
        self._folder = Path(tempfile.mkdtemp(prefix="batchcast-postgresql-"))
        self._process: subprocess.Popen[bytes] | None = None
        self.port = _free_port()
        self._identity = _identity()
        if self._identity:
            os.chown(self._folder, self._identity["user"], self._identity["group"])
        self._initialise()

    @property
    def pid(self) -> int:
        """Process id of the running server."""
        assert self._process is not None
        return self._process.pid

    def url(self, database: str = "postgres") -> str:
        """Address of one of its databases, as batchcast takes it."""
        return f"postgresql://{_ROLE}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """Address of a new empty database."""
        name = f"t{uuid.uuid4().hex}"
        self._tell(f"CREATE DATABASE {name}")
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Remove a database, whoever is connected to it."""
        self._tell(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")

    def start(self) -> None:
        """Start it; returns when it answers."""
        wishes = [
            f"port={self.port}",
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=200",
            "shared_buffers=32MB",
            "fsync=off",  # nobody cuts this machine's power; a process that is killed loses nothing by it
            "full_page_writes=off",
        ]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self._folder / "data", *(f"-c{wish}" for wish in wishes)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                start_new_session=True,  # a Ctrl-C in the terminal is not meant for it
                **self._identity,
            )
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start: {self.log()[-2000:]}")
            time.sleep(0.05)

    def stop(self, how: How = "fast") -> None:
        """Stop it: fast undoes what is open and leaves in order, immediate breaks off and recovers at its start."""
        if self._process is None:
            return
        self._process.send_signal({"fast": signal.SIGINT, "immediate": signal.SIGQUIT}[how])
        self._process.wait(_START_SECONDS)
        self._process = None

    def restart(self, how: How = "fast") -> None:
        """Stop it and start it again, on the same port with the same databases."""
        self.stop(how)
        self.start()

    def log(self) -> str:
        """What it wrote so far."""
        return (self._folder / "log").read_text(encoding="utf-8", errors="replace")

    def remove(self) -> None:
        """Stop it and remove all it has."""
        try:
            self.stop("immediate")
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _initialise(self) -> None:
        wishes = ["-A", "trust", "-U", _ROLE, "-E", "UTF8", "--locale=C", "--no-sync"]
        made = subprocess.run(
            [self._programs / "initdb", "-D", self._folder / "data", *wishes],
            check=False,
            capture_output=True,
            text=True,
            cwd=self._folder,
            **self._identity,
        )
        if made.returncode:
            raise RuntimeError(f"initdb failed: {made.stderr}")

    def _answers(self) -> bool:
        with contextlib.suppress(psycopg.OperationalError), psycopg.connect(self.url(), connect_timeout=5):
            return True
        return False

    def _tell(self, command: str) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(command.encode())


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresServer]:
    """A running server, one in each worker of the tests; don't stop it: `postgres_server` is for that."""
    with _running() as server:
        yield server


@pytest.fixture(scope="session")
def postgresql_url(postgresql_server: PostgresServer) -> str:
    """A database for the whole session; empty when the session begins."""
    return postgresql_server.new_database()


@pytest.fixture
def new_postgresql_database(postgresql_server: PostgresServer) -> Iterator[Callable[[], str]]:
    """Call it for the address of a fresh empty database; they are removed after the test."""
    made: list[str] = []

    def new() -> str:
        made.append(postgresql_server.new_database())
        return made[-1]

    yield new
    for url in made:
        postgresql_server.drop_database(url)


@pytest.fixture
def postgres_server() -> Iterator[PostgresServer]:
    """A running server of the test's own, to stop and to start."""
    with _running() as server:
        yield server


@contextlib.contextmanager
def _running() -> Iterator[PostgresServer]:
    try:
        server = PostgresServer()
    except NoPostgreSQL as missing:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(missing))
    try:
        server.start()
        yield server
    finally:
        server.remove()


def _find_programs() -> Path:
    """The folder of PostgreSQL's programs; as root they are installed where they are missing."""
    found = find_postgresql()
    if found is None:
        raise NoPostgreSQL("PostgreSQL is not installed: run `apt-get install postgresql`, or put its bin into PATH")
    return found


def _identity() -> dict[str, Any]:
    """Whom its processes run as, where we are root: it refuses to."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return {}
    import pwd  # not on every system

    users = {user.pw_name: user for user in pwd.getpwall()}
    user = users.get(_ROLE) or users["nobody"]
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
