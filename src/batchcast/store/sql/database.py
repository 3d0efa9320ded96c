"""The connections to a database, and what it takes to trust them."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.engine import URL, Connection, Engine, make_url

from batchcast.domain.errors import N_, Message
from batchcast.store.errors import DatabaseDamaged, SchemaTooNew, StoreUnavailable, UnknownDatabase

if TYPE_CHECKING:
    from alembic.config import Config

BUSY_SECONDS = 30  # to wait for others' locks
_ANSWER_SECONDS = 45.0  # to wait for an answer of PostgreSQL, which itself ends a wait for a lock sooner
_IDLE_SECONDS = 30  # a server that stops in the middle of a transaction keeps the others waiting no longer
_CONNECT_SECONDS = 5
_RETRY_SECONDS = 0.05
_CONNECTIONS = 10
_MORE_CONNECTIONS = 20
_FAILURES = (exc.OperationalError, exc.InterfaceError, exc.InternalError, exc.TimeoutError)


class Database:
    """Transactions on one database; every way it can fail becomes StoreUnavailable."""

    def __init__(self, url: str) -> None:
        """Get ready to connect; nothing is asked of the database yet.

        Raises:
            UnknownDatabase: if the address is none of ours, or its driver is not installed.
        """
        parsed = _parsed(url)
        self.name = parsed.render_as_string(hide_password=True)
        self._engine = _engine(parsed)
        self.dialect = self._engine.dialect.name
        is_sqlite = self.dialect == "sqlite"
        # One writer at a time in this process waits here, in order; SQLite itself would have them poll for its lock.
        self._writing = threading.Lock() if is_sqlite else None
        # Several queries of one read see the same moment: with SQLite they do anyway.
        moment = {} if is_sqlite else {"isolation_level": "REPEATABLE READ"}
        self._reader = self._engine.execution_options(**moment)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one moment, and changes nothing."""
        with self._failures(), self._reader.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is committed where nothing is raised, and else did nothing."""
        with self._writer() as connection, connection.begin():
            yield connection

    @contextlib.contextmanager
    def trying(self) -> Iterator[Connection]:
        """A transaction that writes and is never committed: a probe."""
        with self._writer() as connection:
            yield connection

    @contextlib.contextmanager
    def _writer(self) -> Iterator[Connection]:
        until = time.monotonic() + _patience.get().lock_seconds
        with self._one_writer(until), self._failures():
            left = max(until - time.monotonic(), 0.0)
            engine = self._engine.execution_options(is_writing=True, busy_milliseconds=int(left * 1000))
            with engine.connect() as connection:
                yield connection

    @contextlib.contextmanager
    def _one_writer(self, until: float) -> Iterator[None]:
        """With SQLite, wait for the other writers of this process, and for those of others no longer together."""
        if self._writing is None:
            yield
            return
        if not self._writing.acquire(timeout=max(until - time.monotonic(), 0.0)):
            raise StoreUnavailable(self.name, "database is locked")
        try:
            yield
        finally:
            self._writing.release()

    def keep_log_ahead(self) -> None:
        """Have SQLite write ahead: readers and the writer don't wait for each other. The file itself remembers it."""
        if self.dialect != "sqlite":
            return
        deadline = time.monotonic() + BUSY_SECONDS
        path = Path(str(self._engine.url.database))
        with contextlib.suppress(OSError):  # where it can't be made, opening it says why
            path.touch(mode=0o600)
            path.chmod(0o600)  # those of an earlier version could be read by every user of the machine
        while True:
            try:
                with contextlib.closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as connection:
                    connection.execute("PRAGMA journal_mode = WAL")
                    return
            except sqlite3.OperationalError as error:
                # SQLite does not by itself wait for another that is just doing the same.
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise StoreUnavailable(self.name, str(error)) from error
                time.sleep(_RETRY_SECONDS)
            except sqlite3.DatabaseError as error:
                template = N_(
                    "The file of the database {database} can't be read as one: {problem}. Choose another file."
                )
                raise UnknownDatabase(Message(template, {"database": self.name, "problem": str(error)})) from error

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextlib.contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except _FAILURES as error:
            raise StoreUnavailable(self.name, _problem(error)) from error
        except exc.DBAPIError as error:
            if isinstance(error.orig, sqlite3.DatabaseError) and type(error) is exc.DatabaseError:
                raise DatabaseDamaged(self.name, _problem(error)) from error
            if not error.connection_invalidated:
                raise
            raise StoreUnavailable(self.name, _problem(error)) from error


@dataclass(frozen=True, slots=True)
class _Patience:
    lock_seconds: float = BUSY_SECONDS
    answer_seconds: float = _ANSWER_SECONDS


_USUAL = _Patience()
_patience: ContextVar[_Patience] = ContextVar("patience", default=_USUAL)


@contextlib.contextmanager
def answering_within(seconds: float) -> Iterator[None]:
    """Have what is asked of databases in here end within some seconds: for a probe."""
    before = _patience.get()
    token = _patience.set(_Patience(min(before.lock_seconds, seconds), min(before.answer_seconds, seconds)))
    try:
        yield
    finally:
        _patience.reset(token)


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except exc.ArgumentError as error:
        raise _unknown(url) from error
    driver = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg", "sqlite": "sqlite"}
    if parsed.drivername not in {*driver, *driver.values()}:
        raise _unknown(url)
    if parsed.drivername == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise _unknown(url)
    return parsed.set(drivername=driver.get(parsed.drivername, parsed.drivername))


def _unknown(url: str) -> UnknownDatabase:
    template = N_(
        "{kind!r} is no kind of database that batchcast can open; give postgresql://user:password@host/name, or "
        "sqlite:///path/of/a/file."
    )
    return UnknownDatabase(Message(template, {"kind": url.partition(":")[0]}))  # the rest may hold a password


def _engine(url: URL) -> Engine:
    pool = {"pool_size": _CONNECTIONS, "max_overflow": _MORE_CONNECTIONS, "pool_timeout": BUSY_SECONDS}
    if url.drivername == "sqlite":
        engine = sa.create_engine(url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False}, **pool)
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
        return engine
    options = {
        "connect_timeout": str(_CONNECT_SECONDS),
        "application_name": "batchcast",
        "options": f"-c lock_timeout={BUSY_SECONDS}s -c idle_in_transaction_session_timeout={_IDLE_SECONDS}s",
        "tcp_user_timeout": str(BUSY_SECONDS * 1000),  # milliseconds
    }
    options = {name: value for name, value in options.items() if name not in url.query}
    try:
        engine = sa.create_engine(url, connect_args=options, pool_pre_ping=True, **pool)
        connect = _bounded_connect()
    except ImportError as error:
        template = N_("The driver of PostgreSQL is not installed; run: pip install 'batchcast[postgresql]'.")
        raise UnknownDatabase(Message(template)) from error
    sa.event.listen(engine, "do_connect", lambda _dialect, _record, words, options: connect(*words, **options))
    return engine


def _bounded_connect() -> Callable[..., Any]:
    """How to connect to PostgreSQL so that no answer is waited for without end: a server may be stopped or cut off."""
    import psycopg

    class Bounded(psycopg.Connection[Any]):
        def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
            seconds = _patience.get().answer_seconds if timeout is None else timeout
            until = time.monotonic() + seconds
            try:
                return super().wait(gen, interval, seconds)
            except psycopg.OperationalError as error:
                if timeout is None and time.monotonic() >= until:
                    self.pgconn.finish()  # what it was asked may still be answered: nothing else can be asked of it
                    raise psycopg.OperationalError(f"no answer within {seconds:g} s") from error
                raise

    return Bounded.connect


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions begin by `_begin_sqlite`, not by the rules of the driver
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    cursor.execute("PRAGMA synchronous = FULL")  # what was acknowledged survives a power loss
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    is_writing = connection.get_execution_options().get("is_writing", False)
    milliseconds = connection.get_execution_options().get("busy_milliseconds", BUSY_SECONDS * 1000)
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {milliseconds}")
    # A transaction that reads first and writes later is refused where another wrote in between: lock at once.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing else "BEGIN")


def _problem(error: exc.SQLAlchemyError) -> str:
    cause = error.orig if isinstance(error, exc.DBAPIError) else error
    lines = str(cause).strip().splitlines()
    return lines[0] if lines else type(cause).__name__


# Bringing a database up to the schema of this version. Alembic is loaded where there is something to do: it takes a
# tenth of a server's start.

LATEST = "0007"  # revision of the newest migration
_LOCK = 0x6261746368  # "batch": servers that start at once migrate one after the other


def migrate(database: Database) -> None:
    """Bring the database up to date, in one transaction; nothing happens where it is.

    Raises:
        SchemaTooNew: if a newer batchcast has been there.
        StoreUnavailable: if it can't be reached.
    """
    database.keep_log_ahead()
    with database.writing() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        if revision_of(connection) != LATEST:
            migrate_to(connection, database.name, "head")


def migrate_to(connection: Connection, database: str, revision: str) -> None:
    """Bring a database up to a revision.

    Raises:
        SchemaTooNew: if it is beyond all that are known.
    """
    from alembic import command
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    config = _config(connection)
    scripts = ScriptDirectory.from_config(config)
    known = [script.revision for script in scripts.walk_revisions()]
    found = MigrationContext.configure(connection).get_current_revision()
    if found is not None and found not in known:
        raise SchemaTooNew(database, found, known[0])
    if found != known[0]:
        command.upgrade(config, revision)


def revision_of(connection: Connection) -> str | None:
    """Revision of the schema; None where there is none of ours."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    noted: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return noted


def _config(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    folder = str(Path(__file__).parent / "migrations")
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
