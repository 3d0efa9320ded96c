"""A copy of everything that an installation keeps, made while it runs, and an installation made from one.

A backup is a folder laid out as the home folder of a server without further addresses: the database as a file of
SQLite, the artifacts, the recipes of the command; and `backup.json`, which says what it holds. So it can be put back
on PostgreSQL, SQLite, a folder or a bucket alike.
"""

from __future__ import annotations

import datetime as dt
import json
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from batchcast.app.installation.configuration import ARTIFACTS_FOLDER, DATABASE_FILE, ServiceConfig
from batchcast.app.installation.workspace import RECIPES_FOLDER
from batchcast.app.service.retention import kept_files
from batchcast.domain.batch import MOST_A_PAGE, Batch, BatchQuery
from batchcast.domain.disk import file_sha256, fsync, needing_disk, write_whole
from batchcast.domain.errors import N_, ConflictError, InvalidInput, Message
from batchcast.publish.certificate import engine_versions
from batchcast.store.artifacts.artifacts import ArtifactMissing, Artifacts
from batchcast.store.artifacts.folder import LocalFolder
from batchcast.store.artifacts.opening import open_artifacts
from batchcast.store.sql.copying import copy_rows, has_rows
from batchcast.store.sql.database import LATEST, Database, migrate, revision_of
from batchcast.store.sql.sql_store import SqlStore

CONTENTS = "backup.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Backup:
    """What a backup holds."""

    made_at: dt.datetime  # UTC: the moment of its rows
    version: str  # of batchcast
    batches: int
    files: int
    size: int  # bytes of the files
    database_sha256: str
    damaged: tuple[Message, ...] = ()  # files that were missing or had other bytes, and are not in it

    def as_json(self) -> dict[str, Any]:
        """As it is kept; without what is damaged, which is told once."""
        kept = asdict(self) | {"made_at": self.made_at.isoformat()}
        del kept["damaged"]
        return kept


def back_up(config: ServiceConfig, folder: Path) -> Backup:
    """Copy the rows and files of an installation into a new folder; servers may be at work meanwhile.

    The rows are those of one moment. Every file is compared with the SHA-256 that its row has. What is damaged is left
    out and named in the answer.

    Raises:
        BackupExists: if there is something in the folder already.
        NothingToBackUp: if the installation has no database of this version.
        StoreUnavailable, ArtifactsUnavailable, NoDiskSpace: if something can't be read or written.
    """
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise BackupExists(folder)
    _require_database(config)
    artifacts = open_artifacts(config.artifacts_url, config.artifacts_folder)
    with needing_disk(), _made_whole(folder) as made, _opened(config.database_address) as source:
        made_at = dt.datetime.now(dt.UTC)
        with _opened(f"sqlite:///{made / DATABASE_FILE}", is_ours=True) as copy:
            copy_rows(source.database, copy.database)
            files = _FileCopy(artifacts, LocalFolder(made / ARTIFACTS_FOLDER), made / "fetched")
            batches = sum(
                files.copied_unless_deleted(batch, source.store, copy.store) for batch in _batches(copy.store)
            )
        shutil.rmtree(made / "fetched", ignore_errors=True)
        _copy_tree(config.home / RECIPES_FOLDER, made / RECIPES_FOLDER)
        backup = Backup(
            made_at=made_at,
            version=engine_versions()["batchcast"],
            batches=batches,
            files=files.count,
            size=files.size,
            database_sha256=file_sha256(made / DATABASE_FILE),
            damaged=tuple(files.damaged),
        )
        write_whole(made / CONTENTS, json.dumps(backup.as_json(), indent=2) + "\n")
    return backup


def restore(config: ServiceConfig, folder: Path) -> Backup:
    """Put a backup into an installation that holds nothing yet; where any of it is damaged, nothing is put in.

    Raises:
        NotABackup: if the folder is none.
        BackupDamaged: if its database or a file has other bytes than when it was made.
        InstallationInUse: if the installation holds something.
        SchemaTooNew: if a newer batchcast made the backup.
        StoreUnavailable, ArtifactsUnavailable, NoDiskSpace: if something can't be read or written.
    """
    backup = _contents(folder)
    artifacts = open_artifacts(config.artifacts_url, config.artifacts_folder)
    with needing_disk(), tempfile.TemporaryDirectory(prefix="batchcast-restore-") as scratch:
        local = Path(scratch) / DATABASE_FILE
        _copy_database(folder / DATABASE_FILE, local, backup.database_sha256)
        with (
            _opened(f"sqlite:///{local}", is_ours=True) as source,
            _opened(config.database_address, is_ours=True) as target,
        ):
            if has_rows(target.database):
                raise InstallationInUse(target.database.name)
            kept = LocalFolder(folder / ARTIFACTS_FOLDER)
            files = _FileCopy(kept, artifacts, Path(scratch))
            files.check(source.store)
            for batch in _batches(source.store):
                files.copy(batch, source.store)
            files.require_whole()  # also where one was damaged since it was checked
            copy_rows(source.database, target.database)
        _copy_tree(folder / RECIPES_FOLDER, config.home / RECIPES_FOLDER)
    return backup


# Rows and files of one installation.


@dataclass(frozen=True, slots=True)
class _Opened:
    database: Database
    store: SqlStore


@contextmanager
def _opened(address: str, *, is_ours: bool = False) -> Iterator[_Opened]:
    """The database at an address; `is_ours`: its schema is made, or brought up to date."""
    database = Database(address)
    try:
        if is_ours:
            migrate(database)
        yield _Opened(database, SqlStore(database))
    finally:
        database.close()


def _require_database(config: ServiceConfig) -> None:
    if not config.database_url and not (config.home / DATABASE_FILE).is_file():  # opening it would make it
        raise NothingToBackUp(str(config.home / DATABASE_FILE), None)
    with _opened(config.database_address) as opened, opened.database.reading() as connection:
        schema = revision_of(connection)
        if schema != LATEST:
            raise NothingToBackUp(opened.database.name, schema)


def _batches(store: SqlStore) -> Iterator[Batch]:
    """Every batch, the newest first; of a store that does not change meanwhile but by what is done with each."""
    ids: list[str] = []
    while page := store.batches(BatchQuery(offset=len(ids), limit=MOST_A_PAGE)).batches:
        ids += [summary.batch_id for summary in page]
    return (store.batch(batch_id) for batch_id in ids)


@dataclass(slots=True)
class _FileCopy:
    """Copies the files that the rows of batches point at from one place to another."""

    source: Artifacts
    target: Artifacts
    scratch: Path  # for what is fetched from a bucket
    count: int = 0
    size: int = 0  # bytes
    damaged: list[Message] = field(default_factory=list)

    def copied_unless_deleted(self, batch: Batch, live: SqlStore, copy: SqlStore) -> bool:
        """Copy what a batch has; one that was deleted since its rows were copied goes from the copy too."""
        before = len(self.damaged)
        self.copy(batch, copy)
        if len(self.damaged) == before or live.known([batch.batch_id]):
            return True
        del self.damaged[before:]
        copy.delete_batch(batch.batch_id)
        return False

    def copy(self, batch: Batch, rows: SqlStore) -> None:
        """Copy what a batch has; what is damaged is noted, and left out."""
        for file in kept_files(batch, rows):
            with self._noting_damage():
                self.target.put(self.source.fetch(file, self.scratch), file.key)
                self.count += 1
                self.size += file.size
        for prefix in _unpublished(batch):
            with self._noting_damage():
                self.target.put_folder(self.source.fetch_folder(prefix, self.scratch), prefix)

    def check(self, rows: SqlStore) -> None:
        """Read all that `copy` would copy.

        Raises:
            BackupDamaged: if a file is missing or has other bytes.
        """
        for batch in _batches(rows):
            for file in kept_files(batch, rows):
                with self._noting_damage():
                    self.source.fetch(file, self.scratch)
            for prefix in _unpublished(batch):
                with self._noting_damage():
                    self.source.fetch_folder(prefix, self.scratch)
        self.require_whole()

    def require_whole(self) -> None:
        """Return if nothing was damaged so far.

        Raises:
            BackupDamaged: if a file was missing or had other bytes.
        """
        if self.damaged:
            raise BackupDamaged(self.damaged)

    @contextmanager
    def _noting_damage(self) -> Iterator[None]:
        try:
            yield
        except ArtifactMissing as error:
            self.damaged.append(error.message)


def _unpublished(batch: Batch) -> list[str]:
    """The results of partitions of a batch that goes on; of one that has ended nothing needs them any more."""
    return [] if batch.state.is_final else [record.result for record in batch.partitions if record.result]


# The folder of a backup.


@contextmanager
def _made_whole(folder: Path) -> Iterator[Path]:
    """A hidden folder beside it that takes its name once all is in it, and is removed where something fails."""
    partial = folder.absolute().parent / f".{folder.name}.{secrets.token_hex(8)}.part"
    partial.mkdir(mode=0o700, parents=True)
    try:
        yield partial
        fsync(partial)
        partial.rename(folder.absolute())
        fsync(partial.parent)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _contents(folder: Path) -> Backup:
    try:
        held = json.loads((folder / CONTENTS).read_text(encoding="utf-8"))
        return Backup(**held | {"made_at": dt.datetime.fromisoformat(held["made_at"])})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise NotABackup(folder) from error


def _copy_database(path: Path, local: Path, sha256: str) -> None:
    """Copy it, as the schema of an older one is brought up to date."""
    if path.is_file():
        shutil.copyfile(path, local)
        if file_sha256(local) == sha256:
            return
    raise BackupDamaged([Message(N_("{file} is not there, or has other bytes."), {"file": str(path)})])


def _copy_tree(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)


# What can be wrong with a backup.


class BackupExists(ConflictError):
    """There is something at the place of the backup; name a new folder."""

    slug = "backup-exists"

    def __init__(self, folder: Path) -> None:
        template = N_("There is something in {folder} already. Name a new folder for each backup.")
        super().__init__(Message(template, {"folder": str(folder)}))


class NothingToBackUp(InvalidInput):
    """There is no database of this version in the home folder or at the address."""

    slug = "nothing-to-back-up"

    def __init__(self, database: str, schema: str | None) -> None:
        template = N_(
            "There is no database of batchcast at {database}. Name the folder of the server with --home, or its "
            "database with BATCHCAST_DATABASE_URL."
        )
        if schema is not None:
            template = N_(
                "The database {database} has the schema {schema} of another version of batchcast. Make the backup with "
                "the version that its server runs."
            )
        super().__init__(Message(template, {"database": database, "schema": schema}))


class NotABackup(InvalidInput):
    """The folder holds no backup; name the folder that `batchcast backup` made."""

    slug = "not-a-backup"

    def __init__(self, folder: Path) -> None:
        template = N_("{folder} holds no backup. Name the folder that `batchcast backup` made.")
        super().__init__(Message(template, {"folder": str(folder)}))


class BackupDamaged(InvalidInput):
    """The backup has lost files, or has other bytes than when it was made; nothing was put back."""

    slug = "backup-damaged"

    def __init__(self, damaged: Sequence[Message]) -> None:
        template = N_("Nothing was put back, because the backup is damaged in {count:,} places. The first: {first}")
        super().__init__(Message(template, {"count": len(damaged), "first": damaged[0]}))


class InstallationInUse(ConflictError):
    """There is something in the installation already; put the backup into a new one."""

    slug = "installation-in-use"

    def __init__(self, database: str) -> None:
        template = N_(
            "The database {database} holds something already, and nothing was changed. Put the backup into a new "
            "folder (--home) or an empty database."
        )
        super().__init__(Message(template, {"database": database}))
