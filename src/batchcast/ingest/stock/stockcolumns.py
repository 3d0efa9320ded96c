"""Which columns of a file tell the stock of each part: a stock file's, or those of a demand history that has some."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from batchcast.domain import columns
from batchcast.domain.errors import N_, Message
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.common.names import (
    ACCEPTED_NAMES,
    FLAG_NAMES,
    STOCK_NAMES,
    SUPPLIER,
    SUPPLIER_NAMES,
    lead_time_of,
    mapping_example,
    named_columns,
    normal,
    split_lead_time,
    target_of,
)
from batchcast.ingest.common.problems import AmbiguousColumn, InvalidStockFile
from batchcast.ingest.common.source import ColumnSource, ReadOrCounted
from batchcast.ingest.layout.candidates import is_money, numbered_part, question
from batchcast.ingest.layout.locate import check_mapping, check_width, locate, locate_stock_columns, visible_names
from batchcast.ingest.layout.missing import MOST_NAMES, likely_target
from batchcast.ingest.layout.rowfilter import RowFilter, find_filters
from batchcast.ingest.layout.sample import NOTHING, Sample
from batchcast.ingest.stock.orderlists import ON_HAND, ON_ORDER, refuse_orders
from batchcast.ingest.stock.rivals import (
    is_flag,
    is_free,
    is_promised,
    note_on_promised,
    promised_columns,
    rival_columns,
)
from batchcast.ingest.values.bands import bands_in

FREE = "unit_cost"  # a cost of 0, as an export writes it where none is kept, is none
SUMMED = frozenset({ON_HAND, ON_ORDER})  # over the rows of a part, where they have no dates
_DESCRIBES = re.compile(  # at the start of a word: an opname is a count of the stock
    r"(?<![^\W\d_])(?:nam[ae]|descr|desk|remark|note|catatan|keterangan|uom|satuan|unit$|group|grup|kelas|class|kategori|"
    r"category|bin|rak)",
    re.IGNORECASE,
)
_STOCK_WORD = re.compile(
    r"sto[ck]|saldo|hand|balance|sisa|bestand|exist|akhir|qty|quant|jumlah|avail|opname|curbal|inventory|unrestr|tersedia|kuant|menge|cantid",
    re.IGNORECASE,
)
_LIKELIEST = re.compile(
    r"on.?hand|clos|akhir|unrestr|curbal|physical inv|actual|tersedia|disponib|exist", re.IGNORECASE
)
_UNLIKELY = re.compile(  # money, what is kept back or planned, and the stock of another day
    r"val|nilai|amount|wert|cost|harga|open|awal|reserv|commit|block|plan|proj|min|max|inspec|transit|order|loc|value|rp\b",
    re.IGNORECASE,
)
_NO_ORDER = re.compile(  # nor what is on order: when, how many at least or at once, and what calls for it
    r"re.?order|min|max|multiple|date|tgl|tanggal|point|level|reorder|cycle|status|last|lead|unit",
    re.IGNORECASE,
)
_NAMES_HERE: Mapping[str, Sequence[str]] = {  # of a stock file alone: elsewhere they are other things as often
    ON_HAND: (
        *("in_stock", "qty_in_stock", "quantity_in_stock", "inventory"),
        *("physical_inventory", "physical_stock", "current_stock"),
        *("current_balance", "balance_qty", "frei_verwendbar", "frei_verwendbarer_bestand", "aktueller_bestand"),
        *("stock_actual", "existencia", "libre_utilización", "stock_actuel", "stock_physique", "quantité_en_stock"),
        *("en_stock", "utilisation_libre", "utilização_livre", "estoque", "estoque_atual", "saldo_em_estoque"),
        *("giacenza", "esistenza", "voorraad", "bebas_digunakan", "stok_fisik", "stok_saat_ini", "saldo_stok"),
        *("qty_stok", "jumlah_stok", "kuantitas_stok"),
    ),
    ON_ORDER: (
        *("ordered_in_total", "ordered", "ordered_qty", "qty_ordered", "quantity_ordered", "incoming", "incoming_qty"),
        *("qty_incoming", "pesanan_pembelian", "dalam_pemesanan"),
        *("in_ordine", "ordinato", "in_arrivo", "in_bestelling", "besteld", "bestelde_hoeveelheid"),
        *("pedido", "en_pedido", "cantidad_pedida", "pendiente_de_recibir", "em_pedido", "pedido_de_compra"),
        *("quantité_commandée", "commandé", "quantidade_pedida", "bestellmenge", "offene_bestellmenge"),
    ),
}
_NUMBERED = re.compile(  # a document, a row or another key
    r"\b(?:number|no|nr|num|nomor|nummer|id|code|kode)\.?$|^(?:no|nr|nomor)\b|\bn[°º]|#|(?<![^\W\d_])(?:date|tgl|tanggal|datum|fecha)",
    re.IGNORECASE,
)
_KIND = re.compile(
    r"(?<![^\W\d_])(?:type|tipe|jenis|status|state|kondisi|condition|quality|kualitas|mutu|bestandsart|category|kategori|"
    r"estado|tipo|état|statut|owner|ownership)",
    re.IGNORECASE,
)
_MOVEMENT = re.compile(
    r"movement|\bmvt\b|bwart|bewegungsart|transaction type|jenis (?:transaksi|mutasi)|tipe transaksi|voucher type|"
    r"tipo de movimiento|type de mouvement|entry type",
    re.IGNORECASE,
)
_LIKELY = 2  # of a name with a word of what is left
_MOST_KINDS = 3
_ORDERED_IN_TOTAL = "ordered_in_total"  # of Dynamics 365, whose `On order` is what customers ordered
_ORDER_WORD = re.compile(r"\bp\.?o\b|purch|order|pesan|transit|commande|pedido|bestell|incoming|inbound", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class StockLayout(ReadOrCounted):
    """How the rows of a stock file are read."""

    header: tuple[str, ...]
    part: ColumnSource
    site: ColumnSource | None  # None: everything is one site
    date: ColumnSource | None  # decides which of several rows of a part is the latest
    stock_columns: Mapping[str, ColumnSource]  # at least one
    undecided: AmbiguousColumn | None = None  # why there is no date, where two columns could be it
    notes: tuple[Message, ...] = ()
    ignored: frozenset[int] = frozenset()  # columns that are left out, as asked for
    days_of_lead_time: float = 1.0  # days in one of the unit that the lead times in days are written in
    rivals: tuple[int, ...] = ()  # columns that may be the units on hand, where they differ from them
    units: tuple[str, ...] = ()  # in which quantities count; empty: the one there is
    filters: tuple[RowFilter, ...] = ()  # the rows that count
    kinds: tuple[int, ...] = ()  # columns that may say what kind of stock each row is
    promised: tuple[int, ...] = ()  # columns that may have to be taken off the units on hand, where they do
    taken_off: tuple[int, ...] = ()  # those that are
    supplier: ColumnSource | None = None  # the column of suppliers, where there is one
    told: frozenset[int] = frozenset()  # columns that are not read, of which the notes tell
    sample: Sample = NOTHING  # the first rows, for a question about those

    @property
    def of_any_type(self) -> tuple[int, ...]:
        """Those of them that are only counted: they may be of any type."""
        return self.unnamed

    @property
    def _read(self) -> set[int]:
        others = (self.site, self.date, self.supplier)
        cells = [self.part, *(one for one in others if one), *self.stock_columns.values()]
        return {i for cell in cells for i in cell.indices} | self._compared | {*self.taken_off, *self.chosen_by}

    @property
    def chosen_by(self) -> set[int]:
        """The columns that rows are chosen by."""
        return {one.index for one in self.filters}

    @property
    def _compared(self) -> set[int]:
        """Columns that are read to be compared or counted alone."""
        return {*self.rivals, *self.promised, *self.kinds}

    def unread(self) -> list[Message]:
        """What to say of columns that nothing is made of, and of which nothing else tells."""
        used = (self._read - self._compared) | {*self.taken_off, *self.told, *self.ignored, *self.chosen_by}
        left = [i for i, name in enumerate(self.header) if name and i not in used]
        if self.date is not None:  # a demand history, whose other columns were read with it
            history = {normal(name) for name in (*ACCEPTED_NAMES[columns.DEMAND_QTY], *chain(*FLAG_NAMES.values()))}
            left = [i for i in left if normal(self.header[i]) not in history]
        if not left:
            return []
        template = N_(
            "Columns that are not read: {columns}. If one of them counts, say what it is with {@column_mapping}."
        )
        return [Message(template, {"columns": named_columns([target_of(i, self.header) for i in left])})]

    @property
    def plain(self) -> frozenset[int]:
        """None of them is read as whole numbers only: cells can be empty."""
        return frozenset()


def find_stock_columns(
    name: str,
    header: Sequence[str],
    settings: BatchSettings,
    *,
    where: Message | None = None,
    sample: Sequence[Sequence[Any]] | None = (),
) -> StockLayout:
    """How to read a stock file with this header.

    Args:
        name: of the file.
        header: its cells.
        settings: the mapping of its columns.
        where: the sheet, where there are several; the sentences name the file.
        sample: the first rows under the header, which decide between columns.

    Raises:
        InvalidStockFile: if there is no column of parts, or none of stock, or two of one kind.
        OverTheLimit: if there are more columns than a sheet has.
        UnknownMapping: if the mapping names a column that isn't there.
        AmbiguousColumn: if two columns could be the part or the site.
    """
    check_width(header)
    visible = visible_names(header, settings)
    names = visible.names
    mapping = settings.column_mapping
    check_mapping(mapping, (SUPPLIER,))
    held = Sample(sample or ())
    part, site = (locate(ours, names, mapping, held) for ours in (columns.PARTNUMBER, columns.SITE_CODE))
    if part is None and (number := numbered_part(names, held, is_wide=True)) is not None:
        part = ColumnSource(names[number], (number,))
    if part is None:
        raise _no_part(name, names, set(site.indices) if site else set(), held)
    date, undecided = _date(names, mapping, held)
    taken = {i for cells in (part, site, date) if cells for i in cells.indices}
    stock = locate_stock_columns(names, mapping, taken)
    _locate_here(stock, names, taken, mapping, held)
    if ON_HAND not in stock:
        refuse_orders(name, names, taken, stock, mapping=mapping, sample=held)
        _refuse_unknown_stock(name, names, taken | {i for cells in stock.values() for i in cells.indices}, held)
    if not stock:
        template = N_("{name} says nothing of stock; it has {found}. Add one of the columns {accepted}.")
        values = {"found": named_columns(names), "accepted": ", ".join(STOCK_NAMES)}
        raise InvalidStockFile(Message(template, {"name": name, **values}))
    _refuse_two_of_a_kind(name, stock, names, mapping, held)
    read = taken | {i for cells in stock.values() for i in cells.indices}
    is_known = ON_HAND in stock and ON_HAND not in mapping  # by its name
    promised = promised_columns(names, read, held) if is_known else ()
    supplier = locate(SUPPLIER, names, mapping) if SUPPLIER in mapping else _supplier(names, read)
    told = _unread_order(names, read, held, stock.get(ON_ORDER))
    if not any(map(is_free, names)):
        told |= note_on_promised(names, promised, held)
    if columns.LEAD_TIME not in stock and columns.LEAD_TIME_DAYS not in stock:
        told |= _unread_lead_time(names, read)
    read |= set(supplier.indices) if supplier else set()
    filters = find_filters(visible.every, settings.only_rows)
    return StockLayout(
        header=visible.every,
        part=part,
        site=site,
        date=date,
        stock_columns=stock,
        undecided=undecided,
        notes=(*visible.notes, *told.values()),
        ignored=visible.ignored,
        days_of_lead_time=_days_of_lead_time(stock),
        units=settings.quantity_units,
        filters=filters,
        kinds=_kinds(names, read | {one.index for one in filters}, held),
        supplier=supplier,
        promised=promised,
        told=frozenset(told),
        rivals=rival_columns(names, read, held) if is_known else (),
        sample=held,
    )


def _no_part(name: str, names: Sequence[str], taken: Collection[int], sample: Sample) -> InvalidStockFile:
    """What to say of a file without a column that is known as the part."""
    known = {normal(one) for accepted in (*STOCK_NAMES.values(), *_NAMES_HERE.values()) for one in accepted}
    free = [i for i, column in enumerate(names) if column and i not in taken and normal(column) not in known]
    target, found = likely_target(columns.PARTNUMBER, names, free, sample)
    template = N_("{name} has no column {column}; it has {found}. Add one of the parts, named as one of {accepted} ….")
    values = {"name": name, "column": columns.PARTNUMBER, "found": named_columns(names)}
    values["accepted"] = ", ".join(ACCEPTED_NAMES[columns.PARTNUMBER][:MOST_NAMES])
    if found is not None:
        template = N_(
            "{name} has no column {column}; it has {found}. Say which it is with {@column_mapping=$example}, or name "
            "it as one of {accepted} …."
        )
        values["example"] = mapping_example({columns.PARTNUMBER: target})
    return InvalidStockFile(Message(template, values))


def _refuse_unknown_stock(name: str, names: Sequence[str], taken: Collection[int], sample: Sample) -> None:
    """Refuse a file with columns that may be the stock on hand under another name: without it nothing is ordered."""

    def may_be_stock(i: int) -> bool:
        return not sample.filled(i) or sample.has_numbers(i) or bool(_STOCK_WORD.search(names[i]))

    others = [accepted for ours, accepted in ACCEPTED_NAMES.items() if ours != columns.DEMAND_QTY]
    known = {normal(one) for accepted in (*others, *STOCK_NAMES.values()) for one in accepted}
    left = [i for i, column in enumerate(names) if i not in taken and column and normal(column) not in known]
    bands = bands_in(names[i] for i in left)
    left = [i for i in left if not (_NUMBERED.search(names[i]) or sample.has_dates(i) or names[i] in bands)]
    if bands and not left:
        template = N_(
            "{name} has the stock in bands, such as ages ({bands} …), and no column of all of it. Send the list with "
            "the units on hand, in a column on_hand."
        )
        values = {"name": name, "bands": ", ".join(map(repr, bands[:_MOST_KINDS]))}
        raise InvalidStockFile(Message(template, values))
    found = [i for i in left if may_be_stock(i) and not _DESCRIBES.search(names[i])]
    if found and any(map(_MOVEMENT.search, names)) and max(_likeness(names[i]) for i in found) < _LIKELY:
        template = N_(
            "{name} lists movements and says nothing of what is left of each part; it has {found}. Send a list of the "
            "stock, or name its column with {@column_mapping=$example}."
        )
        example = mapping_example({ON_HAND: target_of(found[0], names)})
        raise InvalidStockFile(Message(template, {"name": name, "found": named_columns(names), "example": example}))
    free = [i for i in found if _likeness(names[i]) >= 0 and not is_money(i, names, sample)]
    best = max((_likeness(names[i]) for i in free), default=0)
    likely = [i for i in free if _likeness(names[i]) == best]
    if len(likely) > 1 and not best and all(sample.has_numbers(i) for i in likely):
        template = N_(
            "{name} has several columns of numbers, and none is known as {ours}, the stock on hand: {columns}. If each "
            "is a site, write a row for each part and site; else say which it is with {@column_mapping=$example}."
        )
        values = {"name": name, "ours": ON_HAND, "columns": named_columns([names[i] for i in likely])}
        values["example"] = mapping_example({ON_HAND: target_of(likely[0], names)})
        raise InvalidStockFile(Message(template, values))
    if len(likely) > 1:
        raise question(ON_HAND, likely, names, sample)
    if found:
        template = N_(
            "{name} has no column that is known as {ours}, the stock on hand; it has {found}. Say which it is "
            "with {@column_mapping=$example}, or that the file has none with {@column_mapping=$none}: then "
            "nothing is ordered."
        )
        values = {"name": name, "ours": ON_HAND, "found": named_columns(names), "none": f"{ON_HAND}=="}
        if not likely:
            template = N_(
                "{name} has no column of units that may be {ours}, the stock on hand; it has {found}. Add one, or say "
                "that the file has none with {@column_mapping=$none}: then nothing is ordered."
            )
        values["example"] = mapping_example({ON_HAND: target_of(likely[0], names) if likely else ""})
        raise InvalidStockFile(Message(template, values))


def _likeness(column: str) -> int:
    """How likely a column is the stock on hand, by its name."""
    words = (bool(_STOCK_WORD.search(column)), 2 * bool(_LIKELIEST.search(column)), -3 * bool(_UNLIKELY.search(column)))
    return sum(words)


def _locate_here(
    stock: dict[str, ColumnSource],
    names: Sequence[str],
    taken: Collection[int],
    mapping: Mapping[str, str],
    sample: Sample,
) -> None:
    """Add the columns that have a name which is clear in a stock file; and correct what the others say of some."""
    read = {*taken, *(i for cells in stock.values() for i in cells.indices)}
    is_total = [i for i, name in enumerate(names) if normal(name) == normal(_ORDERED_IN_TOTAL) and i not in read]
    if is_total and ON_ORDER in stock and ON_ORDER not in mapping:
        read -= set(stock.pop(ON_ORDER).indices)
    for ours, accepted in _NAMES_HERE.items():
        wanted = set(map(normal, accepted[:1] if ours == ON_ORDER and is_total else accepted))
        found = [i for i, name in enumerate(names) if i not in read and normal(name) in wanted]
        found = [i for i in found if not sample.filled(i) or (sample.has_numbers(i) and not is_flag(i, sample))]
        if ours not in stock and ours not in mapping and len(found) == 1:
            stock[ours] = ColumnSource(names[found[0]], (found[0],))
            read.add(found[0])
    lead_time = stock.get(columns.LEAD_TIME)
    if lead_time is not None and columns.LEAD_TIME not in mapping and _has_units(lead_time, sample):
        stock[columns.LEAD_TIME_DAYS] = stock.pop(columns.LEAD_TIME)


def _has_units(cells: ColumnSource, sample: Sample) -> bool:
    """Whether lead times are written with their units, as in `6 weeks`."""
    found = [cell for i in cells.indices for cell in sample.filled(i)]
    return bool(found) and 2 * sum(isinstance(one, str) and bool(split_lead_time(one)) for one in found) > len(found)


def _days_of_lead_time(stock: Mapping[str, ColumnSource]) -> float:
    cells = stock.get(columns.LEAD_TIME_DAYS)
    days = None if cells is None else lead_time_of(cells.name)
    return days if days is not None and days > 0 else 1.0


def _supplier(names: Sequence[str], taken: Collection[int]) -> ColumnSource | None:
    """The column of suppliers: of several (code and name) the one whose name stands first among ours."""
    free = {normal(name): i for i, name in reversed(list(enumerate(names))) if i not in taken}
    found = next((free[name] for name in map(normal, SUPPLIER_NAMES) if name in free), None)
    return None if found is None else ColumnSource(names[found], (found,))


def _kinds(names: Sequence[str], taken: Collection[int], sample: Sample) -> tuple[int, ...]:
    """Columns that may say of each row which kind of stock it is."""
    found = [i for i, name in enumerate(names) if i not in taken and _KIND.search(name)]
    return tuple(i for i in found if not (sample.has_numbers(i) or sample.has_dates(i)))[:_MOST_KINDS]


def _unread_order(
    names: Sequence[str], taken: Collection[int], sample: Sample, known: ColumnSource | None
) -> dict[int, Message]:
    """What to say of a column of numbers that may be what is on order, or more of it beside a column that is known."""
    found = [i for i, name in enumerate(names) if i not in taken and _ORDER_WORD.search(name)]
    found = [i for i in found if not (is_promised(names[i]) or _NO_ORDER.search(names[i]))]
    found = [i for i in found if sample.has_numbers(i) or not sample.filled(i)]
    if not found or (known is not None and not any(sample.numbers(found[0]))):
        return {}
    if known is not None:
        template = N_(
            "Column {column!r} is not added to {known!r}, which is what is on order; if these units are coming "
            "besides, send the sum of both in a column on_order: else they are ordered again."
        )
        return {found[0]: Message(template, {"column": names[found[0]], "known": known.name})}
    template = N_(
        "Column {column!r} is not read; if it is what is on order, say so with {@column_mapping=$example}: "
        "without it, it is ordered again."
    )
    example = mapping_example({ON_ORDER: target_of(found[0], names)})
    return {found[0]: Message(template, {"column": names[found[0]], "example": example})}


def _unread_lead_time(names: Sequence[str], taken: Collection[int]) -> dict[int, Message]:
    """What to say of a column of lead times that names no unit and is not known as one in periods."""
    found = [i for i, name in enumerate(names) if i not in taken and lead_time_of(name) is not None]
    if not found:
        return {}
    template = N_(
        "Column {column!r} is not read, as it does not say whether its lead times are days; if they are, say so with "
        "{@column_mapping=$example}."
    )
    example = mapping_example({columns.LEAD_TIME_DAYS: target_of(found[0], names)})
    return {found[0]: Message(template, {"column": names[found[0]], "example": example})}


def _date(
    names: Sequence[str], mapping: Mapping[str, str], sample: Sample
) -> tuple[ColumnSource | None, AmbiguousColumn | None]:
    """The column of dates; whether one is needed is known once the rows are read."""
    try:
        return locate(columns.DATE, names, mapping, sample), None
    except AmbiguousColumn as error:
        return None, error


def _refuse_two_of_a_kind(
    name: str,
    stock_columns: Mapping[str, ColumnSource],
    names: Sequence[str],
    mapping: Mapping[str, str],
    sample: Sample,
) -> None:
    for ours, cells in stock_columns.items():
        if len(cells.indices) > 1 and ours not in mapping:
            indices = sorted(cells.indices, key=lambda i: is_money(i, names, sample))
            first, second = (names[i] for i in indices[:2])
            template = N_(
                "{name} has two columns that are {ours}: {first!r} and {second!r}; rename one, or say which "
                "with {@column_mapping=$example}."
            )
            values = {"name": name, "ours": ours, "first": first, "second": second}
            values["example"] = mapping_example({ours: target_of(indices[0], names)})
            raise InvalidStockFile(Message(template, values))
