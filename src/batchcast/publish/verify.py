"""What a partition's result must be; each check names the partition, the series and the value that break it.

A failed check is a mistake of ours, not of the planner's data: so nothing is published, and the message says what to
send us.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from batchcast.domain import columns
from batchcast.domain.errors import N_, Message
from batchcast.publish.certificate import ResultRejected

_STOCK_NEVER_NEGATIVE = (columns.LEAD_TIME_MEAN, columns.LEAD_TIME_QUANTILE, columns.REORDER_POINT, columns.FILL_RATE)
LARGEST_FIGURE = 1e20  # units; the quantities of a whole file add up to 4e18 at most, and no forecast is 25 times that
_LARGEST_RATIO = float(np.finfo(np.float64).max)  # of a score, whose scale may be tiny
_LISTS_TOGETHER = ((columns.LEVELS, columns.QUANTILES), columns.FOLD_LISTS, columns.SUM_LISTS)


def rejected(partition: int, what: str) -> ResultRejected:
    """The error that says what is wrong with the result of a partition."""
    template = N_(
        "Partition {partition} gave a result that can't be published: {what}. Nothing was published, and its result "
        "was thrown away. Run the batch again; if it comes back, please report it with this sentence."
    )
    return ResultRejected(Message(template, {"partition": partition, "what": what}), partition=partition)


def check_keys(table: pa.Table, keys: pa.Table, *, rows_each: int, partition: int) -> None:
    """Check that every series of `keys` has its rows, in that order."""
    if table.num_rows != len(keys) * rows_each:
        what = f"{table.num_rows} rows for {len(keys)} series, expected {rows_each} for each"
        raise rejected(partition, f"{what}{_from_series(keys)}")
    for name in columns.SERIES:
        expected = _repeated(keys[name], rows_each)
        found = table[name].cast(expected.type)
        if not found.equals(expected):
            row = next(i for i, (a, b) in enumerate(zip(found, expected, strict=True)) if not a.equals(b))
            missing = _name_series(keys, row // rows_each)
            raise rejected(
                partition, f"{name} {found[row].as_py()!r} where {missing} is expected: missing or out of order"
            )


def check_forecast(table: pa.Table, *, dates: NDArray[np.int32], quantiles: Sequence[str], partition: int) -> None:
    """Check dates, finite non-negative figures, and quantiles that do not cross."""
    found = table[columns.DATE].cast(pa.int32()).to_numpy().reshape(-1, len(dates))
    if not (found == dates).all():
        series, step = (int(i) for i in np.argwhere(found != dates)[0])
        what = f"{_name_row(table, series * len(dates) + step)}: date is {_date(found[series, step])}"
        raise rejected(partition, f"{what}, expected {_date(dates[step])}")
    for name in (columns.FORECAST_QTY, columns.FORECAST_RAW, *quantiles):
        check_figures(table, name, non_negative=True, partition=partition)
    for low, high in pairwise(quantiles):
        crossed = table[low].to_numpy() > table[high].to_numpy()
        if crossed.any():
            row = int(np.argmax(crossed))
            what = f"{low} is {table[low][row].as_py():g}, over {high}, {table[high][row].as_py():g}"
            raise rejected(partition, f"{_name_row(table, row)}: {what}")


def check_stock(table: pa.Table, partition: int) -> None:
    """Check that the stock figures are there and finite, and negative only where they may be."""
    for name in _STOCK_NEVER_NEGATIVE:
        check_figures(table, name, non_negative=True, partition=partition)
    check_figures(table, columns.SAFETY_STOCK, non_negative=False, partition=partition)
    for name in (columns.EXTREME_QTY, columns.REORDER_POINT_WITH_EXTREME, columns.LEVEL_BEFORE, columns.LEVEL_AFTER):
        check_figures(table, name, non_negative=True, may_be_missing=True, partition=partition)


def check_accuracy(table: pa.Table, partition: int) -> None:
    """Check that every figure is finite or missing: not every series can be backtested."""
    for field in table.schema:
        if pa.types.is_floating(field.type):
            check_figures(
                table, field.name, non_negative=False, may_be_missing=True, most=_LARGEST_RATIO, partition=partition
            )


def check_lists(table: pa.Table, partition: int) -> None:
    """Check that the lists that belong together are of one length, and their figures finite."""
    for first, *others in _LISTS_TOGETHER:
        lengths = pc.list_value_length(table[first])
        for name in (first, *others):
            values = pc.list_flatten(table[name]).to_numpy()
            is_bounded = bool((np.abs(values) <= LARGEST_FIGURE).all())
            if not (pc.list_value_length(table[name]).equals(lengths) and is_bounded):
                raise rejected(partition, f"{name} is not what goes with {first}{_from_series(table)}")


def check_figures(
    table: pa.Table,
    name: str,
    *,
    non_negative: bool,
    may_be_missing: bool = False,
    most: float = LARGEST_FIGURE,
    partition: int,
) -> None:
    """Check one column of numbers, none of which may be beyond `most`."""
    column: Any = table[name]
    values: NDArray[np.float64] = column.fill_null(0.0 if may_be_missing else float("nan")).to_numpy()
    broken = ~(np.abs(values) <= most)
    if non_negative:
        broken |= values < 0
    if broken.any():
        row = int(np.argmax(broken))
        raise rejected(partition, f"{_name_row(table, row)}: {name} is {column[row].as_py()}")


def _repeated(values: Any, times: int) -> Any:
    return values.take(pa.array(np.repeat(np.arange(len(values)), times))) if times > 1 else values


def _name_row(table: pa.Table, row: int) -> str:
    found = _name_series(table, row)
    return f"{found}, {table[columns.DATE][row].as_py()}" if columns.DATE in table.column_names else found


def _name_series(table: pa.Table, row: int) -> str:
    site, part = (table[name][row].as_py() for name in columns.SERIES)
    return f"part {part!r} of site {site!r}"


def _from_series(keys: pa.Table) -> str:
    return f" (from {_name_series(keys, 0)} on)" if len(keys) else ""


def _date(day: int) -> dt.date:
    return dt.date(1970, 1, 1) + dt.timedelta(days=int(day))
