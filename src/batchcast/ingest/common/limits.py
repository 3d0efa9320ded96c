"""Bounds on what a file may hold and cost: an upload may be damaged, or made to do harm."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

MEGABYTE = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class IngestLimits:
    """Bounds on what is read; each is refused as early as it can be known."""

    max_bytes: int = 8_000 * MEGABYTE  # of the file (all files of a folder) as it was sent
    max_expanded_bytes: int = 16_000 * MEGABYTE  # of what it unpacks to
    max_ratio: int = 200  # expanded to sent, looked at once more than 100 MB have come out
    max_cells: int = 30_000_000  # of the rectangle a sheet of a workbook spans
    max_record_bytes: int = 16 * MEGABYTE  # of one row of a CSV file
    max_members: int = 20_000  # files in an archive or folder


LARGE_FILE = 32 << 20  # bytes; below it, threads cost more than they bring
RATIO_COUNTS_FROM = 100 * MEGABYTE
MOST_COLUMNS = 16_384  # of a table: as many as a sheet has
EXCEL_ROWS = (1_048_576, 65_536)  # of a sheet: of XLSX, and of XLS
MOST_KEY_CHARACTERS = 200  # of a partnumber or site_code, once the space around it is gone
LARGEST_QUANTITY = 1e15  # beyond it a float64 no longer holds every whole number's thousandths
EARLIEST_YEAR, LATEST_YEAR = 1900, 2200  # outside it, a date is a placeholder (0001, 9999) or a slip
MOST_PROBLEMS_SHOWN = 100  # in the report; rejected.csv has them all
_EPOCH = dt.date(1970, 1, 1)
EARLIEST_DAY = (dt.date(EARLIEST_YEAR, 1, 1) - _EPOCH).days  # days since 1970-01-01
LATEST_DAY = (dt.date(LATEST_YEAR, 12, 31) - _EPOCH).days
