"""Cells of a sheet that hold no value: error values such as #N/A, and formulas without a stored result.

The reader of workbooks gives them as blank, which would be no demand; so they are found in what the file holds.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from batchcast.domain.errors import N_, Message
from batchcast.ingest.common.limits import IngestLimits
from batchcast.ingest.common.problems import OverTheLimit
from batchcast.ingest.common.source import Uncomputed

NoValues = dict[int, dict[int, str]]  # row, counted from 1 -> column, counted from 0 -> what stands there
_MOST_CELLS = 1_000_000
_ERROR_TEXTS = {  # by the number of an error in binary files
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
}


@dataclass(slots=True)
class Formulas:
    """The formulas of a sheet whose stored result is 0, and whether another has one that is not.

    Programs that compute nothing store 0 for every formula, and leave a mark that spreadsheets compute them on opening.
    """

    zeros: NoValues = field(default_factory=dict)
    is_computed: bool = False

    def add(self, row: int, column: int, *, is_zero: bool, formula: str = "=…") -> None:
        """One more."""
        self.is_computed |= not is_zero
        if is_zero and not self.is_computed:
            self.zeros.setdefault(row, {})[column] = Uncomputed(formula)

    def add_to(self, found: NoValues) -> None:
        """Add those that are not computed to the cells without a value."""
        for row, cells in {} if self.is_computed else self.zeros.items():
            found[row] = {**cells, **found.get(row, {})}


def check_number(found: NoValues, name: str) -> None:
    """Refuse a sheet with more rows of them than are remembered.

    Raises:
        OverTheLimit: if there are more than a million.
    """
    if len(found) > _MOST_CELLS:
        template = N_("{name} has error values in more than {most:,} rows; correct its formulas and save it again.")
        raise OverTheLimit(Message(template, {"name": name, "most": _MOST_CELLS}))


def check_span(name: str, rows: int, columns: int, limits: IngestLimits) -> None:
    """Refuse a sheet that spans more cells than can be held.

    Raises:
        OverTheLimit: if it does.
    """
    if rows * columns > limits.max_cells:
        template = N_("{name} has a sheet of {rows} rows by {columns} columns; at most {most} cells are read.")
        values = {"name": name, "rows": rows, "columns": columns, "most": limits.max_cells}
        raise OverTheLimit(Message(template, values))


class DamagedRecords(ValueError):
    """A record holds less than it must, or points where nothing can be."""


def error_text(code: int) -> str:
    """What a cell shows that holds the error of this number."""
    return _ERROR_TEXTS.get(code, "#N/A")
