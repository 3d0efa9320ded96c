"""What planners leave, in a database: implements `PlannerNotes`."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from batchcast.domain.planner import KeptMark, SavedView, Tick
from batchcast.domain.settings import HistoryMark
from batchcast.store.errors import UnknownBatch
from batchcast.store.sql import schema
from batchcast.store.sql.schema import from_text, key_digest, to_text, to_time, to_time_if
from batchcast.store.sql.sql_leases import SqlLeases

_b, _m, _l, _v = schema.batch.c, schema.history_mark.c, schema.look.c, schema.saved_view.c


class SqlNotes(SqlLeases):
    """Implements `PlannerNotes`, which describes the methods."""

    def marks(self) -> tuple[KeptMark, ...]:
        query = sa.select(schema.history_mark).order_by(_m.number.desc())
        with self._database.reading() as connection:
            return tuple(map(_mark_in, connection.execute(query)))

    def add_mark(self, mark: KeptMark) -> KeptMark:
        values = _values_of(mark)
        same = [schema.history_mark.c[name] == values[name] for name in _SAME]
        query = sa.select(schema.history_mark).where(_m.removed_at.is_(None), *same).order_by(_m.number).limit(1)
        with self._database.writing() as connection:
            kept = connection.execute(query).one_or_none()
            if kept is None:
                connection.execute(sa.insert(schema.history_mark), values)
                kept = connection.execute(query).one()
            return _mark_in(kept)

    def remove_mark(self, number: int, name: str | None, at: dt.datetime) -> bool:
        change = sa.update(schema.history_mark).where(_m.number == number, _m.removed_at.is_(None))
        with self._database.writing() as connection:
            return connection.execute(change.values(removed_by=name, removed_at=at.timestamp())).rowcount > 0

    def looks(self, batch_id: str) -> tuple[Tick, ...]:
        with self._database.reading() as connection:
            mine = _l.seq == _seq_of(connection, batch_id)
            kept = connection.execute(sa.select(_l.detail).where(mine).order_by(_l.at.desc(), _l.digest))
            return tuple(from_text(detail) for detail in kept.scalars())

    def keep_look(self, batch_id: str, look: Tick) -> None:
        digest = key_digest(json.dumps(look.key))
        with self._database.writing() as connection:
            seq = _seq_of(connection, batch_id)
            is_kept = connection.execute(sa.select(_l.seq).where(_l.seq == seq, _l.digest == digest)).first()
            if is_kept is None:
                new = {"seq": seq, "digest": digest, "detail": to_text(look), "at": look.at.timestamp()}
                connection.execute(sa.insert(schema.look), new)

    def drop_look(self, batch_id: str, key: tuple[str, str, str]) -> bool:
        digest = key_digest(json.dumps(key))
        with self._database.writing() as connection:
            mine = sa.and_(_l.seq == _seq_of(connection, batch_id), _l.digest == digest)
            return connection.execute(sa.delete(schema.look).where(mine)).rowcount > 0

    def views(self) -> tuple[SavedView, ...]:
        with self._database.reading() as connection:
            kept = connection.execute(sa.select(_v.detail)).scalars()
            return tuple(sorted((from_text(detail) for detail in kept), key=lambda view: view.name))

    def keep_view(self, view: SavedView) -> None:
        with self._database.writing() as connection:
            connection.execute(sa.delete(schema.saved_view).where(_v.name == view.name))
            connection.execute(sa.insert(schema.saved_view), {"name": view.name, "detail": to_text(view)})

    def drop_view(self, name: str) -> bool:
        with self._database.writing() as connection:
            return connection.execute(sa.delete(schema.saved_view).where(_v.name == name)).rowcount > 0


_SAME = ("scope", "kind", "site_code", "partnumber", "first", "last")


def _values_of(kept: KeptMark) -> dict[str, Any]:
    mark = kept.mark
    return {
        "scope": kept.scope,
        "kind": mark.kind,
        "site_code": mark.site_code,
        "partnumber": mark.partnumber,
        "first": mark.first.isoformat(),
        "last": mark.last.isoformat(),
        "reason": to_text(kept.reason),
        "name": kept.name,
        "at": kept.at.timestamp(),
        "removed_by": kept.removed_by,
        "removed_at": None if kept.removed_at is None else kept.removed_at.timestamp(),
    }


def _mark_in(row: Any) -> KeptMark:
    mark = HistoryMark(
        kind=row.kind,
        site_code=row.site_code,
        partnumber=row.partnumber,
        first=dt.date.fromisoformat(row.first),
        last=dt.date.fromisoformat(row.last),
    )
    return KeptMark(
        mark=mark,
        reason=from_text(row.reason),
        name=row.name,
        at=to_time(row.at),
        scope=row.scope,
        removed_by=row.removed_by,
        removed_at=to_time_if(row.removed_at),
        number=row.number,
    )


def _seq_of(connection: Connection, batch_id: str) -> int:
    seq: int | None = connection.execute(sa.select(_b.seq).where(_b.batch_id == batch_id)).scalar_one_or_none()
    if seq is None:
        raise UnknownBatch(batch_id)
    return seq
