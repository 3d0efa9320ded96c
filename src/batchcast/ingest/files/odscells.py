"""An ODS document before it is read: its cells without a value, and what its reader does not bound.

All sheets are in one document, where a row or cell may stand for many that are the same, and an end may be missing.
"""

from __future__ import annotations

import html
import re
import zipfile
from collections.abc import Callable, Mapping
from xml.parsers import expat

from batchcast.ingest.common.limits import IngestLimits
from batchcast.ingest.common.source import Uncomputed
from batchcast.ingest.files.novalues import NoValues, check_number, check_span
from batchcast.ingest.text.bytestream import zip_member

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
            check_number(self._sheet, self._name)

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
