"""Bytes of a file as it was before it was packed: plain, gzipped, or a member of a zip; bombs are refused."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from batchcast.domain.errors import N_, Message
from batchcast.ingest.common.limits import RATIO_COUNTS_FROM, IngestLimits
from batchcast.ingest.common.problems import DamagedFile, OverTheLimit, UnreadableInput

GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Bytes:
    """Something that can be read from its start, as often as needed."""

    name: str
    opened: Callable[[], Any]  # a binary stream
    sent_bytes: int  # as it was sent, packed or not
    limits: IngestLimits

    def open(self) -> GuardedStream:
        """A stream that knows its limits.

        Raises:
            UnreadableInput: if it isn't there or may not be read.
            DamagedFile: if it can't be unpacked.
        """
        with _translated(self.name):
            return GuardedStream(self, self.opened())


class GuardedStream:
    """Reads unpacked bytes and stops where they are more than the limits allow."""

    def __init__(self, source: Bytes, stream: Any) -> None:
        self._source = source
        self._stream = stream
        self._out = 0

    def __enter__(self) -> GuardedStream:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; none at the end.

        Raises:
            DamagedFile: if the archive was cut short or is corrupt.
            OverTheLimit: if it unpacks to more than is allowed.
        """
        with _translated(self._source.name):
            data: bytes = self._stream.read(size)
        self._out += len(data)
        limits, sent = self._source.limits, max(self._source.sent_bytes, 1)
        if self._out > limits.max_expanded_bytes:
            template = N_("{name} unpacks to more than the {limit} MB that are allowed; send it in smaller files.")
            values = {"name": self._source.name, "limit": limits.max_expanded_bytes // 1_000_000}
            raise OverTheLimit(Message(template, values))
        if self._out > RATIO_COUNTS_FROM and self._out > sent * limits.max_ratio:
            template = N_(
                "{name} unpacks to more than {ratio} times its size, which no demand history does; send it unpacked."
            )
            raise OverTheLimit(Message(template, {"name": self._source.name, "ratio": limits.max_ratio}))
        return data


def plain_file(path: Path, name: str, limits: IngestLimits) -> Bytes:
    """A file as it is."""
    return Bytes(name, lambda: path.open("rb"), path.stat().st_size, limits)


def gzip_file(path: Path, name: str, limits: IngestLimits) -> Bytes:
    """A gzipped file, unpacked."""

    return Bytes(name, lambda: gzip.open(path, "rb"), path.stat().st_size, limits)


def zip_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limits: IngestLimits) -> Bytes:
    """A member of a zip, unpacked, also where it is gzipped besides."""

    def opened() -> Any:
        with archive.open(info) as start:
            packed = start.read(2) == GZIP_MAGIC
        member: Any = archive.open(info)
        if packed:
            unpacked = gzip.GzipFile(fileobj=member)
            unpacked.myfileobj = member  # closed with it
            return unpacked
        return member

    return Bytes(info.filename, opened, info.compress_size, limits)


class _translated:  # noqa: N801 used as a verb
    """What the unpackers raise, as our errors."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        if isinstance(error, EOFError):
            template = N_("{name} is cut short: the archive ends before its content does. Send the whole file again.")
            raise DamagedFile(Message(template, {"name": self._name})) from error
        if isinstance(
            error, gzip.BadGzipFile | zlib.error | zipfile.BadZipFile | NotImplementedError | UnicodeDecodeError
        ):
            template = N_("{name} can't be unpacked ({cause}). Pack it again, or send it unpacked.")
            raise DamagedFile(Message(template, {"name": self._name, "cause": str(error)})) from error
        if isinstance(error, RuntimeError):
            template = N_("{name} is encrypted; send it without a password.")
            raise DamagedFile(Message(template, {"name": self._name})) from error
        if isinstance(error, OSError):
            raise unreadable(self._name, error) from error


def unreadable(name: str, error: OSError) -> UnreadableInput:
    """A file that isn't there, or that this user may not read."""
    template = N_("{name} can't be read: {cause}.")
    return UnreadableInput(Message(template, {"name": name, "cause": error.strerror or str(error)}))
