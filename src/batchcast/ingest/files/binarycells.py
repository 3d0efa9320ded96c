"""The records of XLSB and XLS sheets: cells that hold an error, and how far a sheet reaches, before it is opened.

The workbook's reader gives errors as blank, which would be no demand, and it believes sizes and chains that a damaged
file only claims: it could hold 16,384 columns for one cell, or follow a circle for ever. Plain cells are passed over by
a regular expression, so that all this costs little more than reading the bytes.
"""

from __future__ import annotations

import re
import struct
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from batchcast.ingest.common.limits import IngestLimits
from batchcast.ingest.common.source import Uncomputed
from batchcast.ingest.files.novalues import Formulas, NoValues, check_span
from batchcast.ingest.files.xlsxcells import relation_targets
from batchcast.ingest.text.bytestream import zip_member

_ERRORS = {0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A"}
_CHUNK = 1 << 22


class DamagedRecords(ValueError):
    """A record holds less than it must, or points where nothing can be."""


def _error(code: int) -> str:
    return _ERRORS.get(code, "#N/A")


# XLSB: parts of a zip. A record is its kind and its size, in 1 to 2 and 1 to 4 bytes, then its content.

_NARROW = 28  # columns: a sheet of as many may have as many rows as a sheet has
_COLUMNS_BELOW = {  # patterns of a column's number; passed over are those of sheets that have been seen to be as wide
    28: rb"[\x00-\x1b]\x00",
    64: rb"[\x00-\x3f]\x00",
    128: rb"[\x00-\x7f]\x00",
    256: rb".\x00",
    512: rb".[\x00-\x01]",
    1024: rb".[\x00-\x03]",
}
_PLAIN = {  # by columns: runs of numbers, shared texts and blanks
    columns: re.compile(
        rb"(?:[\x02\x07]\x0c" + below + rb"\x00\x00.{8}|\x05\x10" + below + rb"\x00\x00.{12}|\x01\x08.{8})*+", re.DOTALL
    )
    for columns, below in _COLUMNS_BELOW.items()
}
_ROW_HEAD, _ROW_SIZE = b"\x00\x19", 27  # of a row as it is mostly written
_ROW, _ERROR, _FORMULA_ERROR, _END_OF_CELLS = 0, 3, 11, 146
_FORMULA_TEXT, _FORMULA_NUMBER, _FORMULAS = 8, 9, range(8, 12)
_CALCULATION, _ON_OPENING = 157, 24  # where it is marked that formulas are to be computed on opening
_SHEET, _SHARED_TEXT, _NUMBER_FORMAT, _CELL_FORMAT, _OTHER_SHEETS = 156, 19, 44, 47, 362
_LEAST = {_ROW: 4, 2: 12, _ERROR: 9, 4: 9, 5: 16, 6: 12, 7: 12, 8: 12, 9: 16, 10: 9, _FORMULA_ERROR: 9}
_LEAST |= {_SHEET: 16, _SHARED_TEXT: 5, _NUMBER_FORMAT: 6, _CELL_FORMAT: 4, _OTHER_SHEETS: 4}
_TEXT_AT = {6: 8, 8: 8, _SHARED_TEXT: 1, _NUMBER_FORMAT: 2}  # where the length of a text stands, in letters of 2 bytes
_LAST_CELL = 11  # the largest kind of a cell
_COLUMNS, _ROWS = 16_384, 1_048_576
_HEAD = 16  # bytes of a content that are looked at
_SHEETS = re.compile(r"xl/(?:work|chart|dialog)sheets/.+", re.IGNORECASE)
_TEXTS_AND_STYLES = ("xl/sharedstrings.bin", "xl/styles.bin")


def check_xlsb(archive: zipfile.ZipFile, name: str, limits: IngestLimits) -> dict[str, NoValues]:
    """The cells that hold an error by the name of their sheet.

    Raises:
        OverTheLimit: if a sheet spans more cells than can be held.
        DamagedRecords: if a record is shorter than what it must hold.
        DamagedFile: if a part can't be unpacked.
    """
    found = {}
    book = _book_of_xlsb(archive, limits)
    sheets = {file.lower(): sheet for sheet, file in book.sheets.items()}
    for info in archive.infolist():
        part = info.filename.lower()
        if part in _TEXTS_AND_STYLES or _SHEETS.fullmatch(part):
            records = _read_part(archive, info, limits, XlsbRecords())
            if records.rows * records.columns > limits.max_cells:  # as far as is known without a look at each cell
                records = _read_part(archive, info, limits, XlsbRecords(is_exact=True))
            check_span(name, records.rows, records.columns, limits)
            records.blanks.add_to(records.errors)
            if book.is_computed_on_opening:
                records.zeros.add_to(records.errors)
            found[sheets.get(part, part)] = records.errors
    return found


def _read_part(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, limits: IngestLimits, records: XlsbRecords
) -> XlsbRecords:
    with zip_member(archive, info, limits).open() as stream:
        records.read(stream.read)
    return records


class XlsbRecords:
    """One part of an XLSB file, read piece by piece."""

    def __init__(self, *, is_exact: bool = False) -> None:
        """With `is_exact` each cell beyond the first columns is looked at, to know how many there are."""
        self.errors: NoValues = {}
        self.blanks, self.zeros = Formulas(), Formulas()  # formulas whose result is an empty text, or 0
        self.rows, self.columns = 0, _NARROW  # that the sheet spans at most
        self._is_exact = is_exact
        self._plain = _PLAIN[_NARROW]
        self._row = 0

    def read(self, read: Callable[[int], bytes]) -> None:
        """Read the part up to the last of its cells; raises DamagedRecords."""
        rest, at = b"", 0
        while chunk := read(_CHUNK):
            data = rest + chunk
            next_at = self._take(data, at)
            if next_at is None:
                return
            rest, at = data[next_at:], max(0, next_at - len(data))

    def _take(self, data: bytes, at: int) -> int | None:
        """Take the records of a piece from a place on; the place of the first not taken, None after the last cell."""
        while at < len(data):
            plain = self._plain.match(data, at)
            at = plain.end() if plain else at
            if data[at : at + 2] == _ROW_HEAD and at + _ROW_SIZE <= len(data):
                self._start_row(data[at + 2 : at + 6])
                at += _ROW_SIZE
                continue
            record = _record_at(data, at)
            if record is None:
                return at
            kind, size, start = record
            if kind == _END_OF_CELLS:
                return None
            self._take_one(kind, size, data[start : start + _HEAD])
            at = start + size
        return at

    def _start_row(self, number: bytes) -> None:
        self._row = int.from_bytes(number, "little")
        self.rows = max(self.rows, min(self._row, _ROWS) + 1)

    def _take_one(self, kind: int, size: int, head: bytes) -> None:
        _check_size(kind, size, head)
        if kind == _ROW:
            self._start_row(head[:4])
        elif kind <= _LAST_CELL:
            column = int.from_bytes(head[:4], "little")
            if column >= _COLUMNS:
                raise DamagedRecords(f"a cell stands in column {column + 1:,}")
            if column >= self.columns:
                self._widen(column + 1)
            if kind in (_ERROR, _FORMULA_ERROR):
                self.errors.setdefault(self._row + 1, {})[column] = _error(head[8])
            if kind in _FORMULAS:
                is_blank = kind == _FORMULA_TEXT and head[8:12] == bytes(4)
                is_zero = kind == _FORMULA_NUMBER and head[8:16] == bytes(8)
                self.blanks.add(self._row + 1, column, is_zero=is_blank)
                self.zeros.add(self._row + 1, column, is_zero=is_blank or is_zero)

    def _widen(self, columns: int) -> None:
        bound = next((bound for bound in _PLAIN if columns <= bound), None)
        self.columns = columns if bound is None or self._is_exact else bound
        self._plain = self._plain if self._is_exact else _PLAIN[bound or max(_PLAIN)]


def _record_at(data: bytes, at: int) -> tuple[int, int, int] | None:
    """Kind, size and place of the content of a record; None where the piece ends before what is looked at of it."""
    numbers = []
    for most in (2, 4):
        number = 0
        for i in range(most):
            if at >= len(data):
                return None
            byte = data[at]
            number |= (byte & 0x7F) << (7 * i)
            at += 1
            if byte < 0x80:
                break
        numbers.append(number)
    kind, size = numbers
    return (kind, size, at) if at + min(size, _HEAD) <= len(data) else None


def _check_size(kind: int, size: int, head: bytes) -> None:
    """Refuse a record that is shorter than what is read from it: the reader would take the rest from another."""
    least = _LEAST.get(kind, 0)
    text = _TEXT_AT.get(kind)
    if text is not None and size >= least:
        least = text + 4 + 2 * int.from_bytes(head[text : text + 4], "little")
    if size < least:
        raise DamagedRecords(f"a record of kind {kind} has {size} bytes, fewer than the {least} that it needs")


@dataclass(slots=True)
class _Book:
    """What an XLSB workbook says of its sheets."""

    sheets: dict[str, str] = field(default_factory=dict)  # the part of each, by its name
    is_computed_on_opening: bool = False


def _book_of_xlsb(archive: zipfile.ZipFile, limits: IngestLimits) -> _Book:
    targets = relation_targets(archive, "xl/_rels/workbook.bin.rels")
    book = _Book()
    for info in [info for info in archive.infolist() if info.filename.lower() == "xl/workbook.bin"]:
        with zip_member(archive, info, limits).open() as stream:
            data = b"".join(iter(lambda: stream.read(_CHUNK), b""))
        at = 0
        while record := _record_at(data, at):
            kind, size, start = record
            _check_size(kind, size, data[start : start + _HEAD])
            if kind == _OTHER_SHEETS and size < 4 + 12 * int.from_bytes(data[start : start + 4], "little"):
                raise DamagedRecords("the list of sheets that formulas name is cut short")
            if kind == _SHEET:
                relation, name = _two_texts(data[start + 8 : start + size])
                book.sheets[name] = targets.get(relation, "")
            if kind == _CALCULATION and size > _ON_OPENING:
                flags = int.from_bytes(data[start + _ON_OPENING : start + _ON_OPENING + 1], "little")
                book.is_computed_on_opening = bool(flags & 1)
            at = start + size
    return book


def _two_texts(data: bytes) -> tuple[str, str]:
    """Two texts, each behind its length in letters of 2 bytes; a length of all ones is that of none."""
    texts, at = [], 0
    for _ in range(2):
        length = int.from_bytes(data[at : at + 4], "little")
        end = at + 4 + (0 if length == 0xFFFFFFFF else 2 * length)
        texts.append(data[at + 4 : end].decode("utf-16-le", "replace"))
        at = end
    return texts[0], texts[1]


# XLS: one stream in a container. A record is its kind and its size, in 2 bytes each, then its content.

_PLAIN_CELLS = re.compile(
    rb"(?:(?:\x7e\x02\x0a\x00|\xfd\x00\x0a\x00)..(?:.\x00).{6}|\x03\x02\x0e\x00..(?:.\x00).{10}|\x01\x02\x06\x00.{6}"
    rb"|\x08\x02\x10\x00.{16})*+",
    re.DOTALL,
)
_FORMULA, _END, _START, _NAMED_SHEET, _SHARED, _MORE = 0x0006, 0x000A, 0x0809, 0x0085, 0x00FC, 0x003C
_SIZES, _LOGICAL_OR_ERROR, _SEVERAL_NUMBERS, _PASSWORD = 0x0200, 0x0205, 0x00BD, 0x002F
_CELLS = {_FORMULA: 20, _LOGICAL_OR_ERROR: 8, _SEVERAL_NUMBERS: 6, 0x0203: 14, 0x0204: 6, 0x00D6: 6, 0x00FD: 10}
_CELLS |= {0x027E: 10}  # each with the fewest bytes it has
_XLS_COLUMNS, _XLS_ROWS = 256, 65_536
_MOST_MORE = 20_000  # pieces of the list of texts, of 8 KB each as they are written
_SECTOR = 4096
_NAMES = ("Workbook", "Book")
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ALL_ONES, _END_OF_CHAIN, _TABLE_SECTOR = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_NO_RESULT, _ERROR_RESULT = 3, 2


def read_xls(path: Path, limits: IngestLimits) -> tuple[bytes, list[NoValues]]:
    """An XLS file in a sound container, and the cells without a value of each sheet, in the order of the sheets.

    Raises:
        OverTheLimit: if a sheet spans more cells than can be held.
        DamagedRecords: if its container or a record is damaged.
    """
    stream = _stream_of(path)
    places: list[int] = []
    more = 0
    for kind, start, size in _records(stream, 0):
        if kind == _NAMED_SHEET and size >= 6:
            places.append(int.from_bytes(stream[start : start + 4], "little"))
        more += kind == _MORE
        if kind in (_END, _PASSWORD):
            break
    if more > _MOST_MORE:
        raise DamagedRecords(f"its list of texts is in {more:,} pieces")
    if len(set(places)) < len(places):
        raise DamagedRecords("two sheets stand in one place")
    left = len(stream)
    sheets = [_XlsSheet(path.name, limits) for _ in places]
    for sheet, place in zip(sheets, places, strict=True):
        left -= max(0, sheet.read(stream, place) - place)
        if left < 0:
            raise DamagedRecords("one sheet stands in another")
    return _container_of(stream), [sheet.no_values() for sheet in sheets]


def _stream_of(path: Path) -> bytes:
    """The records of all sheets; a container whose parts claim to be larger than the file is not opened."""
    import olefile

    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(512).ljust(512, b"\0")
    fat_sectors, small_sectors = struct.unpack_from("<I", head, 44)[0], struct.unpack_from("<I", head, 64)[0]
    if (fat_sectors + small_sectors) * 512 > size:
        raise DamagedRecords("its table of contents is larger than the file")
    try:
        with olefile.OleFileIO(str(path)) as container:
            found = next((one for one in _NAMES if container.exists(one)), None)
            if found is None:
                raise DamagedRecords("it has no workbook in it")
            if max(container.get_size(found), container.root.size) > size:
                raise DamagedRecords("its content is larger than the file")
            content: bytes = container.openstream(found).read()
    except (OSError, RecursionError, IndexError, TypeError, AttributeError, struct.error, OverflowError) as error:
        raise DamagedRecords(str(error)) from error
    return content


def _records(stream: bytes, at: int) -> Iterator[tuple[int, int, int]]:
    """Kind, start and size of each record from a place on, but for those of plain cells, until the last whole one."""
    while True:
        plain = _PLAIN_CELLS.match(stream, at)
        at = plain.end() if plain else at
        if at + 4 > len(stream):
            return
        kind, size = struct.unpack_from("<HH", stream, at)
        if at + 4 + size > len(stream):
            return
        yield kind, at + 4, size
        at += 4 + size


class _XlsSheet:
    """The cells without a value of one sheet."""

    def __init__(self, name: str, limits: IngestLimits) -> None:
        self._name = name
        self._limits = limits
        self._errors: NoValues = {}
        self._blank: NoValues = {}  # formulas whose result is blank
        self._is_computed = False

    def read(self, stream: bytes, place: int) -> int:
        """Read the sheet that starts at a place; returns where it ends. Raises as `read_xls`."""
        depth = 0  # of the charts in it, whose records are no cells
        for kind, start, size in _records(stream, place):
            depth += (kind == _START) - (kind == _END)
            if kind == _END and depth <= 0:
                return start
            if depth > 1:
                continue
            if kind == _SIZES:
                _check_sizes(stream[start : start + size], self._name, self._limits)
            elif kind in _CELLS:
                _check_cell(kind, size, stream[start : start + size])
                self._take(kind, stream[start : start + 20])
        return len(stream)

    def no_values(self) -> NoValues:
        """Errors; and blank formulas where none has a result: a program wrote the file that computes none."""
        for row, cells in {} if self._is_computed else self._blank.items():
            self._errors[row] = self._errors.get(row, {}) | cells
        return self._errors

    def _take(self, kind: int, content: bytes) -> None:
        row, column = struct.unpack_from("<HH", content)
        if kind == _LOGICAL_OR_ERROR and content[7] == 1:
            self._errors.setdefault(row + 1, {})[column] = _error(content[6])
        if kind != _FORMULA:
            return
        result = content[6] if content[12:14] == b"\xff\xff" else None  # None: a number
        self._is_computed |= result != _NO_RESULT
        if result == _ERROR_RESULT:
            self._errors.setdefault(row + 1, {})[column] = _error(content[8])
        elif result == _NO_RESULT:
            self._blank.setdefault(row + 1, {})[column] = Uncomputed("=…")


def _check_sizes(content: bytes, name: str, limits: IngestLimits) -> None:
    """Refuse a sheet that says it is larger than a sheet can be: the reader would make room for it."""
    if len(content) not in (10, 14):
        raise DamagedRecords(f"its size is told in {len(content)} bytes")
    first, last, _, right = struct.unpack("<IIHH" if len(content) == 14 else "<HHHH", content[: len(content) - 2])
    if last > _XLS_ROWS or right > _XLS_COLUMNS:
        check_span(name, last, max(right, _XLS_COLUMNS), limits)
        raise DamagedRecords(f"a sheet says that it has {last:,} rows and {right:,} columns")
    if first > last:
        raise DamagedRecords("a sheet ends before it starts")


def _check_cell(kind: int, size: int, content: bytes) -> None:
    if size < _CELLS[kind]:
        raise DamagedRecords(f"a cell of kind {kind:#x} has {size} bytes")
    first = int.from_bytes(content[2:4], "little")
    last = int.from_bytes(content[-2:], "little") if kind == _SEVERAL_NUMBERS else first
    if not first <= last < _XLS_COLUMNS or (kind == _SEVERAL_NUMBERS and size != 6 + 6 * (last - first + 1)):
        raise DamagedRecords(f"a cell stands in column {max(first, last) + 1:,}")


def _container_of(stream: bytes) -> bytes:
    """A container with this stream and nothing else, of sectors of 4 KB: the reader trusts the one that was sent."""
    content = stream.ljust(_SECTOR, b"\0")
    sectors = -(-len(content) // _SECTOR)
    tables = -(-(sectors + 2) // (_SECTOR // 4 - 1))  # sectors that say which sector follows on each
    if tables > 109:
        raise DamagedRecords("it is larger than a workbook can be")
    follows = np.full(tables * (_SECTOR // 4), _ALL_ONES, dtype="<u4")
    follows[: tables + 1 + sectors] = np.arange(1, tables + 2 + sectors)
    follows[:tables] = _TABLE_SECTOR
    follows[[tables, tables + sectors]] = _END_OF_CHAIN
    head = struct.pack(
        "<8s16xHHHHH6x9I",
        _COMPOUND,
        0x3E,
        3,
        0xFFFE,
        12,
        6,
        0,
        tables,
        tables,
        0,
        _SECTOR,
        _END_OF_CHAIN,
        0,
        _END_OF_CHAIN,
        0,
    )
    return b"".join(
        [
            (head + struct.pack(f"<{tables}I", *range(tables))).ljust(512, b"\xff").ljust(_SECTOR, b"\0"),
            follows.tobytes(),
            (_entry("Root Entry", 5, 0, 0) + _entry("Workbook", 2, tables + 1, len(content))).ljust(_SECTOR, b"\0"),
            content.ljust(sectors * _SECTOR, b"\0"),
        ]
    )


def _entry(name: str, kind: int, start: int, size: int) -> bytes:
    text = name.encode("utf-16-le")
    child = 1 if kind == 5 else _ALL_ONES
    return struct.pack("<64sHBBIII36xIQ", text, len(text) + 2, kind, 1, _ALL_ONES, _ALL_ONES, child, start, size)
