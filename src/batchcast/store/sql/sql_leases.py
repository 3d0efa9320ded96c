"""Leases and claims in a database: implements `Leases`."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from batchcast.domain.batch import BatchState
from batchcast.store.records import Lease
from batchcast.store.sql import schema
from batchcast.store.sql.contents import Contents
from batchcast.store.sql.database import Database
from batchcast.store.sql.locked_batch import LockedBatch
from batchcast.store.sql.schema import now
from batchcast.store.store import CLAIM_GRACE_SECONDS

IDS_AT_ONCE = 500  # of one query

_b, _claim = schema.batch.c, schema.artifact_claim.c
_IS_AT_WORK = _b.state == BatchState.PROCESSING.value
_IS_LEFT = sa.and_(_IS_AT_WORK, sa.or_(_b.owner.is_(None), _b.lease_until <= now()))
_IS_FREE = sa.or_(_IS_LEFT, _b.state == BatchState.PENDING.value)
_NEXT = (
    sa.select(_b.batch_id, _b.state, _b.owner, _b.fence, _b.memory_deaths)
    .where(_IS_FREE)
    .order_by(sa.case((_IS_AT_WORK, 0), else_=1), _b.seq)
    .limit(1)
)
_IS_LIVE_CLAIM = sa.or_(_claim.until.is_(None), _claim.until > now())


class SqlLeases:
    """Implements `Leases`, which describes the methods, for the servers of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._contents = Contents()
        self._changed = threading.Condition()
        self._changes = 0  # made through this object: what waits for an event looks again

    def claim_batch(self, owner: str, lease_seconds: float | None, *, batch_id: str | None = None) -> Lease | None:
        query = _NEXT if batch_id is None else _NEXT.where(_b.batch_id == batch_id)
        with self._database.reading() as connection:
            if connection.execute(query).first() is None:  # asked often, and mostly there is none: lock nothing for it
                return None
        with self._changing() as connection:
            row = connection.execute(query.with_for_update(skip_locked=True)).one_or_none()
            return None if row is None else self._lease(connection, row, owner, lease_seconds)

    def renew_leases(self, owner: str, lease_seconds: float | None) -> frozenset[str]:
        if not self._has_any(owner):
            return frozenset()
        until = _end_of(lease_seconds)
        with self._database.writing() as connection:
            leased = sa.update(schema.batch).where(_IS_AT_WORK, _b.owner == owner).values(lease_until=until)
            renewed = connection.execute(leased.returning(_b.batch_id)).scalars().all()
            claimed = sa.update(schema.artifact_claim).where(_claim.owner == owner, _IS_LIVE_CLAIM)
            connection.execute(claimed.values(until=until))
        return frozenset(renewed)

    def leased_by(self, owner: str) -> frozenset[str]:
        with self._database.reading() as connection:
            query = sa.select(_b.batch_id).where(_IS_AT_WORK, _b.owner == owner)
            return frozenset(connection.execute(query).scalars())

    def release_batch(self, lease: Lease) -> bool:
        is_ours = sa.and_(_b.batch_id == lease.batch_id, _b.owner == lease.owner, _b.fence == lease.fence)
        with self._database.writing() as connection:
            given_back = sa.update(schema.batch).where(_IS_AT_WORK, is_ours).values(owner=None, lease_until=None)
            return connection.execute(given_back).rowcount > 0

    def owners(self) -> frozenset[str]:
        leased = sa.select(_b.owner).where(_IS_AT_WORK, _b.owner.is_not(None))
        with self._database.reading() as connection:
            return frozenset(connection.execute(leased.union(sa.select(_claim.owner))).scalars())

    def expire_leases(self, owner: str, *, lacked_memory: bool = False) -> int:
        left = sa.update(schema.batch).where(_IS_AT_WORK, _b.owner == owner)
        left = left.values(owner=None, lease_until=None, memory_deaths=_b.memory_deaths + int(lacked_memory))
        with self._database.writing() as connection:
            connection.execute(sa.delete(schema.artifact_claim).where(_claim.owner == owner))
            return connection.execute(left).rowcount

    def claim_artifacts(self, batch_id: str, owner: str, lease_seconds: float | None) -> None:
        new = {"batch_id": batch_id, "owner": owner, "until": _end_of(lease_seconds)}
        with self._database.writing() as connection:
            connection.execute(sa.delete(schema.artifact_claim).where(_claim.batch_id == batch_id))
            connection.execute(sa.insert(schema.artifact_claim).values(new))

    def drop_artifacts_claim(self, batch_id: str) -> None:
        with self._database.writing() as connection:
            connection.execute(sa.delete(schema.artifact_claim).where(_claim.batch_id == batch_id))

    def known(self, ids: Collection[str]) -> frozenset[str]:
        is_spared = sa.or_(_claim.until.is_(None), _claim.until + CLAIM_GRACE_SECONDS > now())
        found: set[str] = set()
        with self._database.reading() as connection:
            for some in some_at_once(ids):
                added = sa.select(_b.batch_id).where(_b.batch_id.in_(some))
                claimed = sa.select(_claim.batch_id).where(_claim.batch_id.in_(some), is_spared)
                found.update(connection.execute(added.union(claimed)).scalars())
        return frozenset(found)

    @contextmanager
    def _changing(self) -> Iterator[Connection]:
        """A writing transaction after which those who wait for events here look again."""
        with self._database.writing() as connection:
            yield connection
        with self._changed:
            self._changes += 1
            self._changed.notify_all()

    def _lease(self, connection: Connection, row: Any, owner: str, lease_seconds: float | None) -> Lease:
        locked = LockedBatch(connection, self._contents, row.batch_id)
        is_takeover = locked.state is BatchState.PROCESSING
        lease = Lease(
            batch_id=row.batch_id,
            owner=owner,
            fence=row.fence + 1,
            memory_deaths=row.memory_deaths,
            is_takeover=is_takeover,
        )
        if not is_takeover:
            locked.move(BatchState.PROCESSING)
        locked.change(owner=owner, fence=lease.fence, lease_until=_end_of(lease_seconds))
        locked.save()
        return lease

    def _has_any(self, owner: str) -> bool:
        leased = sa.select(_b.owner).where(_IS_AT_WORK, _b.owner == owner)
        claimed = sa.select(_claim.owner).where(_claim.owner == owner)
        with self._database.reading() as connection:
            return connection.execute(leased.union(claimed)).first() is not None


def some_at_once(ids: Collection[str]) -> Iterator[list[str]]:
    """The ids in portions that fit into one query."""
    left = iter(ids)
    while some := list(islice(left, IDS_AT_ONCE)):
        yield some


def _end_of(lease_seconds: float | None) -> sa.ColumnElement[float] | None:
    return None if lease_seconds is None else now() + lease_seconds
