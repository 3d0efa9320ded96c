"""Cells of an XLSX sheet that hold no value: error values such as #N/A, and formulas without a stored result.

The workbook's reader gives them as blank, which would be no demand; they are found in the XML of the sheet.
"""

from __future__ import annotations

import html
import re
import zipfile
import zlib

from batchcast.domain.errors import N_, Message
from batchcast.ingest.bytestream import Bytes
from batchcast.ingest.problems import OverTheLimit
from batchcast.ingest.source import Uncomputed

NoValues = dict[int, dict[int, str]]  # row, counted from 1 -> column, counted from 0 -> what stands there

_CELL = re.compile(rb"<(?:\w+:)?c\s([^>]{0,300}[^/>])>(.{0,9000}?)</(?:\w+:)?c>", re.DOTALL)
_PLACE = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')
_TYPE = re.compile(rb'\bt="(\w+)"')
_VALUE = re.compile(rb"<(?:\w+:)?v[^>/]*>([^<]+)<|<(?:\w+:)?is>")
_FORMULA = re.compile(rb"<(?:\w+:)?f(?:\s[^>]*?)?(?:/>|>([^<]*)<)")
_MOST_CELLS = 1_000_000
_LONGEST_CELL = 9_300  # bytes of a cell that are looked at


def add_no_values(found: NoValues, data: bytes, source: Bytes) -> None:
    """Add those of a piece of the sheet's XML.

    Raises:
        OverTheLimit: if there are more than a million.
    """
    if b't="e"' not in data and b"<f" not in data and b":f" not in data:
        return
    for cell in _CELL.finditer(data):
        text = _no_value(cell[1], cell[2])
        place = _PLACE.search(cell[1]) if text is not None else None
        if text is not None and place is not None:
            found.setdefault(int(place[2]), {})[column_number(place[1]) - 1] = text
    if len(found) > _MOST_CELLS:
        template = N_("{name} has error values in more than {most:,} rows; correct its formulas and save it again.")
        raise OverTheLimit(Message(template, {"name": source.name, "most": _MOST_CELLS}))


def last_cell(data: bytes) -> bytes:
    """The end of a piece that the next one goes on with: a cell may be cut in two."""
    start = max(data.rfind(b"<c "), data.rfind(b":c "), len(data) - _LONGEST_CELL)
    return data[max(0, min(start - 10, len(data) - 300)) :]


def column_number(letters: bytes) -> int:
    """A -> 1, AA -> 27."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def sheet_files(archive: zipfile.ZipFile) -> dict[str, str]:
    """The member of a workbook's archive by the name of its sheet."""
    try:
        workbook = archive.read("xl/workbook.xml").decode(errors="replace")
        relations = archive.read("xl/_rels/workbook.xml.rels").decode(errors="replace")
    except (KeyError, zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError):
        return {}
    targets = {}
    for relation in re.findall(r"<(?:\w+:)?Relationship\s[^>]*>", relations):
        attributes = dict(re.findall(r'(\w+)="([^"]*)"', relation))
        target = attributes.get("Target", "")
        targets[attributes.get("Id", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    files = {}
    for sheet in re.findall(r"<(?:\w+:)?sheet\s[^>]*>", workbook):
        attributes = dict(re.findall(r'([\w:]+)="([^"]*)"', sheet))
        relation = next((text for name, text in attributes.items() if name.endswith(":id")), "")
        files[html.unescape(attributes.get("name", ""))] = targets.get(relation, "")
    return files


def _no_value(attributes: bytes, body: bytes) -> str | None:
    """What stands in a cell without a value; None where it has one or is blank."""
    kind = _TYPE.search(attributes)
    value = _VALUE.search(body)
    if kind is not None and kind[1] == b"e":
        return html.unescape(value[1].decode(errors="replace")) if value and value[1] else "#N/A"
    formula = _FORMULA.search(body)
    if formula is None or value is not None or (kind is not None and kind[1] == b"str"):
        return None
    return Uncomputed("=" + html.unescape((formula[1] or b"").decode(errors="replace")))
