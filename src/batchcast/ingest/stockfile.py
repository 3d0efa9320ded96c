"""Reads a stock file: what is held of each part, what it costs, how it is packed and how long it takes to come.

A CSV file or a workbook with a header, a row for each part of a site. It is small beside a demand history, so all of it
is read at once, and the first row that can't be read refuses the file: an order that leaves a part out unsaid costs
more than a correction.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from batchcast.domain import columns
from batchcast.domain.inventory import StockItem
from batchcast.domain.message import Message, mark
from batchcast.ingest.header import ACCEPTED_NAMES, named_columns, normal
from batchcast.ingest.keys import key_text, read_key
from batchcast.ingest.limits import MEGABYTE, IngestLimits
from batchcast.ingest.problems import InvalidStockFile
from batchcast.ingest.quantities import WrittenNumber, read_number
from batchcast.ingest.source import SourceRow, is_blank
from batchcast.ingest.stocktable import read_table

_LIMITS = IngestLimits(max_bytes=200 * MEGABYTE, max_expanded_bytes=200 * MEGABYTE)
NUMBERS: Mapping[str, Sequence[str]] = {  # a file has some of them
    "lead_time": ("lead_time", "leadtime", "waktu_tunggu", "lama_kirim"),
    "unit_cost": ("unit_cost", "cost", "price", "unit_price", "harga", "harga_satuan", "biaya"),
    "on_hand": ("on_hand", "stock", "stock_on_hand", "qty_on_hand", "soh", "stok", "persediaan"),
    "pack_size": ("pack_size", "pack", "lot_size", "isi_kemasan", "kemasan"),
}
_KEYS = {name: ACCEPTED_NAMES[name] for name in (columns.SITE_CODE, columns.PARTNUMBER)}
_NAMES = {normal(name): ours for ours, names in {**_KEYS, **NUMBERS}.items() for name in names}


def read_stock(path: Path) -> tuple[StockItem, ...]:
    """The parts of a stock file, in its order; without a column of sites all are at the site `ALL`.

    Args:
        path: of an XLSX workbook, or a CSV file: comma, semicolon, tab or bar; UTF-8, UTF-16 or Windows-1252.

    Raises:
        InvalidStockFile: if it can't be read as one.
        InvalidInput: another, if it is neither text nor a workbook that can be read.
    """
    return _StockFile(path).items()


class _StockFile:
    def __init__(self, path: Path) -> None:
        self._name = path.name
        self._table = read_table(path, _LIMITS, _known)
        self._style = "point"

    def items(self) -> tuple[StockItem, ...]:
        """Every row."""
        places = self._places()
        rows = self._rows()
        self._style = self._style_of(rows, places)
        lines: dict[tuple[str, str], int] = {}
        found = []
        for row in rows:
            item = self._item(row, places)
            key = (item.site_code, item.partnumber)
            if key in lines:
                template = mark(
                    "{name} has part {part!r} of site {site!r} in line {first} and again in line {line}; a part of a "
                    "site has one row: take one of them out."
                )
                values = {"part": key[1], "site": key[0], "first": lines[key], "line": row.line}
                raise self._refused(template, **values)
            lines[key] = row.line
            found.append(item)
        return tuple(found)

    def _places(self) -> dict[str, int]:
        """Where our columns stand."""
        if not self._table.rows:
            raise self._refused(mark("{name} is empty: a stock file has a header and a row for each part."))
        header = [key_text(cell) for cell in self._table.rows[0].cells]
        places: dict[str, int] = {}
        for place, title in enumerate(header):
            ours = _NAMES.get(normal(title))
            if ours in places:
                template = mark("{name} has two columns that are {column}: {first!r} and {second!r}; rename one.")
                raise self._refused(template, column=ours, first=header[places[ours]], second=title)
            if ours:
                places[ours] = place
        if columns.PARTNUMBER not in places:
            template = mark("{name} has no column {column}; it has {found}. Name one of them {accepted}.")
            accepted = ", ".join(ACCEPTED_NAMES[columns.PARTNUMBER])
            raise self._refused(template, column="partnumber", found=named_columns(header), accepted=accepted)
        if not any(column in places for column in NUMBERS):
            template = mark("{name} says nothing of stock; it has {found}. Add a column {accepted}.")
            raise self._refused(template, found=named_columns(header), accepted=", ".join(NUMBERS))
        return places

    def _rows(self) -> list[SourceRow]:
        table = self._table
        if table.uneven:
            template = mark(
                "Line {line} of {name} does not have the {width} cells of the header, or a quote in it is out of "
                "place; correct it."
            )
            raise self._refused(template, line=table.uneven[0], width=len(table.rows[0].cells))
        return table.rows[1:]

    def _style_of(self, rows: Sequence[SourceRow], places: Mapping[str, int]) -> str:
        """Decimal point or comma: what the numbers that read one way only allow."""
        doubtful: tuple[int, str] | None = None
        for row in rows:
            for text in self._written(row, places):
                number = read_number(text)
                if not isinstance(number, WrittenNumber) or number.point == number.comma:
                    continue
                if number.point is None or number.comma is None:
                    return "comma" if number.point is None else "point"
                doubtful = doubtful or (row.line, text)
        if doubtful:
            template = mark(
                "{found!r} in line {line} of {name} reads with a decimal point and with a decimal comma, and no other "
                "number tells which; write numbers without separators of thousands."
            )
            raise self._refused(template, line=doubtful[0], found=doubtful[1])
        return "point"

    def _written(self, row: SourceRow, places: Mapping[str, int]) -> Iterator[str]:
        """Numbers that are written as text."""
        cells = (row.cells[places[column]] for column in NUMBERS if column in places)
        return (cell.strip() for cell in cells if isinstance(cell, str))

    def _item(self, row: SourceRow, places: Mapping[str, int]) -> StockItem:
        part, site = self._key(row, columns.PARTNUMBER, places), columns.ALL_SITES
        if columns.SITE_CODE in places:
            site = self._key(row, columns.SITE_CODE, places)
        numbers = {name: self._number(row, name, places[name]) for name in NUMBERS if name in places}
        return StockItem(site_code=site, partnumber=part, **numbers)

    def _key(self, row: SourceRow, column: str, places: Mapping[str, int]) -> str:
        key = read_key(row.cells[places[column]], padded=True)
        if isinstance(key, Message):
            template = mark("{column} {reason} in line {line} of {name}; correct it, or take the line out.")
            raise self._refused(template, column=column, reason=key, line=row.line)
        return key

    def _number(self, row: SourceRow, column: str, place: int) -> float | None:
        cell = row.cells[place]
        if is_blank(cell):
            return None
        value = cell if isinstance(cell, float) else self._value_of(key_text(cell).strip())
        has_zero = column == "on_hand"
        if value is None or not math.isfinite(value) or value < 0 or (value == 0 and not has_zero):
            template = (
                mark("{column} is {found!r} in line {line} of {name}; write a number of 0 or more, or leave it empty.")
                if has_zero
                else mark("{column} is {found!r} in line {line} of {name}; write a number above 0, or leave it empty.")
            )
            raise self._refused(template, column=column, found=key_text(cell), line=row.line)
        return float(value)

    def _value_of(self, text: str) -> float | None:
        number = read_number(text)
        if not isinstance(number, WrittenNumber):
            return None
        return number.point if self._style == "point" else number.comma

    def _refused(self, template: str, **values: object) -> InvalidStockFile:
        return InvalidStockFile(Message(template, {"name": self._name, **values}))


def _known(cells: Sequence[object]) -> int:
    """How many cells name a column of a stock file."""
    return sum(isinstance(cell, str) and normal(cell) in _NAMES for cell in cells)
