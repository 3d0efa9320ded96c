"""The rows that were refused: all of them in rejected.csv, the first hundred in the report."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from batchcast.domain.errors import Message
from batchcast.domain.history import RowProblem
from batchcast.ingest.limits import MOST_PROBLEMS_SHOWN
from batchcast.ingest.names import shortened
from batchcast.ingest.source import SourceRow

REJECTED_FILE = "rejected.csv"
_RUNS_AS_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_PLAIN_NUMBER = re.compile(r"[+-]?\d[\d.,]*$", re.ASCII)
_MOST_CHARACTERS = 32_000  # of a cell: what a spreadsheet takes


class Rejected:
    """Writes refused rows as they are met; the file exists once there is one."""

    def __init__(self, path: Path, header: Sequence[str], *, several_files: bool, has_sheet: bool) -> None:
        self.path = path
        self.count = 0
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
