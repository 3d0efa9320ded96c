"""A store in a database that many servers may share: SQLite in a file, or PostgreSQL."""

from __future__ import annotations

import datetime as dt
import secrets
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from batchcast.domain.audit import AuditEntry
from batchcast.domain.batch import (
    Attempt,
    Batch,
    BatchPage,
    BatchQuery,
    BatchResult,
    BatchState,
    Event,
    PartitionState,
    ResultFile,
    Timing,
)
from batchcast.domain.errors import Message
from batchcast.domain.recipe import PastReading, Recipe
from batchcast.store.errors import UnknownBatch
from batchcast.store.life import check_batch_arrow, check_partition_arrow
from batchcast.store.records import AttemptEnd, Checkpoint, Lease, NewBatch, Submission
from batchcast.store.sql import batches, partitions, schema
from batchcast.store.sql.database import Database, answering_within, migrate
from batchcast.store.sql.locked_batch import LockedBatch
from batchcast.store.sql.schema import from_text, to_text, to_time
from batchcast.store.sql.sql_leases import SqlLeases, some_at_once
from batchcast.store.sql.sql_notes import SqlNotes
from batchcast.store.sql.sql_sessions import SqlSessions

_SECONDS_OF_A_PROBE = 5.0
_POLL_SECONDS = 0.2  # how soon an event that another process made is seen

_b, _e, _f, _r, _t = schema.batch.c, schema.event.c, schema.file.c, schema.recipe.c, schema.timing.c
_p, _a = schema.past_reading.c, schema.audit.c
_STANDING = sa.select(_b.seq, _b.state, _b.events).where(_b.batch_id == sa.bindparam("wanted"))
_EVENTS = (
    sa.select(_e.number, _e.kind, _e.partition, _e.state, _e.detail, _e.at)
    .where(_e.seq == sa.bindparam("batch"), _e.number > sa.bindparam("seen"))
    .order_by(_e.number)
)


class SqlStore(SqlNotes, SqlLeases, SqlSessions):
    """Implements `Store`, which describes the methods; `open` makes it."""

    @classmethod
    def open(cls, url: str) -> Self:
        """Open the database at `postgresql://…` or `sqlite:///path`, and bring its schema up to date.

        Raises:
            UnknownDatabase: if the address is none of ours, or its driver is not installed.
            SchemaTooNew: if a newer batchcast has been there.
            StoreUnavailable: if it can't be reached.
        """
        database = Database(url)
        try:
            migrate(database)
        except BaseException:
            database.close()
            raise
        return cls(database)

    def add_batch(self, new: NewBatch) -> Batch:
        try:
            self._add(new)
        except IntegrityError:  # another was faster since we looked; look again
            self._add(new)
        return self.batch(new.batch_id)

    def submission(self, idempotency_key: str) -> Submission | None:
        with self._database.reading() as connection:
            return batches.read_submission(connection, idempotency_key)

    def batch(self, batch_id: str) -> Batch:
        with self._database.reading() as connection:
            return batches.read_batch(connection, self._contents, batch_id)

    def batches(self, query: BatchQuery) -> BatchPage:
        with self._database.reading() as connection:
            return batches.list_batches(connection, query)

    def move_batch(
        self,
        batch_id: str,
        before: BatchState,
        after: BatchState,
        *,
        error: Message | None = None,
        result: BatchResult | None = None,
        lease: Lease | None = None,
    ) -> bool:
        check_batch_arrow(batch_id, before, after)

        def move(batch: LockedBatch) -> bool:
            if batch.state is not before:
                return False
            batch.move(after, error, result)
            return True

        return self._change(batch_id, lease, move)

    def move_partition(
        self,
        batch_id: str,
        number: int,
        before: PartitionState,
        after: PartitionState,
        *,
        end: AttemptEnd | None = None,
        lease: Lease | None = None,
    ) -> bool:
        check_partition_arrow(batch_id, number, before, after)

        def move(batch: LockedBatch) -> bool:
            record = batch.partition(number)
            if record.state is not before or batch.state is not BatchState.PROCESSING:
                return False
            batch.move_partition(record, after, end)
            return True

        return self._change(batch_id, lease, move)

    def note_progress(self, batch_id: str, number: int, share: float, *, lease: Lease | None = None) -> bool:
        def note(batch: LockedBatch) -> bool:
            record = batch.partition(number)
            if record.state is not PartitionState.PROCESSING:
                return False
            batch.note_progress(record, share)
            return True

        return self._change(batch_id, lease, note)

    def note_step(self, batch_id: str, step: str, detail: Mapping[str, object], *, lease: Lease | None = None) -> bool:
        def note(batch: LockedBatch) -> bool:
            if batch.state.is_final:
                return False
            batch.tell("step", {"step": step, **detail})
            return True

        return self._change(batch_id, lease, note)

    def attempts(self, batch_id: str) -> tuple[Attempt, ...]:
        with self._database.reading() as connection:
            return partitions.read_attempts(connection, _standing(connection, batch_id).seq)

    def events_after(self, batch_id: str, number: int, *, wait_seconds: float = 0) -> tuple[Event, ...]:
        deadline = time.monotonic() + wait_seconds
        while True:
            seen = self._changes
            with self._database.reading() as connection:
                standing = _standing(connection, batch_id)
                if standing.events > number:
                    return _read_events(connection, standing.seq, batch_id, number)
            left = deadline - time.monotonic()
            if BatchState(standing.state).is_final or left <= 0:
                return ()
            with self._changed:
                if self._changes == seen:
                    self._changed.wait(min(left, _POLL_SECONDS))

    def latest_events(self, ids: Collection[str]) -> Mapping[str, int]:
        found: dict[str, int] = {}
        with self._database.reading() as connection:
            for some in some_at_once(ids):
                rows = connection.execute(sa.select(_b.batch_id, _b.events).where(_b.batch_id.in_(some)))
                found.update((row.batch_id, row.events) for row in rows)
        return found

    def checkpoints(self, keys: Collection[str]) -> Mapping[str, Checkpoint]:
        with self._database.reading() as connection:
            return partitions.read_checkpoints(connection, keys)

    def drop_checkpoint(self, batch_id: str, number: int) -> None:
        with self._database.writing() as connection:
            partitions.drop_checkpoint(connection, _standing(connection, batch_id).seq, number)

    def add_file(self, batch_id: str, file: ResultFile) -> ResultFile:
        with self._database.writing() as connection:
            batch = LockedBatch(connection, self._contents, batch_id)
            of_its_kind = (_f.seq == batch.seq, _f.kind == file.kind, _f.format == file.format)
            kept = connection.execute(sa.select(_f.detail).where(*of_its_kind)).scalar_one_or_none()
            if kept is not None:
                first: ResultFile = from_text(kept)
                return first
            new = {"seq": batch.seq, "kind": file.kind, "format": file.format, "detail": to_text(file)}
            connection.execute(sa.insert(schema.file), new)
        return file

    def files(self, batch_id: str) -> tuple[ResultFile, ...]:
        with self._database.reading() as connection:
            seq = _standing(connection, batch_id).seq
            kept = connection.execute(sa.select(_f.detail).where(_f.seq == seq).order_by(_f.number))
            return tuple(from_text(detail) for detail in kept.scalars())

    def delete_batch(self, batch_id: str) -> None:
        with self._changing() as connection:
            seq = batches.remove_batch(connection, self._contents, batch_id)
        self._contents.forget(seq)

    def add_timing(self, timing: Timing) -> None:
        with self._database.writing() as connection:
            new = {"version": timing.version, "detail": to_text(asdict(timing))}
            connection.execute(sa.insert(schema.timing), new)

    def timings(self, version: str, limit: int = 50) -> tuple[Timing, ...]:
        query = sa.select(_t.detail).where(_t.version == version).order_by(_t.number.desc()).limit(limit)
        with self._database.reading() as connection:
            return tuple(Timing.from_json(from_text(detail)) for detail in connection.execute(query).scalars())

    def recipes(self) -> tuple[Recipe, ...]:
        with self._database.reading() as connection:
            kept = connection.execute(sa.select(_r.detail).order_by(_r.number.desc())).scalars()
            return tuple(from_text(detail) for detail in kept)

    def keep_recipe(self, recipe: Recipe) -> None:
        new = {"name": recipe.name, "detail": to_text(recipe)}
        with self._database.writing() as connection:
            connection.execute(sa.delete(schema.recipe).where(_r.name == recipe.name))
            connection.execute(sa.insert(schema.recipe), new)

    def drop_recipe(self, name: str) -> bool:
        with self._database.writing() as connection:
            return connection.execute(sa.delete(schema.recipe).where(_r.name == name)).rowcount > 0

    def past_reading(self, signature: str) -> PastReading | None:
        query = sa.select(_p.detail).where(_p.signature == signature).order_by(_p.number.desc()).limit(1)
        with self._database.reading() as connection:
            detail = connection.execute(query).scalar()
        return None if detail is None else from_text(detail)

    def keep_past_reading(self, past: PastReading) -> None:
        new = {"signature": past.signature, "detail": to_text(past)}
        with self._database.writing() as connection:
            connection.execute(sa.delete(schema.past_reading).where(_p.signature == past.signature))
            connection.execute(sa.insert(schema.past_reading), new)

    def add_audit(self, entry: AuditEntry) -> None:
        kept = asdict(entry) | {"at": entry.at.timestamp()}
        del kept["number"]  # the database gives it
        with self._database.writing() as connection:
            connection.execute(sa.insert(schema.audit), kept)

    def audit(self, limit: int, before: int | None = None) -> tuple[AuditEntry, ...]:
        query = sa.select(schema.audit).order_by(_a.number.desc()).limit(limit)
        with self._database.reading() as connection:
            rows = connection.execute(query if before is None else query.where(_a.number < before)).mappings()
            return tuple(AuditEntry(**dict(row) | {"at": dt.datetime.fromtimestamp(row["at"], dt.UTC)}) for row in rows)

    def queue(self) -> tuple[int, int]:
        query = sa.select(_b.state, sa.func.count()).where(_b.state.in_(["PENDING", "PROCESSING"])).group_by(_b.state)
        with self._database.reading() as connection:
            counts = {row[0]: row[1] for row in connection.execute(query)}
        return counts.get(BatchState.PENDING, 0), counts.get(BatchState.PROCESSING, 0)

    def ping(self) -> None:
        with answering_within(_SECONDS_OF_A_PROBE), self._database.trying() as connection:
            probe = {"batch_id": secrets.token_hex(16), "owner": "probe", "until": 0.0}
            connection.execute(sa.insert(schema.artifact_claim), probe)

    def close(self) -> None:
        self._database.close()

    def _add(self, new: NewBatch) -> None:
        with self._changing() as connection:
            batches.check_new(connection, new)
            seq = batches.insert_batch(connection, self._contents, new)
        self._contents.add(seq, new)

    def _change(self, batch_id: str, lease: Lease | None, change: Callable[[LockedBatch], bool]) -> bool:
        """Change a batch under its lock; what `change` tells False of is not written."""
        with self._changing() as connection:
            batch = LockedBatch(connection, self._contents, batch_id, lease)
            if not change(batch):
                return False
            batch.save()
            return True


def _standing(connection: Connection, batch_id: str) -> Any:
    row = connection.execute(_STANDING, {"wanted": batch_id}).one_or_none()
    if row is None:
        raise UnknownBatch(batch_id)
    return row


def _read_events(connection: Connection, seq: int, batch_id: str, number: int) -> tuple[Event, ...]:
    return tuple(
        Event(
            number=row.number,
            batch_id=batch_id,
            kind=row.kind,
            partition=row.partition,
            state=row.state,
            detail=from_text(row.detail),
            at=to_time(row.at),
        )
        for row in connection.execute(_EVENTS, {"batch": seq, "seen": number})
    )
