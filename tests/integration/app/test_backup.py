"""A backup of what a server keeps, made while it runs, and put back on every kind of database and place."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from contextlib import closing

import pytest

from batchcast.app.installation import backup as backups
from batchcast.app.installation.backup import (
    BackupDamaged,
    BackupExists,
    InstallationInUse,
    NotABackup,
    NothingToBackUp,
    back_up,
    restore,
)
from batchcast.app.installation.configuration import read_config
from batchcast.app.service.retention import kept_files
from batchcast.domain.audit import AuditEntry
from batchcast.domain.batch import BatchResult, BatchState, PartitionState, ResultFile, Source
from batchcast.domain.disk import NoDiskSpace
from batchcast.domain.settings import BatchSettings
from batchcast.store.artifacts.opening import open_artifacts
from batchcast.store.errors import UnknownBatch
from batchcast.store.records import AttemptEnd, NewBatch
from batchcast.store.sql.sql_store import SqlStore

MOMENT = dt.datetime(2026, 11, 3, 4, 5, 6, tzinfo=dt.UTC)
WAITING, AT_WORK, DONE = "aa" * 16, "bb" * 16, "cc" * 16


class Site:
    """The store and the artifacts of a server."""

    def __init__(self, folder, make_plan, facts, report, **addresses):
        folder.mkdir(exist_ok=True)
        self.config = read_config(home=folder, **addresses)
        self.store = SqlStore.open(self.config.database_address)
        self.artifacts = open_artifacts(self.config.artifacts_url, self.config.artifacts_folder)
        self.folder, self._make_plan, self._facts, self._report = folder, make_plan, facts, report

    def put(self, key, content):
        path = self.folder / "sent"
        path.write_bytes(content)
        return self.artifacts.put(path, key, move=True)

    def submit(self, batch_id, cells=(1, 2)):
        root = f"batches/{batch_id}"
        source = Source(
            file_name="pemakaian Ågust.csv",
            upload=self.put(f"{root}/upload", b"upload of " + batch_id.encode()),
            history=self.put(f"{root}/history.parquet", b"history of " + batch_id.encode()),
            rejected=None,
            input_sha256="ab" * 32,
            facts=self._facts,
            report=self._report,
            ingest_seconds=0.5,
        )
        new = NewBatch(batch_id, BatchSettings(seed=7), self._make_plan(cells), source=source, idempotency_key=batch_id)
        self.store.add_batch(new)

    def begin(self, batch_id):
        """Its first partition is done."""
        self.store.move_batch(batch_id, BatchState.PENDING, BatchState.PROCESSING)
        self.store.move_partition(batch_id, 0, PartitionState.PENDING, PartitionState.PROCESSING)
        prefix = f"batches/{batch_id}/partitions/00000-1-1"
        made = self.folder / "partition"
        made.mkdir()
        (made / "forecast.parquet").write_bytes(b"partition of " + batch_id.encode())
        self.artifacts.put_folder(made, prefix)
        (made / "forecast.parquet").unlink()
        made.rmdir()
        end = AttemptEnd(seconds=1.0, peak_mb=1.0, result=prefix, checkpoint="c" * 64)
        self.store.move_partition(batch_id, 0, PartitionState.PROCESSING, PartitionState.COMPLETED, end=end)

    def complete(self, batch_id):
        file = self.put(f"batches/{batch_id}/result-1/forecast.csv", b"forecast of " + batch_id.encode())
        result = BatchResult(files=(ResultFile(kind="forecast", format="csv", file=file),), counts={}, leaderboard=())
        self.store.move_batch(batch_id, BatchState.PROCESSING, BatchState.COMPLETED, result=result)

    def rows(self):
        """All that its tables hold, but the claims of its servers."""
        ids = [summary.batch_id for summary in self.store.batches(backups.BatchQuery()).batches]
        told = [(self.store.batch(i), self.store.attempts(i), self.store.events_after(i, 0)) for i in ids]
        return told, self.store.audit(10), self.store.recipes(), self.store.submission(DONE)

    def files(self, batch_id):
        """The bytes of what a batch points at."""
        found = {}
        batch = self.store.batch(batch_id)
        for file in kept_files(batch, self.store):
            found[file.key] = self.artifacts.fetch(file, self.folder / "fetched").read_bytes()
        for prefix in backups._unpublished(batch):
            folder = self.artifacts.fetch_folder(prefix, self.folder / "fetched")
            found[prefix] = (folder / "forecast.parquet").read_bytes()
        return found

    def fill(self):
        self.submit(DONE, cells=(1,))
        for batch_id in (AT_WORK, WAITING):
            self.submit(batch_id)
        for batch_id in (DONE, AT_WORK):
            self.begin(batch_id)
        self.complete(DONE)
        self.store.add_audit(
            AuditEntry(number=0, at=MOMENT, name="ani", role="planner", address="::1", action="submit", status=202)
        )


@pytest.fixture
def make_site(tmp_path, make_plan, a_history, a_report):
    """Makes the empty store and artifacts of a server, at addresses or in its folder."""
    made = []

    def make(name="home", **addresses):
        made.append(Site(tmp_path / name, make_plan, a_history.facts, a_report, **addresses))
        return made[-1]

    yield make
    for site in made:
        site.store.close()


@pytest.fixture
def site(make_site):
    """A server in a folder, with a batch that has ended, one at work and one that waits."""
    made = make_site()
    made.fill()
    return made


@pytest.fixture(params=["folder", "PostgreSQL and a bucket"])
def addresses(request):
    """Where a server keeps things."""
    if request.param == "folder":
        return {}
    database = request.getfixturevalue("new_postgresql_database")()
    return {"database_url": database, "artifacts_url": request.getfixturevalue("bucket_url")}


def test_what_was_backed_up_is_put_back_whole_and_goes_on(make_site, addresses, tmp_path):
    first = make_site(**addresses)
    first.fill()

    backup = back_up(first.config, tmp_path / "backup")

    assert (backup.batches, backup.files, backup.damaged) == (3, 7, ())
    second = make_site("second")
    restored = restore(second.config, tmp_path / "backup")
    assert restored == backup
    assert second.rows() == first.rows()
    assert all(second.files(one) == first.files(one) for one in (WAITING, AT_WORK, DONE))
    lease = second.store.claim_batch("me", 60)
    assert lease is not None


def test_a_backup_of_a_folder_is_put_back_on_a_database_and_a_bucket_and_counts_on(
    site, make_site, new_postgresql_database, bucket_url, tmp_path
):
    back_up(site.config, tmp_path / "backup")
    second = make_site("second", database_url=new_postgresql_database(), artifacts_url=bucket_url)

    restore(second.config, tmp_path / "backup")

    assert second.rows() == site.rows()
    assert second.files(AT_WORK) == site.files(AT_WORK)
    second.submit("dd" * 16)
    newest = second.store.batches(backups.BatchQuery()).batches[0]
    assert newest.batch_id == "dd" * 16


def test_a_backup_is_a_home_folder_that_a_server_can_start_on(site, make_site, tmp_path):
    back_up(site.config, tmp_path / "backup")

    copy = make_site("backup")

    assert copy.rows() == site.rows()
    assert copy.files(AT_WORK) == site.files(AT_WORK)


def test_recipes_of_the_command_go_with_it(site, make_site, tmp_path):
    (site.folder / "recipes").mkdir()
    (site.folder / "recipes" / "mb51.json").write_text("{}")

    back_up(site.config, tmp_path / "backup")
    second = make_site("second")
    restore(second.config, tmp_path / "backup")

    assert (second.folder / "recipes" / "mb51.json").read_text() == "{}"


def test_what_is_damaged_is_named_and_the_rest_is_copied(site, make_site, tmp_path):
    path = site.config.artifacts_folder / "batches" / DONE / "result-1" / "forecast.csv"
    path.write_bytes(b"F" + path.read_bytes()[1:])
    (site.config.artifacts_folder / "batches" / WAITING / "upload").unlink()

    backup = back_up(site.config, tmp_path / "backup")

    assert {message.values["key"] for message in backup.damaged} == {
        f"batches/{DONE}/result-1/forecast.csv",
        f"batches/{WAITING}/upload",
    }
    assert (backup.batches, backup.files) == (3, 5)


def test_a_batch_that_is_deleted_while_the_files_are_copied_is_in_neither(site, make_site, monkeypatch, tmp_path):
    copy_rows = backups.copy_rows

    def copy_and_delete(source, target):
        copy_rows(source, target)
        site.store.delete_batch(DONE)
        site.artifacts.remove(f"batches/{DONE}")

    monkeypatch.setattr(backups, "copy_rows", copy_and_delete)

    backup = back_up(site.config, tmp_path / "backup")

    assert (backup.batches, backup.damaged) == (2, ())
    with pytest.raises(UnknownBatch):
        make_site("backup").store.batch(DONE)


def test_rows_that_are_added_meanwhile_are_not_half_in_it(site, make_site, monkeypatch, tmp_path):
    copy_rows = backups.copy_rows

    def copy_and_add(source, target):
        copy_rows(source, target)
        site.submit("dd" * 16)

    monkeypatch.setattr(backups, "copy_rows", copy_and_add)

    assert back_up(site.config, tmp_path / "backup").batches == 3


def test_a_backup_with_a_byte_changed_or_a_file_gone_puts_nothing_back(whole_backup):
    folder, empty_config = whole_backup
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "backup.json")
    assert len(paths) > 8
    for path in paths:
        content = path.read_bytes()
        middle = len(content) // 2
        changed = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
        for found in (changed, content[:middle], None):
            path.unlink() if found is None else path.write_bytes(found)
            with pytest.raises((BackupDamaged, NotABackup)):
                restore(empty_config, folder)
        path.write_bytes(content)
    assert not (empty_config.home / "artifacts").exists()


@pytest.fixture
def whole_backup(site, make_site, tmp_path):
    """A backup, and the set-up of a server that holds nothing."""
    back_up(site.config, tmp_path / "backup")
    return tmp_path / "backup", make_site("second").config


def test_nothing_is_put_over_what_is_there(site, make_site, tmp_path):
    back_up(site.config, tmp_path / "backup")
    before = site.rows()

    with pytest.raises(InstallationInUse, match="holds something already"):
        restore(site.config, tmp_path / "backup")

    assert site.rows() == before


def test_a_folder_with_something_in_it_is_left_as_it_is(site, tmp_path):
    (tmp_path / "backup").mkdir()
    (tmp_path / "backup" / "mine").write_text("mine")

    with pytest.raises(BackupExists):
        back_up(site.config, tmp_path / "backup")

    assert [path.name for path in (tmp_path / "backup").iterdir()] == ["mine"]


def test_a_backup_that_fails_leaves_nothing(site, monkeypatch, tmp_path):
    monkeypatch.setattr(backups, "write_whole", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left")))

    with pytest.raises(NoDiskSpace):
        back_up(site.config, tmp_path / "backup")

    assert [path.name for path in tmp_path.iterdir()] == ["home"]


def test_what_is_no_backup_is_said(site, make_site, tmp_path):
    empty = make_site("second")
    for folder in (tmp_path / "nothing", site.folder):
        with pytest.raises(NotABackup, match="holds no backup"):
            restore(empty.config, folder)


def test_a_folder_without_a_server_is_not_made_one_by_looking(tmp_path):
    (tmp_path / "home").mkdir()

    with pytest.raises(NothingToBackUp, match="There is no database of batchcast"):
        back_up(read_config(home=tmp_path / "home"), tmp_path / "backup")

    assert list((tmp_path / "home").iterdir()) == []


@pytest.mark.parametrize("found", ["9999", "0002"])
def test_the_database_of_another_version_is_backed_up_by_that_one(site, found, tmp_path):
    with closing(sqlite3.connect(site.folder / "batchcast.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", [found])

    with pytest.raises(NothingToBackUp, match=f"has the schema {found} of another version"):
        back_up(site.config, tmp_path / "backup")


def test_a_backup_says_what_it_holds(site, tmp_path):
    back_up(site.config, tmp_path / "backup")

    held = json.loads((tmp_path / "backup" / "backup.json").read_text())

    assert (held["batches"], held["files"]) == (3, 7)
    assert dt.datetime.fromisoformat(held["made_at"]).tzinfo is not None
    assert (tmp_path / "backup").stat().st_mode & 0o077 == 0
