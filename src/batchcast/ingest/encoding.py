"""Text of any encoding we read, as UTF-8 lines in blocks: UTF-8, UTF-16 with its mark, Windows-1252."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from batchcast.domain.errors import N_, Message
from batchcast.ingest.bytestream import Bytes
from batchcast.ingest.problems import NotText, OverTheLimit

BLOCK_BYTES = 4 << 20  # larger ones leave the cache of a core
_HEAD_BYTES = 1 << 16
_UTF8_MARK = codecs.BOM_UTF8
_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_WINDOWS = "Windows-1252"


@dataclass(frozen=True, slots=True)
class Lines:
    """Whole lines of a text file, each with its end (the last of the file may have been given one)."""

    data: bytes  # UTF-8
    first_line: int  # 1-based physical line of the first
    count: int  # of line ends


class TextBlocks:
    """The lines of one file, block by block; `encoding` is what it has turned out to be so far."""

    def __init__(self, source: Bytes, block_bytes: int = BLOCK_BYTES) -> None:
        self._source = source
        self._block_bytes = block_bytes
        self.encoding = "UTF-8"
        self._saw_utf8 = False  # letters beyond ASCII were met as UTF-8

    def __iter__(self) -> Iterator[Lines]:
        rest = b""
        line = 1
        for chunk in self._chunks():
            end = chunk.rfind(b"\n") + 1
            if end:
                block = self._as_utf8(b"".join((rest, memoryview(chunk)[:end])), line)
                lines = Lines(block, line, line_ends(block))
                yield lines
                line += lines.count
                rest = chunk[end:]
            else:
                rest += chunk
            if len(rest) > self._source.limits.max_record_bytes:
                raise self._line_too_long(line)
        if rest:
            ended = rest if rest.endswith((b"\n", b"\r")) else rest + b"\n"
            block = self._as_utf8(ended, line)
            yield Lines(block, line, line_ends(block))

    def _chunks(self) -> Iterator[bytes]:
        """Bytes of the file, in an encoding where a line ends with the byte of a line end."""
        with self._source.open() as stream:
            head = stream.read(_HEAD_BYTES)
            wide = _UTF16.get(head[:2])
            if wide is None:
                yield head.removeprefix(_UTF8_MARK)
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

    def _as_utf8(self, block: bytes, line: int) -> bytes:
        nul = block.find(b"\0")
        if nul >= 0:
            raise self._nul(line + block.count(b"\n", 0, nul))
        if block.isascii():
            return block
        if self.encoding != _WINDOWS:
            try:
                block.decode()
            except UnicodeDecodeError as error:
                if self._saw_utf8:
                    raise self._two_encodings(line + block.count(b"\n", 0, error.start)) from error
            else:
                self._saw_utf8 = True
                return block
        try:
            utf8 = block.decode("cp1252").encode()
        except UnicodeDecodeError as error:
            raise self._undecodable(line + block.count(b"\n", 0, error.start)) from error
        self.encoding = _WINDOWS
        return utf8

    def _nul(self, line: int) -> NotText:
        template = N_(
            "{name} holds a NUL byte in line {line}, which no text has: it may be of another kind, or UTF-16 without "
            "its mark. Save it as CSV in UTF-8."
        )
        return NotText(Message(template, {"name": self._source.name, "line": line}))

    def _two_encodings(self, line: int) -> NotText:
        template = N_("{name} is UTF-8 up to line {line}, which is not; save the whole file in one encoding.")
        return NotText(Message(template, {"name": self._source.name, "line": line}))

    def _undecodable(self, line: int) -> NotText:
        template = N_("{name} is neither UTF-8 nor Windows-1252 in line {line}; save it as UTF-8.")
        return NotText(Message(template, {"name": self._source.name, "line": line}))

    def _line_too_long(self, line: int) -> OverTheLimit:
        template = N_("Line {line} of {name} is longer than {limit} MB; it is not a table of rows.")
        limit = self._source.limits.max_record_bytes // 1_000_000
        return OverTheLimit(Message(template, {"name": self._source.name, "line": line, "limit": limit}))


def line_ends(block: bytes) -> int:
    """Line feeds, and carriage returns that stand alone."""
    ends = int(np.count_nonzero(np.frombuffer(block, dtype=np.uint8) == ord("\n")))
    return ends + block.count(b"\r") - block.count(b"\r\n") if b"\r" in block else ends
