"""Which column of a file is which of ours: by the mapping, by accepted names, or as a wide table of periods."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from batchcast.domain import columns
from batchcast.domain.errors import N_, Message
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.dateorder import NO_DAY, DateReader
from batchcast.ingest.names import (
    ACCEPTED_NAMES,
    AVAILABILITY_NAMES,
    SHEET,
    STOCK_NAMES,
    letter_of,
    mapping_example,
    named_columns,
    normal,
)
from batchcast.ingest.problems import AmbiguousColumn, MissingColumn, UnknownMapping
from batchcast.ingest.rowfilter import RowFilter, find_filters
from batchcast.ingest.signs import movement_column
from batchcast.ingest.source import ColumnSource

# Where one of our columns stands in a header: by the mapping, else by its accepted names.

_JOIN = "+"  # joins columns in a mapping: site_code=Client+Warehouse
_LITERAL = "="  # a mapping that starts with it is one value for every row: demand_qty==1


def check_mapping(mapping: Mapping[str, str]) -> None:
    """Refuse a mapping of what is none of ours.

    Raises:
        UnknownMapping: if there is one.
    """
    known = (*ACCEPTED_NAMES, *AVAILABILITY_NAMES, *STOCK_NAMES)
    for ours in mapping:
        if ours not in known and ours != SHEET:
            template = N_("The column mapping names {name!r}, which is none of {ours}.")
            raise UnknownMapping(Message(template, {"name": ours, "ours": ", ".join(known)}))


def locate(ours: str, names: Sequence[str], mapping: Mapping[str, str]) -> ColumnSource | None:
    """A column that a history or a stock file needs; None where there is none.

    Raises:
        UnknownMapping: if it is mapped to a column that isn't there.
        AmbiguousColumn: if two could be it.
    """
    target = mapping.get(ours)
    if target is None:
        return _by_name(ours, names)
    index = _index_of(target, names, ours)
    if index is not None:
        return ColumnSource(names[index], (index,))
    if target.startswith(_LITERAL):
        return ColumnSource(target, (), target[len(_LITERAL) :])
    pieces = [piece.strip() for piece in target.split(_JOIN)]
    indices = [_index_of(piece, names, ours) for piece in pieces]
    if len(pieces) < 2 or None in indices:
        lost = pieces[indices.index(None)]
        raise UnknownMapping(_unknown_column(ours, lost, names))
    chosen = tuple(i for i in indices if i is not None)
    return ColumnSource(_JOIN.join(names[i] for i in chosen), chosen)


def locate_availability(
    ours: str, names: Sequence[str], mapping: Mapping[str, str], taken: Collection[int]
) -> ColumnSource | None:
    """The column that is mapped or named so, unless it is one of ours already."""
    if ours in mapping:
        return locate(ours, names, mapping)
    matches = _named(AVAILABILITY_NAMES[ours], names, taken)
    return ColumnSource(names[matches[0]], (matches[0],)) if matches else None


def locate_stock_columns(
    names: Sequence[str], mapping: Mapping[str, str], taken: Collection[int]
) -> dict[str, ColumnSource]:
    """The columns of the stock of each part, unless they are some of ours already; all that could be one of them."""
    found: dict[str, ColumnSource] = {}
    for ours, accepted in STOCK_NAMES.items():
        if ours in mapping:
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


def _index_of(target: str, names: Sequence[str], ours: str) -> int | None:
    exact = [i for i, name in enumerate(names) if name == target]
    matches = exact or [i for i, name in enumerate(names) if normal(name) == normal(target)]
    if len(matches) > 1:
        template = N_(
            "Columns {letters} are all named {name!r}, so {ours} can't be mapped to that name; rename them in the file."
        )
        letters = ", ".join(letter_of(i) for i in matches)
        raise AmbiguousColumn(Message(template, {"letters": letters, "name": target, "ours": ours}))
    return matches[0] if matches else None


def _by_name(ours: str, names: Sequence[str]) -> ColumnSource | None:
    """The column with an accepted name; our own name wins over its synonyms, two of a rank are refused."""
    for accepted in ([ours], ACCEPTED_NAMES[ours]):
        matches = _named(accepted, names, ())
        if len(matches) == 1:
            return ColumnSource(names[matches[0]], (matches[0],))
        if matches:
            raise AmbiguousColumn(_two_columns(ours, matches, names))
    return None


def _two_columns(ours: str, matches: Sequence[int], names: Sequence[str]) -> Message:
    found = ", ".join(f"{names[i]!r} ({letter_of(i)})" for i in matches)
    if len({names[i] for i in matches}) < len(matches):
        template = N_(
            "Several columns have the same name and could be {ours}: {found}. Rename them in the file, so that one is "
            "named {ours}."
        )
        return Message(template, {"ours": ours, "found": found})
    template = N_("Several columns could be {ours}: {found}. Say which with a mapping, such as {example}.")
    return Message(template, {"ours": ours, "found": found, "example": mapping_example({ours: names[matches[0]]})})


def _unknown_column(ours: str, target: str, names: Sequence[str]) -> Message:
    near = difflib.get_close_matches(normal(target), [normal(name) for name in names if name], n=1)
    values = {"ours": ours, "target": target, "found": named_columns(names)}
    if near:
        guess = next(name for name in names if normal(name) == near[0])
        template = N_(
            "{ours} is mapped to {target!r}, which is not a column; did you mean {guess!r}? The columns are {found}."
        )
        return Message(template, values | {"guess": guess})
    return Message(N_("{ours} is mapped to {target!r}, which is not a column; the columns are {found}."), values)


_COUNTED_PERIOD = re.compile(r"(week|wk|kw|minggu|month|bulan|period|periode|day|hari)\W*\d+$", re.IGNORECASE)
_IDENTIFIER = re.compile(r"(?<![a-z])(no|nr|number|nomor|code|kode|id)(?![a-z])", re.IGNORECASE)
_MOST_GUESSED = 200  # columns that are compared when one is missing


@dataclass(frozen=True, slots=True)
class Period:
    """A column of a wide table."""

    index: int
    name: str
    day: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """How the rows of a file are read: long with a date and a quantity, or wide with a column a period."""

    header: tuple[str, ...]
    part: ColumnSource
    site: ColumnSource | None  # None: everything is one site
    date: ColumnSource  # wide: the span of the periods
    quantity: ColumnSource
    periods: tuple[Period, ...] = ()
    notes: tuple[Message, ...] = ()
    stock: ColumnSource | None = None  # whether a part was in stock or out of it
    stock_means_out: bool = False  # its yes means out of stock; else it means available
    stock_columns: Mapping[str, ColumnSource] = field(default_factory=dict)  # not read with the demand
    filters: tuple[RowFilter, ...] = ()  # only rows that pass them are read
    movement: int | None = None  # column that tells receipts from issues
    also: tuple[int, ...] = ()  # further columns that are read, to ask about them

    @property
    def wanted(self) -> tuple[int, ...]:
        """Columns of the file that are read, ascending."""
        cells = [self.date, self.part, self.quantity, *(one for one in (self.site, self.stock) if one)]
        read = {i for cell in cells for i in cell.indices} | {p.index for p in self.periods}
        read |= {one.index for one in self.filters} | set(self.also)
        return tuple(sorted(read if self.movement is None else read | {self.movement}))

    @property
    def plain(self) -> frozenset[int]:
        """Those of them that hold quantities, whose distinct values are many."""
        quantities = frozenset(self.quantity.indices) | {p.index for p in self.periods}
        return quantities - {one.index for one in self.filters}

    @property
    def left_alone(self) -> tuple[str, ...]:
        """Names of the columns that nothing reads."""
        wanted = {*self.wanted, *(i for cells in self.stock_columns.values() for i in cells.indices)}
        if self.movement not in {one.index for one in self.filters}:
            wanted.discard(self.movement)
        return tuple(name for i, name in enumerate(self.header) if i not in wanted and name)

    @property
    def columns(self) -> dict[str, str]:
        """Our columns, and what each is read from."""
        ours = {columns.DATE: self.date, columns.PARTNUMBER: self.part}
        ours |= {columns.SITE_CODE: self.site} if self.site else {}
        ours |= {columns.DEMAND_QTY: self.quantity}
        if self.stock is not None:
            ours |= {columns.STOCK_OUT if self.stock_means_out else columns.AVAILABLE: self.stock}
        return {name: cells.name for name, cells in ours.items()}


def find_columns(header: Sequence[str], settings: BatchSettings, *, where: Message | None = None) -> Layout:
    """How to read a file with this header.

    Raises:
        UnknownMapping: if the mapping names a column that isn't there.
        AmbiguousColumn: if two columns could be the same thing.
        MissingColumn: if there is none for a part, or neither a date with a quantity nor a column a period.
    """
    names = tuple(name.strip() for name in header)
    found = {ours: locate(ours, names, settings.column_mapping) for ours in ACCEPTED_NAMES}
    check_mapping(settings.column_mapping)
    part, site = found[columns.PARTNUMBER], found[columns.SITE_CODE]
    date, quantity = found[columns.DATE], found[columns.DEMAND_QTY]
    taken = {i for cells in found.values() if cells for i in cells.indices}
    if part is not None and date is not None and quantity is not None:
        out, inside = (locate_availability(ours, names, settings.column_mapping, taken) for ours in AVAILABILITY_NAMES)
        means_out = out is not None
        taken |= {i for cells in (out or inside,) if cells for i in cells.indices}
        stock_columns = locate_stock_columns(names, settings.column_mapping, taken)
        taken |= {i for cells in stock_columns.values() for i in cells.indices}
        return Layout(
            header=names,
            part=part,
            site=site,
            date=date,
            quantity=quantity,
            stock=out or inside,
            stock_means_out=means_out,
            stock_columns=stock_columns,
            filters=find_filters(names, settings.only_rows),
            movement=movement_column(names, taken),
        )
    if date is None and quantity is None:
        periods, notes = find_periods(names, taken, settings)
        if part is not None and periods:
            chosen = tuple(Period(i, names[i], day) for i, day in periods)
            span = ColumnSource(f"{chosen[0].name} … {chosen[-1].name}")
            stock = locate_stock_columns(names, settings.column_mapping, taken | {i for i, _ in periods})
            return Layout(
                header=names,
                part=part,
                site=site,
                date=span,
                quantity=span,
                periods=chosen,
                notes=notes,
                stock_columns=stock,
                filters=find_filters(names, settings.only_rows),
            )
    missing = [ours for ours in (columns.DATE, columns.PARTNUMBER, columns.DEMAND_QTY) if found[ours] is None]
    raise _missing(missing, names, [name for i, name in enumerate(names) if i not in taken], where)


def counted_periods(names: Sequence[str]) -> list[str]:
    """Column names that count periods, such as `week 1`, without saying which."""
    return [name for name in names if _COUNTED_PERIOD.match(name.strip())]


def _missing(missing: Sequence[str], names: Sequence[str], free: Sequence[str], where: Message | None) -> MissingColumn:
    accepted = "; ".join(f"{ours}: {', '.join(ACCEPTED_NAMES[ours])}" for ours in missing)
    example = mapping_example({ours: likely_column(ours, free) for ours in missing})
    values: dict[str, object] = {"missing": ", ".join(missing), "accepted": accepted, "found": named_columns(names)}
    values |= {"example": example, "where": where or Message(N_("The file"))}
    values |= {"periods": ", ".join(map(repr, counted_periods(names)[:3]))}
    if len(counted_periods(names)) > 2 and columns.DEMAND_QTY in missing and columns.DATE in missing:
        template = N_(
            "{where} is a wide table whose periods are no dates ({periods} …). Write the first date of each period, "
            "such as 2024-01-01, in the header row in its place, and name the column of parts with a mapping if it "
            "has none of the names {accepted}; the columns are {found}."
        )
        values["accepted"] = ", ".join(ACCEPTED_NAMES[columns.PARTNUMBER])
    elif list(missing) == [columns.DEMAND_QTY]:
        template = N_(
            "{where} has no column for {missing}. Accepted names are {accepted}; the columns are {found}. Name the "
            "column with a mapping, such as {example}, or count each row as one with the mapping demand_qty==1."
        )
    else:
        template = N_(
            "{where} has no column for {missing}. Accepted names are {accepted}; the columns are {found}. Name them "
            "with a mapping, such as {example}; or send a column for each period, with its date as header."
        )
    return MissingColumn(Message(template, values))


def likely_column(ours: str, names: Sequence[str]) -> str:
    """The column most likely meant: one that holds an accepted name, else the nearest by its letters."""
    if not any(names):
        return "COLUMN"
    accepted = [normal(name) for name in ACCEPTED_NAMES[ours] if len(name) > 2]

    def likeness(name: str) -> float:
        plain = normal(name)
        if not plain:
            return -1.0
        contained = max((len(word) for word in accepted if word in plain), default=0) / len(plain)
        if ours == columns.PARTNUMBER and _IDENTIFIER.search(name):
            contained *= 2
        near = max(difflib.SequenceMatcher(None, plain, word).ratio() for word in accepted)
        return max(contained, 0.6) + contained if contained else near

    return max(names[:_MOST_GUESSED], key=likeness)


# Wide tables: a row a part, a column a period, the period's date in the header.

Periods = tuple[tuple[int, int], ...]


def find_periods(
    names: Sequence[str], taken: Collection[int], settings: BatchSettings
) -> tuple[Periods, tuple[Message, ...]]:
    """(index, day) of the columns whose header is a date, and what to say of them.

    Raises:
        AmbiguousDates: if the headers read in several orders.
        MixedDateOrders: if some read only one way and others only the other.
        AmbiguousColumn: if two headers are the same date.
    """
    reader = DateReader(settings.date_order, column="header", today=settings.today)
    free = [(i, name) for i, name in enumerate(names) if i not in taken]
    days = reader.days([name for _, name in free], lambda text: _in_header(text, names))
    found = tuple((i, int(day)) for (i, _), day in zip(free, days, strict=True) if day != NO_DAY)
    if not found:
        return (), ()
    _refuse_repeats(found, names)
    template = N_("Wide layout: {count} columns from {first} to {last} are the periods; a blank cell is no demand.")
    values = {"count": len(found), "first": names[found[0][0]], "last": names[found[-1][0]]}
    return found, (Message(template, values), *reader.notes())


def _in_header(text: str, names: Sequence[str]) -> Message:
    return Message(N_("column {number}"), {"number": list(names).index(text) + 1})


def _refuse_repeats(found: Periods, names: Sequence[str]) -> None:
    seen: dict[int, int] = {}
    for index, day in found:
        if day in seen:
            template = N_("Columns {first!r} and {second!r} are the same period; keep one of them.")
            raise AmbiguousColumn(Message(template, {"first": names[seen[day]], "second": names[index]}))
        seen[day] = index
