"""Reads a stock file: the stock of each part, its cost, its pack size and its lead time.

A file of any kind that a demand history comes in, with a row for each part of a site; or with several and a date, as
a demand history with such columns has them: then the latest row that has a value counts, column by column. A cell
that counts and can't be read refuses the file: an order that leaves a part out unsaid costs more than a correction.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from batchcast.domain import columns
from batchcast.domain.calendar import date_of
from batchcast.domain.errors import N_, Choice, Message
from batchcast.domain.history import enough_share
from batchcast.domain.inventory import StockItem, StockOnHand
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.common.limits import LARGEST_QUANTITY, IngestLimits
from batchcast.ingest.common.names import target_of
from batchcast.ingest.common.problems import EmptyInput, InvalidStockFile, ReceiptsAndIssues, SeveralUnits
from batchcast.ingest.common.source import Block, FindLayout, ReadAgain, RowSource, SourceRow
from batchcast.ingest.files.recognise import open_file
from batchcast.ingest.files.table import open_table
from batchcast.ingest.history.accumulate import Totals
from batchcast.ingest.history.stockouts import StockOuts
from batchcast.ingest.history.writer import AcceptedDemand
from batchcast.ingest.layout.rowfilter import RowChoice, counted_values, filter_text
from batchcast.ingest.rows.summaries import find_summaries
from batchcast.ingest.stock.orderlists import ON_HAND, ON_ORDER
from batchcast.ingest.stock.rivals import note_on_promised
from batchcast.ingest.stock.stockcolumns import FREE, StockLayout, find_stock_columns
from batchcast.ingest.stock.stockrows import LEAD_TIMES, LONGEST_LEAD_TIME, MOST_KINDS, StockRows, Unreadable
from batchcast.ingest.values.cells import cell_of
from batchcast.ingest.values.dateorder import NO_DAY, DateReader
from batchcast.ingest.values.keys import key_text
from batchcast.ingest.values.numberstyle import NumberReader
from batchcast.ingest.values.zones import StampZone

NOT_FREE = re.compile(  # kinds of stock that can't be used, or not yet
    r"(?<![^\W\d_])(?:block|bloque|bloqu|quality|inspec|quarant|karantina|reserv|scrap|damag|rusak|reject|return|retur"
    r"|transit|consign|konsinyasi|customer|vendor|gesperrt|sperr|qualität|in prüf|on hold|hold|tahan|expired|kadaluarsa"
    r"|kedaluwarsa|obsolete|defect|cacat|restricted|restringid|calidad|on order|committed)",
    re.IGNORECASE,
)
_TABLE = "table"  # what a table in memory is called
_SHOWN = 10  # places of what else can't be read


def read_stock(path: Path, settings: BatchSettings | None = None) -> StockOnHand:
    """The stock of the parts of a file, in its order; without a column of sites all are at the site `ALL`.

    Args:
        path: of a file or folder that a demand history can come in.
        settings: how dates and numbers are written, and what its columns are called. With `bad_rows="skip"`, rows
            whose date, site or part can't be read are left out, and cells of stock that can't be read are unknown;
            but no more of them than `max_refused_share` allows.

    Raises:
        InvalidStockFile: if it can't be read as one.
        InvalidInput: another, if it can't be read at all, or its dates or numbers read in two ways.
    """
    settings = settings or BatchSettings()
    return read_stock_by(path, settings, partial(find_stock_columns, path.name))[0]


def read_stock_by(
    path: Path, settings: BatchSettings, find: FindLayout[StockLayout]
) -> tuple[StockOnHand, StockLayout]:
    """The same, and the columns that it was read by, as `find` finds them. Raises as `read_stock`."""
    try:
        with open_file(path, settings, IngestLimits(), find) as (source, layout):
            reading = StockReading(path.name, source, layout, settings)
            return reading.on_hand(), reading.layout
    except EmptyInput as error:
        template = N_("{name} is empty: a stock file has a header and a row for each part.")
        raise InvalidStockFile(Message(template, {"name": path.name})) from error


def read_stock_table(table: Any, settings: BatchSettings | None = None) -> StockOnHand:
    """The same of a pandas, polars or pyarrow table; `line` in sentences is the number of the row, the first is 1."""
    settings = settings or BatchSettings()
    source, layout = open_table(table, settings, partial(find_stock_columns, _TABLE))
    return StockReading(_TABLE, source, layout, settings).on_hand()


class StockReading:
    """One file that is read, again where its dates or numbers turn out to be written the other way."""

    def __init__(self, name: str, source: RowSource, layout: StockLayout, settings: BatchSettings) -> None:
        self.layout = layout  # with what its rows decide, once they are read
        self._name = name
        self._source = source
        self._settings = settings
        self._choice = self._choosing = RowChoice(layout.filters)  # of the last whole reading, and of the pass at work

    @property
    def rows_filtered(self) -> int:
        """Rows that were left out as asked for."""
        return self._choice.rows_filtered

    def on_hand(self) -> StockOnHand:
        """Every part."""
        repeat = self._first_repeat()
        is_dated = repeat is not None and self.layout.date is not None
        if repeat is not None and self.layout.undecided is not None:
            raise self.layout.undecided
        rows, notes = self._read(is_dated=is_dated)
        if is_dated and len(rows.days) == 1:  # one day's stock, a row for each place that holds some
            is_dated = False
            rows, notes = self._read(is_dated=False)
        self._choice.check(rows.rows_read + self._choice.rows_filtered)
        rows, notes = self._without_promised(rows, notes, is_dated=is_dated)
        if not rows.rows_read:
            template = N_("{name} has a header and no rows under it: export it again, with a row for each part.")
            raise _refused(template, name=self._name)
        if bad := rows.bad_cells():
            if self._settings.bad_rows != "skip":
                raise self._all_wrong([], bad)
            notes = [self._left_unknown(bad), *notes]
        self._check_share(rows, bad, is_dated=is_dated)
        several = rows.several()
        if not is_dated:
            self._refuse_two_lists(rows)
        self._ask_about_units(rows)
        self._ask_about_kinds(rows, several, is_dated=is_dated)
        if repeat is not None and not is_dated and not any(differs for *_, differs in several):
            raise self._repeated(*repeat)
        notes += [*self._choice.notes(), *rows.notes()]
        noted = self._dated_notes(rows) if is_dated else _summed_notes(several)
        totals, said = _find_totals(rows, missing=len(bad) + len(rows.unreadable))
        notes += said
        if rows.left_out:
            template = N_("{count:,} rows that repeat the header or say nothing of any stock are left out.")
            notes.append(Message(template, {"count": rows.left_out}))
        if rows.zero_lead_times:
            template = N_("Lead times of 0 are none: {count:,} rows. There the lead time of the batch counts.")
            notes.append(Message(template, {"count": rows.zero_lead_times}))
        if rows.unreadable:
            template = N_("{count:,} rows whose date, part or site can't be read are left out.")
            notes = [Message(template, {"count": len(rows.unreadable)}), *notes]
        return StockOnHand(
            items=_items_of(rows, totals),
            notes=(*noted, *self.layout.notes, *notes, *self.layout.unread()),
            supposed_periods=self._supposed_periods(),
            release=self._settings.release,
        )

    def _refuse_two_lists(self, rows: StockRows) -> None:
        """Refuse files that have the same parts: their stock may be that of two days, and its sum twice what is there.

        Raises:
            InvalidStockFile: if there are some.
        """
        if rows.in_two_files is None:
            return
        series, first, second = rows.in_two_files
        site, part = rows.keys()[series]
        template = N_(
            "Part {part!r} of site {site!r} is in {first} and in {second} of {name}: these may be lists of two days, "
            "whose sum is twice the stock. Send the latest list alone; of several storage locations, send one list "
            "that has them all."
        )
        raise _refused(template, name=self._name, part=part, site=site, first=first, second=second)

    def _ask_about_units(self, rows: StockRows) -> None:
        """Ask which unit counts, where stock is written in several.

        Raises:
            SeveralUnits: if it is.
        """
        if len(rows.units) < 2 or self.layout.units:
            return
        counted = ", ".join(rows.units)
        template = N_(
            "The stock of {name} is written in several units: {units}. Set {@quantity_units} to the one that is to be "
            "read, or to all of them if they count alike."
        )
        only = N_("only the quantities in {unit}; those in other units are refused")
        choices = [
            Choice(settings={"quantity_units": unit}, reading=Message(only, {"unit": unit}))
            for unit, _ in rows.units.most_common()
        ]
        every = Message(N_("all of them, as the units count alike"))
        choices.append(Choice(settings={"quantity_units": ",".join(rows.units)}, reading=every))
        message = Message(template, {"name": self._name, "units": counted})
        raise SeveralUnits(message, setting="quantity_units", choices=choices)

    def _ask_about_kinds(self, rows: StockRows, several: Sequence[Any], *, is_dated: bool) -> None:
        """Ask which rows count, where a part has several and some of the file are blocked, in inspection or not there.

        Raises:
            ReceiptsAndIssues: if that is so.
        """
        if not several or is_dated:
            return
        for index, counts in rows.kinds.items():
            kinds = [value for value in counts if value]
            held_back = [value for value in kinds if NOT_FREE.search(value)]
            free = [value for value in kinds if value not in held_back]
            if not (held_back and free) or len(kinds) > MOST_KINDS:
                continue
            name = target_of(index, self.layout.header)
            template = N_(
                "Column {column!r} of {name} has rows of several kinds of stock: {kinds}. Set {@only_rows} to those "
                "that can be used: the stock of a part is the sum of its rows."
            )
            told = {"column": name, "name": self._name, "kinds": counted_values({one: counts[one] for one in kinds})}
            choices = [
                Choice(
                    settings={"only_rows": filter_text(name, values)},
                    reading=Message(words, {"kinds": ", ".join(map(repr, values))}),
                )
                for values, words in ((free, N_("only {kinds}")), (kinds, N_("all rows: {kinds}")))
            ]
            raise ReceiptsAndIssues(Message(template, told), setting="only_rows", choices=choices)

    def _supposed_periods(self) -> str:
        """What a mapping calls the column of lead times, where it was not said that they are in periods."""
        cells = self.layout.stock_columns.get(columns.LEAD_TIME)
        if cells is None or columns.LEAD_TIME in self._settings.column_mapping:
            return ""
        return target_of(cells.indices[0], self.layout.header)

    def _without_promised(
        self, rows: StockRows, notes: list[Message], *, is_dated: bool
    ) -> tuple[StockRows, list[Message]]:
        """The rows, read again without what is promised where their arithmetic shows what is left."""
        layout = self.layout
        if not rows.rivals.columns:
            return rows, notes
        on_order = layout.stock_columns.get(ON_ORDER)
        less, said = rows.rivals.settle(
            layout.stock_columns[ON_HAND].indices[0], on_order.name if on_order else None, layout.sample
        )
        others = [i for i in layout.promised if i not in less] if less else []
        further = note_on_promised(layout.header, others, layout.sample)
        self.layout = replace(layout, rivals=(), promised=(), taken_off=less, told=layout.told | {*said, *further})
        if less:
            rows, notes = self._read(is_dated=is_dated)
        return rows, [*said.values(), *further.values(), *notes]

    def _check_share(self, rows: StockRows, bad: list[tuple[int, str]], *, is_dated: bool) -> None:
        """Refuse a file of which more is to be left out than may be."""
        refused, judged = rows.refused_share(is_dated=is_dated)
        share = refused / judged
        if share <= self._settings.max_refused_share:
            return
        template = N_(
            "{refused:,} of {read:,} rows of {name} can't be read, {share:.1%} of them: more than "
            "{@max_refused_share} allows. {first} Or set {@max_refused_share=$enough} to go on without them all "
            "the same."
        )
        first = self._unreadable(rows.unreadable[0]) if rows.unreadable else self._first_bad(bad)
        values = {"refused": refused, "read": judged, "share": share, "enough": enough_share(share)}
        raise _refused(template, name=self._name, first=first, **values)

    def _left_unknown(self, bad: list[tuple[int, str]]) -> Message:
        """What is said of cells that can't be read, where they are to be left out."""
        template = N_("{count:,} cells can't be read and count as unknown: {first}")
        return Message(template, {"count": len(bad), "first": self._first_bad(bad)})

    def _first_bad(self, bad: list[tuple[int, str]]) -> Message:
        number, ours = bad[0]
        return self._bad_cell(ours, *self._rows([number])[number])

    def _read(self, *, is_dated: bool) -> tuple[StockRows, list[Message]]:
        layout, settings = self.layout, self._settings
        zone = StampZone(settings.timezone)
        name = layout.date.name if layout.date else columns.DATE
        dates = DateReader.of(settings, name, zone)
        names = ", ".join(cells.name for cells in layout.stock_columns.values())
        styles = NumberReader(settings.number_style, names)
        skips = settings.bad_rows == "skip"
        while True:
            rows = StockRows(layout, self._source, dates=dates if is_dated else None, styles=styles)
            self._choosing = RowChoice(layout.filters)
            try:
                unreadable = [problem for first, block in self._blocks() for problem in rows.take(block, first)]
            except ReadAgain:
                dates, styles = dates.second_pass(), styles.second_pass()
                continue
            if unreadable and not skips:
                raise self._all_wrong(unreadable, rows.bad_cells() if styles.is_decided else [])
            rows.unreadable = unreadable
            self._choice, self._choosing = self._choosing, RowChoice(layout.filters)
            return rows, [*(dates.notes() if is_dated else []), *styles.notes()]

    def _blocks(self) -> Iterator[tuple[int, Block]]:
        """Blocks of the rows that are chosen, with the number of their first row, from 0."""
        first, choice = 0, self._choosing
        with closing(self._source.blocks(self.layout)) as blocks:
            for block in map(choice.chosen, blocks):
                yield first, block
                first += block.num_rows

    def _first_repeat(self) -> tuple[int, int] | None:
        """The first row of a series that another row has, and that other row; None where each has one."""
        rows = StockRows(self.layout, self._source)
        for first, block in self._blocks():
            found = rows.repeat_in(block, first)
            if found is not None:
                return found
        return None

    def _all_wrong(self, unreadable: list[Unreadable], bad: list[tuple[int, str]]) -> InvalidStockFile:
        """The first row of no part in full, or else the first cell that can't be read, and where the others are."""
        told = list(dict.fromkeys(number for number, _ in bad))[: _SHOWN + 2]  # the first, and one more than are shown
        found = self._rows(told)
        places = [(one.line, one.file) for one in unreadable] + [(found[n][0].line, found[n][1]) for n in told]
        first = self._unreadable(unreadable[0]) if unreadable else self._bad_cell(bad[0][1], *found[told[0]])
        return _refuse_all(first, places, len(unreadable) + len(bad))

    def _unreadable(self, problem: Unreadable) -> Message:
        name = problem.file or self._name
        if problem.column is None:
            template = N_(
                "Line {line} of {name} does not have the {width} cells of the header, or a quote in it is out of "
                "place; correct it."
            )
            return Message(template, {"name": name, "line": problem.line, "width": len(self.layout.header)})
        values = {"ours": problem.column, "found": problem.found, "reason": problem.reason, "line": problem.line}
        if problem.found.strip():
            template = N_("{ours} {found!r} {reason} in line {line} of {name}; correct it, or take the line out.")
        else:
            template = N_("{ours} {reason} in line {line} of {name}; correct it, or take the line out.")
        return Message(template, values | {"name": name})

    def _repeated(self, first: int, again: int) -> InvalidStockFile:
        found = self._rows([first, again])
        (one, _), (other, file) = found[first], found[again]
        site = self.layout.site
        template = N_(
            "{name} has part {part!r} of site {site!r} in line {first} and again, with the same figures, in line "
            "{line}: the list may have been exported twice. Take one of them out."
        )
        values = {
            "part": key_text(cell_of(other, self.layout.part)).strip(),
            "site": columns.ALL_SITES if site is None else key_text(cell_of(other, site)).strip(),
            "first": one.line,
            "line": other.line,
        }
        return _refused(template, name=file or self._name, **values)

    def _bad_cell(self, ours: str, row: SourceRow, file: str | None) -> Message:
        template = N_(
            "{ours} is {found!r} in line {line} of {name}; write a number above 0 and at most {most:,}, or leave it "
            "empty."
        )
        if ours == ON_HAND:
            template = N_(
                "{ours} is {found!r} in line {line} of {name}; write a number, at most {most:,}, or leave it empty."
            )
        if ours in {ON_ORDER, FREE}:
            template = N_(
                "{ours} is {found!r} in line {line} of {name}; write a number from 0 to {most:,}, or leave it empty."
            )
        if ours == columns.LEAD_TIME_DAYS:
            template = N_(
                "{ours} is {found!r} in line {line} of {name}; write days, above 0 and at most {most:,}, or leave it "
                "empty."
            )
        if ours == columns.LEAD_TIME:
            template = N_(
                "{ours} is {found!r} in line {line} of {name}; write periods, above 0 and at most {most:,}, or leave "
                "it empty."
            )
        found = key_text(cell_of(row, self.layout.stock_columns[ours])).strip()
        most = LONGEST_LEAD_TIME if ours in LEAD_TIMES else int(LARGEST_QUANTITY)
        values = {"ours": ours, "found": found, "line": row.line, "most": most}
        return Message(template, values | {"name": file or self._name})

    def _rows(self, numbers: list[int]) -> dict[int, tuple[SourceRow, str | None]]:
        """Rows by their numbers, each with the member of an archive it is in: looked up once more, for a sentence."""
        found = {}
        for first, block in self._blocks():
            within = [number for number in numbers if first <= number < first + block.num_rows]
            for number, row in zip(within, block.rows([number - first for number in within]), strict=True):
                found[number] = row, block.file
            if len(found) == len(set(numbers)):
                break
        return found

    def _dated_notes(self, rows: StockRows) -> Iterator[Message]:
        template = N_(
            "Stock is taken from the latest of {rows:,} rows: for each part and column the last value by date counts."
        )
        yield Message(template, {"rows": rows.rows_read})
        on_hand = rows.latest.get(ON_HAND)
        days = on_hand.days[on_hand.days != NO_DAY] if on_hand is not None else []
        if len(days):
            template = N_("Stock on hand is as of {first} to {last}: a part keeps the last value that it has.")
            yield Message(template, {"first": date_of(int(min(days))), "last": date_of(int(max(days)))})
        differing = rows.differing()
        if differing:
            template = N_(
                "Parts with several values on their latest day: {count:,}, such as {part} ({site}); the last row of "
                "the file counts."
            )
            site, part = differing[0]
            yield Message(template, {"count": len(differing), "part": part, "site": site})


def _summed_notes(several: list[tuple[str, str, int, bool]]) -> Iterator[Message]:
    if several:
        site, part, count, _ = several[0]
        template = N_(
            "Parts with several rows: {parts:,}, such as {part} ({site}) with {count}. What they have on hand and on "
            "order is summed, as of several storage locations."
        )
        yield Message(template, {"parts": len(several), "part": part, "site": site, "count": count})


def _find_totals(rows: StockRows, missing: int) -> tuple[set[int], list[Message]]:
    """The series that are rows of totals, whose stock is that of others, and what to say of them."""
    keys = rows.keys()
    held = [rows.latest[ours].numbers(len(keys)) for ours in (ON_HAND, ON_ORDER) if ours in rows.latest]
    known = next((np.array([value or 0.0 for value in values]) for values in held if any(values)), np.zeros(0))
    if not len(known):
        return set(), []
    totals = Totals()
    totals.add(np.arange(len(keys), dtype=np.int32), np.zeros(len(keys), dtype=np.int32), known)
    totals.finish()
    sites, parts, series_site, series_part = rows.numbered()
    accepted = AcceptedDemand(
        sites=sites,
        parts=parts,
        series_site=series_site,
        series_part=series_part,
        series_rows=np.ones(len(keys), dtype=np.int64),
        days=np.zeros(1, dtype=np.int32),
        totals=totals,
        stock_outs=StockOuts(),
        dates_are_months=False,
    )
    found = find_summaries(accepted, missing=missing)
    return set(found.series.tolist()), found.notes_on_stock(accepted)


def _items_of(rows: StockRows, totals: Collection[int]) -> tuple[StockItem, ...]:
    """The stock of each series that is no total of others, in the order of the file."""
    keys = rows.keys()
    numbers = {ours: latest.numbers(len(keys)) for ours, latest in rows.latest.items()}
    return tuple(
        StockItem(
            site_code=keys[i][0],
            partnumber=keys[i][1],
            supplier=rows.suppliers.get(i),
            **{ours: known[i] for ours, known in numbers.items()},
        )
        for i in rows.order()
        if i not in totals
    )


def _refused(template: str, **values: object) -> InvalidStockFile:
    return InvalidStockFile(Message(template, values))


def _refuse_all(first: Message, places: list[tuple[int, str | None]], count: int) -> InvalidStockFile:
    """The error for so many rows and cells: one in a sentence, the others by their places.

    Args:
        first: what is wrong with the first.
        places: line, and member of an archive, of the first and of the others, more of them than are shown.
        count: of all.
    """
    member = places[0][1]
    others = list(
        dict.fromkeys(str(line) if file == member else f"{line} ({file})" for line, file in places[1:] or places)
    )
    if count == 1:
        return InvalidStockFile(first)
    if count == 2:
        template = N_("{first} One more can't be read either, in line {lines}: correct it too.")
    else:
        template = N_("{first} {count:,} more can't be read either, in lines {lines}: correct them too.")
    listed = others[:_SHOWN] + ["…"] * (len(others) > _SHOWN)
    return _refused(template, first=first, count=count - 1, lines=", ".join(listed))
