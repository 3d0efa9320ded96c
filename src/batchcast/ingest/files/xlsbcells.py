"""The records of XLSB sheets: cells that hold no value, and how far a sheet reaches, before it is opened.

The workbook's reader gives errors as blank, which would be no demand, and it believes sizes that a damaged file only
claims: it could hold 16,384 columns for one cell. A sheet is a part of a zip; a record is its kind and its size, in 1
to 2 and 1 to 4 bytes, then its content. Plain cells are passed over by a regular expression, so that all this costs
little more than reading the bytes.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field

from batchcast.ingest.common.limits import IngestLimits
from batchcast.ingest.files.novalues import DamagedRecords, Formulas, NoValues, check_span, error_text
from batchcast.ingest.files.xlsxcells import relation_targets
from batchcast.ingest.text.bytestream import zip_member

_CHUNK = 1 << 22
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
                self.errors.setdefault(self._row + 1, {})[column] = error_text(head[8])
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
