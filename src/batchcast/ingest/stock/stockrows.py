"""Reads the rows of a stock file, block by block: site, part and day of each, and the stock it tells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from batchcast.domain import columns
from batchcast.domain.errors import Message
from batchcast.ingest.common.arrow import text_array
from batchcast.ingest.common.limits import LARGEST_QUANTITY
from batchcast.ingest.common.names import is_total_word, split_lead_time
from batchcast.ingest.common.source import Block, ColumnSource, RowSource, SourceRow, is_blank
from batchcast.ingest.layout.sample import UnnamedColumns, without_currency
from batchcast.ingest.stock.orderlists import ON_HAND, ON_ORDER
from batchcast.ingest.stock.rivals import Rivals
from batchcast.ingest.stock.stockcolumns import FREE, SUMMED, StockLayout
from batchcast.ingest.values.cells import DistinctCells, cell_of, date_text, distinct, locator, read_cells, read_codes
from batchcast.ingest.values.dateorder import NO_DAY, DateReader, read_days
from batchcast.ingest.values.dates import empty
from batchcast.ingest.values.keys import NO_KEY, Codes, Keys, SeriesKeys, key_text, read_key
from batchcast.ingest.values.numbers import unit_key, unit_of
from batchcast.ingest.values.numberstyle import NumberReader

LONGEST_LEAD_TIME = 3650  # periods or days: ten years of days; more is a date, or another slip
NOTHING_AT_ZERO = frozenset({FREE, columns.LEAD_TIME_DAYS})  # as an export writes 0 where none is kept
MOST_KINDS = 12  # values of a column that says kinds of stock
LEAD_TIMES = frozenset({columns.LEAD_TIME, columns.LEAD_TIME_DAYS})
_ONE_DAY = 0  # of all rows, where there are no dates


@dataclass(frozen=True, kw_only=True, slots=True)
class Unreadable:
    """A row that can't be told to be of a part, or of a day."""

    line: int
    file: str | None  # member of a folder or archive
    column: str | None = None  # None: the row has other cells than the header
    found: str = ""
    reason: Message | None = None


class StockRows:
    """Everything read so far in one pass over the rows."""

    def __init__(
        self,
        layout: StockLayout,
        source: RowSource,
        *,
        dates: DateReader | None = None,
        styles: NumberReader | None = None,
    ) -> None:
        """Without `dates` dates are not looked at; without `styles` only repeats can be looked for."""
        self.latest = {
            ours: SummedValues() if dates is None and ours in SUMMED else LatestValues()
            for ours in layout.stock_columns
        }
        self.unnamed = UnnamedColumns(layout.unnamed)
        self.days: set[int] = set()  # two of those that rows have
        self.rows_read = 0
        self.unreadable: list[Unreadable] = []  # rows of no part or day, where they may be left out
        self.left_out = 0  # rows under a report that say nothing of a part's stock, and headers that are repeated
        self.kinds: dict[int, Counter[str]] = {i: Counter() for i in layout.kinds}  # rows by value
        self.units: Counter[str] = Counter()  # different units that are held or on order, by their unit
        self.zero_lead_times = 0
        self.rivals = Rivals(layout.rivals, layout.header, layout.promised)
        self.suppliers: dict[int, str] = {}  # of each series: the last that a row names
        self._layout = layout
        self._sheet = source.sheet
        self._dates = dates
        self._styles = styles or NumberReader("auto")
        self._sites, self._parts = Keys(), Keys()
        self._series = SeriesKeys()
        self._first_rows: Rows = np.zeros(0, dtype=np.int64)  # of each series
        self._file_of: dict[int, str] = {}  # the first of several files that has a series
        self.in_two_files: tuple[int, str, str] | None = None  # a series, and two files that have it

    def take(self, block: Block, first: int) -> Iterator[Unreadable]:
        """Take the rows of a block whose first has this number; yields those without a readable site, part or day."""
        self.rows_read += len(block.broken)
        yield from (Unreadable(line=one.row.line, file=block.file) for one in block.broken)
        if block.num_rows:
            self.unnamed.take(block)
        series, good, silent = self._series_of(block, first)
        days = np.full(block.num_rows, _ONE_DAY, dtype=np.int32)
        if self._dates is not None and self._layout.date is not None and block.num_rows:
            days = read_days(block, self._layout.date, self._dates, self._sheet)
            good &= days != NO_DAY
            if len(self.days) < 2 and good.any():
                self.days |= {int(days[good].min()), int(days[good].max())}
        self.rows_read += block.num_rows - int(silent.sum())
        self.left_out += int(silent.sum())
        if not (good | silent).all():
            yield from self._unreadable(block, np.flatnonzero(~(good | silent)))
        if block.file is not None and self.in_two_files is None:
            self._note_file(series[good], block.file)
        self._count_kinds(block)
        self._take_suppliers(block, series, good)
        found: dict[str, Floats] = {}
        for ours, cells in self._layout.stock_columns.items():
            values, has_value = self._numbers(block, read_cells(block, cells), ours)
            if ours == columns.LEAD_TIME_DAYS:
                self.zero_lead_times += int((good & (values == 0)).sum())
            if ours in NOTHING_AT_ZERO:
                has_value &= values != 0
            if ours in LEAD_TIMES:
                values[values > LONGEST_LEAD_TIME] = np.nan
            if ours == ON_HAND and self._layout.taken_off:
                values = values - self._sum_of(block, self._layout.taken_off)
            found[ours] = values
            chosen = np.flatnonzero(good & has_value)
            self.latest[ours].take(series[chosen], days[chosen], values[chosen], first + chosen)
        if self.rivals.columns:
            others = {i: self._numbers_of(block, i) for i in (*self.rivals.columns, *self.rivals.promised)}
            self.rivals.take(found[ON_HAND], found.get(FREE), found.get(ON_ORDER), others)

    def _take_suppliers(self, block: Block, series: Codes, good: Flags) -> None:
        if self._layout.supplier is None or not block.num_rows:
            return
        cells = read_cells(block, self._layout.supplier)
        texts = [" ".join(key_text(cell).split()) for cell in cells.cells]
        has_text = np.array([bool(text) for text in texts], dtype=np.bool_)
        rows = np.flatnonzero(good & has_text[cells.index])
        names = map(texts.__getitem__, cells.index[rows].tolist())
        self.suppliers.update(zip(series[rows].tolist(), names, strict=True))

    def _numbers_of(self, block: Block, index: int) -> Floats:
        return self._numbers(block, read_cells(block, ColumnSource("", (index,))), ON_HAND)[0]

    def _sum_of(self, block: Block, indices: Sequence[int]) -> Floats:
        """The sum of some columns, what is blank as 0: shape (rows,)."""
        total: Floats = np.sum([np.nan_to_num(self._numbers_of(block, i)) for i in indices], axis=0)
        return total

    def repeat_in(self, block: Block, first: int) -> tuple[int, int] | None:
        """The first row of this block whose series has one already, after the number of that one."""
        known = len(self._series)
        series, good, _ = self._series_of(block, first)
        rows = np.flatnonzero(good)
        repeats = np.ones(len(rows), dtype=np.bool_)
        repeats[np.unique(series[rows], return_index=True)[1]] = False
        again = rows[repeats | (series[rows] < known)]
        if not len(again):
            return None
        return int(self._first_rows[series[again[0]]]), first + int(again[0])

    def _note_file(self, series: Codes, file: str) -> None:
        """Note which file has some series, and the first of them that another has too."""
        for one in np.unique(series).tolist():
            known = self._file_of.setdefault(one, file)
            if known != file:
                self.in_two_files = one, known, file
                return

    def bad_cells(self) -> list[tuple[int, str]]:
        """Number of the row and column of each cell that counts and can't be read, in the order of the file."""
        return sorted((number, ours) for ours, latest in self.latest.items() for number in latest.unreadable())

    def refused_share(self, *, is_dated: bool) -> tuple[int, int]:
        """How many rows can't be read, of how many; of the row that counts for each part, where rows have dates."""
        lost, bad = len(self.unreadable), len({number for number, _ in self.bad_cells()})
        if not is_dated:
            return lost + bad, self.rows_read
        return max((lost, self.rows_read), (bad, len(self._series)), key=lambda one: one[0] / max(1, one[1]))

    def notes(self) -> list[Message]:
        """What a person should know of columns without a name, and of how parts and sites are written."""
        return [*self.unnamed.notes(), *self._parts.notes(), *self._sites.notes()]

    def keys(self) -> list[tuple[str, str]]:
        """Site and part of each series, by its number."""
        sites, parts = self._sites.texts, self._parts.texts
        return [(sites[s], parts[p]) for s, p in zip(self._series.sites, self._series.parts, strict=True)]

    def numbered(self) -> tuple[Sequence[str], Sequence[str], NDArray[np.int64], NDArray[np.int64]]:
        """The sites and the parts, and the numbers of those of each series."""
        return self._sites.texts, self._parts.texts, self._series.sites, self._series.parts

    def order(self) -> list[int]:
        """Numbers of the series in the order of their first rows."""
        order: list[int] = np.argsort(self._first_rows, kind="stable").tolist()
        return order

    def several(self) -> list[tuple[str, str, int, bool]]:
        """Site, part and number of rows of each series whose stock is summed, and whether they differ, by row."""
        summed = [latest for latest in self.latest.values() if isinstance(latest, SummedValues) and len(latest.count)]
        if not summed:
            return []
        keys = self.keys()
        found = []
        for i in self.order():
            of_series = [(int(one.count[i]), bool(one.differs[i])) for one in summed if i < len(one.count)]
            most = max((count for count, _ in of_series), default=0)
            if most > 1:
                found.append((*keys[i], most, any(differs for _, differs in of_series)))
        return found

    def differing(self) -> list[tuple[str, str]]:
        """Series of whose latest day two rows have different values in a column, in the order of the file."""
        differs: set[int] = set()
        for latest in self.latest.values():
            if isinstance(latest, SummedValues):
                continue
            differs.update(np.flatnonzero(latest.differs).tolist())
        keys = self.keys() if differs else []
        return [keys[i] for i in self.order() if i in differs]

    def _in_unit(self, text: str) -> str:
        """A quantity as it is written; as no number where it is in a unit that is not to be read."""
        unit, wanted = unit_of(text), set(map(unit_key, self._layout.units))
        return f"{text} ?" if wanted and unit and unit not in wanted else text

    def _silent(self, block: Block, good: Flags) -> Flags:
        """Rows that repeat the header, and rows without a site under a report that say nothing of any stock."""
        silent = np.zeros(block.num_rows, dtype=np.bool_)
        layout, doubtful = self._layout, np.flatnonzero(~good)
        cells = read_cells(block, layout.part)
        repeats = np.array([key_text(cell).strip() == layout.part.name for cell in cells.cells], dtype=np.bool_)
        if len(repeats) and repeats.any():
            doubtful = np.union1d(doubtful, np.flatnonzero(repeats[cells.index]))
        for row, found in zip(doubtful.tolist(), block.rows(doubtful.tolist()), strict=True):
            if all(map(is_blank, found.cells)):
                continue
            stock = [(one.name, key_text(cell_of(found, one)).strip()) for one in layout.stock_columns.values()]
            is_header = all(name == text for name, text in stock)
            has_no_site = layout.site is not None and is_blank(cell_of(found, layout.site))
            is_footer = not good[row] and has_no_site and not any(text for _, text in stock)
            silent[row] = is_header or is_footer
        return silent

    def _count_kinds(self, block: Block) -> None:
        """Count the rows of each value of the columns that may say which kind of stock a row is."""
        for index, counts in self.kinds.items():
            cells = distinct(block.column(index))
            rows = np.bincount(cells.index, minlength=len(cells.cells)).tolist()
            if len(counts) <= MOST_KINDS:
                counts.update(dict(zip((date_text(cell).strip() for cell in cells.cells), rows, strict=True)))

    def _series_of(self, block: Block, first: int) -> tuple[Codes, Flags, Flags]:
        """The series of each row, whether it has one, and whether the row says nothing and is left out."""
        parts = read_codes(self._parts, block, self._layout.part)
        if self._layout.site is None:
            sites = np.repeat(self._sites.codes([columns.ALL_SITES]), block.num_rows)
        else:
            sites = read_codes(self._sites, block, self._layout.site)
            sites = self._with_totals(block, sites, parts)
        good: NDArray[np.bool_] = (parts != NO_KEY) & (sites != NO_KEY)
        silent = self._silent(block, good)
        good &= ~silent
        series = np.full(block.num_rows, -1, dtype=np.int32)
        known = len(self._series)
        series[good] = self._series.codes(sites[good], parts[good])
        rows = np.flatnonzero(good & (series >= known))
        _, places = np.unique(series[rows], return_index=True)
        self._first_rows = np.append(self._first_rows, first + rows[places])
        return series, good, silent

    def _with_totals(self, block: Block, sites: Codes, parts: Codes) -> Codes:
        """The sites, `ALL` where a row without one is named a total: its arithmetic decides whether it is one."""
        lost = np.flatnonzero((sites == NO_KEY) & (parts != NO_KEY))
        named = [row for row in lost.tolist() if is_total_word(self._parts.texts[parts[row]])]
        site = self._layout.site
        blank = [
            row
            for row, found in zip(named, block.rows(named), strict=True)
            if site is not None and is_blank(cell_of(found, site))
        ]
        if blank:
            sites = sites.copy()
            sites[blank] = self._sites.codes([columns.ALL_SITES])[0]
        return sites

    def _numbers(self, block: Block, cells: DistinctCells, ours: str) -> tuple[Floats, Flags]:
        """What each row says, NaN where it can't be read, and whether it says anything; shape (rows,) each."""
        read = np.full(len(cells.cells), np.nan)
        has_value = np.array([not is_blank(cell) and cell == cell for cell in cells.cells], dtype=np.bool_)  # noqa: PLR0124 NaN
        for i, cell in enumerate(cells.cells):
            if isinstance(cell, int | float | Decimal) and not isinstance(cell, bool):
                read[i] = float(cell)
        texts = [i for i, cell in enumerate(cells.cells) if isinstance(cell, str) and has_value[i]]
        given: list[str] = [cells.cells[i] for i in texts]
        bare, days = self._bare(given, ours)
        as_given, locate = dict(zip(bare, given, strict=True)), locator(block, cells, self._sheet)
        read[texts] = self._styles.quantities(text_array(bare), lambda text: locate(as_given[text]))
        if ours == columns.LEAD_TIME_DAYS:
            read *= self._layout.days_of_lead_time
            read[texts] *= np.nan_to_num(days / self._layout.days_of_lead_time, nan=1.0)
        least = {ON_HAND: -LARGEST_QUANTITY, **dict.fromkeys((ON_ORDER, *NOTHING_AT_ZERO), 0.0)}.get(
            ours, np.nextafter(0.0, 1.0)
        )
        read[~((read <= LARGEST_QUANTITY) & (read >= least))] = np.nan
        return read[cells.index], has_value[cells.index]

    def _bare(self, given: list[str], ours: str) -> tuple[list[str], Floats]:
        """What is written as numbers alone, and the days in the unit of each lead time, NaN where it has none."""
        days = np.full(len(given), np.nan)
        if ours == FREE:
            return [without_currency(text) for text in given], days
        if ours in LEAD_TIMES:
            return _without_units(given, ours)
        if ours in SUMMED:
            self.units.update(filter(None, map(unit_of, given)))
            return [self._in_unit(text) for text in given], days
        return given, days

    def _unreadable(self, block: Block, indices: NDArray[np.int64]) -> Iterator[Unreadable]:
        for row in block.rows(indices.tolist()):
            if all(map(is_blank, row.cells)):
                self.rows_read -= 1
                continue
            column, cell, reason = next(self._problems(row))
            yield Unreadable(line=row.line, file=block.file, column=column, found=key_text(cell), reason=reason)

    def _problems(self, row: SourceRow) -> Iterator[tuple[str, object, Message]]:
        """What is wrong with a row: our column, the cell, the reason."""
        layout = self._layout
        for ours, source in ((columns.PARTNUMBER, layout.part), (columns.SITE_CODE, layout.site)):
            key = "" if source is None else read_key(cell_of(row, source))
            if source is not None and isinstance(key, Message):
                yield ours, cell_of(row, source), key
        if layout.date is not None and self._dates is not None:
            cell = cell_of(row, layout.date)
            reason = empty() if is_blank(cell) else self._dates.explain(date_text(cell))
            if reason is not None:
                yield columns.DATE, cell, reason


def _without_units(texts: Sequence[str], ours: str) -> tuple[list[str], Floats]:
    """Lead times as they are written without their units, and the days in one of each, NaN where it has none.

    Those that are counted in periods have none: one with a unit can't be read.
    """
    split = [split_lead_time(text) for text in texts]
    if ours == columns.LEAD_TIME:
        bare = [text if found is None else f"{text} ?" for text, found in zip(texts, split, strict=True)]
    else:
        bare = [text if found is None else found[0] for text, found in zip(texts, split, strict=True)]
    return bare, np.array([np.nan if found is None else found[1] for found in split], dtype=np.float64)


# Of each series the value that counts of one column: that of the last row of its latest day that has one.

Days = NDArray[np.int32]
Rows = NDArray[np.int64]
Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]


class LatestValues:
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


class SummedValues(LatestValues):
    """The sum over the rows of each series, as of several places that hold it; one that can't be read spoils it."""

    def __init__(self) -> None:
        super().__init__()
        self.count: Rows = np.zeros(0, dtype=np.int64)  # rows with a value, shape (series,)
        self._first: Floats = np.zeros(0)  # value of the first of them
        self._bad: list[int] = []

    def take(self, series: Codes, days: Days, values: Floats, rows: Rows) -> None:
        """Takes what `LatestValues.take` takes; `differs` says that two rows have different values."""
        if not len(series):
            return
        self._grow(int(series.max()) + 1)
        more = len(self.days) - len(self.count)
        self.count, self._first = (
            np.append(self.count, np.zeros(more, np.int64)),
            np.append(self._first, np.zeros(more)),
        )
        firsts = np.unique(series, return_index=True)[1]
        new = firsts[self.days[series[firsts]] == NO_DAY]
        self.days[series[new]], self.values[series[new]], self._first[series[new]] = days[new], 0.0, values[new]
        self.differs[series[values != self._first[series]]] = True
        self._bad += rows[np.isnan(values)].tolist()
        np.add.at(self.values, series, values)
        np.add.at(self.count, series, 1)

    def unreadable(self) -> list[int]:
        """Numbers of the rows that can't be read."""
        return self._bad
