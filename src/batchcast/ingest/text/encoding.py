"""Text of any encoding that is read, as UTF-8 lines in blocks; a line with a byte out of place is marked as damaged.

A text is UTF-8 where most of its cells beyond ASCII are: the few lines that are not are damaged. Else it is in one of
the older encodings, which `charset.py` tells by the letters of the whole file.
"""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field

import numpy as np

from batchcast.domain.errors import N_, Message
from batchcast.domain.settings import SETTINGS
from batchcast.ingest.common.names import shortened
from batchcast.ingest.common.problems import AmbiguousEncoding, NotText, OverTheLimit
from batchcast.ingest.text.bytestream import Bytes
from batchcast.ingest.text.charset import (
    ESCAPED,
    UTF8,
    NoEncoding,
    codec_of,
    is_unlikely,
    legacy_encoding,
    likelihood,
    reads_as_words,
    text_of,
)

BLOCK_BYTES = 4 << 20  # larger ones leave the cache of a core
_HEAD_BYTES = 1 << 16
_UTF8_MARK = codecs.BOM_UTF8
_MARKS = {  # of encodings of two or four bytes a letter, the longer ones first
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_ZEROS = {  # which of four bytes are often 0 in a text without such a mark
    "utf-32-le": (False, True, True, True),
    "utf-32-be": (True, True, True, False),
    "utf-16-le": (False, True, False, True),
    "utf-16-be": (True, False, True, False),
}
_OFTEN, _SELDOM = 0.25, 0.02


@dataclass(frozen=True, slots=True)
class Lines:
    """Whole lines of a text file, each with its end (the last of the file may have been given one)."""

    data: bytes  # UTF-8
    first_line: int  # 1-based physical line of the first
    count: int  # of line ends
    damaged: Mapping[int, Message] = field(default_factory=dict)  # line -> why its bytes are no text


class TextBlocks:
    """The lines of one file, block by block; `encoding` is what it has turned out to be so far."""

    def __init__(
        self, source: Bytes, block_bytes: int = BLOCK_BYTES, *, asked: str = "auto", is_member: bool = False
    ) -> None:
        """Takes the setting `encoding`, and whether the file is one of several, of which it may not hold."""
        self._source = source
        self._asked = asked
        self._is_member = is_member
        self._block_bytes = block_bytes
        self.encoding = UTF8
        self.example = ""  # a cell of letters beyond ASCII, where the encoding had to be found out
        self._mark_bytes = 0  # of the mark of UTF-8 before the text
        self._is_decided = False  # by the whole file, once some of it was no UTF-8
        self._saw_utf8 = False  # letters beyond ASCII were met as UTF-8

    def __iter__(self) -> Iterator[Lines]:
        line, offset = 1, 0
        for block in self._blocks():
            lines = self._as_utf8(block, line, self._mark_bytes + offset)
            yield lines
            line += lines.count
            offset += len(block)

    def _blocks(self) -> Generator[bytes, None, None]:
        """Whole lines as they are in the file."""
        pieces: list[bytes] = []
        waiting = lines = 0
        for chunk in self._chunks():
            end = chunk.rfind(b"\n") + 1
            if end:
                block = b"".join((*pieces, memoryview(chunk)[:end]))
                yield block
                lines += block.count(b"\n")
                pieces, waiting = [], 0
            pieces.append(chunk[end:])
            waiting += len(pieces[-1])
            if waiting > self._source.limits.max_record_bytes:
                raise self._line_too_long(lines + 1)
        rest = b"".join(pieces)
        if rest:
            yield rest if rest.endswith((b"\n", b"\r")) else rest + b"\n"

    def _chunks(self) -> Iterator[bytes]:
        """Bytes of the file, in an encoding where a line ends with the byte of a line end."""
        with self._source.open() as stream:
            head = stream.read(_HEAD_BYTES)
            wide, mark_bytes = _wide_encoding(head)
            if not wide:
                self._mark_bytes = len(_UTF8_MARK) if head.startswith(_UTF8_MARK) else 0
                yield head[self._mark_bytes :]
                while data := stream.read(self._block_bytes):
                    yield data
                return
            self.encoding = wide.upper()
            decoder = codecs.getincrementaldecoder(wide)()
            data, head = head[mark_bytes:], b""
            try:
                while data:
                    yield decoder.decode(data).encode()
                    data = stream.read(self._block_bytes)
                decoder.decode(b"", final=True)
            except UnicodeError as error:
                template = N_("{name} starts as {encoding} but goes on otherwise; save it as UTF-8.")
                raise NotText(Message(template, {"name": self._source.name, "encoding": self.encoding})) from error

    def _as_utf8(self, block: bytes, line: int, offset: int) -> Lines:
        nul = block.find(b"\0")
        if nul >= 0:
            raise self._nul(line + block.count(b"\n", 0, nul))
        if block.isascii():
            if b"\x1b$" not in block:
                return Lines(block, line, line_ends(block))
            self.encoding = ESCAPED
        if self.encoding.startswith("UTF"):  # UTF-16 has been turned into UTF-8
            try:
                block.decode()
            except UnicodeDecodeError as error:
                self._decide(line + block.count(b"\n", 0, error.start))
            else:
                self._saw_utf8 = True
                return Lines(_without_marks(block), line, line_ends(block))
        self.example = self.example or example_of(block, self.encoding)
        try:
            utf8 = text_of(block, self.encoding).encode()
        except UnicodeDecodeError:
            return _with_damage(block, line, offset, self.encoding)
        return Lines(utf8, line, line_ends(utf8))

    def _decide(self, line: int) -> None:
        """Settle the encoding by the whole file, where a line is no UTF-8."""
        if self._is_decided:
            return
        again = TextBlocks(self._source, self._block_bytes)
        with closing(again._blocks()) as blocks:
            has_mark = bool(self._mark_bytes)
            if self._asked != "auto" and self._is_member:
                check_asked(blocks, self._source.name, SETTINGS["encoding"].choices[self._asked])
            self.encoding = decide_encoding(blocks, self._source.name, line, asked=self._asked, has_mark=has_mark)
        self._is_decided = True
        if self.encoding != UTF8 and self._saw_utf8:
            raise self._two_encodings(line)

    def _nul(self, line: int) -> NotText:
        template = N_(
            "{name} holds a NUL byte in line {line}, which no text has: it may be of another kind, or UTF-16 without "
            "its mark. Save it as CSV in UTF-8."
        )
        return NotText(Message(template, {"name": self._source.name, "line": line}))

    def _two_encodings(self, line: int) -> NotText:
        template = N_("{name} is UTF-8 up to line {line}, which is not; save the whole file in one encoding.")
        return NotText(Message(template, {"name": self._source.name, "line": line}))

    def _line_too_long(self, line: int) -> OverTheLimit:
        template = N_("Line {line} of {name} is longer than {limit} MB; it is not a table of rows.")
        limit = self._source.limits.max_record_bytes // 1_000_000
        return OverTheLimit(Message(template, {"name": self._source.name, "line": line, "limit": limit}))


def _without_marks(block: bytes) -> bytes:
    """The lines without the byte order marks that a file has where others were appended to it, each with its own."""
    return block.removeprefix(_UTF8_MARK).replace(b"\n" + _UTF8_MARK, b"\n")


def _with_damage(block: bytes, first_line: int, offset: int, encoding: str) -> Lines:
    """Lines of which some hold bytes that are none of the encoding; those are read as the replacement character."""
    damaged, codec = {}, codec_of(encoding)
    for number, text in enumerate(block.splitlines(keepends=True), start=first_line):
        if not text.isascii():
            try:
                text.decode(codec)
            except UnicodeDecodeError as error:
                template = N_("holds a byte that is no {encoding} ({byte}, at byte {place} of the file)")
                values = {"byte": f"0x{text[error.start]:02X}", "place": offset + error.start + 1}
                damaged[number] = Message(template, values | {"encoding": encoding})
        offset += len(text)
    utf8 = block.decode(codec, errors="replace").encode()
    return Lines(utf8, first_line, line_ends(utf8), damaged)


def line_ends(block: bytes) -> int:
    """Line feeds, and carriage returns that stand alone."""
    ends = int(np.count_nonzero(np.frombuffer(block, dtype=np.uint8) == ord("\n")))
    return ends + block.count(b"\r") - block.count(b"\r\n") if b"\r" in block else ends


# Which encoding a whole file is in.

_ENDS = np.zeros(256, dtype=bool)  # bytes that end a cell and are never half a letter
_ENDS[list(b'\0\t\n\r,;"<>')] = True
_KEPT = 400  # cells, and beyond them those with a byte that none of them has
_LETTERS_BEFORE, _LETTERS_BEHIND = 20, 60  # the first byte beyond ASCII, of a long cell
_FEW_BAD_CELLS = 3  # that no encoding explains: their rows are refused, not the file
_CLEARLY = 5.0  # so much likelier, as a logarithm, is no accident


def decide_encoding(blocks: Iterable[bytes], name: str, line: int, *, asked: str, has_mark: bool) -> str:
    """The name of the encoding of a text that is not valid UTF-8 throughout.

    Args:
        blocks: the whole file, in blocks of whole lines.
        name: of the file.
        line: the first that is not UTF-8.
        asked: the setting `encoding`.
        has_mark: it starts with the mark of UTF-8.

    Raises:
        NotText: if it is in two encodings, or in none that is read.
        AmbiguousEncoding: if it is in one of several that read differently.
    """
    if asked != "auto":
        return SETTINGS["encoding"].choices[asked]
    evidence = EncodingEvidence.of(blocks)
    is_mostly_valid = evidence.counts[True] >= evidence.counts[False]
    if has_mark or (is_mostly_valid and reads_as_words(evidence.valid, "utf-8")):
        return UTF8
    try:
        found = legacy_encoding(evidence.invalid, name, line)
    except NoEncoding:
        if is_mostly_valid or evidence.counts[False] <= _FEW_BAD_CELLS:
            return UTF8
        raise
    except AmbiguousEncoding as question:
        for choice in question.choices:
            evidence.check(SETTINGS["encoding"].choices[choice.settings["encoding"]], name)
        raise
    evidence.check(found, name)
    return found


def check_asked(blocks: Iterable[bytes], name: str, encoding: str) -> None:
    """Refuse a file of a folder or zip that the encoding asked for does not fit, though it may fit another of them.

    Raises:
        NotText: if another encoding gives clearly likelier words.
    """
    evidence = EncodingEvidence.of(blocks)
    if not is_unlikely(encoding, evidence.invalid):
        return
    template = N_(
        "{name} is not in {encoding}, which was asked for: it would read {example!r}. The files of a folder or zip are "
        "in several encodings; save this one as UTF-8, in Excel as “CSV UTF-8”, or read it by itself."
    )
    example = shortened(text_of(evidence.invalid[0], encoding, "replace").strip(), 40)
    raise NotText(Message(template, {"name": name, "encoding": encoding, "example": example}))


class EncodingEvidence:
    """The different cells with bytes beyond ASCII of a whole file: those that are UTF-8 and those that are not."""

    def __init__(self) -> None:
        self.counts = Counter[bool]()  # cells by whether they are valid
        self.valid: list[bytes] = []  # some of them, in which every byte is that any of them has
        self.invalid: list[bytes] = []
        self._kept: set[bytes] = set()
        self._bytes = {True: bytes(range(0x80)), False: bytes(range(0x80))}  # that those kept have

    @classmethod
    def of(cls, blocks: Iterable[bytes]) -> EncodingEvidence:
        """Those of a whole file, in blocks of whole lines."""
        evidence = cls()
        for block in blocks:
            evidence.add(block)
        return evidence

    def add(self, block: bytes) -> None:
        """Take note of whole lines."""
        for cell, count in () if block.isascii() else cells_beyond_ascii(block).items():
            is_valid = _is_utf8(cell)
            self.counts[is_valid] += count
            self._keep(cell, self.valid if is_valid else self.invalid, is_valid=is_valid)

    def _keep(self, cell: bytes, cells: list[bytes], *, is_valid: bool) -> None:
        first = len(cell) - len(cell.lstrip(_ASCII))
        part = cell[max(0, first - _LETTERS_BEFORE) : first + _LETTERS_BEHIND]
        new = part.translate(None, self._bytes[is_valid])
        if part not in self._kept and (new or len(cells) < _KEPT):
            self._kept.add(part)
            self._bytes[is_valid] += new
            cells.append(part)

    def check(self, encoding: str, name: str) -> None:
        """Refuse a file in this encoding with cells that are UTF-8 and no accident; raises NotText."""
        for cell in self.valid:
            text = text_of(cell, "utf-8", "replace")
            if likelihood(text, "utf-8") > likelihood(text_of(cell, encoding, "replace"), encoding) + _CLEARLY:
                template = N_(
                    "{name} is in two encodings: {valid:,} cells are UTF-8, such as {example!r}, and {invalid:,} are "
                    "not. Save the whole file in one, best as UTF-8."
                )
                counts = {"valid": self.counts[True], "invalid": self.counts[False]}
                raise NotText(Message(template, {"name": name, "example": shortened(text.strip(), 40), **counts}))


_ASCII = bytes(range(0x80))
_FEW_BAD_BYTES = 3  # one bad byte for so many letters is damage


def _is_utf8(cell: bytes) -> bool:
    """It is, but for a byte among many letters."""
    text = cell.decode(errors="replace")
    bad = text.count("\ufffd") - cell.count(b"\xef\xbf\xbd")
    return not bad or _FEW_BAD_BYTES * bad < sum(not letter.isascii() for letter in text) - bad


def cells_beyond_ascii(block: bytes) -> Counter[bytes]:
    """The different cells of some lines that hold bytes beyond ASCII, in their order, and how often each stands."""
    letters = np.frombuffer(block, dtype=np.uint8)
    ends = _ENDS[letters]
    bars = np.flatnonzero(letters == ord("|"))
    ends[bars[letters[bars - 1] < 0x80]] = True  # behind another byte it may be half a letter
    places = np.flatnonzero(ends)
    cells = np.searchsorted(places, np.flatnonzero(letters >= 0x80))
    number = cells[np.diff(cells, prepend=-1) > 0]
    starts, stops = np.append(-1, places)[number] + 1, np.append(places, len(letters))[number]
    return Counter(block[start:stop] for start, stop in zip(starts.tolist(), stops.tolist(), strict=True))


def note_on_encoding(name: str, encoding: str, example: str) -> Message:
    """Which encoding was found for a text that is no UTF-8."""
    template = N_(
        "{name} is read as {encoding}, for example {example!r}. If that is not how it is written, say which encoding "
        "it is in with {@encoding}."
    )
    return Message(template, {"name": name, "encoding": encoding, "example": example})


def example_of(block: bytes, encoding: str) -> str:
    """The first cell of some lines that holds letters beyond ASCII."""
    first = next(iter(cells_beyond_ascii(block)), b"")
    return shortened(text_of(first, encoding, "replace").strip(), 40)


def _wide_encoding(head: bytes) -> tuple[str, int]:
    """The encoding of two or four bytes a letter of a text that starts so, and the bytes of its mark; else nothing."""
    for mark, encoding in _MARKS.items():
        if head.startswith(mark):
            return encoding, len(mark)
    if b"\0" not in head or len(head) < 4:
        return "", 0
    zeros = (np.frombuffer(head[: len(head) // 4 * 4], dtype=np.uint8).reshape(-1, 4) == 0).mean(axis=0)
    for encoding, often in _ZEROS.items():
        if all(share > _OFTEN if is_often else share <= _SELDOM for share, is_often in zip(zeros, often, strict=True)):
            return encoding, 0
    return "", 0
