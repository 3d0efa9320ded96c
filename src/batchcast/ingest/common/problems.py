"""Why a file can't be a demand history: one class a reason, each with its slug.

InvalidInput (domain)
├── UnreadableInput         it isn't there, or may not be read
├── EmptyInput              nothing in it
├── NoRows                  a header and nothing under it
├── UnknownFormat           none of CSV, XLSX, Parquet, zip, folder
├── NotText                 NUL or undecodable bytes where text should be
├── AmbiguousEncoding       a question: which encoding a text is in, where its letters read in several
├── DamagedFile             cut short or corrupt
├── OverTheLimit            too large, or unpacks to too much
├── UnclosedQuote           a quote opens and never closes
├── MissingColumn           no column for something we need
├── AmbiguousColumn         a question: two columns could be it
├── UnreadablePeriods       a column among the periods of a wide table is none
├── GroupRows               rows of a wide table are sums of the rows under them
├── UnknownMapping          the mapping names a column or sheet that isn't there
├── UnreadableColumn        a column of a type that can't hold what it should
├── DifferentHeader         a member of a folder or archive has other columns
├── OverlappingFiles        a question: members of a folder or archive have the same days with other quantities
├── AmbiguousDates          a question: the dates read in several orders
├── MixedDateOrders         some dates read only day first, others only month first
├── AmbiguousNumbers        a question: is `1,234` 1234 or 1.234? every number reads both ways
├── SeveralUnits            a question: quantities are written in several units, which of them count?
├── AmbiguousSign           a question: most quantities are negative, are they the demand?
├── ReceiptsAndIssues       a question: receipts and issues are in one column, which rows are demand?
├── UnknownFilter           `only_rows` names a column or value that isn't there
├── RecipeDoesNotFit        a question: the recipe of its header refuses what is read without it
├── MixedNumberStyles       some numbers have a decimal point, others a decimal comma
├── QuantitiesTooLarge      the quantities add up to more than can be added exactly
├── InvalidStockFile        a stock file can't be read, or a row of it
└── InvalidEventsFile       an events file can't be read, or a row of it

`domain.plan.RowsRefused` is one more: rows can't be read, and `bad_rows` is `fail`.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from batchcast.domain.errors import Choice, InvalidInput, Message, ReadingQuestion
from batchcast.domain.history import RowProblem
from batchcast.ingest.common.limits import MOST_PROBLEMS_SHOWN
from batchcast.ingest.common.names import shortened
from batchcast.ingest.common.source import SourceRow


class UnreadableInput(InvalidInput):
    """The file or folder isn't there, or this user may not read it."""

    slug = "unreadable-input"


class EmptyInput(InvalidInput):
    """There is nothing in the file."""

    slug = "empty-input"


class NoRows(InvalidInput):
    """There is a header and nothing under it."""

    slug = "no-rows"


class UnknownFormat(InvalidInput):
    """The content is of a kind that we don't read."""

    slug = "unknown-format"


class NotText(InvalidInput):
    """A text file holds bytes that are no text."""

    slug = "not-text"


class AmbiguousEncoding(ReadingQuestion):
    """The letters of a text read in several encodings."""

    slug = "ambiguous-encoding"


class DamagedFile(InvalidInput):
    """The file was cut short or is corrupt."""

    slug = "damaged-file"


class OverTheLimit(InvalidInput):
    """The file is larger, or unpacks to more, than is allowed."""

    slug = "over-the-limit"


class UnclosedQuote(InvalidInput):
    """A quoted cell opens and never closes."""

    slug = "unclosed-quote"


class MissingColumn(InvalidInput):
    """No column holds something that a demand history needs."""

    slug = "missing-column"


class AmbiguousColumn(ReadingQuestion):
    """Two columns, or sheets, could hold the same thing."""

    slug = "ambiguous-column"

    def __init__(self, message: Message, *, choices: Sequence[Choice] = ()) -> None:
        super().__init__(message, setting="column_mapping", choices=choices)


class UnreadablePeriods(InvalidInput):
    """A column among the periods of a wide table is no period."""

    slug = "unreadable-periods"


class GroupRows(InvalidInput):
    """Rows of a wide table are sums of the rows under them, as those of groups in a pivot table."""

    slug = "group-rows"


class UnknownMapping(InvalidInput):
    """The column mapping names what isn't there."""

    slug = "unknown-mapping"


class UnreadableColumn(InvalidInput):
    """A column has a type that can't hold what it should."""

    slug = "unreadable-column"


class DifferentHeader(InvalidInput):
    """The files of a folder or archive don't share one header."""

    slug = "different-header"


class OverlappingFiles(ReadingQuestion):
    """Files of a folder or archive have one name, or the same days of the same parts with other quantities."""

    slug = "overlapping-files"


class AmbiguousDates(ReadingQuestion):
    """The dates read in several orders."""

    slug = "ambiguous-dates"


class MixedDateOrders(InvalidInput):
    """Some dates read only day first and others only month first."""

    slug = "mixed-date-orders"


class AmbiguousNumbers(ReadingQuestion):
    """Every number reads both with a decimal point and with a decimal comma."""

    slug = "ambiguous-numbers"


class SeveralUnits(ReadingQuestion):
    """The quantities are written in several units."""

    slug = "several-units"


class AmbiguousSign(ReadingQuestion):
    """Most quantities are negative, and nothing shows whether they are the demand."""

    slug = "ambiguous-sign"


class ReceiptsAndIssues(ReadingQuestion):
    """Receipts and issues are in one column, or rows of stock that can and that can't be used."""

    slug = "receipts-and-issues"


class RecipeDoesNotFit(ReadingQuestion):
    """The recipe that is kept for the header refuses what can be read without it."""

    slug = "recipe-does-not-fit"


class UnknownFilter(InvalidInput):
    """`only_rows` names a column or a value that isn't there."""

    slug = "unknown-filter"


class MixedNumberStyles(InvalidInput):
    """Some numbers have a decimal point and others a decimal comma."""

    slug = "mixed-number-styles"


class QuantitiesTooLarge(InvalidInput):
    """The quantities add up to more than can be added exactly."""

    slug = "quantities-too-large"


class InvalidStockFile(InvalidInput):
    """The file can't be read as a stock file, or a row of it can't."""

    slug = "invalid-stock-file"


class InvalidEventsFile(InvalidInput):
    """The file can't be read as an events file, or a row of it can't."""

    slug = "invalid-events-file"


# The rows that were refused: all of them in rejected.csv, the first hundred in the report.

REJECTED_FILE = "rejected.csv"
_RUNS_AS_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_PLAIN_NUMBER = re.compile(r"[+-]?\d[\d.,]*$", re.ASCII)
_MOST_CHARACTERS = 32_000  # of a cell: what a spreadsheet takes


class Rejected:
    """Writes refused rows as they are met; the file exists once there is one."""

    def __init__(self, path: Path, header: Sequence[str], *, several_files: bool, has_sheet: bool) -> None:
        self.path = path
        self.count = 0
        self.headers = 0  # of them are the header once more
        self.problems: list[RowProblem] = []
        self.by_site: Counter[str] = Counter()  # the site as far as it can be read, else ""
        self._header = header
        self._several_files = several_files
        self._has_sheet = has_sheet
        self._file: IO[str] | None = None
        self._writer: Any = None  # csv has no public type for it
        path.unlink(missing_ok=True)

    @property
    def is_reporting(self) -> bool:
        """The next refused row will be in the report, not only in the file."""
        return len(self.problems) < MOST_PROBLEMS_SHOWN

    def add(self, row: SourceRow, problem: RowProblem, reasons: Sequence[Message]) -> None:
        """Refuse one row for `problem`; `reasons` has that one and any further."""
        self.count += 1
        self.by_site[problem.site_code or ""] += 1
        if self.is_reporting:
            self.problems.append(problem)
        if self._file is None:
            self._open()
        where = [*([problem.file] if self._several_files else []), *([problem.sheet] if self._has_sheet else [])]
        reason = "; ".join(str(one) for one in reasons)
        cells = ["" if cell is None else str(cell) for cell in row.cells]
        self.headers += [cell.strip() for cell in cells] == [name.strip() for name in self._header]
        self._writer.writerow(map(harmless, [*where, str(row.line), problem.column, problem.value, reason, *cells]))

    def close(self) -> Path | None:
        """The finished file, or None where no row was refused."""
        if self._file is None:
            return None
        self._file.close()
        self._file = None
        return self.path

    def _open(self) -> None:
        self._file = self.path.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file, lineterminator="\n")
        where = [*(["file"] if self._several_files else []), *(["sheet"] if self._has_sheet else [])]
        self._writer.writerow([*where, "line", "column", "value", "reason", *map(harmless, self._header)])


def harmless(text: str | None) -> str:
    """A cell that no spreadsheet runs as a formula; plain numbers stay as they are."""
    if not text:
        return ""
    if len(text) > _MOST_CHARACTERS or "\0" in text:
        text = shortened(text.replace("\0", "\ufffd"), _MOST_CHARACTERS)
    return f"'{text}" if text[0] in _RUNS_AS_FORMULA and not _PLAIN_NUMBER.match(text) else text
