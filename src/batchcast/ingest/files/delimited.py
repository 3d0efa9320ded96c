"""CSV files: clean blocks go through pyarrow's reader, every other through `records.py`, line by line.

A block is clean where every physical line is one row: then the reader's rows and the line numbers can't differ
from what stands in the file, whatever it does with quotes that are out of place.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from batchcast.domain.errors import N_, Message
from batchcast.ingest.common.arrow import text_array
from batchcast.ingest.common.limits import LARGE_FILE
from batchcast.ingest.common.problems import UnclosedQuote
from batchcast.ingest.common.source import Block, BrokenRow, SourceRow, WantedColumns, is_blank, notes_on_full_sheet
from batchcast.ingest.files.lists import ListLines
from batchcast.ingest.files.records import (
    DELIMITERS,
    Dialect,
    Records,
    list_records,
    split_lines,
    split_records,
    split_rows,
)
from batchcast.ingest.text.bytestream import Bytes
from batchcast.ingest.text.encoding import Lines, TextBlocks, note_on_encoding

if TYPE_CHECKING:
    from concurrent.futures import Future

_KEYS = pa.dictionary(pa.int32(), pa.string())
_THREADS = 2  # that parse a large file, while the calling thread reads the rows
_LOWER_CASE = 0x20  # the bit that makes X an x
Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class CleanBlock:
    """Lines that are one row each."""

    file: str | None
    lines: Lines
    table: Any
    delimiter: str
    broken: Sequence[BrokenRow] = ()
    blank_lines: int = 0

    @property
    def num_rows(self) -> int:
        """Rows that every column has."""
        return int(self.table.num_rows)

    def column(self, index: int) -> Any:
        """Text, as a dictionary or plain."""
        return self.table.column(str(index)).combine_chunks()

    def rows(self, indices: Iterable[int]) -> Iterator[SourceRow]:
        """The rows in full."""
        data = self.lines.data
        ends = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == ord("\n"))
        chosen = list(indices)
        lines = (data[ends[i - 1] + 1 if i else 0 : ends[i] + 1].decode() for i in chosen)
        for i, cells in zip(chosen, split_rows(lines, self.delimiter), strict=True):
            yield SourceRow(self.lines.first_line + i, cells)


@dataclass(frozen=True, slots=True)
class RecordBlock:
    """Rows that were split one by one."""

    file: str | None
    records: Sequence[SourceRow]
    broken: Sequence[BrokenRow]
    blank_lines: int

    @property
    def num_rows(self) -> int:
        """Rows that every column has."""
        return len(self.records)

    def column(self, index: int) -> Any:
        """Text."""
        return text_array([row.cells[index] for row in self.records])

    def rows(self, indices: Iterable[int]) -> Iterator[SourceRow]:
        """The rows in full."""
        return (self.records[i] for i in indices)


@dataclass(slots=True)
class DelimitedFile:
    """One CSV file."""

    source: Bytes
    dialect: Dialect
    member: str | None = None  # its name, where it is one of several
    encoding: str = "UTF-8"
    example: str = field(default="", init=False)  # a cell of letters beyond ASCII, where the encoding was found out
    listed: ListLines | None = field(default=None, init=False)  # what was passed over, where it is a list of pages
    rows: int = field(default=0, init=False)  # lines of it that could be rows, titles above the header among them
    _whole: bool = field(default=True, init=False)  # every quantity so far was a whole number

    def blocks(self, layout: WantedColumns) -> Generator[Block, None, None]:
        """All rows once.

        Raises:
            UnclosedQuote: if a quote opens and never closes.
        """
        text = TextBlocks(self.source, asked=self.dialect.encoding, is_member=self.member is not None)
        self.listed = ListLines(self.dialect.form) if self.dialect.form else None
        below = (_without_header(lines, self.dialect.header_lines) for lines in text)
        threads = _THREADS if self.source.sent_bytes >= LARGE_FILE else 0
        carried: Lines | None = None
        self.rows = max(0, self.dialect.header_lines - 1)
        with closing(map_in_order(below, partial(self._parsed, layout), threads=threads)) as parsed:
            for lines, table in parsed:
                block, carried = self._block(lines, table, carried)
                if carried is not None and len(carried.data) > self.source.limits.max_record_bytes:
                    raise self._unclosed(carried.first_line)
                self.rows += block.num_rows + len(block.broken) + block.blank_lines
                yield block
        self.encoding, self.example = text.encoding, text.example
        if carried is not None:
            raise self._unclosed(carried.first_line)

    def _block(self, lines: Lines, table: Any | None, carried: Lines | None) -> tuple[Block, Lines | None]:
        if carried is not None:
            damaged = {**carried.damaged, **lines.damaged}
            lines = Lines(carried.data + lines.data, carried.first_line, lines.count, damaged)
        elif table is not None:
            return CleanBlock(self.member, lines, table, self.dialect.delimiter), None
        split = split_lines(lines.data)
        if self.listed:
            records = list_records(split, lines.first_line, self.listed)
        else:
            records = split_records(split, lines.first_line, self.dialect.delimiter)
        left = None
        if records.open_from is not None:
            rest = "".join(split[records.open_from :]).encode()
            left = Lines(rest, lines.first_line + records.open_from, 0, lines.damaged)
        return self._even(records, lines.damaged), left

    def _parsed(self, layout: WantedColumns, lines: Lines) -> Any | None:
        """The wanted columns of a clean block, or None; runs on several threads.

        Quantities are read as whole numbers for as long as they are, which is quickest, then as text; both mean the
        same, so that it doesn't matter which thread is first to meet another.
        """
        data = lines.data
        if lines.damaged or self.dialect.form or not _quotes_fit(data, self.dialect.delimiter):
            return None
        table = None
        if self._whole and not _may_be_hexadecimal(data):
            table = _parse(data, self.dialect, layout, pa.int64())
            self._whole = self._whole and table is not None
        if table is None:
            table = _parse(data, self.dialect, layout, pa.string())
        return table if table is not None and table.num_rows == lines.count else None

    def _even(self, records: Records, damaged: Mapping[int, Message]) -> RecordBlock:
        """Rows as wide as the header and undamaged; others are broken.

        Further cells that are blank are dropped where most rows have them: in one row alone another cell was cut.
        """
        width, widest = len(self.dialect.header), max(len(self.dialect.header), self.dialect.usual_width)
        good: list[SourceRow] = []
        broken = list(records.broken)
        for row in records.rows:
            reason = _damage(row, damaged) if damaged else None
            if reason is not None:
                broken.append(BrokenRow(row, min(_damaged_cell(row), width - 1), reason))
            elif len(row.cells) == width:
                good.append(row)
            elif width < len(row.cells) <= widest and all(map(is_blank, row.cells[width:])):
                good.append(SourceRow(row.line, row.cells[:width]))
            else:
                broken.append(_uneven(row, width))
        broken.sort(key=lambda one: one.row.line)
        return RecordBlock(self.member, good, broken, records.blank_lines)

    def _unclosed(self, line: int) -> UnclosedQuote:
        template = N_("A quote that opens in line {line} of {name} never closes; close it or remove it.")
        return UnclosedQuote(Message(template, {"line": line, "name": self.source.name}))


def _without_header(lines: Lines, header_lines: int) -> Lines:
    skip = header_lines + 1 - lines.first_line
    if skip <= 0:
        return lines
    ends = [found.end() for found in _first(re.finditer(rb"\r\n|\n|\r", lines.data), skip)]
    start = ends[-1] if len(ends) == skip else len(lines.data)
    return Lines(lines.data[start:], lines.first_line + len(ends), lines.count - len(ends), lines.damaged)


def _first(found: Iterator[re.Match[bytes]], count: int) -> list[re.Match[bytes]]:
    return [match for match, _ in zip(found, range(count), strict=False)]


def _quotes_fit(data: bytes, delimiter: str) -> bool:
    """Quotes stand only around whole cells, doubled within; and carriage returns only before line ends."""
    if b"\r" in data and data.count(b"\r") != data.count(b"\r\n"):
        return False
    if b'"' not in data:
        return True
    letters = np.frombuffer(b"\n" + data.replace(b'""', b"") + b"\n", dtype=np.uint8)
    quotes = np.flatnonzero(letters == ord('"'))
    if len(quotes) % 2:
        return False
    before = letters[quotes[0::2] - 1]
    after = letters[quotes[1::2] + 1]
    outside = (ord(delimiter), ord("\n"))
    return bool(np.isin(before, outside).all() and np.isin(after, (*outside, ord("\r"))).all())


def _parse(data: bytes, dialect: Dialect, layout: WantedColumns, quantity: Any) -> Any | None:
    """The wanted columns, or None where some line has not the cells of the header, or a quantity is of another type."""
    if not data:
        return None
    source: Any = pa.BufferReader(data)
    names = [str(i) for i in range(len(dialect.header))]
    types = {str(i): quantity if i in layout.plain else _KEYS for i in layout.wanted}
    try:
        return pacsv.read_csv(
            source,
            read_options=pacsv.ReadOptions(use_threads=False, block_size=len(data) + 1, column_names=names),
            parse_options=pacsv.ParseOptions(
                delimiter=dialect.delimiter,
                quote_char='"' if b'"' in data else False,  # not to look for any is quicker
                ignore_empty_lines=False,
            ),
            convert_options=pacsv.ConvertOptions(
                column_types=types,
                include_columns=list(types),
                null_values=[],
                strings_can_be_null=False,
                check_utf8=False,
            ),
        )
    except pa.ArrowInvalid:
        return None


def _may_be_hexadecimal(data: bytes) -> bool:
    """The reader takes 0x1F for 31; to look for one letter first is many times faster."""
    if b"x" not in data and b"X" not in data:
        return False
    letters = np.frombuffer(data, dtype=np.uint8)
    return bool(((letters[:-1] == ord("0")) & (letters[1:] | _LOWER_CASE == ord("x"))).any())


def _damage(row: SourceRow, damaged: Mapping[int, Message]) -> Message | None:
    """Why a row, which may span several lines, is no text."""
    spanned = sum(str(cell).count("\n") for cell in row.cells)
    return next((damaged[line] for line in range(row.line, row.line + spanned + 1) if line in damaged), None)


def _damaged_cell(row: SourceRow) -> int:
    return next((i for i, cell in enumerate(row.cells) if "\ufffd" in str(cell)), 0)


def _uneven(row: SourceRow, width: int) -> BrokenRow:
    found = len(row.cells)
    template = N_("is where the row goes wrong: it has {found} cells, the header {width}")
    return BrokenRow(row, min(found, width), Message(template, {"found": found, "width": width}))


@dataclass(slots=True)
class DelimitedFiles:
    """One CSV file, or several with one header that are one history."""

    files: Sequence[DelimitedFile]
    said: tuple[Message, ...] = ()  # of how they were found
    sheet: str | None = None

    @property
    def several_files(self) -> bool:
        """Every block names its file."""
        return self.files[0].member is not None

    @property
    def notes(self) -> tuple[Message, ...]:
        """What a person should know of the files; complete once their blocks have been read."""
        listed = [note for file in self.files if file.listed for note in file.listed.notes()]
        full = [note for file in self.files for note in notes_on_full_sheet(file.source.name, file.rows)]
        examples = {file.encoding: file for file in reversed(self.files) if file.example}
        encodings = [note_on_encoding(file.source.name, name, file.example) for name, file in examples.items()]
        return (*encodings, *full, *self.said, *listed)

    @property
    def format(self) -> Message:
        """What the files were read as."""
        encodings = "/".join(sorted({file.encoding for file in self.files}))
        delimiters = "/".join(sorted({DELIMITERS[file.dialect.delimiter] for file in self.files}))
        values = {"encoding": encodings, "delimiter": delimiters, "count": len(self.files)}
        if self.several_files:
            return Message(N_("{count} CSV files, {encoding}, delimiter {delimiter}"), values)
        return Message(N_("CSV, {encoding}, delimiter {delimiter}"), values)

    def blocks(self, layout: WantedColumns) -> Generator[Block, None, None]:
        """All rows of all files once."""
        for file in self.files:
            yield from file.blocks(layout)


# Threads parse the blocks of a large file ahead of the caller; a small one is parsed on the spot.


def map_in_order(
    items: Iterable[Item], work: Callable[[Item], Result], *, threads: int
) -> Generator[tuple[Item, Result], None, None]:
    """Each item with its result, in the order of the items; without threads, one after another.

    Items are drawn on the caller's thread; only `work` runs on others, and should release the interpreter's lock.

    An error of `work` or of `items` is raised in its place, after every result before it. No thread outlives the
    generator: close it where it may not be exhausted.
    """
    if not threads:
        for item in items:
            yield item, work(item)
        return
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(threads, thread_name_prefix="parse")
    try:
        waiting: deque[tuple[Item, Future[Result]]] = deque()
        failed: Exception | None = None
        source = iter(items)
        drained = False
        while True:
            while not drained and len(waiting) <= threads:
                try:
                    item = next(source)
                except StopIteration:
                    drained = True
                except Exception as error:  # noqa: BLE001 raised below, once its turn comes
                    failed, drained = error, True
                else:
                    waiting.append((item, pool.submit(work, item)))
            if not waiting:
                break
            item, result = waiting.popleft()
            yield item, result.result()
        if failed is not None:
            raise failed
    finally:
        pool.shutdown(cancel_futures=True)
