"""What every kind of file is read into: blocks of rows, with columns for the fast path and rows for the exact one."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from batchcast.domain.errors import N_, Message
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.common.limits import EXCEL_ROWS


@dataclass(frozen=True, slots=True)
class ColumnSource:
    """Where one of our columns comes from: a column, several joined with `-`, or one value for every row."""

    name: str  # as a person would say it
    indices: tuple[int, ...] = ()
    literal: str | None = None
    rivals: tuple[int, ...] = ()  # further columns with such a name, that hold nothing in the first rows


class WantedColumns(Protocol):
    """Which columns of a file are read; a source of any kind asks for no more."""

    @property
    def header(self) -> tuple[str, ...]:
        """All columns of the file."""

    @property
    def wanted(self) -> tuple[int, ...]:
        """Those that are read, ascending."""

    @property
    def plain(self) -> frozenset[int]:
        """Those of them whose distinct values are many."""

    @property
    def of_any_type(self) -> Collection[int]:
        """Those of them that are only counted or shown, or hold something only perhaps: they may be of any type."""


class ReadOrCounted:
    """The columns that a layout wants: those that it reads, and those without a name, whose values are counted."""

    __slots__ = ()
    header: tuple[str, ...]
    ignored: frozenset[int]  # columns that are left out, as asked for

    @property
    def wanted(self) -> tuple[int, ...]:
        """Columns of the file that are read or counted, ascending."""
        return tuple(sorted({*self._read, *self.unnamed}))

    @property
    def unnamed(self) -> tuple[int, ...]:
        """Columns without a name that nothing reads: the values in them are counted."""
        read = self._read | self.ignored
        return tuple(i for i, name in enumerate(self.header) if not name and i not in read)

    @property
    def _read(self) -> set[int]:
        """Columns that the layout reads."""
        raise NotImplementedError


LayoutT = TypeVar("LayoutT", bound=WantedColumns)
LayoutT_co = TypeVar("LayoutT_co", bound=WantedColumns, covariant=True)


class FindLayout(Protocol[LayoutT_co]):
    """Finds our columns in a header: those of a demand history, or of a stock file.

    It may have an attribute `names`: further names of columns that a header under titles of a report is known by.
    """

    def __call__(
        self,
        header: Sequence[str],
        settings: BatchSettings,
        *,
        where: Message | None = None,
        sample: Sequence[Sequence[Any]] | None = (),
    ) -> LayoutT_co:
        """How to read a file with this header and first rows; raises InvalidInput where it can't be read so."""


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One row as it stands in the file."""

    line: int  # 1-based physical line it starts on, or row of the sheet or table
    cells: tuple[Any, ...]  # text; typed values where the file has types; None is blank


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A row that can't be split into the cells of the header."""

    row: SourceRow
    column: int  # 0-based, where it goes wrong
    reason: Message


class Block(Protocol):
    """Some thousands of consecutive rows."""

    @property
    def file(self) -> str | None:
        """Member of a folder or archive."""

    @property
    def broken(self) -> Sequence[BrokenRow]:
        """Rows that are not among `num_rows`, because they can't be split into cells."""

    @property
    def blank_lines(self) -> int:
        """Lines with nothing in them, which are no rows."""

    @property
    def num_rows(self) -> int:
        """Rows that every column has."""

    def column(self, index: int) -> Any:
        """One wanted column: a pyarrow array (text, or the file's own type), or a list of a workbook's cells."""

    def rows(self, indices: Iterable[int]) -> Iterator[SourceRow]:
        """Rows in full, by their ascending number in the block; for the few that are refused."""


class RowSource(Protocol):
    """A file, folder or table that can be read again and again from its start."""

    @property
    def format(self) -> Message:
        """What it was read as; complete once its blocks have been."""

    @property
    def notes(self) -> tuple[Message, ...]:
        """What a person should know of the file."""

    @property
    def sheet(self) -> str | None:
        """The sheet of a workbook."""

    @property
    def several_files(self) -> bool:
        """Every block names its file."""

    def blocks(self, layout: WantedColumns) -> Generator[Block, None, None]:
        """All rows once, with the columns that the layout wants."""


class Uncomputed(str):
    """The formula of a cell of a workbook whose result was not stored: the cell has no value."""

    __slots__ = ()


def notes_on_full_sheet(name: str | Message, rows: int) -> list[Message]:
    """What to say of a file of as many rows, without its header, as a sheet of Excel holds with or without one."""
    full = next((most for most in EXCEL_ROWS if rows in (most - 1, most)), None)
    template = N_(
        "{name} has as many rows as a sheet of Excel holds, {most:,}: Excel drops those beyond without a word, so that "
        "the last days or parts may be missing. Export it again without Excel, or in smaller files."
    )
    return [] if full is None else [Message(template, {"name": name, "most": full})]


def is_blank(cell: object) -> bool:
    """Nothing, or nothing but space."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


class ReadAgain(Exception):
    """The column turns out to read the other way than was supposed so far: start again with what is now known."""


@dataclass(frozen=True, slots=True)
class LocatedValue:
    """A value that reads only one way, and where it stands."""

    value: str
    location: Message
