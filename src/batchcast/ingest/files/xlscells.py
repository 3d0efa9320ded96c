"""The records of XLS sheets: cells that hold no value, before the workbook is opened.

The workbook's reader gives errors as blank, which would be no demand, and it believes chains that a damaged file only
claims: it could follow a circle for ever. The sheets are one stream in a container; a record is its kind and its size,
in 2 bytes each, then its content. Plain cells are passed over by a regular expression.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from batchcast.ingest.common.limits import IngestLimits
from batchcast.ingest.common.source import Uncomputed
from batchcast.ingest.files.novalues import DamagedRecords, NoValues, check_span, error_text

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
            self._errors.setdefault(row + 1, {})[column] = error_text(content[6])
        if kind != _FORMULA:
            return
        result = content[6] if content[12:14] == b"\xff\xff" else None  # None: a number
        self._is_computed |= result != _NO_RESULT
        if result == _ERROR_RESULT:
            self._errors.setdefault(row + 1, {})[column] = error_text(content[8])
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
