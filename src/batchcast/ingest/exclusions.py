"""Rows that are in the history but are not learned from, as a column says: planned demand, projects, mistakes."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.errors import N_, Message
from batchcast.ingest.accumulate import DAY_BITS, Answers, Totals, Whole
from batchcast.ingest.keys import Codes
from batchcast.ingest.numberstyle import Quantities


class Exclusions(Answers):
    """The rows that are excluded, with series and days numbered from 0 as they are met."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[tuple[str, Codes, NDArray[np.int32], Quantities]] = []  # with their file

    def add(self, file: str, series: Codes, days: NDArray[np.int32], quantities: Quantities) -> None:
        """Add excluded rows of a file: shape (rows,) each."""
        if len(series):
            self._rows.append((file, series, days, quantities))

    def without(self, totals: Totals, taken_off: Mapping[str, Whole]) -> Totals | None:
        """The totals without what is excluded, exactly; None where nothing is.

        Args:
            totals: of all rows.
            taken_off: by file, the rows that are not among them: their `series << DAY_BITS | day`.
        """
        if not self._rows:
            return None
        learned = deepcopy(totals)
        for file, series, days, quantities in self._rows:
            counted = ~np.isin((series.astype(np.int64) << DAY_BITS) | days, taken_off.get(file, ()))
            learned.add(series[counted], days[counted], -quantities[counted])
        learned.finish()
        return learned

    def notes(self, column: str) -> list[Message]:
        """What a person should know of them; `column` is the name of the one that says so."""
        found = []
        if self._rows:
            template = N_(
                "Rows that stay in the history and are not learned from, as column {column} says: {count:,}, "
                "{total:,.15g} units in all."
            )
            count, total = (sum(measure(rows[3]) for rows in self._rows) for measure in (len, np.sum))
            found.append(Message(template, {"count": count, "column": column, "total": float(total)}))
        if self.unclear:
            template = N_("{count} cells of {column} say neither yes nor no, such as {example!r}; they count as no.")
            found.append(Message(template, {"count": self.unclear, "column": column, "example": self.example}))
        return found
