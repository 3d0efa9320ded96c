"""Only some rows of a file: those with certain values in its columns, as `only_rows` asks."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from batchcast.domain.errors import N_, Message, counted
from batchcast.ingest.common.arrow import number_array
from batchcast.ingest.common.names import named_columns, nearest, normal, shortened
from batchcast.ingest.common.problems import AmbiguousColumn, NoRows, UnknownFilter
from batchcast.ingest.common.source import Block, BrokenRow, SourceRow, is_blank
from batchcast.ingest.values.cells import date_text, distinct

_MOST_SHOWN = 12  # values that a sentence lists


@dataclass(frozen=True, slots=True)
class RowFilter:
    """The values that a row may hold in one column."""

    name: str  # of the column
    index: int
    values: tuple[str, ...]


def find_filters(names: Sequence[str], only_rows: Sequence[str]) -> tuple[RowFilter, ...]:
    """The filters of a file with this header, one a column; a column that is named twice may hold the values of both.

    Raises:
        UnknownFilter: if a column isn't there.
        AmbiguousColumn: if two columns have its name.
    """
    found: dict[int, RowFilter] = {}
    for text in only_rows:
        index, values = _read_filter(text, names)
        known = found[index].values if index in found else ()
        found[index] = RowFilter(names[index], index, tuple(dict.fromkeys((*known, *values))))
    return tuple(found.values())


def filter_text(column: str, values: Iterable[str]) -> str:
    """A filter as a person types it; a value with a comma or a quote in it stands in quotes."""
    written = io.StringIO()
    csv.writer(written, lineterminator="").writerow(values)
    return f"{column}={written.getvalue()}"


def counted_values(counts: Mapping[str, int]) -> Message:
    """Values with the rows that hold each, the most frequent first, for a sentence in any language."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown = ((repr(shortened(value)), count) for value, count in ranked[:_MOST_SHOWN])
    return counted(shown, ", …" if len(ranked) > _MOST_SHOWN else "")


def _read_filter(text: str, names: Sequence[str]) -> tuple[int, list[str]]:
    """The column and the values of one filter; the name of a column may hold an equals sign."""
    cuts = [i for i, letter in enumerate(text) if letter == "="]
    for compared in (str.strip, normal):
        for cut in cuts:
            matches = [i for i, name in enumerate(names) if name and compared(name) == compared(text[:cut])]
            if len(matches) > 1:
                template = N_("Several columns are named {name!r}, so {@only_rows} can't choose by it; rename them.")
                raise AmbiguousColumn(Message(template, {"name": text[:cut]}))
            if matches:
                return matches[0], next(csv.reader([text[cut + 1 :]]), [])
    name = text[: cuts[0]] if cuts else text
    guess = nearest(name, names)
    template = N_("{@only_rows} names the column {name!r}, which is not there; the columns are {found}.")
    values = {"name": name, "found": named_columns(names)}
    if guess:
        template = N_("{@only_rows} names the column {name!r}; did you mean {guess!r}? The columns are {found}.")
        values["guess"] = guess
    raise UnknownFilter(Message(template, values))


@dataclass(frozen=True, slots=True)
class ChosenRows:
    """The rows of a block that pass the filters, as a block."""

    block: Block
    chosen: NDArray[np.int64]  # their numbers in the block, ascending
    blank_lines: int  # of the block, and rows with nothing in them

    @property
    def file(self) -> str | None:
        """Member of a folder or archive."""
        return self.block.file

    @property
    def broken(self) -> Sequence[BrokenRow]:
        """Rows that can't be split into cells: they have no cell to be chosen by."""
        return self.block.broken

    @property
    def num_rows(self) -> int:
        """Rows that are chosen."""
        return len(self.chosen)

    def column(self, index: int) -> Any:
        """Their cells of one column; a dictionary holds no others."""
        column = self.block.column(index)
        if isinstance(column, list):
            return [column[i] for i in self.chosen.tolist()]
        taken = column.take(number_array(self.chosen))
        return taken.dictionary_decode().dictionary_encode() if pa.types.is_dictionary(taken.type) else taken

    def rows(self, indices: Iterable[int]) -> Iterator[SourceRow]:
        """Chosen rows in full, by their ascending number among them."""
        return self.block.rows(self.chosen[list(indices)].tolist())


class RowChoice:
    """Chooses the rows of every block, and counts those that are left out."""

    def __init__(self, filters: Sequence[RowFilter]) -> None:
        self.rows_filtered = 0
        self._filters = filters
        self._values = [frozenset(map(self._text, one.values)) for one in filters]
        self._counts: list[Counter[str]] = [Counter() for _ in filters]  # rows by value, of each filter's column

    def chosen(self, block: Block) -> Block:
        """The rows of a block that pass every filter."""
        if not self._filters or not block.num_rows:
            return block
        passes = np.ones(block.num_rows, dtype=np.bool_)
        is_blank_cell = np.ones(block.num_rows, dtype=np.bool_)
        for one, values, counts in zip(self._filters, self._values, self._counts, strict=True):
            cells = distinct(block.column(one.index))
            texts = [self._text(cell) for cell in cells.cells]
            for text, count in zip(texts, np.bincount(cells.index, minlength=len(texts)).tolist(), strict=True):
                counts[text] += count
            passes &= np.array([text in values for text in texts], dtype=np.bool_)[cells.index]
            is_blank_cell &= np.array([is_blank(text) for text in texts], dtype=np.bool_)[cells.index]
        in_doubt = np.flatnonzero(~passes & is_blank_cell).tolist()
        blank = sum(all(map(is_blank, row.cells)) for row in block.rows(in_doubt))
        for counts in self._counts:
            counts[""] -= blank
        chosen = np.flatnonzero(passes)
        self.rows_filtered += block.num_rows - len(chosen) - blank
        return ChosenRows(block, chosen, block.blank_lines + blank)

    def check(self, rows_read: int) -> None:
        """Refuse filters that don't fit the file, once all of it has been read; `rows_read` has those left out too.

        Raises:
            UnknownFilter: if no row holds a value.
            NoRows: if no row passes all filters.
        """
        for one, counts in zip(self._filters, self._counts, strict=True):
            unknown = [value for value in one.values if not counts[self._text(value)]]
            if unknown and rows_read:
                template = N_("{@only_rows} names {value!r}, which no row of column {column} holds; it holds {found}.")
                found = {text: count for text, count in counts.items() if count}
                values = {"value": unknown[0], "column": one.name, "found": counted_values(found)}
                raise UnknownFilter(Message(template, values))
        if self.rows_filtered and self.rows_filtered == rows_read:
            template = N_("No row passes all filters of {@only_rows}: {filters}. Leave one of them out.")
            filters = "; ".join(filter_text(one.name, one.values) for one in self._filters)
            raise NoRows(Message(template, {"filters": filters}))

    def notes(self) -> list[Message]:
        """What was left out, one sentence a filter."""
        notes = []
        for one, values, counts in zip(self._filters, self._values, self._counts, strict=True):
            others = {text: count for text, count in counts.items() if count and text not in values}
            template = N_(
                "Only rows with {column} {values} are read, as asked for; {count:,} rows are left out: {others}."
            )
            if not others:
                template = N_("Only rows with {column} {values} are read, as asked for; there are no others.")
            said: dict[str, object] = {"column": one.name, "values": ", ".join(map(repr, one.values))}
            said |= {"count": sum(others.values()), "others": counted_values(others)}
            notes.append(Message(template, said))
        return notes

    def _text(self, cell: object) -> str:
        return date_text(cell).strip()
