"""A real PostgreSQL server for tests, on a free loopback port and in a folder of its own; removed at the end.

The watchdog removes it where the tests are killed.
"""

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

import psutil
import psycopg
import pytest
from tests.plugins.debian import find_postgresql, skip_or_fail
from tests.plugins.watchdog import remove_at_end

_START_SECONDS = 60
_ROLE = "postgres"
How = Literal["fast", "immediate"]


class NoPostgreSQL(Exception):
    """The server's programs are not on this machine and cannot be installed."""


class PostgresServer:
    """A server with empty databases; it trusts every connection to its port."""

    def __init__(self) -> None:
        """Make the folder of its data; call `start` next."""
        self._programs = _find_programs()
        self.folder = Path(tempfile.mkdtemp(prefix="batchcast-postgresql-"))
        remove_at_end(self.folder)
        self._process: subprocess.Popen[bytes] | None = None
        self.port = _free_port()
        self._identity = _identity()
        if self._identity:
            os.chown(self.folder, self._identity["user"], self._identity["group"])
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
        self._execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Remove a database, and end the connections to it."""
        self._execute(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")

    def start(self) -> None:
        """Start it; returns when it answers."""
        options = [
            f"port={self.port}",
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=200",
            "shared_buffers=32MB",
            "fsync=off",  # a process that is killed loses nothing by it, only a machine that loses power would
            "full_page_writes=off",
        ]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self.folder / "data", *(f"-c{option}" for option in options)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,  # so that Ctrl-C in the terminal does not reach it
                **self._identity,
            )
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start: {self.log()[-2000:]}")
            time.sleep(0.05)

    def stop(self, how: How = "fast") -> None:
        """Stop it: `fast` rolls back open transactions, `immediate` aborts, and the next start recovers."""
        if self._process is None:
            return
        self._process.send_signal({"fast": signal.SIGINT, "immediate": signal.SIGQUIT}[how])
        self._process.wait(_START_SECONDS)
        self._process = None

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """Have it answer nothing for as long as this is open, with all its processes."""
        assert self._process is not None
        server = psutil.Process(self._process.pid)
        processes = [server, *server.children(recursive=True)]
        for process in processes:
            process.suspend()
        try:
            yield
        finally:
            for process in processes:
                process.resume()

    def restart(self, how: How = "fast") -> None:
        """Stop it and start it again, on the same port with the same databases."""
        self.stop(how)
        self.start()

    def log(self) -> str:
        """Its log so far."""
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def remove(self) -> None:
        """Stop it and remove its folder."""
        try:
            self.stop("immediate")
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _initialise(self) -> None:
        options = ["-A", "trust", "-U", _ROLE, "-E", "UTF8", "--locale=C", "--no-sync"]
        made = subprocess.run(
            [self._programs / "initdb", "-D", self.folder / "data", *options],
            check=False,
            capture_output=True,
            text=True,
            cwd=self.folder,
            **self._identity,
        )
        if made.returncode:
            raise RuntimeError(f"initdb failed: {made.stderr}")

    def _answers(self) -> bool:
        with contextlib.suppress(psycopg.OperationalError), psycopg.connect(self.url(), connect_timeout=5):
            return True
        return False

    def _execute(self, command: str) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(command.encode())


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresServer]:
    """A running server, one in each process of pytest. Do not stop it: `postgres_server` is for that."""
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
    """A running server for this test alone, which it may stop and start."""
    with _running() as server:
        yield server


@contextlib.contextmanager
def _running() -> Iterator[PostgresServer]:
    try:
        server = PostgresServer()
    except NoPostgreSQL as missing:
        skip_or_fail(str(missing))
    try:
        server.start()
        yield server
    finally:
        server.remove()


def _find_programs() -> Path:
    """The folder of PostgreSQL's programs; installed if they are missing and the tests run as root."""
    found = find_postgresql()
    if found is None:
        raise NoPostgreSQL("PostgreSQL is not installed: run `apt-get install postgresql`, or put its bin into PATH")
    return found


def _identity() -> dict[str, Any]:
    """The user that it runs as where the tests run as root, which it refuses."""
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
