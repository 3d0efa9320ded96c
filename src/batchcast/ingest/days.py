"""The days of a date column, whatever it is made of: written dates, date cells of a workbook, or a typed column."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from batchcast.ingest.arrow import numbers_of
from batchcast.ingest.cells import date_text, locator, read_cells
from batchcast.ingest.dateorder import NO_DAY, DateOrderJudge, Witness
from batchcast.ingest.limits import EARLIEST_DAY, LATEST_DAY
from batchcast.ingest.locating import Cells
from batchcast.ingest.source import Block


def read_days(block: Block, source: Cells, orders: DateOrderJudge, sheet: str | None) -> NDArray[np.int32]:
    """The day of each row of a block, NO_DAY where it is none; raises as `DateOrderJudge.days`."""
    column = block.column(source.indices[0]) if len(source.indices) == 1 else None
    if column is not None and not isinstance(column, list) and pa.types.is_temporal(column.type):
        return _typed_days(column)
    cells = read_cells(block, source)
    texts = [date_text(cell) for cell in cells.cells]
    locate = locator(block, cells, sheet)
    typed = next((text for text, cell in zip(texts, cells.cells, strict=True) if isinstance(cell, dt.date)), None)
    if typed is not None and orders.date_cell is None:
        orders.date_cell = Witness(typed, locate(typed))
    return orders.days(texts, locate)[cells.index]


def _typed_days(column: Any) -> NDArray[np.int32]:
    """Days of a date or time stamp column: the local date where it has a zone."""
    if pa.types.is_timestamp(column.type):
        if column.type.tz is not None:
            import pyarrow.compute as pc

            column = pc.local_timestamp(column)
        column = column.cast(pa.timestamp("s"), safe=False)
    days = numbers_of(column.cast(pa.date32(), safe=False).cast(pa.int32()).fill_null(int(NO_DAY)))
    return np.where((days >= EARLIEST_DAY) & (days <= LATEST_DAY), days, NO_DAY).astype(np.int32)
