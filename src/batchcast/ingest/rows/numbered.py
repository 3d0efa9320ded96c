"""The numbers of sites, parts, series and days, each given as it is first met, and how many accepted rows each has."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from batchcast.ingest.common.limits import EARLIEST_DAY, LATEST_DAY
from batchcast.ingest.values.keys import Codes, Keys, SeriesKeys

_NUMBERS_OF_DAYS = LATEST_DAY - EARLIEST_DAY + 1


class Numbered:
    """Sites, parts, series and days by their numbers, with the accepted rows of each series and day."""

    def __init__(self) -> None:
        self.sites, self.parts = Keys(), Keys()
        self.series = SeriesKeys()
        self.days: list[int] = []
        self.day_rows = np.zeros(0, dtype=np.int64)
        self._series_rows = np.zeros(0, dtype=np.int64)  # with room for series to come
        self._day_numbers = np.full(_NUMBERS_OF_DAYS, -1, dtype=np.int32)

    @property
    def series_rows(self) -> NDArray[np.int64]:
        """Accepted rows of each series; shape (series,)."""
        return self._series_rows[: len(self.series)]

    def name_of(self, series: int) -> dict[str, str]:
        """Part and site of a series."""
        part, site = int(self.series.parts[series]), int(self.series.sites[series])
        return {"part": self.parts.texts[part], "site": self.sites.texts[site]}

    def count_rows(self, series: Codes, days: NDArray[np.int32]) -> None:
        """Count accepted rows: the number of the series and of the day of each."""
        counts = np.bincount(days, minlength=len(self.day_rows))
        counts[: len(self.day_rows)] += self.day_rows
        self.day_rows = counts
        if len(self.series) > len(self._series_rows):
            grown = np.zeros(2 * len(self.series), dtype=np.int64)
            grown[: len(self._series_rows)] = self._series_rows
            self._series_rows = grown
        if len(series):
            first = int(series.min())
            counts = np.bincount(series - first)
            self._series_rows[first : first + len(counts)] += counts

    def numbers_of(self, days: NDArray[np.int32]) -> NDArray[np.int32]:
        """The numbers of days; a new day gets the next one."""
        at = days - EARLIEST_DAY
        numbers = self._day_numbers[at]
        if len(numbers) and numbers.min() < 0:
            unknown = at[numbers < 0]
            new = np.unique(unknown[np.flatnonzero(np.diff(unknown, prepend=-1))])  # most repeat the row before
            self._day_numbers[new] = np.arange(len(self.days), len(self.days) + len(new))
            self.days += (new + EARLIEST_DAY).tolist()
            numbers = self._day_numbers[at]
        return numbers
