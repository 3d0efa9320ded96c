"""A checked demand history, and the report that accounts for every row it came from."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.calendar import Frequency
from batchcast.domain.errors import N_, Message

MOST_RECENT = 800  # days: two years and the season after them


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteFacts:
    """What the history holds of one site."""

    site_code: str
    rows: int  # accepted source rows
    series: int  # parts with a row here
    last_date: dt.date | None = None  # of a row; None: it was read by an earlier version
    ends_early: bool = (
        False  # between it and that of all sites there are fewer rows than chance is likely to explain ...
    )
    end_is_doubtful: bool = False  # ... and not so many fewer that chance is ruled out
    recent: tuple[int, ...] = ()  # rows of the last weeks or months; of daily dates, months up to that day of the last
    recent_quantities: tuple[float, ...] = ()  # the sums of their quantities


@dataclass(frozen=True, kw_only=True, slots=True)
class Gap:
    """A stretch that was hardly exported: it has no row, where chance does not explain that there is none."""

    first: dt.date  # day without a row
    last: dt.date
    site_code: str | None = None  # None: all sites


@dataclass(frozen=True, kw_only=True, slots=True)
class HistoryFacts:
    """What a history holds, enough to plan a batch without reading it again."""

    rows: int  # accepted source rows: kept + summed into another
    series: int  # distinct (site_code, partnumber)
    parts: int  # distinct partnumbers
    sites: tuple[SiteFacts, ...]  # sorted by site_code as UTF-8 bytes: the order of the history
    first_date: dt.date
    last_date: dt.date
    frequency: Frequency  # read off the dates
    weekdays: tuple[bool, ...]  # of 7, Monday first: does any row fall on it; decides if the last week is complete
    is_integer: bool  # every quantity is a whole number
    longest_gap: int = 0  # days between two dates in a row on which nothing has a row
    gaps: tuple[Gap, ...] = ()
    recent: tuple[int, ...] = ()  # series with a row on each of the last days up to `last_date`, MOST_RECENT at most
    recent_quantities: tuple[float, ...] = ()  # the sums of their quantities


@dataclass(frozen=True, kw_only=True, slots=True)
class DemandHistory:
    """A checked history on disk.

    The Parquet file has one row a series, sorted by (site_code, partnumber) as UTF-8 bytes, with the columns
    `site_code`, `partnumber` (text), `first_day`, `rows` (int32), `day` (list of int32), `quantity` (list of
    float64); `domain.columns` says what they hold. The bytes depend on the demand, not on the order of the rows.
    """

    path: Path
    facts: HistoryFacts
    input_sha256: str  # of the file as it was sent (of the sorted member digests for a folder)


@dataclass(frozen=True, kw_only=True, slots=True)
class RowProblem:
    """Why one row was refused."""

    line: int  # 1-based line in the file, the header is line 1; the sheet row for XLSX
    column: str  # name in the file
    letter: str  # spreadsheet letter of the column: A, B, ... AA
    value: str  # as found, shortened where it is very long
    reason: Message
    site_code: str | None = None  # where the row has one that can be read
    partnumber: str | None = None
    file: str | None = None  # member of a folder or archive
    sheet: str | None = None  # sheet of a workbook
    partition: int | None = None  # the planned partition of its site, where there is one


def row_location(line: int, *, file: str | None = None, sheet: str | None = None) -> Message:
    """Where a row stands: `line 12`, with its file or sheet where there are several."""
    if file is not None:
        return Message(N_("line {line} of {file}"), {"line": line, "file": file})
    if sheet is not None:
        return Message(N_("row {line} of sheet {sheet}"), {"line": line, "sheet": sheet})
    return Message(N_("line {line}"), {"line": line})


def enough_share(share: float) -> float:
    """The least `max_refused_share`, in hundredths, with which this share of the rows may be left out."""
    return math.ceil(round(share * 100, 9)) / 100


@dataclass(frozen=True, kw_only=True, slots=True)
class IngestReport:
    """Accounts for every row: rows_read = kept + summed + refused + ignored + filtered."""

    source: str  # file name as given
    format: Message  # what it was read as: "CSV, UTF-8, delimiter ';', dates day first, ..."
    columns: dict[str, str]  # our column -> column(s) of the file it was read from
    columns_left_alone: tuple[str, ...]  # their names
    rows_read: int
    rows_kept: int  # (date, part, site) totals
    rows_summed: int  # further rows of a total that is already there
    rows_refused: int
    rows_ignored: int = 0  # left out: returns under `returns: ignore`, balances, totals, zeros to come
    rows_filtered: int = 0  # left out by `only_rows`
    returns_netted: int = 0  # accepted rows that take demand back
    problems: tuple[RowProblem, ...] = ()  # the first 100 of rows_refused
    refused_by_site: dict[str, int] = field(default_factory=dict)  # all of them; "" where no site can be read
    columns_unnamed: dict[str, int] = field(default_factory=dict)  # letter of a column without a name -> its values
    stock_columns: dict[str, str] = field(default_factory=dict)  # what is held of each part, for orders; as `columns`
    marks: tuple[str, ...] = ()  # of the settings, those that concern its parts and days
    notes: Sequence[Message] = field(default_factory=tuple)  # what a person should know: wide layout melted, ...
    rejected_path: Path | None = None  # CSV of every refused row with its reason, where there is one

    @property
    def rows_judged(self) -> int:
        """Rows that were looked at: all but those that were left out on request."""
        return self.rows_read - self.rows_filtered

    @property
    def refused_share(self) -> float:
        """The share of them that can't be read, 0 to 1."""
        return self.rows_refused / self.rows_judged if self.rows_judged else 0.0

    @property
    def rows_accepted(self) -> int:
        """Rows that count: kept and summed ones."""
        return self.rows_kept + self.rows_summed


@dataclass(frozen=True, kw_only=True)
class SeriesTable:
    """One entry a series, in the order of the history file: what planning needs to know of each.

    All arrays have shape (series,).
    """

    site_codes: tuple[str, ...]  # distinct, sorted as UTF-8 bytes
    site_index: NDArray[np.int32]  # into site_codes, ascending
    part_index: NDArray[np.int32]  # the same number for the same partnumber, whatever the site
    rows: NDArray[np.int32]  # accepted source rows
    first_day: NDArray[np.int32]  # days since 1970-01-01 of the first row
