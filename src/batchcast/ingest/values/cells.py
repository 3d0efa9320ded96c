"""The cells of one of our columns, however it is read: from a column of the file, several joined, or one value."""

from __future__ import annotations

import datetime as dt
import html
import re
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from batchcast.domain.errors import N_, Message
from batchcast.domain.history import row_location
from batchcast.ingest.common.arrow import numbers_of
from batchcast.ingest.common.limits import IngestLimits
from batchcast.ingest.common.problems import OverTheLimit
from batchcast.ingest.common.source import Block, ColumnSource, SourceRow, Uncomputed
from batchcast.ingest.text.bytestream import Bytes, zip_member
from batchcast.ingest.values.keys import Keys, key_text

JOINT = "-"  # between the pieces of a joined key: site_code=Client+Warehouse gives 0-1


@dataclass(frozen=True, slots=True)
class DistinctCells:
    """The distinct cells of a column, and which of them each row has."""

    cells: list[Any]
    index: NDArray[np.int32]  # (rows,)

    def first_row(self, cell: object) -> int:
        """The first row that has this cell, as text."""
        numbers = [i for i, one in enumerate(self.cells) if one == cell or date_text(one) == cell]
        return int(np.flatnonzero(np.isin(self.index, numbers))[0])


def read_cells(block: Block, source: ColumnSource) -> DistinctCells:
    """The cells of one of our columns in a block."""
    if source.literal is not None:
        return DistinctCells([source.literal], np.zeros(block.num_rows, dtype=np.int32))
    pieces = [distinct(block.column(index)) for index in source.indices]
    return pieces[0] if len(pieces) == 1 else _joined(pieces)


def distinct(column: Any) -> DistinctCells:
    """The distinct cells of a pyarrow array, or of a list of cells of a workbook; nested types and bytes have none."""
    if isinstance(column, list):
        numbers: dict[object, int] = {}
        index = [numbers.setdefault(cell, len(numbers)) for cell in column]
        return DistinctCells(list(numbers), np.array(index, dtype=np.int32))
    if pa.types.is_nested(column.type) or pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        return DistinctCells([None], np.zeros(len(column), dtype=np.int32))
    if pa.types.is_temporal(column.type):
        column = column.cast(pa.string())
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    cells = encoded.dictionary.to_pylist()
    indices = encoded.indices
    if indices.null_count:
        cells.append(None)
        indices = indices.fill_null(len(cells) - 1)
    return DistinctCells(cells, numbers_of(indices).astype(np.int32, copy=False))


def read_codes(keys: Keys, block: Block, source: ColumnSource) -> NDArray[np.int32]:
    """The number of the key of each row of a block, NO_KEY where it can't be read."""
    cells = read_cells(block, source)
    return keys.codes(cells.cells)[cells.index]


def locator(block: Block, cells: DistinctCells, sheet: str | None) -> Callable[[str], Message]:
    """A function that says where a text stands first in a column of a block."""

    def locate(text: str) -> Message:
        row = next(block.rows([cells.first_row(text)]))
        return row_location(row.line, file=block.file, sheet=sheet)

    return locate


def cell_of(row: SourceRow, source: ColumnSource) -> Any:
    """The cell of one of our columns in a row."""
    if source.literal is not None:
        return source.literal
    cells = [row.cells[i] for i in source.indices]
    return cells[0] if len(cells) == 1 else _join(cells)


def date_text(cell: object) -> str:
    """A cell of a date column as text: a date cell of a workbook in ISO order, without its time."""
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat()
    if isinstance(cell, dt.date):
        return cell.isoformat()
    return cell if isinstance(cell, str) else key_text(cell)


def _joined(pieces: Sequence[DistinctCells]) -> DistinctCells:
    """Rows that agree in every piece agree in the joined cell."""
    codes = pieces[0].index.astype(np.int64)
    for piece in pieces[1:]:
        codes = codes * len(piece.cells) + piece.index
        _, codes = np.unique(codes, return_inverse=True)
    _, rows, index = np.unique(codes, return_index=True, return_inverse=True)
    cells = [_join([piece.cells[piece.index[row]] for piece in pieces]) for row in rows]
    return DistinctCells(cells, index.astype(np.int32))


def _join(cells: Sequence[Any]) -> str:
    """The pieces without their outer space; nothing where one of them is blank, as half a key is none."""
    texts = [key_text(cell).strip() for cell in cells]
    return JOINT.join(texts) if all(texts) else ""


# Cells of XLSX and ODS sheets that hold no value: error values such as #N/A, and formulas without a stored result.
# The workbook's reader gives them as blank, which would be no demand; they are found in the XML of the sheets. That of
# an ODS file is also checked for what its reader does not bound: repeated cells, and an end that is missing.

NoValues = dict[int, dict[int, str]]  # row, counted from 1 -> column, counted from 0 -> what stands there

_CELL = re.compile(rb"<(?:\w+:)?c\s([^>]{0,300}[^/>])>(.{0,9000}?)</(?:\w+:)?c>", re.DOTALL)
_PLACE = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')
_TYPE = re.compile(rb'\bt="(\w+)"')
_VALUE = re.compile(rb"<(?:\w+:)?v[^>/]*>([^<]+)<|<(?:\w+:)?is>")
_FORMULA = re.compile(rb"<(?:\w+:)?f(?:\s[^>]*?)?(?:/>|>([^<]*)<)")
_MOST_CELLS = 1_000_000
_LONGEST_CELL = 9_300  # bytes of a cell that are looked at


@dataclass(slots=True)
class Formulas:
    """The formulas of a sheet whose stored result is 0, and whether another has one that is not.

    Programs that compute nothing store 0 for every formula, and leave a mark that spreadsheets compute them on opening.
    """

    zeros: NoValues = field(default_factory=dict)
    is_computed: bool = False

    def add(self, row: int, column: int, *, is_zero: bool, formula: str = "=…") -> None:
        """One more."""
        self.is_computed |= not is_zero
        if is_zero and not self.is_computed:
            self.zeros.setdefault(row, {})[column] = Uncomputed(formula)

    def add_to(self, found: NoValues) -> None:
        """Add those that are not computed to the cells without a value."""
        for row, cells in {} if self.is_computed else self.zeros.items():
            found[row] = {**cells, **found.get(row, {})}


def add_no_values(found: NoValues, formulas: Formulas, data: bytes, source: Bytes) -> None:
    """Add those of a piece of the sheet's XML, and its formulas with a result.

    Raises:
        OverTheLimit: if there are more than a million.
    """
    if b't="e"' not in data and b"<f" not in data and b":f" not in data:
        return
    for cell in _CELL.finditer(data):
        text = _no_value(cell[1], cell[2])
        formula = _FORMULA.search(cell[2]) if text is None else None
        place = _PLACE.search(cell[1]) if text is not None or formula else None
        if place is None:
            continue
        row, column = int(place[2]), column_number(place[1]) - 1
        if text is not None:
            found.setdefault(row, {})[column] = text
        elif formula:
            value = _VALUE.search(cell[2])
            formulas.add(row, column, is_zero=value is not None and value[1] == b"0", formula=_written(formula))
    _check_number(found, source.name)


def _check_number(found: NoValues, name: str) -> None:
    if len(found) > _MOST_CELLS:
        template = N_("{name} has error values in more than {most:,} rows; correct its formulas and save it again.")
        raise OverTheLimit(Message(template, {"name": name, "most": _MOST_CELLS}))


def last_cell(data: bytes) -> bytes:
    """The end of a piece that the next one goes on with: a cell may be cut in two."""
    start = max(data.rfind(b"<c "), data.rfind(b":c "), len(data) - _LONGEST_CELL)
    return data[max(0, min(start - 10, len(data) - 300)) :]


def check_span(name: str, rows: int, columns: int, limits: IngestLimits) -> None:
    """Refuse a sheet that spans more cells than can be held.

    Raises:
        OverTheLimit: if it does.
    """
    if rows * columns > limits.max_cells:
        template = N_("{name} has a sheet of {rows} rows by {columns} columns; at most {most} cells are read.")
        values = {"name": name, "rows": rows, "columns": columns, "most": limits.max_cells}
        raise OverTheLimit(Message(template, values))


def column_number(letters: bytes) -> int:
    """A -> 1, AA -> 27."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def sheet_files(archive: zipfile.ZipFile) -> dict[str, str]:
    """The member of a workbook's archive by the name of its sheet."""
    targets = relation_targets(archive, "xl/_rels/workbook.xml.rels")
    files = {}
    for sheet in re.findall(r"<(?:\w+:)?sheet\s[^>]*>", _text_of(archive, "xl/workbook.xml")):
        attributes = dict(re.findall(r'([\w:]+)="([^"]*)"', sheet))
        relation = next((text for name, text in attributes.items() if name.endswith(":id")), "")
        files[html.unescape(attributes.get("name", ""))] = targets.get(relation, "")
    return files


def relation_targets(archive: zipfile.ZipFile, member: str) -> dict[str, str]:
    """The member of the archive that each relation of a workbook leads to, by its id."""
    targets = {}
    for relation in re.findall(r"<(?:\w+:)?Relationship\s[^>]*>", _text_of(archive, member)):
        attributes = dict(re.findall(r'(\w+)="([^"]*)"', relation))
        target = attributes.get("Target", "")
        targets[attributes.get("Id", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return targets


def _text_of(archive: zipfile.ZipFile, member: str) -> str:
    """A member as text; nothing where it can't be read."""
    try:
        return archive.read(member).decode(errors="replace")
    except (KeyError, zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError):
        return ""


def _no_value(attributes: bytes, body: bytes) -> str | None:
    """What stands in a cell without a value; None where it has one or is blank."""
    kind = _TYPE.search(attributes)
    value = _VALUE.search(body)
    if kind is not None and kind[1] == b"e":
        return html.unescape(value[1].decode(errors="replace")) if value and value[1] else "#N/A"
    formula = _FORMULA.search(body)
    if formula is None or value is not None or (kind is not None and kind[1] == b"str"):
        return None
    return Uncomputed(_written(formula))


def _written(formula: re.Match[bytes]) -> str:
    return "=" + html.unescape((formula[1] or b"").decode(errors="replace"))


def is_computed_on_opening(archive: zipfile.ZipFile) -> bool:
    """Whether an XLSX file has the mark that its formulas are to be computed when it is opened."""
    return bool(re.search(r'fullCalcOnLoad="(?:1|true)"', _text_of(archive, "xl/workbook.xml")))


# ODS: all sheets in one document, where a row or cell may stand for many that are the same.

_ATTRIBUTE = rb"""\s+(?!table:(?:number|formula)|calcext:value-type="error)[\w:.-]+="[^"<]*\""""
_BLANK = rb"""<table:table-cell(?:\s+(?!office|table:formula)[\w:.-]+="[^"<]*")*+/>"""  # up to the end of the row
_CELL_OF_ROW = rb"<table:table-cell(?:" + _ATTRIBUTE + rb")*+(?:/>|>(?:<text:p>[^<]*+</text:p>)?</table:table-cell>)"
_PLAIN_ROWS = re.compile(
    rb"(?:\s*<table:table-row(?:" + _ATTRIBUTE + rb")*+>(?:" + _CELL_OF_ROW + rb"){0,27}+(?:" + _BLANK + rb")?+"
    rb"</table:table-row>)*+"
)
_TAG = re.compile(rb"""<table:(table|table-row|(?:covered-)?table-cell)(?=[\s/>])((?:[^<>"']|"[^<"]*"|'[^<']*')*+)>""")
_NAME = re.compile(rb"""\stable:name\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_FORMULA_OF_TAG = re.compile(rb"""\stable:formula\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_REPEATED = re.compile(rb"""-repeated\s*=\s*["']\+?(\d{1,12})["']""")
_SHOWN = re.compile(rb"\s*<text:p[^>]*>([^<]{1,300})<")
_SHOWN_ERROR = re.compile(r"#(?:N/A|REF!|DIV/0!|VALUE!|NAME\?|NUM!|NULL!)|Err:\d+", re.IGNORECASE)
_SPACES = re.compile(rb"""\stext:c\s*=\s*["']\+?(\d{1,12})["']""")
_STRICT = re.compile(rb"""(?:<[^<>"']*(?:"[^<"]*"[^<>"']*|'[^<']*'[^<>"']*)*>|[^<>]+)*+""")  # no > between tags
_END_OF_ROW, _END_OF_TABLE = b"</table:table-row>", b"</table:table>"
_LONGEST_ROW = 1 << 26  # bytes
_MOST_SPACES = 1_000_000
_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384
_NARROW = 28  # columns: a sheet of as many may have as many rows as a sheet has
_PIECE = 1 << 22


def check_ods(archive: zipfile.ZipFile, name: str, limits: IngestLimits) -> dict[str, NoValues]:
    """The cells without a value by the name of their sheet.

    Raises:
        OverTheLimit: if the sheets span more cells than can be held.
        ValueError: if the document is no whole XML, or repeats what can't be repeated.
        DamagedFile: if it can't be unpacked.
    """
    rows = OdsRows(name, limits)
    for info in [info for info in archive.infolist() if info.filename == "content.xml"]:
        source = zip_member(archive, info, limits)
        with source.open() as stream:
            is_whole = _read_document(stream.read, rows)
        if not is_whole:
            with source.open() as stream:
                _check_xml(stream.read)
    return rows.errors


def _read_document(read: Callable[[int], bytes], rows: OdsRows) -> bool:
    """Take its rows; whether its end is plain to see: its reader looks for the end of a table for ever."""
    rest = b""
    while chunk := read(_PIECE):
        data = rest + chunk
        rest = data[rows.take(data) :]
        if len(rest) > _LONGEST_ROW:
            raise ValueError("a row of it never ends")
    end = rest.rfind(_END_OF_TABLE)
    rows.finish(rest)
    return (
        _STRICT.fullmatch(rest) is not None and end > rest.rfind(b"<table:table ") and end > rest.rfind(b"table-cell>")
    )


def _check_xml(read: Callable[[int], bytes]) -> None:
    """Raise ValueError where the document is no whole XML, or declares a type of document."""
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        while chunk := read(_PIECE):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise ValueError(str(error)) from error


def _refuse_doctype(*_: object) -> None:
    raise ValueError("it declares a type of document")


class OdsRows:
    """The rows of all sheets of an ODS file: how far they reach, and their cells without a value."""

    def __init__(self, name: str, limits: IngestLimits) -> None:
        self.errors: dict[str, NoValues] = {}
        self._name = name
        self._limits = limits
        self._sheet: NoValues = {}
        self._row = 0  # of this sheet, that follows
        self._height = self._width = self._filled = 0  # rows and columns of it that are filled, and cells in them
        self._before = 0  # cells of the sheets before it
        self._spaces = 0

    def take(self, data: bytes) -> int:
        """Take the rows of a piece of the document; returns the end of the last.

        Raises:
            OverTheLimit: if the sheets span more cells than can be held.
            ValueError: if something is repeated that can't be.
        """
        at, end = 0, data.rfind(_END_OF_ROW) + len(_END_OF_ROW)
        while at < end - len(_END_OF_ROW):
            plain = _PLAIN_ROWS.match(data, at, end)
            if plain is not None and plain.end() > at:
                self._take_plain(data, at, plain.end())
                at = plain.end()
            if at < end:
                stop = data.index(_END_OF_ROW, at) + len(_END_OF_ROW)
                self.finish(data[at:stop])
                at = stop
        return max(at, 0)

    def _take_plain(self, data: bytes, start: int, end: int) -> None:
        rows, cells = (data.count(tag, start, end) for tag in (b"<table:table-row", b"<table:table-cell"))
        if data.find(b"office:", start, end) < 0:
            self._add_row(0, rows, {})
        else:
            self._add_rows(_NARROW, rows, cells)

    def finish(self, piece: bytes) -> None:
        """Take a row that is not plain, with what stands between it and the one before it."""
        if b"text:c" in piece:
            self._spaces += sum(map(int, _SPACES.findall(piece)))
            if self._spaces > _MOST_SPACES:
                raise ValueError("its cells hold millions of spaces")
        repeats, column, width = 0, 0, 0  # how often the row stands, its next column, and the one behind its last cell
        found: dict[int, str] = {}
        for tag in _TAG.finditer(piece):
            if tag[1] in (b"table", b"table-row"):
                self._add_row(width, repeats, found)
                repeats, column, width, found = 0, 0, 0, {}
            if tag[1] == b"table":
                self._start_sheet(tag[2])
            elif tag[1] == b"table-row":
                repeats = _repeats(tag[2])
            else:
                start, column = column, min(column + _repeats(tag[2]), _LAST_COLUMN)
                text = _no_value_of_tag(tag[2], piece, tag.end())
                if text is not None:
                    found |= dict.fromkeys(range(start, column), text)
                width = column if b"office:" in tag[2] or b":formula" in tag[2] else width
        self._add_row(width, repeats, found)

    def _start_sheet(self, attributes: bytes) -> None:
        self._before += max(self._height * self._width, self._filled)
        self._row = self._height = self._width = self._filled = 0
        name = _NAME.search(attributes)
        text = html.unescape((name[1] or name[2] or b"").decode(errors="replace")) if name else ""
        self._sheet = self.errors[text] = {}

    def _add_row(self, width: int, repeats: int, found: Mapping[int, str]) -> None:
        first = self._row
        if not width:
            self._row = min(self._row + repeats, _LAST_ROW)
            return
        self._add_rows(width, repeats, width)
        if found:
            self._sheet.update((row, dict(found)) for row in range(first + 1, self._row + 1))
            _check_number(self._sheet, self._name)

    def _add_rows(self, width: int, count: int, cells: int) -> None:
        self._row = self._height = min(self._row + count, _LAST_ROW)
        self._width, self._filled = max(self._width, width), self._filled + cells
        check_span(self._name, self._height, self._width, self._limits)
        if self._before + self._filled > self._limits.max_cells:
            check_span(self._name, 1, self._before + self._filled, self._limits)


def _repeats(tag: bytes) -> int:
    """How often a row or cell stands; raises ValueError where that can't be read."""
    if b"-repeated" not in tag:
        return 1
    found = _REPEATED.search(tag)
    if found is None:
        raise ValueError("a row or cell of it is repeated by no number")
    return int(found[1])


def _no_value_of_tag(tag: bytes, piece: bytes, end: int) -> str | None:
    """What stands in a cell without a value, whose tag ends there; None where it has one or is blank."""
    formula = _FORMULA_OF_TAG.search(tag)
    is_error = b'value-type="error"' in tag
    if formula is None and not is_error:
        return None
    shown = _SHOWN.match(piece, end)
    text = html.unescape(shown[1].decode(errors="replace")).strip() if shown else ""
    if is_error or _SHOWN_ERROR.fullmatch(text):
        return text or "#N/A"
    if formula is None or b"office:" in tag:
        return None
    written = html.unescape((formula[1] or formula[2] or b"").decode(errors="replace"))
    return Uncomputed("=" + written.partition("=")[2])
