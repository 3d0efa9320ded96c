"""Sessions of browsers in a database: implements `KeptSessions`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict

import sqlalchemy as sa

from batchcast.domain.session import KeptSession, NewSession
from batchcast.store.sql import schema
from batchcast.store.sql.database import Database, answering_within
from batchcast.store.sql.schema import now, to_time

_SECONDS_OF_A_LOOK = 3.0
_SECONDS_OF_A_NOTE = 1.0

_s = schema.session.c


class SqlSessions:
    """Implements `KeptSessions`, which describes the methods, for the servers of one database."""

    _database: Database

    def add_session(self, new: NewSession, lasts_seconds: float) -> None:
        times = {"began_at": now(), "seen_at": now(), "ends_at": now() + lasts_seconds}
        with self._database.writing() as connection:
            connection.execute(sa.insert(schema.session).values(asdict(new) | times))

    def session(self, digest: str, idle_seconds: float) -> KeptSession | None:
        with answering_within(_SECONDS_OF_A_LOOK):  # every page waits for it
            return next(iter(self._found(idle_seconds, _s.digest == digest)), None)

    def sessions(self, idle_seconds: float, name: str | None = None) -> tuple[KeptSession, ...]:
        return self._found(idle_seconds, *([] if name is None else [_s.name == name]))

    def see_session(self, digest: str, address: str, *, unseen_seconds: float = 0) -> None:
        is_due = sa.and_(_s.digest == digest, _s.seen_at <= now() - unseen_seconds)
        seen = sa.update(schema.session).where(is_due).values(seen_at=now(), address=address)
        with answering_within(_SECONDS_OF_A_NOTE), self._database.writing() as connection:
            connection.execute(seen)

    def end_sessions(self, *, digest: str | None = None, name: str | None = None) -> int:
        meant = [column == value for column, value in ((_s.digest, digest), (_s.name, name)) if value is not None]
        if not meant:
            return 0
        with self._database.writing() as connection:
            return connection.execute(sa.delete(schema.session).where(*meant)).rowcount

    def sweep_sessions(self, idle_seconds: float, bases: Collection[str] | None = None) -> int:
        is_over = sa.or_(_s.ends_at <= now(), _s.seen_at <= now() - idle_seconds)
        if bases is not None:
            is_over = sa.or_(is_over, _s.basis.not_in(list(bases)))
        with self._database.writing() as connection:
            return connection.execute(sa.delete(schema.session).where(is_over)).rowcount

    def _found(self, idle_seconds: float, *meant: sa.ColumnElement[bool]) -> tuple[KeptSession, ...]:
        live = (*meant, _s.ends_at > now(), _s.seen_at > now() - idle_seconds)
        query = sa.select(schema.session).where(*live).order_by(_s.seen_at.desc(), _s.digest)
        with self._database.reading() as connection:
            rows = connection.execute(query).mappings().all()
        times = ("began_at", "seen_at", "ends_at")
        return tuple(KeptSession(**dict(row) | {name: to_time(row[name]) for name in times}) for row in rows)
