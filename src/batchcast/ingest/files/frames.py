"""Tables of pandas, polars and pyarrow as Arrow, with what stands in an index, and periods as their first days."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from batchcast.domain import columns
from batchcast.domain.errors import N_, Message
from batchcast.ingest.common.problems import UnknownFormat, UnreadableColumn


def arrow_table(table: Any) -> Any:
    """A table as a pyarrow Table; an index of pandas that has names or dates gives the first columns.

    Raises:
        UnknownFormat: if it is no table.
        UnreadableColumn: if a column mixes types, or two have one name.
    """
    if isinstance(table, pa.Table):
        return table
    library = type(table).__module__.partition(".")[0]
    try:
        if library == "pandas" and hasattr(table, "index"):
            return pa.Table.from_pandas(_plain_frame(table), preserve_index=False)
        if library == "polars" and hasattr(table, "collect"):
            table = table.collect()
        if hasattr(table, "__arrow_c_stream__"):
            return pa.table(table)
    except (ValueError, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        template = N_("A column of the table can't be read ({cause}); give it one type, such as text.")
        raise UnreadableColumn(Message(template, {"cause": str(error)})) from error
    template = N_("{found} is not a table; give a pandas, polars or pyarrow table.")
    raise UnknownFormat(Message(template, {"found": type(table).__name__}))


def index_columns(frame: Any) -> tuple[str | None, ...]:
    """The names of the levels of a pandas index that are columns of a history; None of one without a name.

    Numbers of rows are none, nor is what stands among the columns as well.
    """
    names, has_dates = list(frame.index.names), hasattr(frame.index, "asfreq") or frame.index.dtype.kind == "M"
    if all(name is None for name in names):
        return (None,) if has_dates else ()
    return () if set(names) & set(getattr(frame, "columns", ())) else tuple(names)


def _plain_frame(frame: Any) -> Any:
    """A pandas DataFrame, or a Series of quantities, without an index and without periods."""
    if not hasattr(frame, "columns"):
        frame = frame.to_frame(columns.DEMAND_QTY if frame.name is None else frame.name)
    names = index_columns(frame)
    if names == (None,):
        frame = frame.rename_axis(index=columns.DATE)
    if names:
        frame = frame.reset_index()
    periods = {name: frame[name].dt.to_timestamp() for name, dtype in frame.dtypes.items() if _is_period(dtype)}
    return frame.assign(**periods) if periods else frame


def _is_period(dtype: Any) -> bool:
    return str(dtype).startswith("period[")
