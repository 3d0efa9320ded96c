"""Accepts, ignores or refuses every row of every block, with the reason."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from batchcast.domain import columns
from batchcast.domain.calendar import day_of
from batchcast.domain.errors import N_, Message
from batchcast.domain.settings import BatchSettings, NumberStyle
from batchcast.ingest.common.problems import Rejected
from batchcast.ingest.common.source import Block, ColumnSource, RowSource, SourceRow, is_blank
from batchcast.ingest.history.accumulate import Totals
from batchcast.ingest.history.attributes import AttributeColumns, Attributes
from batchcast.ingest.history.stockouts import StockOuts
from batchcast.ingest.history.writer import AcceptedDemand
from batchcast.ingest.layout.balances import BalanceRows, BalanceWords, ReceiptRows
from batchcast.ingest.layout.candidates import question
from batchcast.ingest.layout.holes import check_unnamed, check_unnamed_across
from batchcast.ingest.layout.layout import Across, Layout, Period
from batchcast.ingest.layout.nodemand import NoDemandWords
from batchcast.ingest.layout.rowfilter import RowChoice
from batchcast.ingest.layout.sample import UnnamedColumns
from batchcast.ingest.layout.spread import SpreadRows
from batchcast.ingest.layout.units import UnitsOfParts
from batchcast.ingest.layout.wide import DaysOfPeriods
from batchcast.ingest.rows.blanks import BlankCells
from batchcast.ingest.rows.numbered import Numbered
from batchcast.ingest.rows.refusals import Refusals, Refused
from batchcast.ingest.rows.repeats import FileOverlaps, RowPairs, note_even_repeats, note_repeats
from batchcast.ingest.rows.reversals import Exclusions, Reversals
from batchcast.ingest.rows.signs import SignReader
from batchcast.ingest.rows.stretches import repeats_within
from batchcast.ingest.rows.summaries import ColumnSums, RowSums
from batchcast.ingest.values.cells import distinct, read_cells, read_codes
from batchcast.ingest.values.dateorder import NO_DAY, DateReader, read_days
from batchcast.ingest.values.keys import NO_KEY, Codes
from batchcast.ingest.values.numberstyle import NumberReader, Quantities, read_quantities

_MANY_ROWS = 40
_NEARLY_EVERY = 0.8  # share of the rows
_FEW_REPEATS, _FEW_REPEATED = 3, 0.02  # values, and share of them, that are few enough to be slips


class Tally:
    """Everything read so far in one pass over the rows."""

    def __init__(
        self,
        layout: Layout,
        settings: BatchSettings,
        dates: DateReader,
        styles: NumberReader,
        signs: SignReader,
        *,
        rejected: Rejected,
        source: RowSource,
        to_come: frozenset[int] = frozenset(),
        spread: SpreadRows | None = None,
    ) -> None:
        """Rows of the days `to_come` are left out: they hold zeros; some of all over the file are added to `spread`."""
        self.dates = dates
        self.styles = styles
        self.signs = signs
        self.choice, self.balances = RowChoice(layout.filters), BalanceRows(layout.balance, layout.header)
        self.receipts = ReceiptRows(layout.quantity.indices, layout.receipts, layout.header)
        self.words = BalanceWords(() if spread is None or layout.balance else layout.watched)
        self.others = NoDemandWords(layout.watched, layout.header)
        self.unnamed, self._rivals = UnnamedColumns(layout.unnamed), UnnamedColumns(list(layout.rivals))
        self.rejected = rejected
        self.rows_read = self.rows_accepted = self.rows_ignored = self.returns_netted = self.blank_lines = 0
        self.cells_left_out = 0  # (date, part, site) totals of series that are sums of others
        self.blanks = BlankCells(layout.date if layout.across else layout.part)
        self.totals = Totals()
        self.stock_outs, self.exclusions = StockOuts(), Exclusions()
        self._pairs, self._overlaps, self._file = RowPairs(), FileOverlaps(), ""
        self._rows_again: Message | None = None  # what is said of rows of the file that stand in it again
        self._reversals = Reversals()
        self._row_sums = RowSums([one.index for one in layout.periods] if layout.year is None else [])
        self._column_sums = ColumnSums(layout.totals, layout.header)
        self._asked_overlaps, self._is_site_chosen = settings.overlaps, columns.SITE_CODE in settings.column_mapping
        self._today, self._to_come = settings.today, np.array(sorted(to_come), dtype=np.int32)
        self._rows_to_come = 0
        self.layout, self.spread = layout, spread
        self._units = None if layout.unit is None else UnitsOfParts(layout.header[layout.unit])
        self._attributes = AttributeColumns(
            layout.header, layout.attributes, layout.cost, is_asked=bool(settings.attributes)
        )
        self._returns = settings.returns
        self._sheet = source.sheet
        self._numbered = Numbered()
        self._lines_before = 0  # lines of the blocks before
        self._period_days = DaysOfPeriods(layout, settings)
        self._refusals = Refusals(
            layout,
            dates,
            styles,
            signs,
            self._period_days,
            returns=settings.returns,
            rejected=rejected,
            sheet=source.sheet,
        )

    def take(self, block: Block) -> None:
        """Accept, leave out or refuse the rows of one block."""
        block = self.choice.chosen(block)
        before, block = block, self.receipts.without(self.balances.without(block))
        left_out = before.num_rows - block.num_rows
        self.rows_read += left_out
        self.rows_ignored += left_out
        self._file = block.file or ""
        self.blank_lines += block.blank_lines
        self.rows_read += len(block.broken)
        if block.num_rows:
            self.unnamed.take(block)
            self._rivals.take(block)
            self.words.take(block)
            self.others.take(block)
        broken: Iterator[Refused] = ((one.row, [(one.column, "", None, one.reason)]) for one in block.broken)
        refused = self._sort(block) if block.num_rows else iter(())
        self._lines_before += block.num_rows
        for row, problems in heapq.merge(broken, refused, key=lambda pair: pair[0].line):
            self._refusals.add(block, row, problems)

    def key_notes(self) -> list[Message]:
        """What a person should know of how parts and sites are written."""
        return [*self._numbered.parts.notes(), *self._numbered.sites.notes()]

    def finish(self) -> None:
        """No row follows.

        Raises:
            OverlappingFiles: if files of a folder or archive overlap, and it was not said which counts.
            UnreadablePeriods: if a column without a name holds what may be the demand of a period.
            GroupRows: if rows of a wide table are the sums of rows under them.
        """
        if self.layout.periods and any(self.unnamed.counts.values()):
            check_unnamed(self.layout.periods, self.layout.header, self.unnamed.counts, self.unnamed.sample)
        if self.layout.across:
            check_unnamed_across(self.unnamed.counts, self.unnamed.sample)
        self._row_sums.check(self._numbered.parts.texts)
        self._ask_about_rivals()
        self.totals.finish()
        self._overlaps.settle(self.totals, self._numbered.series.sites, self._numbered.days, self._asked_overlaps)

    def _ask_about_rivals(self) -> None:
        """Ask about a column that could be one of ours and was passed over, as the first rows hold nothing in it.

        Raises:
            AmbiguousColumn: if other rows do.
        """
        layout = self.layout
        for index, ours in layout.rivals.items():
            if self._rivals.counts[index]:
                chosen = {columns.DATE: layout.date, columns.PARTNUMBER: layout.part, columns.SITE_CODE: layout.site}
                source = chosen.get(ours) or layout.quantity
                raise question(ours, [*source.indices, index], layout.header, self._rivals.sample)

    def net_reversals(self) -> list[Message]:
        """Count each return that reverses a booking on the day of the booking; returns what to say of them."""
        days = np.array(self._numbered.days, dtype=np.int64)
        return self._reversals.settle(self.totals, days, self._overlaps.taken_off, self._numbered.name_of)

    def learned(self) -> Totals | None:
        """The totals of what is learned from, once reversals are netted; None where that is all."""
        return self.exclusions.without(self.totals, self._overlaps.taken_off)

    def settle_runs(self, reread: Callable[[Layout], Iterable[Block]]) -> None:
        """Compare two runs of rows through the same dates, parts and sites in one file; `reread` gives its rows again.

        Raises:
            OverlappingFiles: if they differ, or a header is between them, and it was not said which count.
        """
        layout = self.layout
        if layout.exclude or self.totals.cells == self.rows_accepted:
            return
        rows = self._reversals.rows_of_one_file()
        if rows is None:
            return
        left = set(layout.left_alone)
        others = {i: name for i, name in enumerate(layout.header) if name in left}

        def again() -> Iterable[Block]:
            blocks = map(RowChoice(layout.filters).chosen, reread(replace(layout, also=tuple(others))))
            return map(self.receipts.without, map(self.balances.without, blocks))

        found = repeats_within(rows, others, again, has_headers=self.rejected.headers > 0)
        if found is None or isinstance(found, Message):
            self._rows_again = found
            return
        found.settle(self.totals, self._numbered.series.sites, self._numbered.days, self._asked_overlaps)
        self._overlaps.notes += found.notes
        if found.taken_off:
            self._overlaps.taken_off[self._file] = np.concatenate(list(found.taken_off.values()))

    def unit_notes(self) -> list[Message]:
        """What a person should know of the units of the quantities.

        Raises:
            SeveralUnits: a question, if a part has quantities in several units.
        """
        if self._units is None:
            return []
        is_chosen = self.layout.unit in {one.index for one in self.layout.filters}
        return self._units.notes(self._numbered.parts.texts, is_chosen=is_chosen)

    def repeats(self) -> list[Message]:
        """What a person should know of rows that are there more than once."""
        if self._overlaps.notes:
            return self._overlaps.notes
        even = note_even_repeats(self._numbered, self.totals, self.rows_accepted)
        if self._rows_again:
            return [self._rows_again, *([even] if even else [])]  # how much, and of what
        pairs = self._pairs.note() or even or self._few_repeats()
        return [pairs] if pairs else []

    def _few_repeats(self) -> Message | None:
        """What to say of rows with the keys of another, where they are few or a wide table: it may be a mistake."""
        summed = self.rows_accepted - (self.totals.cells - self.cells_left_out)
        are_few = summed <= max(_FEW_REPEATS, _FEW_REPEATED * self.rows_accepted)
        if not summed or not (are_few or self.layout.several):
            return None
        return note_repeats(self._numbered, self.totals, summed)

    def rows_by_day(self) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """The days that have a row, and how many each has."""
        return np.array(self._numbered.days, dtype=np.int32), self._numbered.day_rows

    def days_to_come(self) -> frozenset[int]:
        """The days after today whose rows are all of 0, as a form has them before their time; none where all are."""
        days = np.array(self._numbered.days, dtype=np.int32)
        later = np.zeros(0, dtype=np.int64) if self._today is None else np.flatnonzero(days > day_of(self._today))
        if not len(later):
            return frozenset()
        self.totals.finish()
        one_group = np.zeros(len(self._numbered.series), dtype=np.int64)
        empty = later[self.totals.sum_days(one_group, 1, later)[0] == 0]
        return frozenset(days[empty].tolist() if len(empty) < len(days) else ())

    def notes_to_come(self) -> list[Message]:
        """What to say of the rows that were left out as they hold zeros of days after today."""
        if not self._rows_to_come:
            return []
        template = N_("{count:,} rows of 0 after today, {today}, are left out: these periods have not come yet.")
        return [Message(template, {"count": self._rows_to_come, "today": self._today})]

    def needs_sign(self) -> bool:
        """Whether a person has to say which sign is demand, once all rows have been read."""
        return self.signs.needs_answer(refuses_returns=self._returns == "reject")

    def settle_attributes(self) -> tuple[Attributes, list[Message]]:
        """What is kept of each series besides its demand, and what a person should know of it."""
        return self._attributes.settled(len(self._numbered.series), self._numbered.name_of, self.styles.known_style)

    def accepted(self) -> AcceptedDemand:
        """What was accepted, without its attributes."""
        self.totals.finish()
        return AcceptedDemand(
            sites=self._numbered.sites.texts,
            parts=self._numbered.parts.texts,
            series_site=self._numbered.series.sites,
            series_part=self._numbered.series.parts,
            series_rows=self._numbered.series_rows,
            days=np.array(self._numbered.days, dtype=np.int32),
            totals=self.totals,
            stock_outs=self.stock_outs,
            dates_are_months=self.dates.saw_month,
        )

    @property
    def has_a_site_a_row(self) -> bool:
        """Nearly every row has a site that no other has, in more rows than a few, in a column that was not chosen."""
        if self._is_site_chosen:
            return False
        sites = len(self._numbered.sites.texts)
        return self.rows_accepted >= _MANY_ROWS and sites >= _NEARLY_EVERY * self.rows_accepted

    def leave_out(self, series: NDArray[np.int64]) -> None:
        """Count the rows of series that are totals of others among those that are not used."""
        rows = int(self._numbered.series_rows[series].sum())
        self.cells_left_out = self.totals.cells_of(series)
        self.rows_accepted -= rows
        self.rows_ignored += rows

    def quantities(self, block: Block, source: ColumnSource | None = None) -> Quantities:
        """The quantities of the rows of a block as they are written, NaN where a cell is none; shape (rows,)."""
        return read_quantities(block, source or self.layout.quantity, self.styles, self._sheet)

    def total_notes(self) -> list[Message]:
        """What a person should know of columns of totals; raises UnreadablePeriods where one is none."""
        return self._column_sums.notes()

    def _total(self, block: Block, index: int) -> Quantities:
        """A column of totals, in the style that the quantities are in so far: it tells nothing of it."""
        style: NumberStyle = "comma" if self.styles.style == "comma" else "point"
        reader = NumberReader(style, self.layout.header[index], units=self.styles.units, dash_is_zero=True)
        return read_quantities(block, ColumnSource(reader.column, (index,)), reader, self._sheet)

    def day_of(self, row: SourceRow, period: Period) -> int:
        """The day of a period in a row, NO_DAY where its year has no such period."""
        return self._period_days.day_of(row, period)

    def _sort(self, block: Block) -> Iterator[Refused]:
        of = self.layout.across_of
        parts = None if of == columns.PARTNUMBER else read_codes(self._numbered.parts, block, self.layout.part)
        sites = None if of == columns.SITE_CODE else self._site_codes(block)
        if self.spread is not None:
            self.spread.take(block, parts)
        good_keys = np.ones(block.num_rows, dtype=np.bool_)
        for keys in (parts, sites):
            good_keys &= True if keys is None else keys != NO_KEY
        if parts is None or sites is None:
            return self._sort_across(block, sites, parts, good_keys)
        if not self.layout.periods:
            days = read_days(block, self.layout.date, self.dates, self._sheet)
            quantities = self.quantities(block)
            self.rows_read += block.num_rows
            good = good_keys & (days != NO_DAY)
            quantities = self._demand(block, quantities, good)
            good &= self._acceptable(quantities)
            self._keep(sites, parts, days, quantities, good, self._excluded(block))
            self._count_units(block, parts, good)
            self._keep_attributes(block, sites, parts, days, good)
            if self.layout.stock is not None:
                self._mark_stock_outs(block, self.layout.stock, sites, parts, days, good)
            return iter(()) if good.all() else self._explained(block, np.flatnonzero(~good))
        return self._sort_wide(block, sites, parts, good_keys)

    def _sort_wide(self, block: Block, sites: Codes, parts: Codes, good_keys: NDArray[np.bool_]) -> Iterator[Refused]:
        """A cell is a row; a line whose keys can't be read is never taken apart, and is one."""
        years: Codes | None = None
        if self.layout.year is not None:
            cells = distinct(block.column(self.layout.year))
            years = np.array([self._period_days.year_of(cell) for cell in cells.cells], dtype=np.int32)[cells.index]
            good_keys &= years != 0
        self.rows_read += int((~good_keys).sum())
        bad_cells = np.zeros(block.num_rows, dtype=np.bool_)
        self._row_sums.begin(parts)
        self._column_sums.begin(block.num_rows)
        for place, period in enumerate(self.layout.periods):
            days = np.full(block.num_rows, period.day, dtype=np.int32)
            if years is not None:
                known, index = np.unique(years, return_inverse=True)
                days = np.array([self._period_days.of_year(int(year))[place] for year in known], dtype=np.int32)[index]
            bad_cells |= self._take_cells(block, period, good_keys, days, sites, parts)
        self._column_sums.compare(block, lambda index: self._total(block, index))
        self._count_units(block, parts, good_keys)
        self._keep_attributes(block, sites, parts, None, good_keys)
        bad = np.flatnonzero(~good_keys | bad_cells)
        return self._explained(block, bad) if len(bad) else iter(())

    def _sort_across(
        self, block: Block, sites: Codes | None, parts: Codes | None, good_keys: NDArray[np.bool_]
    ) -> Iterator[Refused]:
        """The same with dates down: of each column one part, or one site, which is None here."""
        days = read_days(block, self.layout.date, self.dates, self._sheet)
        good_keys &= days != NO_DAY
        self.rows_read += int((~good_keys).sum())
        bad_cells = np.zeros(block.num_rows, dtype=np.bool_)
        for one in self.layout.across:
            of = self._numbered.parts if parts is None else self._numbered.sites
            same = np.repeat(of.codes([one.name]), block.num_rows)
            found = (same if sites is None else sites, same if parts is None else parts)
            bad_cells |= self._take_cells(block, one, good_keys, days, *found)
        bad = np.flatnonzero(~good_keys | bad_cells)
        return self._explained(block, bad) if len(bad) else iter(())

    def _take_cells(  # noqa: PLR0917
        self,
        block: Block,
        column: Period | Across,
        good_keys: NDArray[np.bool_],
        days: NDArray[np.int32],
        sites: Codes,
        parts: Codes,
    ) -> NDArray[np.bool_]:
        """Take the cells of one column, each of which is a row; which of them are refused, shape (rows,)."""
        quantities = self.quantities(block, ColumnSource(column.name, (column.index,)))
        self._row_sums.add(column.index, quantities)
        blank = good_keys & self._blank(block, column.index, quantities)
        self._column_sums.add(column.index, quantities, blank)
        present = good_keys & ~blank
        self.blanks.add(block, column.name, blank, int((present & (quantities == 0)).sum()))
        self.rows_read += int(present.sum())
        quantities = self._demand(block, quantities, present)
        good = present & self._acceptable(quantities) & (days != NO_DAY)
        if self.dates.refused:
            good &= ~np.isin(days, list(self.dates.refused))
        self._keep(sites, parts, days, quantities, good, has_several=True)
        return np.asarray(present & ~good)

    def _excluded(self, block: Block) -> NDArray[np.bool_] | None:
        """Which rows are not learned from, shape (rows,); None where no column says so."""
        if self.layout.exclude is None:
            return None
        return self.exclusions.flags(read_cells(block, self.layout.exclude), means=True)

    def _keep(  # noqa: PLR0917
        self,
        sites: Codes,
        parts: Codes,
        days: NDArray[np.int32],
        quantities: Quantities,
        good: NDArray[np.bool_],
        excluded: NDArray[np.bool_] | None = None,
        *,
        has_several: bool = False,
    ) -> None:
        """Add the good rows; returns that are to be ignored are only counted."""
        if quantities.dtype == np.float64 and not good.all():
            quantities = np.where(good, quantities, 0.0)
        negative = (quantities < 0) & good
        if self._returns == "ignore":
            self.rows_ignored += int(negative.sum())
            good = good & ~negative
        else:
            self.returns_netted += int(negative.sum())
        if len(self._to_come):
            is_to_come = good & np.isin(days, self._to_come)
            self._rows_to_come += int(is_to_come.sum())
            self.rows_ignored += int(is_to_come.sum())
            good = good & ~is_to_come
        lines = None
        if has_several:
            lines = np.flatnonzero(good).astype(np.int32) + np.int32(self._lines_before)
        if not good.all():
            sites, parts, days, quantities = sites[good], parts[good], days[good], quantities[good]
        series = self._numbered.series.codes(sites, parts)
        self.rows_accepted += len(series)
        numbers = self._numbered.numbers_of(days)
        self._numbered.count_rows(series, numbers)
        self.totals.add(series, numbers, quantities)
        self._pairs.add(series, numbers, quantities)
        if excluded is not None:
            excluded = excluded[good]
            self.exclusions.add(self._file, series[excluded], numbers[excluded], quantities[excluded])
            learned = ~excluded
            self._reversals.add(self._file, series[learned], numbers[learned], quantities[learned])
        else:
            self._reversals.add(self._file, series, numbers, quantities, lines)
        if self._file:
            self._overlaps.add(self._file, series, numbers, quantities)

    def _mark_stock_outs(  # noqa: PLR0917
        self,
        block: Block,
        source: ColumnSource,
        sites: Codes,
        parts: Codes,
        days: NDArray[np.int32],
        good: NDArray[np.bool_],
    ) -> None:
        """Remember which series were out of stock on which days; also by rows of returns that are ignored."""
        flagged = good & self.stock_outs.flags(read_cells(block, source), means=self.layout.stock_means_out)
        if flagged.any():
            known = self._numbered.series.codes(sites[flagged], parts[flagged])
            self.stock_outs.add(known, self._numbered.numbers_of(days[flagged]))

    def _count_units(self, block: Block, parts: Codes, good: NDArray[np.bool_]) -> None:
        if self._units is not None and self.layout.unit is not None:
            self._units.add(parts, distinct(block.column(self.layout.unit)), good)

    def _keep_attributes(
        self, block: Block, sites: Codes, parts: Codes, days: NDArray[np.int32] | None, good: NDArray[np.bool_]
    ) -> None:
        """Remember what else the good rows say of their series; a row of none, as all of it is left out, is not."""
        if self._attributes:
            self._attributes.take(block, np.where(good, self._numbered.series.found(sites, parts), -1), days)

    def _acceptable(self, quantities: Quantities) -> NDArray[np.bool_]:
        if self._returns == "reject":
            return np.asarray(quantities >= 0)  # False for NaN
        if quantities.dtype == np.int64:
            return np.ones(len(quantities), dtype=np.bool_)
        return ~np.isnan(quantities)

    def _demand(self, block: Block, quantities: Quantities, good: NDArray[np.bool_]) -> Quantities:
        """The quantities with demand above zero."""
        is_counted = self.signs.asked == "auto" or self.signs.is_chosen
        movements = self.layout.movements if is_counted else ()
        return self.signs.demand(quantities, good, [distinct(block.column(index)) for index in movements])

    def _site_codes(self, block: Block) -> Codes:
        if self.layout.site is not None:
            return read_codes(self._numbered.sites, block, self.layout.site)
        return np.repeat(self._numbered.sites.codes([columns.ALL_SITES]), block.num_rows)

    def _blank(self, block: Block, index: int, quantities: Quantities) -> NDArray[np.bool_]:
        """Which cells of a period hold nothing: neither demand nor a mistake."""
        blank = np.zeros(block.num_rows, dtype=np.bool_)
        if quantities.dtype == np.float64 and np.isnan(quantities).any():
            cells = distinct(block.column(index))
            empties = np.array([is_blank(cell) or cell != cell for cell in cells.cells])  # noqa: PLR0124 NaN
            blank = empties[cells.index]
        return blank

    def _explained(self, block: Block, indices: NDArray[np.int64]) -> Iterator[Refused]:
        for row in block.rows(indices.tolist()):
            if all(map(is_blank, row.cells)):
                self.rows_read -= 1
                self.blank_lines += 1
            else:
                yield from self._refusals.problems_of(row)
