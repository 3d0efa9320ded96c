"""Rows of batches: added, read whole, listed, removed."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from batchcast.domain.batch import MOST_A_PAGE, Batch, BatchPage, BatchQuery, BatchState, BatchSummary
from batchcast.store.errors import BatchExists, BatchNotEnded, KeyTaken, LeaseLost, UnknownBatch
from batchcast.store.records import NewBatch, Submission, folded, searched_text
from batchcast.store.sql import partitions, schema
from batchcast.store.sql.contents import Contents
from batchcast.store.sql.locked_batch import LockedBatch
from batchcast.store.sql.schema import from_text, key_digest, now, to_text, to_time, to_time_if

_b, _claim, _key = schema.batch.c, schema.artifact_claim.c, schema.idempotency_key.c
_others = schema.batch.alias("others")
_PLACE = sa.case(  # in the queue
    (
        _b.state == BatchState.PENDING.value,
        sa.select(sa.func.count())
        .where(_others.c.state == BatchState.PENDING.value, _others.c.seq <= _b.seq)
        .scalar_subquery(),
    )
)
_WHOLE = sa.select(schema.batch, _PLACE.label("place")).where(_b.batch_id == sa.bindparam("wanted"))
_LISTED = sa.select(
    *(column for column in _b if column.name not in {"result", "searched"}), _PLACE.label("place")
).order_by(_b.seq.desc())


def check_new(connection: Connection, new: NewBatch) -> None:
    """Raise what stands in the way of a new batch."""
    if connection.execute(sa.select(_b.seq).where(_b.batch_id == new.batch_id)).first():
        raise BatchExists(new.batch_id)
    if new.idempotency_key is not None:
        taken = read_submission(connection, new.idempotency_key)
        if taken is not None:
            raise KeyTaken(taken)
    if new.claimed_by is not None and not _is_claimed(connection, new.batch_id, new.claimed_by):
        raise LeaseLost(new.batch_id, new.claimed_by)


def insert_batch(connection: Connection, contents: Contents, new: NewBatch) -> int:
    """Add a new batch with all that belongs to it, and end the claim on its artifacts; returns its `seq`."""
    added = sa.insert(schema.batch).values(_columns_of(new)).returning(_b.seq)
    seq: int = connection.execute(added).scalar_one()
    content = {"settings": to_text(new.settings), "plan": to_text(new.plan), "source": to_text(new.source)}
    connection.execute(sa.insert(schema.content), content | {"seq": seq})
    partitions.add_partitions(connection, seq, new.plan.partitions)
    if new.idempotency_key is not None:
        key = {"digest": key_digest(new.idempotency_key), "seq": seq, "fingerprint": new.fingerprint or ""}
        connection.execute(sa.insert(schema.idempotency_key), key)
    connection.execute(sa.delete(schema.artifact_claim).where(_claim.batch_id == new.batch_id))
    locked = LockedBatch(connection, contents, new.batch_id)
    locked.tell("batch", {}, state=locked.state)
    locked.save()
    return seq


def read_submission(connection: Connection, idempotency_key: str) -> Submission | None:
    """What was submitted under a key."""
    query = sa.select(_b.batch_id, _key.fingerprint).join_from(schema.idempotency_key, schema.batch)
    row = connection.execute(query.where(_key.digest == key_digest(idempotency_key))).one_or_none()
    return None if row is None else Submission(batch_id=row.batch_id, fingerprint=row.fingerprint)


def read_batch(connection: Connection, contents: Contents, batch_id: str) -> Batch:
    """A batch as it stands.

    Raises:
        UnknownBatch: if there is none.
    """
    row = connection.execute(_WHOLE, {"wanted": batch_id}).one_or_none()
    if row is None:
        raise UnknownBatch(batch_id)
    content = contents.of(connection, row.seq)
    return Batch(
        batch_id=batch_id,
        settings=content.settings,
        plan=content.plan,
        state=BatchState(row.state),
        partitions=partitions.read_records(connection, row.seq, content.partitions),
        error=from_text(row.error),
        source=content.source,
        result=from_text(row.result),
        place=row.place,
        submitted_at=to_time(row.submitted_at),
        started_at=to_time_if(row.started_at),
        ended_at=to_time_if(row.ended_at),
        submitted_by=row.submitted_by,
        retry_of=row.retry_of,
        last_event=row.events,
    )


def list_batches(connection: Connection, query: BatchQuery) -> BatchPage:
    """A page of the history."""
    matching: list[sa.ColumnElement[bool]] = []
    if query.states:
        matching.append(_b.state.in_([state.value for state in query.states]))
    if query.search:
        matching.append(_b.searched.contains(folded(query.search), autoescape=True))
    total = connection.execute(sa.select(sa.func.count()).select_from(schema.batch).where(*matching)).scalar_one()
    shown = _LISTED.where(*matching).offset(query.offset).limit(min(query.limit, MOST_A_PAGE))
    return BatchPage(batches=tuple(_summary(row) for row in connection.execute(shown)), total=total)


def remove_batch(connection: Connection, contents: Contents, batch_id: str) -> int:
    """Remove a batch that has ended and all its rows; returns the `seq` it had.

    Raises:
        BatchNotEnded: if it has not.
    """
    locked = LockedBatch(connection, contents, batch_id)
    if not locked.state.is_final:
        raise BatchNotEnded(batch_id, locked.state)
    for table in schema.OF_A_BATCH:
        connection.execute(sa.delete(table).where(table.c.seq == locked.seq))
    connection.execute(sa.delete(schema.batch).where(_b.seq == locked.seq))
    return locked.seq


def _is_claimed(connection: Connection, batch_id: str, owner: str) -> bool:
    is_live = sa.or_(_claim.until.is_(None), _claim.until > now())
    query = sa.select(_claim.owner).where(_claim.batch_id == batch_id, _claim.owner == owner, is_live)
    return connection.execute(query.with_for_update()).first() is not None


def _columns_of(new: NewBatch) -> dict[str, Any]:
    plan, file_name = new.plan, new.source.file_name if new.source else None
    return {
        "batch_id": new.batch_id,
        "state": BatchState.PENDING.value,
        "file_name": to_text(file_name),
        "searched": searched_text(file_name, new.batch_id),
        "row_count": plan.rows,
        "sites": plan.sites,
        "parts": plan.parts,
        "series": plan.series,
        "partitions": len(plan.partitions),
        "completed": 0,
        "total_cells": sum(partition.cells for partition in plan.partitions),
        "done_cells": 0.0,
        "estimate_seconds": plan.estimate_seconds,
        "submitted_at": now(),
        "submitted_by": new.submitted_by,
        "retry_of": new.retry_of,
        "fence": 0,
        "memory_deaths": 0,
        "events": 0,
    }


def _summary(row: Any) -> BatchSummary:
    return BatchSummary(
        batch_id=row.batch_id,
        state=BatchState(row.state),
        file_name=from_text(row.file_name),
        rows=row.row_count,
        sites=row.sites,
        parts=row.parts,
        series=row.series,
        partitions=row.partitions,
        completed=row.completed,
        progress=min(row.done_cells / row.total_cells, 1.0) if row.total_cells else 0.0,
        place=row.place,
        estimate_seconds=row.estimate_seconds,
        error=from_text(row.error),
        submitted_at=to_time(row.submitted_at),
        started_at=to_time_if(row.started_at),
        ended_at=to_time_if(row.ended_at),
        submitted_by=row.submitted_by,
        retry_of=row.retry_of,
    )
