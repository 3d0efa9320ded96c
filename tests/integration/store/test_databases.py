"""What only a store in a database can meet: others at the same file, a server that goes away, an older schema."""

from __future__ import annotations

import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from batchcast.domain.batch import BatchState, PartitionState
from batchcast.domain.settings import BatchSettings
from batchcast.store.errors import DatabaseDamaged, SchemaTooNew, StoreUnavailable, UnknownBatch, UnknownDatabase
from batchcast.store.records import NewBatch
from batchcast.store.sql import contents, database, schema
from batchcast.store.sql.database import LATEST, Database, migrate_to
from batchcast.store.sql.sql_store import SqlStore

RELEASED = sorted((Path(__file__).parent / "released").glob("*.sql"))
KINDS = ["sqlite", "postgresql"]


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'a file?.sqlite'}".replace("?", "%3F")
    made: Callable[[], str] = request.getfixturevalue("new_postgresql_database")
    return made()


@pytest.fixture
def sqlite_store(tmp_path, empty_sqlite_file):
    """A store in a file, which `path` names."""
    made = SqlStore.open(f"sqlite:///{tmp_path / 'store.sqlite'}")
    yield made
    made.close()


def test_what_was_remembered_is_there_when_the_database_is_opened_again(url, make_plan):
    first = SqlStore.open(url)
    added = first.add_batch(NewBatch("b", BatchSettings(), make_plan([1, 2])))
    first.close()

    second = SqlStore.open(url)

    assert second.batch("b") == added
    second.close()


def test_servers_that_open_a_new_database_at_once_do_not_clash(url, make_plan):
    start = threading.Barrier(4)

    def open_it(number):
        start.wait()
        store = SqlStore.open(url)
        store.add_batch(NewBatch(f"b{number}", BatchSettings(), make_plan([1])))
        store.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(open_it, range(4)))

    store = SqlStore.open(url)
    assert store.queue() == (4, 0)
    store.close()


def test_events_of_other_servers_are_seen_while_waiting(url, make_plan):
    here, there = SqlStore.open(url), SqlStore.open(url)
    here.add_batch(NewBatch("b", BatchSettings(), make_plan([1])))

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(here.events_after, "b", 1, wait_seconds=20)
        there.note_step("b", "prepare", {})
        assert [event.number for event in waiting.result(20)] == [2]

    here.close()
    there.close()


def test_events_of_many_servers_are_numbered_without_gaps(url, make_plan):
    stores = [SqlStore.open(url) for _ in range(3)]
    stores[0].add_batch(NewBatch("b", BatchSettings(), make_plan([1])))

    def note_steps(store):
        for number in range(20):
            store.note_step("b", "prepare", {"number": number})

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(note_steps, stores))

    assert [event.number for event in stores[0].events_after("b", 0)] == list(range(1, 62))
    for store in stores:
        store.close()


def test_the_migrations_make_the_tables_that_the_code_knows(url):
    SqlStore.open(url).close()
    opened = Database(url)

    with opened.reading() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), schema.metadata)

    assert differences == []
    opened.close()


def test_a_database_of_a_newer_version_is_refused_with_a_sentence(url):
    SqlStore.open(url).close()
    opened = Database(url)
    with opened.writing() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = 'from-2031'"))
    opened.close()

    with pytest.raises(SchemaTooNew, match="newer batchcast: its schema is from-2031, this version knows 0007"):
        SqlStore.open(url)


def test_every_migration_has_a_database_as_it_left_it():
    scripts = ScriptDirectory(str(Path(database.__file__).parent / "migrations"))
    revisions = [script.revision for script in scripts.walk_revisions()]

    assert {path.stem for path in RELEASED} == set(revisions)
    assert revisions[0] == LATEST


@pytest.mark.parametrize("released", RELEASED, ids=lambda path: path.stem)
def test_a_database_of_every_release_is_brought_up_with_what_is_in_it(url, released):
    opened = Database(url)
    with opened.writing() as connection:
        migrate_to(connection, "test", released.stem)
        for statement in released.read_text(encoding="utf-8").split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement)
    opened.close()

    store = SqlStore.open(url)

    batch = store.batch("0123456789abcdef0123456789abcdef")
    assert (batch.state, batch.settings.seed, len(batch.partitions)) == (BatchState.PROCESSING, 7, 2)
    assert [record.state for record in batch.partitions] == [PartitionState.COMPLETED, PartitionState.PROCESSING]
    assert batch.error is None
    assert store.submission("key").batch_id == batch.batch_id
    assert [event.number for event in store.events_after(batch.batch_id, 0)] == list(range(1, batch.last_event + 1))
    assert store.checkpoints(["c" * 64])["c" * 64].result == "there"
    assert len(store.attempts(batch.batch_id)) == 2
    lease = store.claim_batch("me", 60)
    assert (lease.batch_id, lease.fence, lease.is_takeover) == (batch.batch_id, 2, True)
    end_state = PartitionState.PENDING
    assert store.move_partition(batch.batch_id, 1, PartitionState.PROCESSING, end_state, lease=lease)
    assert store.timings("0.1.0")[0].cells == 10
    recipes = [(recipe.name, recipe.settings["column_mapping"]) for recipe in store.recipes()]
    assert recipes == ([("issues", {"demand_qty": "Qty Out"})] if released.stem >= "0002" else [])
    past = store.past_reading("5" * 32)
    assert (past.rows if past else None) == (10 if released.stem >= "0003" else None)
    marks = [(str(kept.mark), kept.reason, kept.name, kept.removed_by) for kept in store.marks()]
    mark = "2025-01-01..2025-01-31 exclude P1 @ S0"
    assert marks == ([(mark, "a project", "ani", "budi")] if released.stem >= "0006" else [])
    looks = [(look.partnumber, look.kind) for look in store.looks(batch.batch_id)]
    assert looks == ([("P1", "one_off")] if released.stem >= "0006" else [])
    assert [view.name for view in store.views()] == (["short"] if released.stem >= "0006" else [])
    kept = [(entry.name, entry.action, entry.batch_id, entry.about) for entry in reversed(store.audit(10))]
    submitted, ended = ("ani", "submit", batch.batch_id, None), ("budi", "end_session", None, "ani")
    assert kept == [submitted] * (released.stem >= "0004") + [ended] * (released.stem >= "0007")
    signed_in = [(one.name, one.browser) for one in store.sessions(10.0**10)]
    assert signed_in == ([("ani", "Chrome · Android")] if released.stem >= "0005" else [])
    store.close()


@pytest.mark.parametrize(
    "url", ["mysql://u:secret@h/d", "demand.db", "", "sqlite://", "sqlite:///:memory:", "postgresql+asyncpg://h/d"]
)
def test_an_address_of_no_database_of_ours_is_refused_without_its_password(url):
    with pytest.raises(UnknownDatabase, match="is no kind of database that batchcast can open") as refused:
        SqlStore.open(url)

    assert "secret" not in str(refused.value)


def test_without_its_driver_postgresql_is_refused_with_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)

    with pytest.raises(UnknownDatabase, match=r"pip install 'batchcast\[postgresql\]'"):
        SqlStore.open("postgresql://localhost/d")


def test_a_server_that_is_not_there_is_named_without_its_password():
    with pytest.raises(StoreUnavailable, match=r"127\.0\.0\.1:1/d can't be used at the moment: .*refused") as refused:
        SqlStore.open("postgresql://u:secret@127.0.0.1:1/d")

    assert "secret" not in str(refused.value)


def test_a_folder_that_is_not_there_is_told_at_once(tmp_path):
    start = time.monotonic()

    with pytest.raises(StoreUnavailable, match="unable to open database file"):
        SqlStore.open(f"sqlite:///{tmp_path / 'nowhere' / 'store.sqlite'}")

    assert time.monotonic() - start < 10


def test_a_file_that_is_no_database_is_refused(tmp_path):
    path = tmp_path / "store.sqlite"
    path.write_bytes(b"Not a database, and longer than the header of one would be." * 20)

    with pytest.raises(UnknownDatabase, match="can't be read as one: file is not a database"):
        SqlStore.open(f"sqlite:///{path}")


def test_a_damaged_file_is_told_with_the_way_out(tmp_path, make_plan):
    path = tmp_path / "store.sqlite"
    store = SqlStore.open(f"sqlite:///{path}")
    store.add_batch(NewBatch("b", BatchSettings(), make_plan([1] * 500)))
    store.close()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xab" * (len(content) - 4096)  # all but the first page
    path.write_bytes(content)

    store = SqlStore(Database(f"sqlite:///{path}"))
    try:
        with pytest.raises(DatabaseDamaged, match=r"is damaged: .*malformed.* put a copy from a backup in its place"):
            store.batch("b")
    finally:
        store.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
@pytest.mark.parametrize("was_there", [False, True])
def test_a_file_can_be_read_by_its_owner_alone(tmp_path, make_plan, was_there):
    path = tmp_path / "store.sqlite"
    if was_there:
        sqlite3.connect(path).close()
        path.touch(mode=0o644)

    store = SqlStore.open(f"sqlite:///{path}")
    store.add_batch(NewBatch("b", BatchSettings(), make_plan([1])))

    assert {oct(one.stat().st_mode & 0o777) for one in tmp_path.iterdir()} == {"0o600"}
    store.close()


def test_a_batch_never_ends_before_it_started_though_the_clock_goes_back(sqlite_store, make_plan):
    sqlite_store.add_batch(NewBatch("b", BatchSettings(), make_plan([1])))
    sqlite_store.move_batch("b", BatchState.PENDING, BatchState.PROCESSING)
    with sqlite_store._database.writing() as connection:  # as if the clock had been a day ahead then
        connection.execute(sa.update(schema.batch).values(started_at=schema.batch.c.started_at + 86_400))

    sqlite_store.move_batch("b", BatchState.PROCESSING, BatchState.ROLLED_BACK)

    batch = sqlite_store.batch("b")
    assert batch.ended_at == batch.started_at


def test_a_server_that_restarts_is_told_and_then_found_again(postgres_server, make_plan):
    store = SqlStore.open(postgres_server.new_database())
    store.add_batch(NewBatch("b", BatchSettings(), make_plan([1])))

    postgres_server.stop("immediate")
    for ask in (store.ping, lambda: store.note_step("b", "x", {}), lambda: store.claim_batch("me", 5)):
        with pytest.raises(StoreUnavailable):
            ask()
    postgres_server.start()

    store.ping()
    assert store.batch("b").last_event == 1
    assert store.claim_batch("me", 5).batch_id == "b"
    store.close()


def test_a_server_without_a_free_connection_is_told_and_then_found_again(postgres_server, make_plan):
    url = postgres_server.new_database()
    store = SqlStore.open(url)
    store.add_batch(NewBatch("b", BatchSettings(), make_plan([1])))
    store._database._engine.dispose()  # its own connections are given back

    with ExitStack() as others:
        while True:
            try:
                others.enter_context(psycopg.connect(url))
            except psycopg.OperationalError:
                break
        with pytest.raises(StoreUnavailable, match=r"connection|clients"):
            store.batch("b")

    assert store.batch("b").last_event == 1
    store.close()


def test_a_connection_that_breaks_in_the_middle_is_told_and_does_nothing(new_postgresql_database, make_plan):
    url = new_postgresql_database()
    store = SqlStore.open(url)
    store.add_batch(NewBatch("b", BatchSettings(), make_plan([1])))

    def break_in_the_middle():
        with store._changing() as connection:
            connection.execute(sa.update(schema.batch).values(state="PROCESSING"))
            end_connections(url)

    with pytest.raises(StoreUnavailable):
        break_in_the_middle()

    assert store.batch("b").last_event == 1
    assert store.batch("b").state is BatchState.PENDING
    store.close()


def end_connections(url):
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> "
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(others + "pg_backend_pid()")


def test_a_file_that_others_keep_locked_too_long_is_told(sqlite_store, tmp_path, make_plan):
    sqlite_store.add_batch(NewBatch("b", BatchSettings(), make_plan([1])))

    with (
        database.answering_within(0.05),
        closing(sqlite3.connect(tmp_path / "store.sqlite", isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="database is locked"):
            sqlite_store.note_step("b", "prepare", {})
        assert sqlite_store.batch("b").state is BatchState.PENDING  # a reader waits for no writer
        other.execute("ROLLBACK")

    assert sqlite_store.note_step("b", "prepare", {})


def test_a_full_disk_is_told_and_the_store_works_again_when_there_is_room(sqlite_store, make_plan):
    sqlite_store.add_batch(NewBatch("b", BatchSettings(), make_plan([1])))
    pages = {"most": 0}
    sa.event.listen(
        sqlite_store._database._engine,
        "checkout",
        lambda connection, *_: connection.execute(f"PRAGMA max_page_count = {pages['most'] or 2**30}"),
    )

    pages["most"] = 1  # as few as there are
    with pytest.raises(StoreUnavailable, match="database or disk is full"):
        sqlite_store.add_batch(NewBatch("big", BatchSettings(), make_plan([1] * 1000)))
    pages["most"] = 0

    with pytest.raises(UnknownBatch):
        sqlite_store.batch("big")
    sqlite_store.add_batch(NewBatch("big", BatchSettings(), make_plan([1] * 1000)))
    assert sqlite_store.queue() == (2, 0)


def test_sqlite_keeps_what_it_acknowledged_through_a_power_loss(sqlite_store):
    with sqlite_store._database.writing() as connection:
        asked = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in PRAGMAS}

    assert asked == PRAGMAS


PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_writers_wait_for_a_locked_file_together_and_not_one_after_the_other(sqlite_store, tmp_path, make_plan):
    sqlite_store.add_batch(NewBatch("b", BatchSettings(), make_plan([1])))

    def write(_):
        with database.answering_within(2), pytest.raises(StoreUnavailable, match="database is locked"):
            sqlite_store.note_step("b", "prepare", {})

    with closing(sqlite3.connect(tmp_path / "store.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        start = time.monotonic()
        with ThreadPoolExecutor(12) as pool:
            list(pool.map(write, range(12)))
        took = time.monotonic() - start
        other.execute("ROLLBACK")

    assert took < 12  # one after the other would take 24
    assert sqlite_store.note_step("b", "prepare", {})


def test_a_probe_finds_a_file_that_cannot_be_written(sqlite_store, tmp_path):
    sqlite_store.ping()
    with closing(sqlite3.connect(tmp_path / "store.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with database.answering_within(0.05), pytest.raises(StoreUnavailable, match="locked"):
            sqlite_store.ping()
        other.execute("ROLLBACK")
        sqlite_store.ping()
        assert other.execute("SELECT count(*) FROM artifact_claim").fetchone() == (0,)


def test_a_server_that_is_stopped_is_told_within_the_time_that_an_answer_may_take(postgres_server, make_plan):
    store = SqlStore.open(postgres_server.new_database())
    store.add_batch(NewBatch("b", BatchSettings(), make_plan([1])))

    with postgres_server.stopped(), database.answering_within(0.5):
        asked = (lambda: store.batch("b"), store.queue, lambda: store.note_step("b", "x", {}), store.ping)
        for ask in asked:
            with pytest.raises(StoreUnavailable):
                ask()

    store.ping()
    assert store.batch("b").last_event == 1
    store.close()


def test_plans_used_last_are_kept_in_memory_and_not_all_of_them(sqlite_store, make_plan, monkeypatch):
    monkeypatch.setattr(contents, "_MOST_PARTITIONS", 5)
    for name in "abc":
        sqlite_store.add_batch(NewBatch(name, BatchSettings(), make_plan([1, 2])))

    known = sqlite_store._contents._known
    assert len(known) == 2
    assert [len(sqlite_store.batch(name).partitions) for name in "abc"] == [2, 2, 2]
    assert len(known) == 2

    sqlite_store.add_batch(NewBatch("big", BatchSettings(), make_plan([1] * 9)))
    assert len(known) == 1
