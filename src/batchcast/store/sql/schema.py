"""The tables as the newest migration leaves them; a test compares the two.

Times are seconds since 1970 UTC on the database's clock; texts called JSON are of `domain.codec`. `seq` stands for a
batch in the other tables: short, never given twice, and in the order of submission.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from batchcast.domain.codec import decode, encode

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)
_SERIAL = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up by itself in an INTEGER only

batch = Table(
    "batch",
    metadata,
    Column("seq", _SERIAL, primary_key=True, autoincrement=True),
    Column("batch_id", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("file_name", Text),  # JSON: a name may hold what a database refuses
    Column("searched", Text, nullable=False),
    Column("row_count", BigInteger, nullable=False),
    Column("sites", Integer, nullable=False),
    Column("parts", Integer, nullable=False),
    Column("series", Integer, nullable=False),
    Column("partitions", Integer, nullable=False),
    Column("completed", Integer, nullable=False),
    Column("total_cells", BigInteger, nullable=False),
    Column("done_cells", Double, nullable=False),
    Column("estimate_seconds", Double, nullable=False),
    Column("error", Text),  # JSON
    Column("result", Text),  # JSON
    Column("submitted_at", Double, nullable=False),
    Column("started_at", Double),
    Column("ended_at", Double),
    Column("submitted_by", Text),
    Column("retry_of", String(64)),
    Column("owner", Text),  # of the lease
    Column("fence", Integer, nullable=False),
    Column("takeovers", Integer, nullable=False, key="memory_deaths"),  # counted more than these in 0.1.0
    Column("lease_until", Double),  # NULL with an owner: never expires
    Column("events", Integer, nullable=False),  # number of the latest one
    UniqueConstraint("batch_id"),
    Index(None, "state", "seq"),
    sqlite_autoincrement=True,
)

# In a table of its own because SQLite writes a changed row anew as a whole, and the plan may take megabytes.
content = Table(
    "content",
    metadata,
    Column("seq", BigInteger, ForeignKey("batch.seq"), primary_key=True),
    Column("settings", Text, nullable=False),  # JSON
    Column("plan", Text, nullable=False),  # JSON
    Column("source", Text),  # JSON
)

partition = Table(
    "partition",
    metadata,
    Column("seq", BigInteger, ForeignKey("batch.seq"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("state", String(16), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("seconds", Double),
    Column("progress", Double, nullable=False),
    Column("reason", String(32)),
    Column("error", Text),  # JSON
    Column("started_at", Double),
    Column("result", Text),
    Column("reused_from", String(64)),
    Column("checkpoint", String(64)),
    Index(None, "checkpoint"),
)

attempt = Table(
    "attempt",
    metadata,
    Column("seq", BigInteger, ForeignKey("batch.seq"), primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("event", Integer, nullable=False),  # number of the event that told its start: the order of attempts
    Column("seconds", Double),
    Column("peak_mb", Double),
    Column("reason", String(32)),
    Column("error", Text),  # JSON
)

event = Table(
    "event",
    metadata,
    Column("seq", BigInteger, ForeignKey("batch.seq"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(16), nullable=False),
    Column("partition", Integer),
    Column("state", String(16)),
    Column("detail", Text, nullable=False),  # JSON
    Column("at", Double, nullable=False),
)

idempotency_key = Table(
    "idempotency_key",
    metadata,
    Column("digest", String(64), primary_key=True),  # SHA-256 of the sender's key
    Column("seq", BigInteger, ForeignKey("batch.seq"), nullable=False, index=True),
    Column("fingerprint", Text, nullable=False),
)

artifact_claim = Table(
    "artifact_claim",
    metadata,
    Column("batch_id", String(64), primary_key=True),
    Column("owner", Text, nullable=False),
    Column("until", Double),  # NULL: never expires
)

timing = Table(
    "timing",
    metadata,
    Column("number", _SERIAL, primary_key=True, autoincrement=True),
    Column("version", String(64), nullable=False),
    Column("detail", Text, nullable=False),  # JSON
    Index(None, "version", "number"),
    sqlite_autoincrement=True,
)

file = Table(
    "file",
    metadata,
    Column("number", _SERIAL, primary_key=True, autoincrement=True),
    Column("seq", BigInteger, ForeignKey("batch.seq"), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("format", String(16), nullable=False),
    Column("detail", Text, nullable=False),  # JSON
    UniqueConstraint("seq", "kind", "format"),
    sqlite_autoincrement=True,
)

recipe = Table(
    "recipe",
    metadata,
    Column("number", _SERIAL, primary_key=True, autoincrement=True),
    Column("name", String(100), nullable=False),
    Column("detail", Text, nullable=False),  # JSON
    UniqueConstraint("name"),
    sqlite_autoincrement=True,
)

past_reading = Table(
    "past_reading",
    metadata,
    Column("number", _SERIAL, primary_key=True, autoincrement=True),
    Column("signature", String(100), nullable=False),  # of a header
    Column("detail", Text, nullable=False),  # JSON
    Index("ix_past_reading_signature", "signature"),
    sqlite_autoincrement=True,
)

audit = Table(
    "audit",
    metadata,
    Column("number", _SERIAL, primary_key=True, autoincrement=True),
    Column("at", Double, nullable=False),
    Column("name", Text),
    Column("role", String(16), nullable=False),
    Column("address", Text, nullable=False),
    Column("action", String(32), nullable=False),
    Column("status", Integer, nullable=False),
    Column("batch_id", String(64)),
    Column("about", Text),
    sqlite_autoincrement=True,
)

session = Table(
    "session",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", String(16), nullable=False),
    Column("basis", String(64), nullable=False),
    Column("address", Text, nullable=False),
    Column("browser", Text, nullable=False),
    Column("began_at", Double, nullable=False),
    Column("seen_at", Double, nullable=False),
    Column("ends_at", Double, nullable=False),
)

history_mark = Table(
    "history_mark",
    metadata,
    Column("number", _SERIAL, primary_key=True, autoincrement=True),
    Column("scope", String(100), nullable=False),  # empty: all histories of the server
    Column("kind", String(16), nullable=False),
    Column("site_code", Text, nullable=False),
    Column("partnumber", Text, nullable=False),
    Column("first", String(10), nullable=False),  # YYYY-MM-DD
    Column("last", String(10), nullable=False),
    Column("reason", Text, nullable=False),  # JSON: a text may hold what a database refuses
    Column("name", Text),
    Column("at", Double, nullable=False),
    Column("removed_by", Text),
    Column("removed_at", Double),  # NULL: in force
    sqlite_autoincrement=True,
)

look = Table(
    "look",
    metadata,
    Column("seq", BigInteger, ForeignKey("batch.seq"), primary_key=True),
    Column("digest", String(64), primary_key=True),  # SHA-256 of site, part and reason
    Column("detail", Text, nullable=False),  # JSON
    Column("at", Double, nullable=False),
)

saved_view = Table(
    "saved_view",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("detail", Text, nullable=False),  # JSON
)

OF_A_BATCH = (look, file, idempotency_key, event, attempt, partition, content)  # what goes with a batch, before it


# The clock of the database: the one that all servers share.


class now(FunctionElement[float]):  # noqa: N801 it reads as the function of SQL that it is
    """Seconds since 1970-01-01 UTC when the statement runs, not when its transaction began."""

    type = Double()
    inherit_cache = True


@compiles(now, "postgresql")
def _now_of_postgresql(_element: now, _compiler: SQLCompiler, **_: Any) -> str:
    return "extract(epoch FROM clock_timestamp())::double precision"


@compiles(now, "sqlite")
def _now_of_sqlite(_element: now, _compiler: SQLCompiler, **_: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"  # a julian day begins at noon; ours are counted from 1970


# Domain values as a database keeps them, and back: JSON as text, times as seconds since 1970 UTC.


def to_text(value: object) -> str | None:
    """A domain value as JSON text in ASCII, which every database keeps as it is; None stays None."""
    return None if value is None else json.dumps(encode(value), separators=(",", ":"))


def from_text(text: str | None) -> Any:
    """The value that `to_text` made this of."""
    return None if text is None else decode(json.loads(text))


def to_time(seconds: float) -> dt.datetime:
    """A time of the database's clock."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def to_time_if(seconds: float | None) -> dt.datetime | None:
    """The same, where there is one."""
    return None if seconds is None else to_time(seconds)


def key_digest(key: str) -> str:
    """A sender's key as something of a known length and alphabet."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
