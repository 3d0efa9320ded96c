"""Tables of the user's library: which one a table belongs to, and how ours become such tables."""

from __future__ import annotations

import importlib.util
import shutil
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Table = Any  # a pandas or polars DataFrame, or a pyarrow Table: the kind that was given


def read_table(path: Path, kind: str) -> Table:
    """A Parquet file as a table of this kind."""
    import pyarrow.parquet as pq

    table = pq.ParquetFile(path, memory_map=False).read()
    return CONVERTERS[kind](table)


def _to_pandas(table: Any) -> Table:
    return table.to_pandas()


def _to_polars(table: Any) -> Table:
    import polars

    return polars.from_arrow(table)


CONVERTERS: Mapping[str, Callable[[Any], Table]] = {
    "pandas": _to_pandas,
    "polars": _to_polars,
    "pyarrow": lambda table: table,
}


def kind_of(source: object) -> str:
    """The library a table belongs to; for a file the first of pandas, polars, pyarrow that is installed."""
    package = type(source).__module__.split(".")[0]
    if package in CONVERTERS:
        return package
    return next(name for name in CONVERTERS if importlib.util.find_spec(name))


def remove_with(owner: object, folder: Path) -> None:
    """Remove the folder when its owner is gone, and at the end of the process at the latest."""
    weakref.finalize(owner, shutil.rmtree, folder, ignore_errors=True)
