"""Of each series the value that counts of one column: that of the last row of its latest day that has one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from batchcast.ingest.dateorder import NO_DAY
from batchcast.ingest.serieskeys import Codes

Days = NDArray[np.int32]
Rows = NDArray[np.int64]
Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]


class Latest:
    """The values so far; each array has shape (series,), and grows."""

    def __init__(self) -> None:
        self.days: Days = np.zeros(0, dtype=np.int32)  # NO_DAY where no row has a value
        self.rows: Rows = np.zeros(0, dtype=np.int64)  # number of the row that counts
        self.values: Floats = np.zeros(0)  # NaN where the cell can't be read, or there is none
        self.differs: Flags = np.zeros(0, dtype=np.bool_)  # another row of that day has another value

    def take(self, series: Codes, days: Days, values: Floats, rows: Rows) -> None:
        """Further rows that have a value, in the order of the file; all of shape (rows,).

        Args:
            series: their numbers.
            days: since 1970-01-01; the same in all rows where there are no dates.
            values: NaN where the cell can't be read.
            rows: their numbers in the file, ascending.
        """
        if not len(series):
            return
        self._grow(int(series.max()) + 1)
        order = np.lexsort((days, series))  # keeps the order of the file within a day
        series, days, values, rows = series[order], days[order], values[order], rows[order]
        is_last = np.append(series[1:] != series[:-1], True)
        self._keep(series[is_last], days[is_last], values[is_last], rows[is_last])
        repeats = (series[1:] == series[:-1]) & (days[1:] == days[:-1]) & (values[1:] != values[:-1])
        again, of_day = series[1:][repeats], days[1:][repeats]
        self.differs[again[self.days[again] == of_day]] = True

    def unreadable(self) -> list[int]:
        """Numbers of the rows that count and can't be read."""
        rows: list[int] = self.rows[(self.days != NO_DAY) & np.isnan(self.values)].tolist()
        return rows

    def numbers(self, count: int) -> list[float | None]:
        """The value of each of so many series; None where there is none."""
        known = [None if np.isnan(value) else value for value in self.values[:count].tolist()]
        return known + [None] * (count - len(known))

    def _keep(self, series: Codes, days: Days, values: Floats, rows: Rows) -> None:
        """One row a series: it counts unless a later day is known."""
        newer = days >= self.days[series]
        series, days, values, rows = series[newer], days[newer], values[newer], rows[newer]
        same_day = days == self.days[series]
        self.differs[series] = same_day & (self.differs[series] | (values != self.values[series]))
        self.days[series], self.values[series], self.rows[series] = days, values, rows

    def _grow(self, count: int) -> None:
        more = max(count, 2 * len(self.days)) - len(self.days)
        if count > len(self.days):
            self.days = np.append(self.days, np.full(more, NO_DAY, dtype=np.int32))
            self.rows = np.append(self.rows, np.full(more, -1, dtype=np.int64))
            self.values = np.append(self.values, np.full(more, np.nan))
            self.differs = np.append(self.differs, np.zeros(more, dtype=np.bool_))
