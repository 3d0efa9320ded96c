"""The cells of XLSX sheets that hold no value, in their XML; and the member of the archive that each sheet is."""

from __future__ import annotations

import html
import re
import zipfile
import zlib

from batchcast.ingest.common.source import Uncomputed
from batchcast.ingest.files.novalues import Formulas, NoValues, check_number
from batchcast.ingest.text.bytestream import Bytes

_CELL = re.compile(rb"<(?:\w+:)?c\s([^>]{0,300}[^/>])>(.{0,9000}?)</(?:\w+:)?c>", re.DOTALL)
_PLACE = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')
_TYPE = re.compile(rb'\bt="(\w+)"')
_VALUE = re.compile(rb"<(?:\w+:)?v[^>/]*>([^<]+)<|<(?:\w+:)?is>")
_FORMULA = re.compile(rb"<(?:\w+:)?f(?:\s[^>]*?)?(?:/>|>([^<]*)<)")
_LONGEST_CELL = 9_300  # bytes of a cell that are looked at


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
    check_number(found, source.name)


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
