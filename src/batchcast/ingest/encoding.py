"""Text of any encoding that is read, as UTF-8 lines in blocks; a line with a byte out of place is marked as damaged."""

from __future__ import annotations

import codecs
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field

import numpy as np

from batchcast.domain.errors import N_, Message
from batchcast.ingest.bytestream import Bytes
from batchcast.ingest.charset import UTF8, codec_of, decide_encoding
from batchcast.ingest.problems import NotText, OverTheLimit

BLOCK_BYTES = 4 << 20  # larger ones leave the cache of a core
_HEAD_BYTES = 1 << 16
_UTF8_MARK = codecs.BOM_UTF8
_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


@dataclass(frozen=True, slots=True)
class Lines:
    """Whole lines of a text file, each with its end (the last of the file may have been given one)."""

    data: bytes  # UTF-8
    first_line: int  # 1-based physical line of the first
    count: int  # of line ends
    damaged: Mapping[int, Message] = field(default_factory=dict)  # line -> why its bytes are no text


class TextBlocks:
    """The lines of one file, block by block; `encoding` is what it has turned out to be so far."""

    def __init__(self, source: Bytes, block_bytes: int = BLOCK_BYTES, *, asked: str = "auto") -> None:
        self._source = source
        self._asked = asked  # the setting `encoding`
        self._block_bytes = block_bytes
        self.encoding = UTF8
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
            wide = _UTF16.get(head[:2])
            if wide is None:
                self._mark_bytes = len(_UTF8_MARK) if head.startswith(_UTF8_MARK) else 0
                yield head[self._mark_bytes :]
                while data := stream.read(self._block_bytes):
                    yield data
                return
            self.encoding = wide.upper()
            decoder = codecs.getincrementaldecoder(wide)()
            data, head = head[2:], b""
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
            return Lines(block, line, line_ends(block))
        if self.encoding.startswith("UTF"):  # UTF-16 has been turned into UTF-8
            try:
                block.decode()
            except UnicodeDecodeError as error:
                self._decide(line + block.count(b"\n", 0, error.start))
            else:
                self._saw_utf8 = True
                return Lines(block, line, line_ends(block))
        try:
            utf8 = block.decode(codec_of(self.encoding)).encode()
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
