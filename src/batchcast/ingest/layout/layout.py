"""How the rows of a file are read: which column is which of ours, and which of them are periods, parts or sites."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from batchcast.domain import columns
from batchcast.domain.errors import Message
from batchcast.ingest.common.source import ColumnSource, ReadOrCounted
from batchcast.ingest.layout.rowfilter import RowFilter


@dataclass(frozen=True, slots=True)
class Period:
    """A column of a wide table."""

    index: int
    name: str
    day: int


@dataclass(frozen=True, slots=True)
class TotalColumn:
    """A column of a wide table that adds up some of its periods in the rows that were looked at."""

    index: int
    added: tuple[int, ...]  # the columns of these periods
    is_inside: bool  # among the periods: it would be one, if it were no total


@dataclass(frozen=True, slots=True)
class Across:
    """A column of a table with dates down: the demand of one part, or of one site."""

    index: int
    name: str


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
    totals: tuple[TotalColumn, ...] = ()  # columns that add up some of them: they are read to check that they do
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
    balance: tuple[int, ...] = ()  # the column whose words tell rows of balances
    watched: tuple[int, ...] = ()  # columns in which words of balances may stand
    receipts: int | None = None  # column of what came in, where a row has it or the quantity
    attributes: tuple[int, ...] = ()  # columns whose values are kept with the parts
    cost: int | None = None  # column of the cost of a unit, which is kept too
    also: tuple[int, ...] = ()  # further columns that are read, to ask about them
    ignored: frozenset[int] = frozenset()  # columns that are left out, as asked for

    @property
    def several(self) -> tuple[Period | Across, ...]:
        """The columns of quantities, where a row has several of them."""
        return self.periods or self.across

    @property
    def of_any_type(self) -> frozenset[int]:
        """Those of them that are only counted, or may name kinds of movements: they may be of any type."""
        counted = {*self.unnamed, *self.movements, *self.rivals, *self.balance, *self.watched, *self.attributes}
        counted |= {one.index for one in self.totals}
        counted |= {one for one in (self.receipts, self.cost) if one is not None}
        return frozenset(counted - {one.index for one in self.filters})

    @property
    def _read(self) -> set[int]:
        cells = [self.date, self.part, self.quantity, *(one for one in (self.site, self.stock, self.exclude) if one)]
        read = {i for cell in cells for i in cell.indices} | {one.index for one in self.several}
        read |= {one.index for one in self.filters} | {*self.also, *self.movements, *self.rivals, *self.balance}
        read |= {*self.watched, *self.attributes, *(one.index for one in self.totals)}
        return read | {i for i in (self.unit, self.year, self.receipts, self.cost) if i is not None}

    @property
    def rivals(self) -> dict[int, str]:
        """Columns with a name of ours that hold nothing in the first rows, and which of ours each could be."""
        ours = {columns.DATE: self.date, columns.PARTNUMBER: self.part, columns.SITE_CODE: self.site}
        ours |= {columns.DEMAND_QTY: self.quantity}
        return {index: name for name, cells in ours.items() if cells for index in cells.rivals}

    @property
    def plain(self) -> frozenset[int]:
        """Those of them that hold quantities, whose distinct values are many."""
        quantities = frozenset(self.quantity.indices) | {one.index for one in (*self.several, *self.totals)}
        return quantities - {one.index for one in self.filters}

    @property
    def left_alone(self) -> tuple[str, ...]:
        """Names of the columns that no demand is read from: they may tell kinds of rows, and be kept with the parts."""
        wanted = {*self.wanted, *(i for cells in self.stock_columns.values() for i in cells.indices)}
        shown = {*self.movements, *self.rivals, *self.watched, *self.attributes, *(one.index for one in self.totals)}
        wanted -= shown - {*self.balance, *(one.index for one in self.filters)}
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
