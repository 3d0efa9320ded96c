"""Which column of a file is which of ours: by the mapping, by accepted names, or as a wide table of periods."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from batchcast.domain import columns
from batchcast.domain.errors import N_, Choice, InvalidInput, Message
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.common.limits import MOST_COLUMNS
from batchcast.ingest.common.names import (
    ACCEPTED_NAMES,
    ENTRY_NAMES,
    FLAG_NAMES,
    IN_HEADER,
    LONGEST_COMPARED,
    MONEY_NAMES,
    NAMES_OF_YEARS,
    SHEET,
    STOCK_NAMES,
    accepted_names,
    mapping_example,
    named_columns,
    nearest,
    normal,
    placed_column,
    shortened,
    target_of,
)
from batchcast.ingest.common.problems import (
    AmbiguousColumn,
    AmbiguousDates,
    MissingColumn,
    OverTheLimit,
    UnknownMapping,
    UnreadablePeriods,
)
from batchcast.ingest.common.source import ColumnSource, ReadOrCounted
from batchcast.ingest.layout.candidates import (
    ask_about_pieces,
    check_balance,
    check_money,
    fitting_columns,
    narrowed,
    notes_on_columns,
    numbered_part,
    of_one_name,
    parts_across,
    question,
    sites_across,
)
from batchcast.ingest.layout.movements import movement_columns
from batchcast.ingest.layout.rowfilter import RowFilter, find_filters
from batchcast.ingest.layout.sample import NOTHING, Sample
from batchcast.ingest.layout.units import unit_column
from batchcast.ingest.layout.wide import (
    Across,
    Period,
    check_across,
    find_periods,
    is_sum_of,
    unread_numbers,
)
from batchcast.ingest.values.months import lack_a_year, month_named, with_years, years_in, years_of

# Where one of our columns stands in a header: by the mapping, else by its accepted names.

_JOIN = "+"  # joins columns in a mapping: site_code=Client+Warehouse
_LITERAL = "="  # a mapping that starts with it is one value for every row: demand_qty==1


def check_mapping(mapping: Mapping[str, str]) -> None:
    """Refuse a mapping of what is none of ours.

    Raises:
        UnknownMapping: if there is one.
    """
    known = (*ACCEPTED_NAMES, *FLAG_NAMES, *STOCK_NAMES)
    for ours in mapping:
        if ours not in known and ours != SHEET:
            template = N_("The column mapping names {name!r}, which is none of {ours}.")
            raise UnknownMapping(Message(template, {"name": ours, "ours": ", ".join(known)}))


@dataclass(frozen=True, kw_only=True, slots=True)
class VisibleNames:
    """The names of the columns of a header, without those that are to be ignored."""

    every: tuple[str, ...]  # of all columns
    names: tuple[str, ...]  # with nothing in place of those that are to be ignored
    ignored: frozenset[int]  # the numbers of those
    notes: tuple[Message, ...]


def visible_names(header: Sequence[str], settings: BatchSettings) -> VisibleNames:
    """The names of a header, and what to say of the columns that are to be ignored."""
    every = tuple(name.strip() for name in header)
    asked = dict.fromkeys(name.strip() for name in settings.ignore_columns)
    ignored = {one: [i for i, name in enumerate(every) if one and name == one] for one in asked}
    for one in asked:
        placed = placed_column(one, every)
        if not ignored[one] and placed is not None:
            ignored[one] = [placed]
    left = [one for one in asked if ignored[one]]
    lost = sorted(one for one in asked if not ignored[one])
    notes = []
    if left:
        template = N_("Columns that are left out, as asked for: {columns}.")
        notes.append(Message(template, {"columns": named_columns(left)}))
    if lost:
        template = N_("{@ignore_columns} names {names}, which no column is called.")
        notes.append(Message(template, {"names": named_columns(lost)}))
    out = frozenset(i for indices in ignored.values() for i in indices)
    names = tuple("" if i in out else name for i, name in enumerate(every))
    return VisibleNames(every=every, names=names, ignored=out, notes=tuple(notes))


def locate(
    ours: str, names: Sequence[str], mapping: Mapping[str, str], sample: Sample = NOTHING
) -> ColumnSource | None:
    """A column that a history or a stock file needs; None where there is none, or it is mapped to none (`date==`).

    Raises:
        UnknownMapping: if it is mapped to a column that isn't there.
        AmbiguousColumn: if two could be it.
    """
    target = mapping.get(ours)
    if target is None:
        return _by_name(ours, names, sample)
    if target == _LITERAL:
        return None
    index = _index_of(target, names, ours, sample)
    if index is not None:
        return ColumnSource(target_of(index, names), (index,))
    if target.startswith(_LITERAL):
        return ColumnSource(target, (), target[len(_LITERAL) :])
    pieces = [piece.strip() for piece in target.split(_JOIN)]
    indices = [_index_of(piece, names, ours, sample) for piece in pieces]
    if len(pieces) < 2 or None in indices:
        lost = pieces[indices.index(None)]
        raise UnknownMapping(_unknown_column(ours, lost, names))
    chosen = tuple(i for i in indices if i is not None)
    return ColumnSource(_JOIN.join(target_of(i, names) for i in chosen), chosen)


def locate_flags(
    ours: str, names: Sequence[str], mapping: Mapping[str, str], taken: Collection[int]
) -> ColumnSource | None:
    """The column that is mapped or named so, unless it is one of ours already."""
    if ours in mapping:
        return locate(ours, names, mapping)
    matches = _named(FLAG_NAMES[ours], names, taken)
    return ColumnSource(names[matches[0]], (matches[0],)) if matches else None


def locate_stock_columns(
    names: Sequence[str], mapping: Mapping[str, str], taken: Collection[int]
) -> dict[str, ColumnSource]:
    """The columns of the stock of each part, unless they are some of ours already; all that could be one of them."""
    found: dict[str, ColumnSource] = {}
    for ours, accepted in STOCK_NAMES.items():
        cells: ColumnSource | None
        if mapping.get(ours) == _LITERAL:
            cells = ColumnSource(_LITERAL, (), "")
        elif ours in mapping:
            cells = locate(ours, names, mapping)
        else:
            matches = _named([ours], names, taken) or _named(accepted, names, taken)
            cells = ColumnSource(", ".join(names[i] for i in matches), tuple(matches)) if matches else None
        if cells is not None:
            found[ours] = cells
    return found


def _named(accepted: Sequence[str], names: Sequence[str], taken: Collection[int]) -> list[int]:
    wanted = {normal(name) for name in accepted}
    return [i for i, name in enumerate(names) if normal(name) in wanted and i not in taken]


def _index_of(target: str, names: Sequence[str], ours: str, sample: Sample) -> int | None:
    exact = [i for i, name in enumerate(names) if name == target]
    matches = exact or [i for i, name in enumerate(names) if normal(name) == normal(target)]
    if len(matches) > 1:
        raise of_one_name(ours, matches, names, sample)
    return matches[0] if matches else placed_column(target, names)


def _by_name(ours: str, names: Sequence[str], sample: Sample) -> ColumnSource | None:
    """The column with an accepted name: our own name first, those of money last; two of a rank are a question."""
    others = [name for name in ACCEPTED_NAMES[ours] if name not in (*MONEY_NAMES, *ENTRY_NAMES)]
    last = (ENTRY_NAMES, MONEY_NAMES) if ours == columns.DEMAND_QTY else ()
    for accepted in ([ours], others, *last):
        every = matches = _named(accepted, names, ())
        if len(matches) > 1:
            matches = narrowed(ours, matches, names, sample)
        if len(matches) == 1:
            rivals = tuple(i for i in every if i not in matches and not sample.filled(i))
            return ColumnSource(names[matches[0]], (matches[0],), rivals=rivals)
        if matches:
            raise question(ours, matches, names, sample)
    return None


def _unknown_column(ours: str, target: str, names: Sequence[str]) -> Message:
    guess = nearest(target, names)
    values = {"ours": ours, "target": target, "found": named_columns(names)}
    if guess:
        template = N_(
            "{ours} is mapped to {target!r}, which is not a column; did you mean {guess!r}? The columns are {found}."
        )
        return Message(template, values | {"guess": guess})
    return Message(N_("{ours} is mapped to {target!r}, which is not a column; the columns are {found}."), values)


_COUNTED_PERIOD = re.compile(
    r"(?:(?:week|wk|kw|minggu|month|bulan|period|periode|day|hari)\W*\d+"  # counted
    r"|(?:(?:FY|TA)?\W?\d{2,4}\W?)?[PM]\d{1,2}(?:\W\d{2,4})?|(?:FY|TA)\W?\d{2,4}(?:\W?\d{1,2})?"  # of a fiscal year
    r"|(?:19|20)\d{2}|(?:\d{4}\W?)?Q[1-4](?:\W?\d{2,4})?)$",  # years and quarters
    re.IGNORECASE,
)
_LETTER_AND_DIGIT = re.compile(r"[^\W\d_].*\d")
_WORDS = re.compile(r"[^\W\d_]{3,}")
_MOST_NAMES = 8  # accepted names that a sentence lists
_IDENTIFIER = re.compile(r"(?<![a-z])(no|nr|number|nomor|code|kode|id)(?![a-z])", re.IGNORECASE)
_MOST_COMPARED = 16  # accepted names that a name is compared with, letter by letter
_LONGEST_COMPARED = 60  # characters of a name that is compared
_LONGEST_HEADER = 1_000  # characters of a name that may be several
_MOST = 0.8  # share of the cells of a column that show what it holds
_LEAST_PERIODS = 3  # columns that are written alike, that make a table a wide one
_RUNS = re.compile(r"[0-9]+")
_MOST_GUESSED = 200  # columns that are compared when one is missing


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout(ReadOrCounted):
    """How the rows of a file are read: long with a date and a quantity, wide with a column a period, or a column a part
    with dates down."""

    header: tuple[str, ...]
    part: ColumnSource
    site: ColumnSource | None  # None: everything is one site
    date: ColumnSource  # wide: the span of the periods; as are part or site where they stand in the header
    quantity: ColumnSource
    periods: tuple[Period, ...] = ()
    year: int | None = None  # column of the year of each row, where the periods are those of one year
    across: tuple[Across, ...] = ()  # with dates down: the columns that are a part or a site each ...
    across_of: str = ""  # ... and which of the two
    notes: tuple[Message, ...] = ()
    stock: ColumnSource | None = None  # whether a part was in stock or out of it
    stock_means_out: bool = False  # its yes means out of stock; else it means available
    exclude: ColumnSource | None = None  # whether a row is not to be learned from
    stock_columns: Mapping[str, ColumnSource] = field(default_factory=dict)  # not read with the demand
    filters: tuple[RowFilter, ...] = ()  # only rows that pass them are read
    movements: tuple[int, ...] = ()  # columns that may tell receipts from issues, the likeliest first
    unit: int | None = None  # column of the units of the quantities
    also: tuple[int, ...] = ()  # further columns that are read, to ask about them
    ignored: frozenset[int] = frozenset()  # columns that are left out, as asked for

    @property
    def several(self) -> tuple[Period | Across, ...]:
        """The columns of quantities, where a row has several of them."""
        return self.periods or self.across

    @property
    def of_any_type(self) -> frozenset[int]:
        """Those of them that are only counted, or may name kinds of movements: they may be of any type."""
        return frozenset({*self.unnamed, *self.movements, *self.rivals} - {one.index for one in self.filters})

    @property
    def _read(self) -> set[int]:
        cells = [self.date, self.part, self.quantity, *(one for one in (self.site, self.stock, self.exclude) if one)]
        read = {i for cell in cells for i in cell.indices} | {one.index for one in self.several}
        read |= {one.index for one in self.filters} | {*self.also, *self.movements, *self.rivals}
        return read | {i for i in (self.unit, self.year) if i is not None}

    @property
    def rivals(self) -> dict[int, str]:
        """Columns with a name of ours that hold nothing in the first rows, and which of ours each could be."""
        ours = {columns.DATE: self.date, columns.PARTNUMBER: self.part, columns.SITE_CODE: self.site}
        ours |= {columns.DEMAND_QTY: self.quantity}
        return {index: name for name, cells in ours.items() if cells for index in cells.rivals}

    @property
    def plain(self) -> frozenset[int]:
        """Those of them that hold quantities, whose distinct values are many."""
        quantities = frozenset(self.quantity.indices) | {one.index for one in self.several}
        return quantities - {one.index for one in self.filters}

    @property
    def left_alone(self) -> tuple[str, ...]:
        """Names of the columns that nothing reads."""
        wanted = {*self.wanted, *(i for cells in self.stock_columns.values() for i in cells.indices)}
        wanted -= {*self.movements, *self.rivals} - {one.index for one in self.filters}
        return tuple(name for i, name in enumerate(self.header) if i not in wanted and name)

    @property
    def columns(self) -> dict[str, str]:
        """Our columns, and what each is read from."""
        ours = {columns.DATE: self.date, columns.PARTNUMBER: self.part}
        ours |= {columns.SITE_CODE: self.site} if self.site else {}
        ours |= {columns.DEMAND_QTY: self.quantity}
        if self.stock is not None:
            ours |= {columns.STOCK_OUT if self.stock_means_out else columns.AVAILABLE: self.stock}
        if self.exclude is not None:
            ours |= {columns.EXCLUDE: self.exclude}
        return {name: cells.name for name, cells in ours.items()}


def find_columns(
    header: Sequence[str],
    settings: BatchSettings,
    *,
    where: Message | None = None,
    sample: Sequence[Sequence[Any]] | None = (),
) -> Layout:
    """How to read a file with this header.

    Args:
        header: its cells.
        settings: the mapping of its columns, and the order of dates.
        where: the file or sheet, as the sentences name it.
        sample: the first rows under the header, which decide between columns and what is advised; None: no advice.

    Raises:
        UnknownMapping: if the mapping names a column that isn't there.
        AmbiguousColumn: if two columns could be the same thing.
        UnreadablePeriods: if a column among the periods of a wide table is none.
        OverTheLimit: if there are more columns than a sheet has.
        MissingColumn: if there is none for a part, or neither a date with a quantity nor a column a period.
    """
    check_width(header)
    visible = visible_names(header, settings)
    names, mapping, held = visible.names, settings.column_mapping, Sample(sample or ())
    if columns.DATE not in mapping:
        ask_about_pieces(names, held)
    across = _across(names, mapping)
    left = {across, columns.DEMAND_QTY} if across else set()
    found = {ours: locate(ours, names, mapping, held) for ours in ACCEPTED_NAMES if ours not in left}
    check_mapping(mapping)
    known = _Known(visible, settings, held, found)
    if across:
        known.need(columns.DATE, *({columns.PARTNUMBER} - {across}), where=where, advises=sample is not None)
        return known.across_layout(across)
    if found[columns.PARTNUMBER] is None:
        is_wide = found[columns.DATE] is None and found[columns.DEMAND_QTY] is None
        number = numbered_part(names, held, is_wide=is_wide)
        found[columns.PARTNUMBER] = None if number is None else ColumnSource(names[number], (number,))
    layout = known.wide_layout() or known.long_layout()
    if layout is not None:
        return layout
    known.need(columns.DATE, columns.PARTNUMBER, columns.DEMAND_QTY, where=where, advises=sample is not None)
    raise AssertionError("a column is missing")


@dataclass(frozen=True, slots=True)
class _Known:
    """A header, its first rows, and which of our columns are found in it."""

    visible: VisibleNames
    settings: BatchSettings
    sample: Sample
    found: dict[str, ColumnSource | None]

    @property
    def taken(self) -> set[int]:
        """The columns that are ours."""
        return {i for cells in self.found.values() if cells for i in cells.indices}

    def need(self, *needed: str, where: Message | None, advises: bool) -> None:
        """Refuse a header without some of our columns; raises MissingColumn."""
        missing = [ours for ours in needed if self.found.get(ours) is None]
        if not missing:
            return
        names = self.visible.names
        if not advises:
            template = N_("{where} has no column for {missing}.")
            values = {"where": where or Message(N_("The file")), "missing": ", ".join(missing)}
            raise MissingColumn(Message(template, values))
        free = [i for i in range(len(names)) if i not in self.taken]
        self._ask_about_columns(missing, free, where or Message(N_("The file")))
        raise _missing(missing, names, free, where, self.sample)

    def _ask_about_columns(self, missing: Sequence[str], free: Sequence[int], where: Message) -> None:
        """Ask whether the columns of numbers are the parts, or the sites, of a table with dates down.

        Raises:
            AmbiguousColumn: if they may be.
        """
        names, sample, quantity = self.visible.names, self.sample, self.found.get(columns.DEMAND_QTY)
        if columns.DATE in missing or columns.DEMAND_QTY not in self.found:
            return
        total = quantity.indices[0] if quantity and quantity.indices else None
        numeric = [i for i in free if names[i]]
        are_parts = columns.PARTNUMBER in missing and len(numeric) > 1 and all(map(sample.has_numbers, numeric))
        if are_parts and (total is None or is_sum_of(total, numeric, names, sample)):
            raise parts_across(numeric, names, where)
        if list(missing) == [columns.DEMAND_QTY] and self.found[columns.SITE_CODE] is None:
            across = _sites_across(names, free, sample)
            if len(across) > 1:
                raise sites_across(across, names, sample, where)

    def _keys(self) -> list[int]:
        """The columns of the part and the site."""
        located = (self.found[ours] for ours in columns.SERIES)
        return [i for cells in located if cells for i in cells.indices]

    def long_layout(self) -> Layout | None:
        """A row for each demand, with its date; None where that is not all there."""
        part, date, quantity = (self.found[ours] for ours in (columns.PARTNUMBER, columns.DATE, columns.DEMAND_QTY))
        if part is None or date is None or quantity is None:
            return None
        every, names, settings, held = self.visible.every, self.visible.names, self.settings, self.sample
        taken = self.taken
        if columns.DEMAND_QTY not in settings.column_mapping:
            check_money(quantity.indices[0], names, held, taken)
            check_balance(quantity.indices[0], self._keys(), names, held, taken)
        out, inside, exclude = (locate_flags(ours, names, settings.column_mapping, taken) for ours in FLAG_NAMES)
        taken |= {i for cells in (out or inside, exclude) if cells for i in cells.indices}
        stock_columns = locate_stock_columns(names, settings.column_mapping, taken)
        taken |= {i for cells in stock_columns.values() for i in cells.indices}
        unit = unit_column(names, taken, quantity.indices[0] if quantity.indices else 0, held)
        return Layout(
            header=every,
            part=part,
            site=self.found[columns.SITE_CODE],
            date=date,
            quantity=quantity,
            notes=(*notes_on_columns(_single(self.found, settings), names, held, taken), *self.visible.notes),
            stock=out or inside,
            stock_means_out=out is not None,
            exclude=exclude,
            stock_columns=stock_columns,
            filters=find_filters(every, settings.only_rows),
            movements=movement_columns(names, taken if unit is None else taken | {unit}, held),
            unit=unit,
            ignored=self.visible.ignored,
        )

    def wide_layout(self) -> Layout | None:
        """A row for each part, or for each part and year, with a column for each period; None where it is otherwise."""
        year = self._year()
        part, date, quantity = (self.found[ours] for ours in (columns.PARTNUMBER, columns.DATE, columns.DEMAND_QTY))
        if part is None or quantity is not None or (date is not None and year is None):
            return None
        every, names, settings, held = self.visible.every, self.visible.names, self.settings, self.sample
        taken = self.taken | self.visible.ignored | ({year} if year is not None else set())
        base_year = None if year is None else _years_in(held.filled(year))[0]
        periods = find_periods(names, taken, settings, held, base_year=base_year)
        if not periods.found:
            return None
        notes = list(periods.notes)
        if year is not None:
            notes.append(_refuse_or_note_years(names[year], [names[one.index] for one in periods.found], settings))
        span = ColumnSource(f"{periods.found[0].name} … {periods.found[-1].name}")
        read = self.taken | {one.index for one in periods.found} | ({year} if year is not None else set())
        stock = locate_stock_columns(names, settings.column_mapping, read)
        read |= {i for cells in stock.values() for i in cells.indices}
        return Layout(
            header=every,
            part=part,
            site=self.found[columns.SITE_CODE],
            date=span,
            quantity=span,
            periods=periods.found,
            year=year,
            notes=(
                *notes,
                *unread_numbers(periods.found, names, read | self.visible.ignored, held),
                *notes_on_columns(_single(self.found, settings), names, held, read),
                *self.visible.notes,
            ),
            stock_columns=stock,
            filters=find_filters(every, settings.only_rows),
            unit=unit_column(names, read, periods.found[0].index, held),
            ignored=self.visible.ignored,
        )

    def _year(self) -> int | None:
        """The column of the years of periods that have none in their names; None where there is none."""
        names, date = self.visible.names, self.found[columns.DATE]
        if not lack_a_year(names):
            return None
        wanted = {normal(name) for name in NAMES_OF_YEARS}
        likely = [i for i, name in enumerate(names) if normal(name) in wanted]
        likely += date.indices if date else ()
        return next((i for i in likely if _years_in(self.sample.filled(i))), None)

    def across_layout(self, ours: str) -> Layout:
        """Dates down, and a column for each part, or for each site."""
        every, names = self.visible.every, self.visible.names
        left = self.taken | self.visible.ignored
        cells = tuple(Across(i, name) for i, name in enumerate(names) if name and i not in left)
        check_across(ours, cells)
        span = ColumnSource(f"{cells[0].name} … {cells[-1].name}")
        others = {one: self.found.get(one) for one in (columns.PARTNUMBER, columns.SITE_CODE)} | {ours: span}
        part, date = others[columns.PARTNUMBER], self.found[columns.DATE]
        assert part is not None and date is not None  # noqa: S101, PT018 they were needed
        template = N_(
            "Dates down: each of {count} columns from {first} to {last} is one {ours}; a blank cell is no demand."
        )
        values = {"count": len(cells), "first": cells[0].name, "last": cells[-1].name, "ours": ours}
        return Layout(
            header=every,
            part=part,
            site=others[columns.SITE_CODE],
            date=date,
            quantity=span,
            across=cells,
            across_of=ours,
            notes=(Message(template, values), *self.visible.notes),
            filters=find_filters(every, self.settings.only_rows),
            ignored=self.visible.ignored,
        )


def _years_in(cells: Sequence[object]) -> list[int]:
    """The years of a column nearly all of whose cells are one; none where they are not."""
    found = [years_of([cell]) for cell in cells]
    is_most = sum(map(bool, found)) >= _MOST * len(cells)
    return sorted({year for years in found for year in years}) if is_most else []


def _across(names: Sequence[str], mapping: Mapping[str, str]) -> str:
    """The part or the site, where it is mapped to the names of columns; empty where neither is."""
    keys = (columns.PARTNUMBER, columns.SITE_CODE)
    return next((ours for ours in keys if mapping.get(ours) == IN_HEADER and IN_HEADER not in names), "")


def _refuse_or_note_years(column: str, months: Sequence[str], settings: BatchSettings) -> Message:
    """What to say of years in a column; periods that begin again within one row are of fiscal years, and refused."""
    dated = with_years(months, 2000)
    again = next((name for name, one in zip(months, dated, strict=True) if "2001" in one), None)
    if again is not None:
        template = N_(
            "The years stand in column {column!r}, and the periods begin again at {again!r}: which part of a fiscal "
            "year is in which calendar year is not told. Write the year into each header, such as Jan 2024, with the "
            "columns of all years side by side."
        )
        raise UnreadablePeriods(Message(template, {"column": column, "again": again}))
    template = N_("The years of the periods stand in column {column!r}: a row for each part and year.")
    if settings.first_year is not None:
        template = N_("The years of the periods stand in column {column!r}; {@first_year} is not used.")
    return Message(template, {"column": column})


def check_width(header: Sequence[str]) -> None:
    """Refuse a header of more columns than are read; raises OverTheLimit."""
    if len(header) > MOST_COLUMNS:
        template = N_(
            "The header has {found:,} columns; at most {most:,} are read. Send a row for each demand, or fewer periods."
        )
        raise OverTheLimit(Message(template, {"found": len(header), "most": MOST_COLUMNS}))


def _single(found: Mapping[str, ColumnSource | None], settings: BatchSettings) -> dict[str, int | None]:
    """The column that each of ours was found in; a site that was mapped to none or to a value counts as found."""
    single = {ours: cells.indices[0] if cells and cells.indices else None for ours, cells in found.items()}
    if single[columns.SITE_CODE] is None and columns.SITE_CODE in settings.column_mapping:
        single[columns.SITE_CODE] = -1
    return single


def two_row_headers(headers: Sequence[Sequence[str]]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Two rows that are one header, as pivots write years over months: (number of the lower row, names)."""
    for lower in range(1, len(headers)):
        names, over = [], ""
        upper = headers[lower - 1]
        for i, name in enumerate(headers[lower]):
            own = upper[i].strip() if i < len(upper) else ""
            over = own or over
            names.append(f"{name.strip()} {over}".strip() if name.strip() else own)
        yield lower + 1, tuple(names)


def says_more(of_two_rows: InvalidInput, names: Sequence[str], of_one: InvalidInput) -> bool:
    """Whether what is wrong with two rows that are read as one is better advice than what is wrong with one of them."""
    if not isinstance(of_one, AmbiguousColumn | MissingColumn):
        return False
    is_pairs = isinstance(of_two_rows, UnreadablePeriods)
    return is_pairs or (isinstance(of_two_rows, MissingColumn) and len(_months_alone(names)) >= _LEAST_PERIODS)


def header_in_two_rows(row: int, names: Sequence[str]) -> Message:
    """What to say where a header stands in two rows."""
    template = N_("The header stands in two rows, {first} and {row}, that are read as one: {example!r}.")
    example = max(names, key=lambda name: bool(_LETTER_AND_DIGIT.search(name)))
    return Message(template, {"first": row - 1, "row": row, "example": example})


def counted_periods(names: Sequence[str]) -> list[str]:
    """Column names that count periods, such as `week 1`, without saying which."""
    return [name for name in names if _COUNTED_PERIOD.match(name.strip())]


def _shaped_periods(names: Sequence[str], free: Sequence[int], sample: Sample) -> list[str]:
    """Columns of numbers whose names are written alike, with digits: `I/2023`, `2019 H1`, `1/23`; three and more."""
    shapes: dict[str, list[str]] = {}
    for i in free[:_MOST_GUESSED]:
        if any(map(str.isdigit, names[i])) and len(names[i]) <= LONGEST_COMPARED and sample.has_numbers(i):
            shapes.setdefault(_RUNS.sub("9", re.sub(r"[^\W\d_]+", "A", names[i])), []).append(names[i])
    likeliest = max(shapes.values(), key=len, default=[])
    return likeliest if len(likeliest) > 2 else []


def _missing(
    missing: Sequence[str], names: Sequence[str], free: Sequence[int], where: Message | None, sample: Sample
) -> MissingColumn:
    accepted = "; ".join(f"{ours}: {', '.join(ACCEPTED_NAMES[ours][:_MOST_NAMES])} …" for ours in missing)
    values: dict[str, object] = {"missing": ", ".join(missing), "accepted": accepted, "found": named_columns(names)}
    values |= {"where": where or Message(N_("The file"))}
    periods = counted_periods(names)
    if len(periods) < _LEAST_PERIODS and {columns.DATE, columns.DEMAND_QTY} <= set(missing):
        periods = _shaped_periods(names, free, sample)
    values |= {"periods": ", ".join(map(repr, periods[:3]))}
    if len(periods) >= _LEAST_PERIODS and columns.DEMAND_QTY in missing and columns.DATE in missing:
        template = N_(
            "{where} is a wide table whose periods are no dates ({periods} …). Write the first date of each "
            "period, such as 2024-01-01, in the header row in its place, and name the column of parts with "
            "{@column_mapping} if it has none of the names {accepted}; the columns are {found}."
        )
        values["accepted"] = ", ".join(ACCEPTED_NAMES[columns.PARTNUMBER][:_MOST_NAMES])
    elif len(_months_alone(names)) > 2 and columns.DEMAND_QTY in missing:
        template = N_(
            "{where} has a column for each month, but no year in their headers ({months} …){year}. Write the year "
            "into each header, such as Jan 2024, with the columns of all years side by side; or say the year of the "
            "first with {@first_year}."
        )
        values |= {"months": ", ".join(map(repr, _months_alone(names)[:3])), "year": _year_column(names, sample)}
    elif several_in_one(names):
        template = N_(
            "{where} has several columns in one cell of its header ({cell!r}), as lists of two levels have. Export it "
            "as a table: a row for each demand with all its columns, in SAP the detail list, saved as a spreadsheet."
        )
        values["cell"] = shortened(several_in_one(names))
    elif list(missing) == [columns.DEMAND_QTY]:
        template = N_(
            "{where} has no column for {missing}. Accepted names are {accepted}; the columns are {found}. Name "
            "the column with {@column_mapping=$example}, or count each row as one with "
            "{@column_mapping=demand_qty==1}."
        )
    else:
        template = N_(
            "{where} has no column for {missing}. Accepted names are {accepted}; the columns are {found}. Name "
            "them with {@column_mapping=$example}; or send a column for each period, with its date as header."
        )
    if "$example" in template:
        values["example"] = _example(missing, names, free, sample)
    return MissingColumn(Message(template, values))


def _example(missing: Sequence[str], names: Sequence[str], free: Sequence[int], sample: Sample) -> str:
    """A mapping of what is missing, each to another column that can hold it by its cells."""
    left = list(free)[:_MOST_GUESSED]
    said = {}
    for ours in sorted(missing, key=lambda one: one == columns.PARTNUMBER):  # the rest is most likely the part
        chosen = fitting_columns(ours, left, sample) if sample else left
        likely = likely_column(ours, [names[i] for i in chosen if names[i]])
        found = [i for i in chosen if names[i] == likely] or [i for i in chosen if not names[i] and sample.filled(i)]
        said[ours] = target_of(found[0], names) if found else likely
        left = [i for i in left if i not in found[:1]]
    return mapping_example({ours: said[ours] for ours in missing})


def several_in_one(names: Sequence[str]) -> str:
    """A name that is several accepted ones with blanks between them; empty where there is none."""
    for name in names[:_MOST_GUESSED]:
        pieces = {normal(piece) for piece in re.split(r"\s{2,}|(?<=\w)\s(?=\w)", name[:_LONGEST_HEADER].strip(" |"))}
        if len(pieces) > 2 and "  " in name.strip() and len(pieces & accepted_names()) > 1:
            return name.strip(" |")
    return ""


def _months_alone(names: Sequence[str]) -> list[str]:
    """Columns named for a month, with no year; also with a measure, such as `Jan In`."""
    words = {name: _WORDS.findall(name) for name in names if not any(map(str.isdigit, name))}
    return [name for name, found in words.items() if any(month_named(word) is not None for word in found)]


def ask_about_year(names: Sequence[str], titles: Iterable[str], settings: BatchSettings) -> None:
    """Ask whether a year that the titles above a header name is that of its months, which have none.

    Raises:
        AmbiguousDates: if they name some.
    """
    years = sorted({year for title in titles for year in years_in(title)})
    months = [name for name in names if with_years([name], 2000) != [name]]
    if settings.first_year is not None or not years or len(months) < _LEAST_PERIODS:
        return
    template = N_(
        "The columns {months} … have no year in their headers, and the titles name {years}. If that is the year of "
        "the first, say so with {@first_year=$year}; else write the year into each header, such as Jan 2024."
    )
    choices = []
    for year in years[:_MOST_NAMES]:
        dated = with_years(months, year)
        reading = Message(N_("from {first} to {last}"), {"first": dated[0], "last": dated[-1]})
        choices.append(Choice(settings={"first_year": str(year)}, reading=reading))
    values = {"months": ", ".join(map(repr, months[:3])), "years": ", ".join(map(str, years)), "year": str(years[0])}
    raise AmbiguousDates(Message(template, values), setting="first_year", choices=choices)


def _year_column(names: Sequence[str], sample: Sample) -> Message:
    years = [name for i, name in enumerate(names) if years_of(sample.filled(i))]
    return Message(N_("; the years stand in column {name!r}"), {"name": years[0]}) if years else Message("")


def _sites_across(names: Sequence[str], free: Sequence[int], sample: Sample) -> list[int]:
    """Columns of numbers, where no name among them has a word of quantities, stock or money in it."""
    found = [i for i in free[:_MOST_GUESSED] if names[i] and sample.has_numbers(i)]
    words = [normal(name) for name in (*ACCEPTED_NAMES[columns.DEMAND_QTY], "amount", "price", "total", "out", "in")]
    words += [normal(name) for accepted in STOCK_NAMES.values() for name in accepted]
    return [] if any(len(word) > 1 and word in normal(names[i]) for i in found for word in words) else found


def likely_column(ours: str, names: Sequence[str]) -> str:
    """The column most likely meant: one that holds an accepted name, else the nearest by its letters."""
    if not any(names):
        return "COLUMN"
    accepted = [normal(name) for name in ACCEPTED_NAMES[ours] if len(name) > 2]

    def likeness(name: str) -> float:
        plain = normal(name)
        if not plain or len(name) > LONGEST_COMPARED:
            return -1.0
        contained = max((len(word) for word in accepted if word in plain), default=0) / len(plain)
        if ours == columns.PARTNUMBER and _IDENTIFIER.search(name):
            contained *= 2
        if contained or len(plain) > _LONGEST_COMPARED:
            return max(contained, 0.6) + contained if contained else 0.0
        return max(difflib.SequenceMatcher(None, plain, word).ratio() for word in accepted[:_MOST_COMPARED])

    return max(names[:_MOST_GUESSED], key=likeness)
