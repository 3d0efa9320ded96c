"""`rejected.csv`: every row that was refused when the history was read, and every series without a forecast."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from batchcast.domain import columns
from batchcast.publish.cells import harmless_text
from batchcast.publish.combined import Refused

_COLUMNS = ("line", "column", "value", "reason")  # of refused rows; the columns of the input follow them


def write_rejected(path: Path, *, rows: Path | None, series: Sequence[Refused]) -> None:
    """Write the file, where anything was refused.

    Args:
        path: the file to write.
        rows: the CSV of refused rows, whose columns are kept; None where no row was refused.
        series: series without a forecast. Each is a row without a line: the part number, and why.
    """
    if rows is None and not series:
        return
    header = _header(rows) if rows else list(_COLUMNS)
    with path.open("w", encoding="utf-8", newline="") as file:
        if rows:
            with rows.open(encoding="utf-8", newline="") as source:
                shutil.copyfileobj(source, file)
        writer = csv.writer(file, lineterminator="\n")
        if not rows:
            writer.writerow(header)
        for refused in series:
            writer.writerow(_series_row(header, refused))


def _header(rows: Path) -> list[str]:
    with rows.open(encoding="utf-8", newline="") as source:
        return next(csv.reader(source))


def _series_row(header: Sequence[str], refused: Refused) -> list[str]:
    """The refused series in the columns of refused rows; those of the input stay empty."""
    reason = f"no forecast for this part of site {refused.site_code!r}: {refused.reason}"
    said = {"column": columns.PARTNUMBER, "value": _harmless(refused.partnumber), "reason": reason}
    row = [""] * len(header)
    for name, text in said.items():
        row[header.index(name)] = text
    return row


def _harmless(text: str) -> str:
    return str(harmless_text(pa.array([text]))[0].as_py())
