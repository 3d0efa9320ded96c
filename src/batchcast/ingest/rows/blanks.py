"""Blank cells of a wide table: they are no demand, and said where only a few stand among zeros."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.errors import N_, Message
from batchcast.ingest.common.names import shortened
from batchcast.ingest.common.source import Block, ColumnSource
from batchcast.ingest.values.cells import cell_of, date_text

_FEW, _FEW_SHARE = 3, 0.02  # cells, and cells of each row, that are few enough to be slips


class BlankCells:
    """Counts the blank cells of periods, and the zeros."""

    def __init__(self, key: ColumnSource) -> None:
        """Takes the column that names a row in a sentence."""
        self._key = key
        self._blanks = self._zeros = 0
        self._example = ("", "")  # part and period of the first

    def add(self, block: Block, period: str, blank: NDArray[np.bool_], zeros: int) -> None:
        """Count those of a column of a block."""
        self._zeros += zeros
        if blank.any():
            if not self._blanks:
                row = next(block.rows([int(np.argmax(blank))]))
                self._example = (date_text(cell_of(row, self._key)).strip(), period)
            self._blanks += int(blank.sum())

    def notes(self, rows_read: int) -> list[Message]:
        """What to say of them, where they are few and other cells say 0."""
        if not self._zeros or not 0 < self._blanks <= max(_FEW, _FEW_SHARE * rows_read):
            return []
        template = N_(
            "{count:,} cells of periods are blank where others say 0, such as that of {part} in {period}: they count "
            "as no demand. Fill them in, if there was some."
        )
        part, period = self._example
        return [Message(template, {"count": self._blanks, "part": shortened(part), "period": period})]
