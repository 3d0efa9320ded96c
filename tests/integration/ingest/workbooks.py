"""Writes workbooks of the kinds that no library of ours writes: XLSB and ODS; and XLS with error values."""

from __future__ import annotations

import datetime as dt
import io
import struct
import zipfile
from collections.abc import Mapping, Sequence
from html import escape

import xlwt

Rows = Sequence[Sequence[str | float | dt.date | None]]
ERRORS = {"#NULL!": 0, "#DIV/0!": 7, "#VALUE!": 15, "#REF!": 23, "#NAME?": 29, "#NUM!": 36, "#N/A": 42}
_RELATIONS = '<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.bin"/></Relationships>'
_TYPES = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
_OASIS = "urn:oasis:names:tc:opendocument:xmlns"
_NAMES = "".join(f' xmlns:{name}="{_OASIS}:{name}:1.0"' for name in ("office", "table", "text"))
_NAMES += ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'


def packed(members: Mapping[str, bytes | str]) -> bytes:
    """A zip of these members."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return made.getvalue()


def record(kind: int, content: bytes = b"") -> bytes:
    """A record of an XLSB part."""
    return (_short(kind) if kind > 127 else bytes([kind])) + _short(len(content)) + content


def _short(number: int) -> bytes:
    written = bytearray()
    while number > 127:
        written.append(number & 127 | 128)
        number >>= 7
    return bytes([*written, number])


def _text(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def xlsb_sheet(rows: Rows, shared: dict[str, int], *, by_formula: bool = False) -> bytes:
    """The part of a sheet; `shared` gets its texts. A text that starts with = is a formula; =0 has the result 0."""
    found = [record(129), record(148, struct.pack("<4I", 0, len(rows) - 1, 0, 3)), record(145)]
    for number, row in enumerate(rows):
        found.append(record(0, struct.pack("<IIHHBIII", number, 0, 300, 0, 0, 1, 0, max(len(row) - 1, 0))))
        for column, cell in enumerate(row):
            place = struct.pack("<II", column, 0)
            if isinstance(cell, float):
                found.append(record(5, place + struct.pack("<d", cell)))
            elif isinstance(cell, str) and cell.startswith("="):
                found.append(record(9 if cell == "=0" else 8, place + bytes(8 if cell == "=0" else 4) + bytes(10)))
            elif cell in ERRORS and by_formula:
                found.append(record(11, place + bytes([ERRORS[cell]]) + struct.pack("<HII", 0, 0, 0)))
            elif cell in ERRORS:
                found.append(record(3, place + bytes([ERRORS[cell]])))
            elif cell is not None:
                found.append(record(7, place + struct.pack("<I", shared.setdefault(cell, len(shared)))))
    return b"".join([*found, record(146), record(130)])


def xlsb_members(rows: Rows, *, by_formula: bool = False, is_marked: bool = False) -> dict[str, bytes | str]:
    """The members of an XLSB workbook of one sheet; `is_marked` has its formulas computed when it is opened."""
    shared: dict[str, int] = {}
    sheet = xlsb_sheet(rows, shared, by_formula=by_formula)
    book = [record(131), record(143), record(156, struct.pack("<II", 0, 1) + _text("rId1") + _text("Data"))]
    texts = [record(159, struct.pack("<II", len(shared), len(shared)))]
    texts += [record(19, b"\0" + _text(text)) for text in shared]
    return {
        "[Content_Types].xml": _TYPES,
        "xl/workbook.bin": b"".join([*book, record(144), record(157, bytes(24) + bytes([is_marked, 0])), record(132)]),
        "xl/_rels/workbook.bin.rels": _RELATIONS,
        "xl/sharedStrings.bin": b"".join([*texts, record(160)]),
        "xl/worksheets/sheet1.bin": sheet,
    }


def xls_bytes(rows: Rows) -> bytes:
    """An XLS workbook; a text that starts with = is a formula, whose result is not stored."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("Data")
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            if isinstance(cell, str) and cell in ERRORS:
                sheet.row(number).set_cell_error(column, ERRORS[cell])
            elif isinstance(cell, str) and cell.startswith("="):
                sheet.write(number, column, xlwt.Formula(cell[1:]))
            elif cell is not None:
                sheet.write(number, column, cell)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def ods_members(rows: Rows, table: str = "") -> dict[str, bytes | str]:
    """The members of an ODS workbook of one sheet, as LibreOffice writes it; `table` stands behind its rows."""
    lines = "".join(f"<table:table-row>{''.join(map(ods_cell, row))}</table:table-row>" for row in rows)
    sheet = f'<table:table table:name="Data">{lines}{table}</table:table>'
    body = f"<office:body><office:spreadsheet>{sheet}</office:spreadsheet></office:body>"
    return {
        "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
        "META-INF/manifest.xml": "<manifest/>",
        "content.xml": f'<?xml version="1.0"?><office:document-content{_NAMES}>{body}</office:document-content>',
    }


def ods_cell(cell: str | float | dt.date | None) -> str:
    """A cell; an error is that of a formula."""
    if cell is None:
        return "<table:table-cell/>"
    if isinstance(cell, dt.date):
        kind = f'office:value-type="date" office:date-value="{cell.isoformat()}"'
        return f"<table:table-cell {kind}><text:p>{cell:%d/%m/%Y}</text:p></table:table-cell>"
    if isinstance(cell, float):
        kind = f'office:value-type="float" office:value="{cell}"'
        return f"<table:table-cell {kind}><text:p>{cell}</text:p></table:table-cell>"
    kind = 'office:value-type="string"'
    if cell in ERRORS:
        kind += ' table:formula="of:=[.A1]" office:string-value="" calcext:value-type="error"'
    if cell.startswith("="):
        kind = f'table:formula="of:{cell}"'
        cell = ""
    return f"<table:table-cell {kind}><text:p>{escape(cell)}</text:p></table:table-cell>"
