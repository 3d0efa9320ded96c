"""The first rows of a file of any kind, and its likeliest header where none has our columns."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np

from batchcast.domain.errors import Message
from batchcast.domain.recipe import MOST_PREVIEWED
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.common.problems import MissingColumn
from batchcast.ingest.common.source import Block, BrokenRow, FindLayout, RowSource, WantedColumns, is_blank
from batchcast.ingest.layout.rowfilter import ChosenRows
from batchcast.ingest.layout.sample import number_of
from batchcast.ingest.values.cells import date_text

MOST_COLUMNS = 400  # of a file that are told of
_HEADER_WITHIN = 30  # rows

# Which row is the header, where no row has all of our columns.


class TriedHeaders:
    """Finds our columns in a header, and keeps every header that it was tried on, with the rows under it."""

    def __init__(self, find: FindLayout[Any]) -> None:
        self._find = find
        self.names = getattr(find, "names", ())
        self._tried: list[tuple[str, ...]] = []
        self._of_sheets: list[tuple[str, ...]] = []  # those of them that are rows of a sheet
        self._below: Sequence[Sequence[Any]] = ()  # the rows under the first

    def __call__(
        self,
        header: Sequence[str],
        settings: BatchSettings,
        *,
        where: Message | None = None,
        sample: Sequence[Sequence[Any]] | None = (),
    ) -> Any:
        """See `FindLayout`."""
        if not self._tried:
            self._below = (sample or ())[:_HEADER_WITHIN]
        self._tried.append(tuple(header))
        if where is not None:
            self._of_sheets.append(tuple(header))
        return self._find(header, settings, where=where, sample=sample)

    def likeliest(self) -> tuple[str, ...] | None:
        """The row with the most different names; of several, the first. None where there is none with a name."""
        below = [tuple(map(date_text, row)) for row in self._below]
        every = self._of_sheets or [*self._tried[:1], *below, *self._tried[1:]]
        best = max(every, key=_names_in, default=())
        return best if _names_in(best) else None


def _names_in(row: Sequence[str]) -> int:
    """The different cells of a row that could each name a column."""
    return len({cell.strip() for cell in row if not is_blank(cell) and number_of(cell) is None})


@dataclass(frozen=True, slots=True)
class EveryColumn:
    """All columns of a file, as they stand."""

    header: tuple[str, ...]
    plain: frozenset[int] = frozenset()

    @property
    def wanted(self) -> tuple[int, ...]:
        """All of them, ascending."""
        return tuple(range(min(len(self.header), MOST_COLUMNS)))

    @property
    def of_any_type(self) -> tuple[int, ...]:
        """All of them: they are only shown."""
        return self.wanted


class OneHeader:
    """Finds one header, where it stands first, and takes all of its columns."""

    def __init__(self, header: tuple[str, ...]) -> None:
        self._header = header
        self._is_found = False

    def __call__(
        self,
        header: Sequence[str],
        settings: BatchSettings,
        *,
        where: Message | None = None,
        sample: Sequence[Sequence[Any]] | None = (),
    ) -> EveryColumn:
        """See `FindLayout`."""
        if self._is_found or tuple(header) != self._header:
            raise MissingColumn(Message(""))
        self._is_found = True
        return EveryColumn(self._header)


# The first rows of a source, as a source.


@dataclass(slots=True)
class FirstRows:
    """A source that ends after the first rows; implements `RowSource`."""

    source: RowSource
    is_whole: bool = True  # of the last pass: there were no further rows

    @property
    def format(self) -> Message:
        """What it was read as."""
        return self.source.format

    @property
    def notes(self) -> tuple[Message, ...]:
        """What a person should know of the file."""
        return self.source.notes

    @property
    def sheet(self) -> str | None:
        """The sheet of a workbook."""
        return self.source.sheet

    @property
    def several_files(self) -> bool:
        """Every block names its file."""
        return self.source.several_files

    def blocks(self, layout: WantedColumns) -> Generator[Block, None, None]:
        """The first rows once."""
        left = MOST_PREVIEWED
        self.is_whole = True
        with closing(self.source.blocks(layout)) as blocks:
            for block in blocks:
                self.is_whole = block.num_rows + len(block.broken) <= left
                yield block if self.is_whole else head_of(block, left)
                left -= block.num_rows + len(block.broken)
                if left <= 0:
                    self.is_whole = self.is_whole and next(blocks, None) is None
                    return


@dataclass(frozen=True, slots=True)
class _Head(ChosenRows):
    """The first rows of a block."""

    kept: Sequence[BrokenRow] = ()

    @property
    def broken(self) -> Sequence[BrokenRow]:
        """Of the broken rows those among the first."""
        return self.kept


def head_of(block: Block, count: int) -> _Head:
    """So many rows of a block."""
    count = min(count, block.num_rows)
    last = next(block.rows([count - 1])).line if count else 0
    kept = [one for one in block.broken if one.row.line <= last]
    return _Head(block, np.arange(count), block.blank_lines, kept)
