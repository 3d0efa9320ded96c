"""The first rows of a file as they would be read: what a person sees who says which column is which."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from batchcast.domain.errors import Choice, Message
from batchcast.domain.inventory import StockItem
from batchcast.domain.recipe import FileKind
from batchcast.domain.settings import BatchSettings

MOST_PREVIEWED = 1000  # rows of a file that a preview reads


@dataclass(frozen=True, kw_only=True, slots=True)
class FileColumn:
    """A column of the file, by its first rows."""

    name: str
    letter: str  # a spreadsheet's: A, B, ... AA
    samples: tuple[str, ...]  # the first different values, at most three, shortened
    values: Mapping[str, int]  # all of them with their rows, the most frequent first; empty where they are many
    is_unique: bool  # no other column has its name, so that it can be mapped
    has_numbers: bool  # most cells are numbers
    ours: str | None = None  # our column that is read from it
    period: dt.date | None = None  # of a wide table: the first day of the period whose demand it holds
    is_ignored: bool = False  # left out, as asked for


@dataclass(frozen=True, kw_only=True, slots=True)
class PreviewRow:
    """One row as it would be read, or why it is refused; of a wide table, one cell."""

    line: int
    date: dt.date | None = None  # None, as the others: it can't be read
    partnumber: str | None = None
    site_code: str | None = None
    demand_qty: float | None = None  # demand is above zero
    reason: Message | None = None  # why it is refused; None where it is read
    column: str = ""  # of the file, where the reason is
    value: str = ""  # found there


@dataclass(frozen=True, kw_only=True, slots=True)
class PreviewCounts:
    """What the rows amount to that were read for a preview."""

    rows_read: int
    rows_refused: int
    rows_filtered: int  # left out by `only_rows`
    parts: int
    sites: int
    first_date: dt.date | None = None  # None where no row was accepted, and of a stock file
    last_date: dt.date | None = None
    total: float = 0.0  # demand, or units on hand
    on_order: float = 0.0  # units, of a stock file


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """Why the file can't be read so, as the error would say it."""

    slug: str
    message: Message
    setting: str = ""  # of a question: the setting that answers it
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class FilePreview:
    """A file by its first rows, under some settings."""

    kind: FileKind
    settings: BatchSettings  # that it was read with: those of a recipe filled in
    columns: tuple[FileColumn, ...]
    missing: tuple[str, ...]  # our columns that are needed and not found
    found: Mapping[str, str]  # our columns, and what each is read from
    rows: tuple[PreviewRow, ...] = ()  # of a demand history
    items: tuple[StockItem, ...] = ()  # of a stock file
    counts: PreviewCounts | None = None  # None where the rows can't be read at all
    is_whole: bool = True  # the file has no further rows
    refusal: Refusal | None = None
    notes: tuple[Message, ...] = field(default_factory=tuple)

    @property
    def is_wide(self) -> bool:
        """Each period has a column of its own."""
        return any(column.period for column in self.columns)
