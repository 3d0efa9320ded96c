"""Which column of a file is which of ours: by the mapping, by accepted names, or as a wide table of periods."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from batchcast.domain import columns
from batchcast.domain.message import Message, mark
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.problems import AmbiguousColumn, MissingColumn, UnknownMapping
from batchcast.ingest.wide import find_periods

ACCEPTED_NAMES: Mapping[str, Sequence[str]] = {
    columns.DATE: (
        "date",
        "tanggal",
        "tgl",
        "transaction_date",
        "posting_date",
        "order_date",
        "period",
        "month",
        "ds",
        "timestamp",
    ),
    columns.PARTNUMBER: (
        "partnumber",
        "part_number",
        "part_no",
        "part",
        "pn",
        "item",
        "item_code",
        "sku",
        "material",
        "product",
        "product_code",
        "kode_part",
        "kode_barang",
        "unique_id",
    ),
    columns.SITE_CODE: (
        "site_code",
        "site",
        "location",
        "lokasi",
        "gudang",
        "warehouse",
        "store",
        "plant",
        "branch",
        "cabang",
    ),
    columns.DEMAND_QTY: ("demand_qty", "demand", "qty", "quantity", "jumlah", "order_demand", "sales", "y", "value"),
}
STOCK_NAMES: Mapping[str, Sequence[str]] = {  # not needed: a file may have one of them
    columns.STOCK_OUT: ("stock_out", "stockout", "out_of_stock", "stok_habis", "stok_kosong"),
    columns.AVAILABLE: ("available", "in_stock", "tersedia"),
}
SHEET = "sheet"  # a mapping of this name chooses the sheet of a workbook
_JOIN = "+"  # joins columns in a mapping: site_code=Client+Warehouse
_LITERAL = "="  # a mapping that starts with it is one value for every row: demand_qty==1
_COUNTED_PERIOD = re.compile(r"(week|wk|kw|minggu|month|bulan|period|periode|day|hari)\W*\d+$", re.IGNORECASE)
_IDENTIFIER = re.compile(r"(?<![a-z])(no|nr|number|nomor|code|kode|id)(?![a-z])", re.IGNORECASE)
_MOST_GUESSED = 200  # columns that are compared when one is missing
_MOST_NAMED = 30  # columns that a sentence lists


@dataclass(frozen=True, slots=True)
class Cells:
    """Where one of our columns comes from: a column, several joined with `-`, or one value for every row."""

    name: str  # as a person would say it
    indices: tuple[int, ...] = ()
    literal: str | None = None


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
    part: Cells
    site: Cells | None  # None: everything is one site
    date: Cells  # wide: the span of the periods
    quantity: Cells
    periods: tuple[Period, ...] = ()
    notes: tuple[Message, ...] = ()
    stock: Cells | None = None  # tells when a part was out of stock
    stock_means_out: bool = False  # its yes means out of stock; else it means available

    @property
    def wanted(self) -> tuple[int, ...]:
        """Columns of the file that are read, ascending."""
        cells = [self.date, self.part, self.quantity, *(one for one in (self.site, self.stock) if one)]
        return tuple(sorted({i for cell in cells for i in cell.indices} | {p.index for p in self.periods}))

    @property
    def plain(self) -> frozenset[int]:
        """Those of them that hold quantities, whose distinct values are many."""
        return frozenset(self.quantity.indices) | {p.index for p in self.periods}

    @property
    def left_alone(self) -> tuple[str, ...]:
        """Names of the columns that are not read."""
        wanted = set(self.wanted)
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
    found = {ours: _locate(ours, names, settings.column_mapping) for ours in ACCEPTED_NAMES}
    _check_mapping(settings.column_mapping)
    part, site = found[columns.PARTNUMBER], found[columns.SITE_CODE]
    date, quantity = found[columns.DATE], found[columns.DEMAND_QTY]
    if part is not None and date is not None and quantity is not None:
        out, inside = (_locate_stock(ours, names, settings.column_mapping, found) for ours in STOCK_NAMES)
        means_out = out is not None
        return Layout(
            header=names,
            part=part,
            site=site,
            date=date,
            quantity=quantity,
            stock=out or inside,
            stock_means_out=means_out,
        )
    if date is None and quantity is None:
        taken = {i for cells in (part, site) if cells for i in cells.indices}
        periods, notes = find_periods(names, taken, settings.date_order)
        if part is not None and periods:
            chosen = tuple(Period(i, names[i], day) for i, day in periods)
            span = Cells(f"{chosen[0].name} … {chosen[-1].name}")
            return Layout(header=names, part=part, site=site, date=span, quantity=span, periods=chosen, notes=notes)
    missing = [ours for ours in (columns.DATE, columns.PARTNUMBER, columns.DEMAND_QTY) if found[ours] is None]
    used = {i for cells in found.values() if cells for i in cells.indices}
    raise _missing(missing, names, [name for i, name in enumerate(names) if i not in used], where)


def counted_periods(names: Sequence[str]) -> list[str]:
    """Column names that count periods, such as `week 1`, without saying which."""
    return [name for name in names if _COUNTED_PERIOD.match(name.strip())]


def normal(name: str) -> str:
    """A column name as it is compared: case, spaces, underscores and dashes make no difference."""
    return re.sub(r"[\s_\-]+", "", name).casefold()


def named_columns(header: Sequence[str]) -> str:
    """The columns of a header, for a sentence; the first thirty where there are more."""
    shown = ", ".join(repr(shortened(name)) for name in header[:_MOST_NAMED])
    return shown + (f", … ({len(header)} columns)" if len(header) > _MOST_NAMED else "")


def shortened(text: str, most: int = 80) -> str:
    """A value short enough for a sentence."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def letter_of(index: int) -> str:
    """The letter a spreadsheet gives a column: 0 -> A, 26 -> AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _check_mapping(mapping: Mapping[str, str]) -> None:
    for ours in mapping:
        if ours not in ACCEPTED_NAMES and ours not in STOCK_NAMES and ours != SHEET:
            template = mark("The column mapping names {name!r}, which is none of {ours}.")
            raise UnknownMapping(Message(template, {"name": ours, "ours": ", ".join((*ACCEPTED_NAMES, *STOCK_NAMES))}))


def _locate(ours: str, names: Sequence[str], mapping: Mapping[str, str]) -> Cells | None:
    target = mapping.get(ours)
    if target is None:
        return _by_name(ours, names)
    index = _index_of(target, names, ours)
    if index is not None:
        return Cells(names[index], (index,))
    if target.startswith(_LITERAL):
        return Cells(target, (), target[len(_LITERAL) :])
    pieces = [piece.strip() for piece in target.split(_JOIN)]
    indices = [_index_of(piece, names, ours) for piece in pieces]
    if len(pieces) < 2 or None in indices:
        lost = pieces[indices.index(None)]
        raise UnknownMapping(_unknown_column(ours, lost, names))
    chosen = tuple(i for i in indices if i is not None)
    return Cells(_JOIN.join(names[i] for i in chosen), chosen)


def _locate_stock(
    ours: str, names: Sequence[str], mapping: Mapping[str, str], found: Mapping[str, Cells | None]
) -> Cells | None:
    """The column that is mapped or named so, unless it is one of ours already."""
    if ours in mapping:
        return _locate(ours, names, mapping)
    taken = {i for cells in found.values() if cells for i in cells.indices}
    accepted = {normal(name) for name in STOCK_NAMES[ours]}
    matches = [i for i, name in enumerate(names) if normal(name) in accepted and i not in taken]
    return Cells(names[matches[0]], (matches[0],)) if matches else None


def _index_of(target: str, names: Sequence[str], ours: str) -> int | None:
    exact = [i for i, name in enumerate(names) if name == target]
    matches = exact or [i for i, name in enumerate(names) if normal(name) == normal(target)]
    if len(matches) > 1:
        template = mark(
            "Columns {letters} are all named {name!r}, so {ours} can't be mapped to that name; rename them in the file."
        )
        letters = ", ".join(letter_of(i) for i in matches)
        raise AmbiguousColumn(Message(template, {"letters": letters, "name": target, "ours": ours}))
    return matches[0] if matches else None


def _by_name(ours: str, names: Sequence[str]) -> Cells | None:
    """The column with an accepted name; our own name wins over its synonyms, two of a rank are refused."""
    accepted = {normal(name) for name in ACCEPTED_NAMES[ours]}
    for wanted in ({normal(ours)}, accepted):
        matches = [i for i, name in enumerate(names) if normal(name) in wanted]
        if len(matches) == 1:
            return Cells(names[matches[0]], (matches[0],))
        if matches:
            raise AmbiguousColumn(_two_columns(ours, matches, names))
    return None


def _two_columns(ours: str, matches: Sequence[int], names: Sequence[str]) -> Message:
    found = ", ".join(f"{names[i]!r} ({letter_of(i)})" for i in matches)
    if len({names[i] for i in matches}) < len(matches):
        template = mark(
            "Several columns have the same name and could be {ours}: {found}. Rename them in the file, so that one is "
            "named {ours}."
        )
        return Message(template, {"ours": ours, "found": found})
    template = mark("Several columns could be {ours}: {found}. Say which with a mapping, such as {ours}={first}.")
    return Message(template, {"ours": ours, "found": found, "first": names[matches[0]]})


def _unknown_column(ours: str, target: str, names: Sequence[str]) -> Message:
    near = difflib.get_close_matches(normal(target), [normal(name) for name in names if name], n=1)
    values = {"ours": ours, "target": target, "found": named_columns(names)}
    if near:
        guess = next(name for name in names if normal(name) == near[0])
        template = mark(
            "{ours} is mapped to {target!r}, which is not a column; did you mean {guess!r}? The columns are {found}."
        )
        return Message(template, values | {"guess": guess})
    return Message(mark("{ours} is mapped to {target!r}, which is not a column; the columns are {found}."), values)


def _missing(missing: Sequence[str], names: Sequence[str], free: Sequence[str], where: Message | None) -> MissingColumn:
    accepted = "; ".join(f"{ours}: {', '.join(ACCEPTED_NAMES[ours])}" for ours in missing)
    example = ", ".join(f"{ours}={likely_column(ours, free)}" for ours in missing)
    values: dict[str, object] = {"missing": ", ".join(missing), "accepted": accepted, "found": named_columns(names)}
    values |= {"example": example, "where": where or Message(mark("The file"))}
    values |= {"periods": ", ".join(map(repr, counted_periods(names)[:3]))}
    if len(counted_periods(names)) > 2 and columns.DEMAND_QTY in missing and columns.DATE in missing:
        template = mark(
            "{where} is a wide table whose periods are no dates ({periods} …). Write the first date of each period, "
            "such as 2024-01-01, in the header row in its place, and name the column of parts with a mapping if it "
            "has none of the names {accepted}; the columns are {found}."
        )
        values["accepted"] = ", ".join(ACCEPTED_NAMES[columns.PARTNUMBER])
    elif list(missing) == [columns.DEMAND_QTY]:
        template = mark(
            "{where} has no column for {missing}. Accepted names are {accepted}; the columns are {found}. Name the "
            "column with a mapping, such as {example}, or count each row as one with the mapping demand_qty==1."
        )
    else:
        template = mark(
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
        held = max((len(word) for word in accepted if word in plain), default=0) / len(plain)
        if ours == columns.PARTNUMBER and _IDENTIFIER.search(name):
            held *= 2
        near = max(difflib.SequenceMatcher(None, plain, word).ratio() for word in accepted)
        return max(held, 0.6) + held if held else near

    return max(names[:_MOST_GUESSED], key=likeness)
