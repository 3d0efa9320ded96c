"""All rows of one database in another one; the two may be of different kinds."""

from __future__ import annotations

from sqlalchemy import Column, func, insert, literal, select, text
from sqlalchemy.engine import Connection

from batchcast.store.sql.database import Database
from batchcast.store.sql.schema import metadata

_ROWS_AT_ONCE = 1000
# Claims mean something to the servers of the source alone; and a session that has ended since must not come back.
_NOT_COPIED = ("artifact_claim", "session")


def copy_rows(source: Database, target: Database) -> None:
    """Copy every row, as of one moment, into a database of the same schema that has none.

    Raises:
        StoreUnavailable: if one of the two can't be reached, or the disk is full; the target is as it was.
    """
    with source.reading() as read, target.writing() as written:
        for table in metadata.sorted_tables:
            if table.name in _NOT_COPIED:
                continue
            columns = [column.label(f"c{number}") for number, column in enumerate(table.columns)]
            names = [column.key for column in table.columns]
            rows = read.execution_options(stream_results=True, yield_per=_ROWS_AT_ONCE).execute(select(*columns))
            for some in rows.partitions():
                written.execute(insert(table), [dict(zip(names, row, strict=True)) for row in some])
            if written.dialect.name == "postgresql":
                for column in table.primary_key.columns:
                    _count_on(written, column)


def has_rows(database: Database) -> bool:
    """There is a row in any table."""
    with database.reading() as connection:
        return any(
            connection.execute(select(literal(1)).select_from(table).limit(1)).first() is not None
            for table in metadata.sorted_tables
        )


def _count_on(connection: Connection, column: Column[int]) -> None:
    """Have PostgreSQL give the numbers after those that were copied."""
    table = column.table.name
    sequence = connection.scalar(select(func.pg_get_serial_sequence(table, column.name)))
    if sequence is None:
        return
    last = connection.scalar(select(func.max(column)))
    if last is not None:
        connection.execute(text("SELECT setval(:sequence, :last)"), {"sequence": sequence, "last": last})
