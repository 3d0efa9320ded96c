"""The clock of the database: the one that all servers share."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Double
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


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
