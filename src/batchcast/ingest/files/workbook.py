"""Workbooks that calamine reads: XLSX, XLS, XLSB and ODS."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from batchcast.domain.errors import N_, Message
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.common.limits import IngestLimits
from batchcast.ingest.common.problems import DamagedFile
from batchcast.ingest.common.source import FindLayout, LayoutT
from batchcast.ingest.files.archive import check_zip
from batchcast.ingest.files.novalues import Formulas, NoValues, check_span
from batchcast.ingest.files.odscells import check_ods
from batchcast.ingest.files.sheets import SheetReader, SheetSource, choose_sheet
from batchcast.ingest.files.xlsxcells import (
    add_no_values,
    column_number,
    is_computed_on_opening,
    last_cell,
    sheet_files,
)
from batchcast.ingest.text.bytestream import zip_member

_CELL_PLACE = re.compile(rb'<(?:\w+:)?c\s[^>]{0,200}?r="([A-Z]{1,3})(\d{1,7})"')
_CHUNK = 1 << 22


def open_workbook(  # noqa: PLR0917
    archive: zipfile.ZipFile | None,
    path: Path,
    settings: BatchSettings,
    limits: IngestLimits,
    find: FindLayout[LayoutT],
    kind: str = "XLSX",
) -> tuple[SheetSource, LayoutT]:
    """The sheet of a workbook that has our columns.

    Args:
        archive: of an XLSX, XLSB or ODS file; None for an XLS file.
        path: of the file.
        settings: the mapping of its columns and of its sheet.
        limits: on what it unpacks to.
        find: finds our columns in a header.
        kind: XLSX, XLS, XLSB or ODS.

    Raises:
        OverTheLimit: if it unpacks to more than is allowed.
        DamagedFile: if it is corrupt.
        UnknownMapping: if the mapping names a sheet that isn't there.
        AmbiguousColumn: if several sheets could be the history.
        InvalidInput: if no sheet has the columns; the sentence says what the likeliest has.
    """
    opened, no_values = _read(path, partial(_opened, archive, path, limits, kind))
    return choose_sheet(CalamineWorkbook(path, opened, kind, no_values), path.name, settings, find)


@dataclass(frozen=True, slots=True)
class CalamineWorkbook:
    """A workbook that calamine has opened."""

    path: Path
    opened: Any  # python_calamine.CalamineWorkbook
    kind: str
    errors: Mapping[str, NoValues]  # by the name of the sheet

    @property
    def names(self) -> Sequence[str]:
        """Of all sheets."""
        names: Sequence[str] = self.opened.sheet_names
        return names

    @property
    def visible(self) -> Sequence[str]:
        """Of those of cells that are not hidden."""
        from python_calamine import SheetTypeEnum, SheetVisibleEnum

        sheets = (m for m in self.opened.sheets_metadata if m.visible == SheetVisibleEnum.Visible)
        return [m.name for m in sheets if m.typ == SheetTypeEnum.WorkSheet]

    def sheet(self, name: str) -> SheetReader:
        """One of them."""
        found: SheetReader = _read(self.path, partial(_sheet, self.opened, name))
        return found

    def no_values(self, name: str) -> NoValues:
        """Its cells that hold an error or a formula without its result."""
        return self.errors.get(name, {})

    def damage(self, name: str) -> Mapping[int, Message]:
        """None: what can't be read is refused as a whole."""
        return {}


def _read(path: Path, read: Callable[[Any], Any]) -> Any:
    """What the workbook's reader gives; what it raises, even from its native code, as our error."""
    import python_calamine

    try:
        return read(python_calamine)
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise _damaged(path, error) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise _damaged(path, error) from error


def _opened(
    archive: zipfile.ZipFile | None, path: Path, limits: IngestLimits, kind: str, calamine: Any
) -> tuple[Any, dict[str, NoValues]]:
    """A workbook, checked before it is opened, and its cells without a value by the name of their sheet."""
    if archive is None:
        from batchcast.ingest.files.xlscells import read_xls

        container, of_sheets = read_xls(path, limits)
        opened = calamine.CalamineWorkbook.from_filelike(io.BytesIO(container))
        return opened, dict(zip(opened.sheet_names, of_sheets, strict=True))
    check_zip(archive, path.name, limits)
    no_values = _checked(archive, path.name, limits, kind)
    with path.open("rb") as file:
        return calamine.CalamineWorkbook.from_filelike(file), no_values


def _checked(archive: zipfile.ZipFile, name: str, limits: IngestLimits, kind: str) -> dict[str, NoValues]:
    """The cells without a value by the name of their sheet; a sheet that can't be read at its cost is refused."""
    if kind == "XLSB":
        from batchcast.ingest.files.xlsbcells import check_xlsb

        return check_xlsb(archive, name, limits)
    return check_ods(archive, name, limits) if kind == "ODS" else _check_cells(archive, name, limits)


def _sheet(workbook: Any, name: str, _: Any) -> Any:
    return workbook.get_sheet_by_name(name)


def _check_cells(archive: zipfile.ZipFile, name: str, limits: IngestLimits) -> dict[str, NoValues]:
    """The cells without a value by the name of their sheet; a sheet that spans too many is refused before it is read.

    Raises:
        OverTheLimit: if one spans more cells than can be held.
        DamagedFile: if a sheet can't be unpacked.
    """
    found = {}
    is_marked = is_computed_on_opening(archive)
    sheets = {file: sheet for sheet, file in sheet_files(archive).items()}
    for info in archive.infolist():
        if not re.fullmatch(r"xl/worksheets/[^/]+\.xml", info.filename):
            continue
        no_values: NoValues = {}
        formulas = Formulas()
        rows, columns = _span(archive, info, limits, no_values, formulas)
        check_span(name, rows, columns, limits)
        if is_marked:
            formulas.add_to(no_values)
        found[sheets.get(info.filename, info.filename)] = no_values
    return found


def _span(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, limits: IngestLimits, no_values: NoValues, formulas: Formulas
) -> tuple[int, int]:
    """The last row and column a sheet has a cell in; its cells without a value, and its formulas, are added."""
    last_row, letters, rest = 0, {b"A"}, b""
    source = zip_member(archive, info, limits)
    with source.open() as stream:
        while chunk := stream.read(_CHUNK):
            data = rest + chunk
            places = _CELL_PLACE.findall(data)
            if places:
                letters |= {column for column, _ in places}
                last_row = max(last_row, *(int(row) for _, row in places))
            add_no_values(no_values, formulas, data, source)
            rest = last_cell(data)
    return last_row, max(column_number(column) for column in letters)


def _damaged(path: Path, error: BaseException) -> DamagedFile:
    template = N_("{name} is not a whole workbook ({cause}). Open and save it in a spreadsheet, or send it as CSV.")
    return DamagedFile(Message(template, {"name": path.name, "cause": str(error)}))
