"""A file on its way in: written to the disk as it comes, never held in memory."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
from pathlib import Path

from batchcast.domain.errors import N_, BatchcastError, InvalidInput, Message

_LONGEST_NAME = 200  # characters of a file's name that are kept


class UploadTooLarge(InvalidInput):
    """The file is larger than this server takes."""

    slug = "upload-too-large"


class UploadsUnavailable(BatchcastError):
    """The server has no room for the file now; nothing of it was kept."""

    slug = "uploads-unavailable"


class Upload:
    """One file as it comes in, at a path of ours; use it as a context manager, and it is gone afterwards."""

    def __init__(self, folder: Path, file_name: str, *, most_bytes: int) -> None:
        self.name = plain_name(file_name)  # as its sender called it, for people
        self.size = 0  # bytes so far
        self._most_bytes = most_bytes
        self._digest = hashlib.sha256()
        self._folder = folder / secrets.token_hex(16)
        self.path = self._folder / secrets.token_hex(16)  # told apart by its content, so it needs no suffix
        try:
            self._folder.mkdir(parents=True)
            self._file = self.path.open("wb")
        except OSError as error:
            raise _unavailable(error) from error

    @property
    def sha256(self) -> str:
        """Of what has come, in hexadecimal."""
        return self._digest.hexdigest()

    def write(self, chunk: bytes) -> None:
        """Keep what has come.

        Raises:
            UploadTooLarge: if that makes it larger than this server takes.
            UploadsUnavailable: if the disk is full or fails.
        """
        self.size += len(chunk)
        if self.size > self._most_bytes:
            raise too_large(self._most_bytes)
        self._digest.update(chunk)
        try:
            self._file.write(chunk)
        except OSError as error:
            raise _unavailable(error) from error

    def close(self) -> None:
        """Bring the file to the disk: it has come whole.

        Raises:
            UploadsUnavailable: if the disk is full or fails.
        """
        try:
            with self._file:
                self._file.flush()
                os.fsync(self._file.fileno())
        except OSError as error:
            raise _unavailable(error) from error

    def discard(self) -> None:
        """Remove what has come, unless it has been moved to its place."""
        with contextlib.suppress(OSError):  # a full disk can't take the last buffer, which is not needed any more
            self._file.close()
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()
        with contextlib.suppress(OSError):
            self._folder.rmdir()


def too_large(most_bytes: int) -> UploadTooLarge:
    """What to raise for a file of more bytes than this."""
    template = N_(
        "The file is larger than the {limit:,} MB that this server takes. Compress it (.csv.gz), leave out columns and "
        "years that the forecast does not need, or have max_upload_mb raised."
    )
    return UploadTooLarge(Message(template, {"limit": most_bytes // 2**20}))


def plain_name(file_name: str) -> str:
    """A file's name as people may see it: without folders and control characters, and not too long."""
    last = file_name.replace("\\", "/").rsplit("/", 1)[-1]
    printable = "".join(character for character in last if character.isprintable()).strip()
    return printable[-_LONGEST_NAME:] or "upload"


def _unavailable(error: OSError) -> UploadsUnavailable:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return UploadsUnavailable(
            Message(N_("The server's disk is full, so the file could not be taken; nothing was kept. Try again later."))
        )
    template = N_(
        "The server could not write the file to its disk ({server_reason}); nothing was kept. Try again later."
    )
    return UploadsUnavailable(Message(template, {"server_reason": error.strerror or str(error)}))
