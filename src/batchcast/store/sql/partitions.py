"""Rows of partitions and of their attempts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from batchcast.domain.batch import Attempt, PartitionRecord, PartitionState
from batchcast.domain.plan import Partition
from batchcast.store.records import AttemptEnd, Checkpoint
from batchcast.store.sql import schema
from batchcast.store.sql.schema import from_text, to_text, to_time_if

_UNFINISHED = [state.value for state in PartitionState if not state.is_final]
_KEYS_AT_ONCE = 500  # of one query

_p, _a = schema.partition.c, schema.attempt.c
_COLUMNS = (
    _p.number,
    _p.state,
    _p.attempt,
    _p.seconds,
    _p.progress,
    _p.reason,
    _p.error,
    _p.started_at,
    _p.result,
    _p.reused_from,
)
_ALL = sa.select(*_COLUMNS).where(_p.seq == sa.bindparam("batch"))
_ONE = _ALL.where(_p.number == sa.bindparam("wanted"))
_ALL_UNFINISHED = _ALL.where(_p.state.in_(_UNFINISHED)).order_by(_p.number)
_ATTEMPTS = (
    sa.select(_a.partition, _a.number, _a.seconds, _a.peak_mb, _a.reason, _a.error)
    .where(_a.seq == sa.bindparam("batch"))
    .order_by(_a.event)
)
_STATES = {state.value: state for state in PartitionState}


def add_partitions(connection: Connection, seq: int, partitions: Collection[Partition]) -> None:
    """Add the PENDING partitions of a new batch."""
    if partitions:
        new = {"seq": seq, "state": PartitionState.PENDING.value, "attempt": 0, "progress": 0.0}
        connection.execute(sa.insert(schema.partition), [new | {"number": p.number} for p in partitions])


def read_records(connection: Connection, seq: int, partitions: Mapping[int, Partition]) -> tuple[PartitionRecord, ...]:
    """All partitions of a batch, in the order of its plan."""
    rows = {row[0]: row for row in connection.execute(_ALL, {"batch": seq})}
    return tuple(_record(partition, rows[number]) for number, partition in partitions.items())


def read_record(connection: Connection, seq: int, partition: Partition) -> PartitionRecord:
    """One partition of a batch."""
    return _record(partition, connection.execute(_ONE, {"batch": seq, "wanted": partition.number}).one())


def read_unfinished(
    connection: Connection, seq: int, partitions: Mapping[int, Partition]
) -> tuple[PartitionRecord, ...]:
    """Those partitions that have not ended, by number."""
    return tuple(_record(partitions[row[0]], row) for row in connection.execute(_ALL_UNFINISHED, {"batch": seq}))


def write_records(
    connection: Connection, seq: int, records: Sequence[PartitionRecord], checkpoint: str | None = None
) -> None:
    """Keep changed partitions; `checkpoint` is that of the only one."""
    if not records:
        return
    change = (
        sa.update(schema.partition)
        .where(_p.seq == sa.bindparam("batch"), _p.number == sa.bindparam("wanted"))
        .values({column.name: sa.bindparam(f"new_{column.name}") for column in _COLUMNS[1:]})
    )
    if checkpoint is not None:
        change = change.values(checkpoint=checkpoint)
    connection.execute(change, [{"batch": seq, "wanted": r.partition.number} | _columns_of(r) for r in records])


def open_attempt(connection: Connection, seq: int, record: PartitionRecord, event: int) -> None:
    """Begin the latest attempt of a partition."""
    number = record.partition.number
    connection.execute(
        sa.insert(schema.attempt), {"seq": seq, "partition": number, "number": record.attempt, "event": event}
    )


def close_attempt(connection: Connection, seq: int, record: PartitionRecord, end: AttemptEnd) -> None:
    """End the latest attempt of a partition."""
    connection.execute(
        sa.update(schema.attempt).where(
            _a.seq == seq, _a.partition == record.partition.number, _a.number == record.attempt
        ),
        {"seconds": end.seconds, "peak_mb": end.peak_mb, "reason": end.reason, "error": to_text(end.error)},
    )


def read_attempts(connection: Connection, seq: int) -> tuple[Attempt, ...]:
    """Every try of every partition of a batch, in the order they were started."""
    return tuple(
        Attempt(
            partition=row.partition,
            number=row.number,
            seconds=row.seconds,
            peak_mb=row.peak_mb,
            reason=row.reason,
            error=from_text(row.error),
        )
        for row in connection.execute(_ATTEMPTS, {"batch": seq})
    )


def read_checkpoints(connection: Connection, keys: Collection[str]) -> dict[str, Checkpoint]:
    """What COMPLETED partitions have left under these keys, of the newest batch that has."""
    found = {}
    wanted = iter(keys)
    while some := list(islice(wanted, _KEYS_AT_ONCE)):
        for row in _checkpoint_rows(connection, some):
            found[row.checkpoint] = Checkpoint(batch_id=row.batch_id, result=row.result)
    return found


def drop_checkpoint(connection: Connection, seq: int, number: int) -> None:
    """Let nothing be found any more under the key of a partition's checkpoint."""
    key = connection.execute(sa.select(_p.checkpoint).where(_p.seq == seq, _p.number == number)).scalar()
    if key is not None:
        connection.execute(sa.update(schema.partition).where(_p.checkpoint == key).values(checkpoint=None))


def _checkpoint_rows(connection: Connection, keys: list[str]) -> Iterator[Any]:
    query = (
        sa.select(_p.checkpoint, schema.batch.c.batch_id, _p.result)
        .join_from(schema.partition, schema.batch)
        .where(_p.checkpoint.in_(keys), _p.state == PartitionState.COMPLETED.value, _p.result.is_not(None))
        .order_by(_p.seq)
    )
    return iter(connection.execute(query))


def _record(partition: Partition, row: Sequence[Any]) -> PartitionRecord:
    _, state, attempt, seconds, progress, reason, error, started_at, result, reused_from = row
    return PartitionRecord(
        partition=partition,
        state=_STATES[state],
        attempt=attempt,
        seconds=seconds,
        progress=progress,
        reason=reason,
        error=from_text(error),
        started_at=to_time_if(started_at),
        result=result,
        reused_from=reused_from,
    )


def _columns_of(record: PartitionRecord) -> dict[str, Any]:
    return {
        "new_state": record.state.value,
        "new_attempt": record.attempt,
        "new_seconds": record.seconds,
        "new_progress": record.progress,
        "new_reason": record.reason,
        "new_error": to_text(record.error),
        "new_started_at": record.started_at.timestamp() if record.started_at else None,
        "new_result": record.result,
        "new_reused_from": record.reused_from,
    }
