"""Forecasts in the long format of Nixtla's libraries: unique_id, ds and a column for each model and level.

A history in that format (unique_id, ds, y) is read as it is: the names are among those that columns are known by.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from batchcast.app.library.tables import TableStyle
from batchcast.domain import columns
from batchcast.domain.plan import Plan

ID, TIME, TARGET, CUTOFF = "unique_id", "ds", "y", "cutoff"
_NAMES = {columns.PARTNUMBER: ID, columns.DATE: TIME}
_SAME = 1e-9  # levels that differ by less are one


def long_table(path: Path, plan: Plan, model: str) -> Any:
    """A forecast file as a pyarrow table: our names of part and date, then the mean and quantiles of the model.

    Series of a history of several sites are called SITE/PART; those of one site as their parts.
    """
    import pyarrow.parquet as pq

    table = pq.ParquetFile(path, memory_map=False).read()
    names = {columns.FORECAST_RAW: model} | dict(quantile_names(plan.request.quantiles, model))
    chosen = {columns.PARTNUMBER: _ids(table, plan), columns.DATE: table[columns.DATE]}
    return table.from_pydict(chosen | {name: table[ours] for ours, name in names.items()})


def _ids(table: Any, plan: Plan) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    sites, parts = (table[name].cast(pa.string()) for name in columns.SERIES)
    return parts if plan.sites <= 1 else pc.binary_join_element_wise(sites, parts, "/")


def quantile_names(quantiles: Sequence[float], model: str) -> Iterator[tuple[str, str]]:
    """Of our column of each quantile its name: two that bound an interval are lo and hi of it, 0.5 is the median."""
    for level in quantiles:
        ours = columns.quantile_column(level)
        if abs(level - 0.5) < _SAME:
            yield ours, f"{model}-median"
        elif any(abs(level + other - 1.0) < _SAME for other in quantiles):
            yield ours, f"{model}-{'lo' if level < 0.5 else 'hi'}-{abs(2 * level - 1) * 100:.10g}"
        else:
            yield ours, f"{model}-ql{level:g}"


def style_of_long(style: TableStyle, plan: Plan) -> TableStyle:
    """The style of such a table of a history: of the same library and types, but of no periods."""
    kept = [columns.DATE, *([columns.PARTNUMBER] if plan.sites <= 1 else [])]
    own: Mapping[str, Any] = {name: dtype for name, dtype in style.own_types.items() if name in kept}
    return replace(
        style,
        names=_NAMES,
        index=(),
        types={name: style.types[name] for name in kept if name in style.types},
        own_types={name: dtype for name, dtype in own.items() if not str(dtype).startswith("period[")},
    )
