"""Tables of the user's library: how one came in, and how ours go back out like it."""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from batchcast.domain import columns
from batchcast.ingest.files.frames import index_columns

Table = Any  # a pandas or polars DataFrame, or a pyarrow Table: the kind that was given
KINDS = ("pandas", "polars", "pyarrow")
_NAMED = (columns.DATE, *columns.SERIES)  # the columns of a history that results have too


@dataclass(frozen=True, kw_only=True)
class TableStyle:
    """How a table came in: its library, and of the columns that results have too their names, types and place."""

    kind: str  # pandas, polars or pyarrow
    names: Mapping[str, str] = field(default_factory=dict)  # as the input has them, by ours
    types: Mapping[str, Any] = field(default_factory=dict)  # of Arrow, by ours
    own_types: Mapping[str, Any] = field(default_factory=dict)  # of pandas or polars, by ours
    index: tuple[str | None, ...] = ()  # names of the levels of a pandas index; one without a name holds the dates

    def dress(self, table: Any) -> Table:
        """A table of ours as one of this style."""
        table = _typed(table, self.types, self.kind)
        taken = set(table.column_names)
        renamed = {ours: theirs for ours, theirs in self.names.items() if ours in taken and theirs not in taken}
        if self.kind == "pandas":
            return _indexed(_in_pandas(table, self).rename(columns=renamed), self.index)
        if self.kind == "polars":
            return _in_polars(table, self).rename(renamed)
        return table.rename_columns([renamed.get(name, name) for name in table.column_names])

    def read(self, path: Path) -> Table:
        """A Parquet file of ours as a table of this style."""
        import pyarrow.parquet as pq

        return self.dress(pq.ParquetFile(path, memory_map=False).read())


def style_of(source: Any, schema: Any, named: Mapping[str, str]) -> TableStyle:
    """The style of a table that was read.

    Args:
        source: the table.
        schema: of the table as Arrow.
        named: our columns as its columns are called, so far as each is one column.
    """
    import pyarrow as pa

    kind = type(source).__module__.partition(".")[0]
    if kind not in KINDS:
        return default_style()
    names = {ours: named[ours] for ours in _NAMED if schema.names.count(named.get(ours, "")) == 1}
    levels = index_columns(source) if kind == "pandas" else ()
    own_type = {"pandas": _pandas_type, "polars": _polars_type, "pyarrow": lambda *_: None}[kind]
    return TableStyle(
        kind=kind,
        names={ours: theirs for ours, theirs in names.items() if theirs != ours},
        types={ours: schema.field(theirs).type for ours, theirs in names.items()},
        own_types={
            ours: own_type(source, theirs)
            for ours, theirs in names.items()
            if ours != columns.DATE or pa.types.is_temporal(schema.field(theirs).type)  # text becomes dates
        },
        index=levels,
    )


def default_style() -> TableStyle:
    """That of the first of pandas, polars and pyarrow which is installed: for files."""
    return TableStyle(kind=next(filter(is_installed, KINDS)))


def is_installed(kind: str) -> bool:
    """Whether the library of a kind of tables is there."""
    return importlib.util.find_spec(kind) is not None


def remove_with(owner: object, folder: Path) -> None:
    """Remove the folder when its owner is gone, and at the end of the process at the latest."""
    weakref.finalize(owner, shutil.rmtree, folder, ignore_errors=True)


def _typed(table: Any, types: Mapping[str, Any], kind: str) -> Any:
    """The table with keys as text or as the numbers that they came as, and days as the dates or times they came as."""
    import pyarrow as pa

    day = types.get(columns.DATE)
    if day is None or not pa.types.is_temporal(day):
        day = pa.timestamp("ns") if kind == "pandas" else pa.date32()
    for at, column in enumerate(table.schema):
        if pa.types.is_date(column.type):
            table = table.set_column(at, column.name, _days_as(table.column(at), day))
        elif column.name in columns.SERIES:
            table = table.set_column(at, column.name, _keys_as(table.column(at), types.get(column.name)))
    return table


def _days_as(days: Any, wanted: Any) -> Any:
    """Days as dates, or as times at their midnight; a day whose clocks skip midnight begins when they go on."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_timestamp(wanted):
        return days.cast(wanted)
    midnight = days.cast(pa.timestamp(wanted.unit))
    if wanted.tz is None:
        return midnight
    return pc.assume_timezone(midnight, wanted.tz, ambiguous="earliest", nonexistent="latest")


def _keys_as(keys: Any, wanted: Any) -> Any:
    """Keys as numbers where they came as such, else as text."""
    import pyarrow as pa

    text = keys.cast(pa.string())
    if wanted is None or not (pa.types.is_integer(wanted) or pa.types.is_floating(wanted)):
        return text
    try:
        return text.cast(wanted)
    except pa.ArrowInvalid:  # the one site of a history without sites, say
        return text


def _has_categories(dtype: Any) -> bool:
    return getattr(dtype, "categories", None) is not None


def _in_pandas(table: Any, style: TableStyle) -> Table:
    frame = table.to_pandas(ignore_metadata=True)
    for ours, dtype in style.own_types.items():
        wanted = [name for name in frame if name == ours or (ours == columns.DATE and _is_day(table, name))]
        for name in wanted:
            is_lost = _has_categories(dtype) and not frame[name].isin(dtype.categories).all()
            if str(dtype) != "object" and frame[name].dtype != dtype and not is_lost:
                with contextlib.suppress(TypeError, ValueError):  # the one site of a history without sites, say
                    frame[name] = frame[name].astype(dtype)
    return frame


def _in_polars(table: Any, style: TableStyle) -> Table:
    import polars

    frame: Any = polars.from_arrow(table)
    for name in columns.SERIES:
        dtype = style.own_types.get(name)
        if name in frame.columns and dtype is not None and frame.schema[name] != dtype:
            with contextlib.suppress(polars.exceptions.PolarsError):
                frame = frame.with_columns(frame[name].cast(dtype))
    return frame


def _is_day(table: Any, name: str) -> bool:
    import pyarrow as pa

    kind = table.schema.field(name).type
    return bool(pa.types.is_timestamp(kind) or pa.types.is_date(kind))


def _pandas_type(frame: Any, name: str) -> Any:
    """The type of a column of pandas; None of text, which reads as dates or stays what it is."""
    if name in getattr(frame, "columns", ()):
        dtype = frame.dtypes[name]
    elif name in frame.index.names:
        dtype = frame.index.get_level_values(name).dtype
    else:
        dtype = getattr(frame.index, "dtype", None)
    return dtype


def _polars_type(frame: Any, name: str) -> Any:
    return frame.collect_schema()[name]


def _indexed(frame: Table, levels: Sequence[str | None]) -> Table:
    """A pandas DataFrame with those of its columns in the index that stood there in the input."""
    if levels == (None,):
        is_there = columns.DATE in frame
        return frame.set_index(columns.DATE).rename_axis(index=None) if is_there else frame
    there = [name for name in levels if name in frame]
    return frame.set_index(there) if there else frame
