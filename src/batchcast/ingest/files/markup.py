"""Tables in markup: those of a web page, and the sheets of SpreadsheetML 2003, as the parser's events tell them.

No tree is built, and one event follows another: depth and length cost no more than their bytes.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from batchcast.domain.errors import N_, Message
from batchcast.ingest.common.limits import IngestLimits
from batchcast.ingest.common.problems import DamagedFile, OverTheLimit
from batchcast.ingest.common.source import Uncomputed, is_blank
from batchcast.ingest.values.numbers import read_number

_MOST_COLUMNS = 16_384  # of a sheet
_MOST_ACROSS, _MOST_DOWN = 1_000, 65_534  # that a cell of a web page covers
_MOST_NESTED = 50  # tables in tables
_MOST_TABLES = 10_000
_LONGEST_SHARED = 60  # characters of a text that is kept once, however often it stands in the file
_MOST_SHARED = 100_000


class CellBudget:
    """Counts the cells of all tables of a file, and keeps equal texts once."""

    def __init__(self, name: str, limits: IngestLimits) -> None:
        self.name = name
        self._left = self._most = limits.max_cells
        self._texts: dict[str, str] = {}

    def take(self, count: int) -> None:
        """Count some more; raises OverTheLimit."""
        self._left -= count
        if self._left < 0:
            template = N_("{name} has tables of more than {most:,} cells; send it in smaller files, or as CSV.")
            raise OverTheLimit(Message(template, {"name": self.name, "most": self._most}))

    def shared(self, text: str) -> str:
        """The text, the same object for the same text."""
        if len(text) > _LONGEST_SHARED or len(self._texts) >= _MOST_SHARED:
            return self._texts.get(text, text)
        return self._texts.setdefault(text, text)


@dataclass(slots=True)
class MarkupSheet:
    """One table or sheet: its rows; places that a merged cell covers are blank."""

    name: str
    budget: CellBudget
    is_hidden: bool = False
    rows: list[list[Any]] = field(default_factory=list)
    merged_cell_ranges: list[tuple[tuple[int, int], tuple[int, int]]] = field(default_factory=list)
    _covered: dict[int, int] = field(default_factory=dict)  # column -> last row that a merged cell covers there

    @property
    def width(self) -> int:
        """Cells of its widest row."""
        return max(map(len, self.rows), default=0)

    @property
    def start(self) -> tuple[int, int] | None:
        """Where it starts; None where nothing is in it."""
        return (0, 0) if any(not is_blank(cell) for row in self.rows for cell in row) else None

    @property
    def end(self) -> tuple[int, int] | None:
        """The last row and column."""
        return (len(self.rows) - 1, self.width - 1) if self.rows else None

    @property
    def total_height(self) -> int:
        """Its rows."""
        return len(self.rows)

    def iter_rows(self) -> Iterator[Sequence[Any]]:
        """All rows."""
        return iter(self.rows)

    def start_row(self, number: int | None = None) -> None:
        """Go on in the next row, or in the one of this number, counted from 0."""
        skipped = 1 if number is None else number + 1 - len(self.rows)
        self.budget.take(skipped)
        self.rows += [[] for _ in range(skipped)]

    def add(self, cell: Any, *, across: int = 1, down: int = 1, column: int | None = None) -> None:
        """Put a cell into the next free column of the row, or into this one, counted from 0."""
        row = self.rows[-1]
        at, number = len(row), len(self.rows) - 1
        if column is None:
            while self._covered.get(at, -1) >= number:
                at += 1
        else:
            at = max(at, column)
        width = at + across
        if width > _MOST_COLUMNS:
            template = N_("{name} has a table of more than {most:,} columns, which no sheet has.")
            raise OverTheLimit(Message(template, {"name": self.budget.name, "most": _MOST_COLUMNS}))
        self.budget.take(width - len(row))
        row += [None] * (width - len(row))
        row[at] = self.budget.shared(cell) if type(cell) is str else cell
        if down > 1:
            last = number + down - 1
            self._covered |= dict.fromkeys(range(at, width), last)
            self.merged_cell_ranges.append(((number, at), (last, width - 1)))


# The tables of a web page. Those inside a cell of another are tables of their own.

_SILENT = frozenset({"script", "style", "title", "template", "noscript"})
_BREAKS = frozenset({"br", "p", "div", "li", "hr"})
_SPACE = re.compile(r"[ \t\r\n\f]+")
_CODE = re.compile(r"0\d")


@dataclass(slots=True)
class _OpenTable:
    sheet: MarkupSheet
    cell: list[str] | None = None  # the pieces of the text of the cell that is open
    attributes: Mapping[str, str] = field(default_factory=dict)


class WebTables:
    """Collects the tables of a web page from the events of its parser."""

    def __init__(self, budget: CellBudget) -> None:
        self.sheets: list[MarkupSheet] = []
        self._budget = budget
        self._open: list[_OpenTable] = []
        self._silent = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element starts."""
        if tag in _SILENT:
            self._silent += 1
        elif tag == "table":
            self._start_table()
        elif self._open:
            self._start_inside(self._open[-1], tag, attributes)

    def end(self, tag: str) -> None:
        """An element ends."""
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif self._open and tag in ("td", "th", "tr", "table"):
            _end_cell(self._open[-1])
            if tag == "table":
                self._open.pop()

    def data(self, text: str) -> None:
        """Some text."""
        if self._open and not self._silent and self._open[-1].cell is not None:
            self._open[-1].cell.append(text)

    def close(self) -> Sequence[MarkupSheet]:
        """The tables, once nothing follows."""
        for table in self._open:
            _end_cell(table)
        return self.sheets

    def _start_table(self) -> None:
        if len(self._open) >= _MOST_NESTED or len(self.sheets) >= _MOST_TABLES:
            template = N_("{name} has more tables, or tables in tables, than a list of demand has; export it as CSV.")
            raise OverTheLimit(Message(template, {"name": self._budget.name}))
        self.sheets.append(MarkupSheet(f"Table {len(self.sheets) + 1}", self._budget))
        self._open.append(_OpenTable(self.sheets[-1]))

    def _start_inside(self, table: _OpenTable, tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "tr":
            _end_cell(table)
            table.sheet.start_row()
        elif tag in ("td", "th"):
            _end_cell(table)
            if not table.sheet.rows:
                table.sheet.start_row()
            table.cell, table.attributes = [], attributes
        elif tag in _BREAKS and table.cell is not None:
            table.cell.append(" ")


def _end_cell(table: _OpenTable) -> None:
    if table.cell is None:
        return
    text = _SPACE.sub(" ", "".join(table.cell)).strip(" ")
    cell = _cell_of_page(text, table.attributes)
    across = _span(table.attributes.get("colspan"), _MOST_ACROSS)
    table.sheet.add(cell, across=across, down=_span(table.attributes.get("rowspan"), _MOST_DOWN))
    table.cell = None


def _cell_of_page(text: str, attributes: Mapping[str, str]) -> Any:
    """What a cell shows; the exact number where a spreadsheet has written it beside what it shows of it."""
    written = attributes.get("x:num") or attributes.get("sdval")
    shows_number = not isinstance(read_number(text), Message) and not _CODE.match(text)
    if written and (shows_number or (text and not text.strip("#"))):
        with suppress(ValueError):
            return float(written)
    return text or None


def _span(written: str | None, most: int) -> int:
    digits = (written or "").strip()
    return min(max(int(digits), 1), most) if digits.isascii() and digits.isdigit() and len(digits) < 9 else 1


# The sheets of SpreadsheetML 2003, which Excel calls "XML Spreadsheet 2003".

SPREADSHEET = "urn:schemas-microsoft-com:office:spreadsheet"
_SS = f"{{{SPREADSHEET}}}"
_HIDDEN = "{urn:schemas-microsoft-com:office:excel}Visible"
_LAST_ROW = 1_048_576


class SpreadsheetSheets:
    """Collects the sheets of SpreadsheetML from the events of its parser."""

    def __init__(self, budget: CellBudget) -> None:
        self.sheets: list[MarkupSheet] = []
        self._budget = budget
        self._cell: Mapping[str, str] | None = None  # attributes of the cell that is open
        self._kind = ""  # of the data of the cell
        self._text: list[str] | None = None  # of the data, or of the visibility
        self._value: Any = None
        self._in_comment = False
        self._span = 0  # rows that the last one stands for besides itself

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element starts."""
        match tag.removeprefix(_SS) if tag.startswith(_SS) else tag:
            case "Worksheet":
                self.sheets.append(MarkupSheet(attributes.get(f"{_SS}Name", ""), self._budget))
                self._span = 0
            case "Row" if self.sheets:
                self._start_row(attributes)
            case "Cell" if self.sheets and self.sheets[-1].rows:
                self._cell, self._value = attributes, None
            case "Comment":
                self._in_comment = True
            case "Data" if self._cell is not None and not self._in_comment:
                self._kind, self._text = attributes.get(f"{_SS}Type", "String"), []
            case _ if tag == _HIDDEN and self._cell is None:
                self._text = []

    def end(self, tag: str) -> None:
        """An element ends."""
        match tag.removeprefix(_SS) if tag.startswith(_SS) else tag:
            case "Data" if self._text is not None and not self._in_comment:
                self._value, self._text = _typed(self._kind, "".join(self._text)), None
            case "Comment":
                self._in_comment = False
            case "Cell" if self._cell is not None:
                self._end_cell(self._cell)
            case _ if tag == _HIDDEN and self._text is not None and self.sheets:
                self.sheets[-1].is_hidden = "Hidden" in "".join(self._text)
                self._text = None

    def data(self, text: str) -> None:
        """Some text."""
        if self._text is not None and not self._in_comment:
            self._text.append(text)

    def doctype(self, name: str, public: str, system: str) -> None:
        """A type of document, which may define entities."""
        template = N_("{name} declares a type of document, which no spreadsheet writes; save it as XLSX or CSV.")
        raise DamagedFile(Message(template, {"name": self._budget.name}))

    def close(self) -> Sequence[MarkupSheet]:
        """The sheets, once nothing follows."""
        return self.sheets

    def _start_row(self, attributes: Mapping[str, str]) -> None:
        sheet = self.sheets[-1]
        number = self._number(attributes, "Index", len(sheet.rows) + self._span + 1) - 1
        self._span = self._number(attributes, "Span", 0)
        if not len(sheet.rows) <= number < _LAST_ROW:
            raise self._misplaced(attributes.get(f"{_SS}Index"))
        sheet.start_row(number)

    def _end_cell(self, attributes: Mapping[str, str]) -> None:
        sheet, value = self.sheets[-1], self._value
        column = self._number(attributes, "Index", len(sheet.rows[-1]) + 1) - 1
        if column < len(sheet.rows[-1]):
            raise self._misplaced(attributes.get(f"{_SS}Index"))
        if value is None and f"{_SS}Formula" in attributes:
            value = Uncomputed(attributes[f"{_SS}Formula"])
        across, down = (1 + self._number(attributes, name, 0) for name in ("MergeAcross", "MergeDown"))
        is_free = f"{_SS}Index" not in attributes
        sheet.add(value, across=across, down=down, column=None if is_free else column)
        self._cell = None

    def _number(self, attributes: Mapping[str, str], name: str, otherwise: int) -> int:
        written = attributes.get(f"{_SS}{name}", "").strip()
        if not written:
            return otherwise
        if not (written.isascii() and written.isdigit() and len(written) < 9):
            raise self._misplaced(written)
        return int(written)

    def _misplaced(self, written: str | None) -> DamagedFile:
        template = N_("{name} puts a row or cell where none can stand (Index {written!r}); save it again as XLSX.")
        return DamagedFile(Message(template, {"name": self._budget.name, "written": written or ""}))


def _typed(kind: str, text: str) -> Any:
    """The data of a cell by its type; as text where it is not of its type."""
    with suppress(ValueError):
        if kind == "Number":
            return float(text)
        if kind == "DateTime":
            return dt.datetime.fromisoformat(text.strip())
        if kind == "Boolean":
            return bool(int(text))
    return text or None
