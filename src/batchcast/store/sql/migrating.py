"""Bringing a database up to the schema of this version.

Alembic is loaded where there is something to do: it takes a tenth of a server's start.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from batchcast.store.errors import SchemaTooNew
from batchcast.store.sql.database import Database

if TYPE_CHECKING:
    from alembic.config import Config

LATEST = "0002"  # revision of the newest migration
_LOCK = 0x6261746368  # "batch": servers that start at once migrate one after the other


def migrate(database: Database) -> None:
    """Bring the database up to date, in one transaction; nothing happens where it is.

    Raises:
        SchemaTooNew: if a newer batchcast has been there.
        StoreUnavailable: if it can't be reached.
    """
    database.keep_log_ahead()
    with database.writing() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        if _revision(connection) != LATEST:
            migrate_to(connection, database.name, "head")


def migrate_to(connection: Connection, database: str, revision: str) -> None:
    """Bring a database up to a revision.

    Raises:
        SchemaTooNew: if it is beyond all that are known.
    """
    from alembic import command
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    config = _config(connection)
    scripts = ScriptDirectory.from_config(config)
    known = [script.revision for script in scripts.walk_revisions()]
    found = MigrationContext.configure(connection).get_current_revision()
    if found is not None and found not in known:
        raise SchemaTooNew(database, found, known[0])
    if found != known[0]:
        command.upgrade(config, revision)


def _revision(connection: Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    noted: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return noted


def _config(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    folder = str(Path(__file__).parent / "migrations")
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
