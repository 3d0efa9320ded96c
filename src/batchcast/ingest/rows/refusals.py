"""Why a row is refused: the reason of each of its cells that can't be read, and what is reported of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from batchcast.domain import columns
from batchcast.domain.errors import N_, InternalError, Message
from batchcast.domain.history import RowProblem
from batchcast.domain.settings import Returns
from batchcast.ingest.common.arrow import number_array, text_array
from batchcast.ingest.common.names import letter_of, shortened
from batchcast.ingest.common.problems import Rejected
from batchcast.ingest.common.source import Block, ColumnSource, SourceRow, Uncomputed, is_blank
from batchcast.ingest.layout.layout import Layout, Period
from batchcast.ingest.layout.wide import DaysOfPeriods
from batchcast.ingest.rows.signs import SignReader
from batchcast.ingest.values.cells import cell_of, date_text
from batchcast.ingest.values.dateorder import NO_DAY, DateReader
from batchcast.ingest.values.dates import empty
from batchcast.ingest.values.keys import is_error_value, key_text, read_key
from batchcast.ingest.values.numberstyle import NumberReader

Refused = tuple[SourceRow, "list[Problem]"]
Problem = tuple[int, str, Any, Message]  # column of the file (-1: none), its name, the cell, the reason


class Refusals:
    """Says of each refused row why, by the readers that could not read its cells."""

    def __init__(
        self,
        layout: Layout,
        dates: DateReader,
        styles: NumberReader,
        signs: SignReader,
        days: DaysOfPeriods,
        *,
        returns: Returns,
        rejected: Rejected,
        sheet: str | None,
    ) -> None:
        self._layout = layout
        self._dates = dates
        self._styles = styles
        self._signs = signs
        self._days = days
        self._returns = returns
        self._rejected = rejected
        self._sheet = sheet

    def problems_of(self, row: SourceRow) -> Iterator[Refused]:
        """A row that is not blank, with its problems; of a wide table once for each cell that can't be read."""
        if self._layout.several:
            yield from self._wide_problems(row)
        else:
            yield row, self._long_problems(row, self._layout)

    def add(self, block: Block, row: SourceRow, problems: Sequence[Problem]) -> None:
        """Report a row, by the first of its problems."""
        index, name, cell, reason = problems[0]
        layout = self._layout
        problem = RowProblem(
            line=row.line,
            column=name or (layout.header[index] if 0 <= index < len(layout.header) else ""),
            letter=letter_of(index) if index >= 0 else "",
            value=shortened(key_text(row.cells[index] if not name and 0 <= index < len(row.cells) else cell)),
            reason=reason,
            site_code=_readable(row, layout.site) if layout.site else columns.ALL_SITES,
            partnumber=_readable(row, layout.part) if self._rejected.is_reporting else None,
            file=block.file,
            sheet=self._sheet,
        )
        self._rejected.add(row, problem, [one[3] for one in problems])

    def _long_problems(self, row: SourceRow, layout: Layout) -> list[Problem]:
        found = [
            *_problem(row, layout.date, self._explain_date),
            *self._key_problems(row),
            *_problem(row, layout.quantity, self._explain_quantity),
        ]
        if not found:
            template = N_("Line {line} was refused without a reason; send us the file.")
            raise InternalError(Message(template, {"line": row.line}))
        return found

    def _wide_problems(self, row: SourceRow) -> Iterator[Refused]:
        layout = self._layout
        keys = self._key_problems(row)
        if layout.year is not None:
            keys += _problem(row, ColumnSource(layout.header[layout.year], (layout.year,)), self._explain_year)
        if layout.across:
            keys = [*_problem(row, layout.date, self._explain_date), *keys]
        if keys:
            yield row, keys
            return
        for one in layout.several:
            if not is_blank(row.cells[one.index]):
                day = self._days.day_of(row, one) if isinstance(one, Period) else None
                cells = _problem(row, ColumnSource(one.name, (one.index,)), partial(self._explain_period, day))
                if cells:
                    yield row, cells

    def _key_problems(self, row: SourceRow) -> list[Problem]:
        of = {columns.PARTNUMBER: self._layout.part, columns.SITE_CODE: self._layout.site}
        sources = [source for ours, source in of.items() if source is not None and ours != self._layout.across_of]
        return [problem for source in sources for problem in _problem(row, source, self._explain_key)]

    def _explain_year(self, cell: object) -> Message | None:
        if self._days.year_of(cell):
            return None
        return empty() if is_blank(cell) else Message(N_("is not a year"))

    def _explain_key(self, cell: object) -> Message | None:
        key = read_key(cell)
        return key if isinstance(key, Message) else None

    def _explain_date(self, cell: object) -> Message | None:
        if isinstance(cell, Uncomputed) or (isinstance(cell, str) and is_error_value(cell.strip())):
            return self._explain_key(cell)
        return empty() if is_blank(cell) else self._dates.explain(date_text(cell))

    def _explain_period(self, day: int | None, cell: object) -> Message | None:
        if day == NO_DAY:
            return Message(N_("stands in a period that its year does not have"))
        return self._explain_quantity(cell) or (None if day is None else self._dates.refused.get(day))

    def _explain_quantity(self, cell: object) -> Message | None:
        if isinstance(cell, dt.date | dt.time | dt.timedelta):
            return Message(N_("is a date or time cell, not a number"))
        reason = self._styles.explain(cell)
        if reason is None and self._returns == "reject" and self._is_return(cell):
            if self._signs.is_negative:
                return Message(N_("is positive where demand is negative, and returns are to be rejected"))
            return Message(N_("is negative, and returns are to be rejected"))
        return reason

    def _is_return(self, cell: Any) -> bool:
        column = text_array([cell]) if isinstance(cell, str) else number_array(np.array([float(cell)]))
        quantity = self._styles.quantities(column, Message)[0]
        return bool(quantity > 0 if self._signs.is_negative else quantity < 0)


def _problem(row: SourceRow, source: ColumnSource, explain: Callable[[Any], Message | None]) -> list[Problem]:
    cell = cell_of(row, source)
    reason = explain(cell)
    if reason is None:
        return []
    blank = [i for i in source.indices if is_blank(row.cells[i])]
    index = (blank or list(source.indices) or [-1])[0]
    return [(index, source.name, cell, reason)]


def _readable(row: SourceRow, source: ColumnSource) -> str | None:
    """The key of a refused row, as far as it has one."""
    if any(i >= len(row.cells) for i in source.indices) or not (source.indices or source.literal):
        return None
    key = read_key(cell_of(row, source))
    return None if isinstance(key, Message) else key
