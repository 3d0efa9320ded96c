"""Files that must survive a power loss, the SHA-256 of a file, and what is said of a disk that fails."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from batchcast.domain.errors import N_, BatchcastError, Message


def fsync(path: Path) -> None:
    """Bring a file or folder to the disk; Windows has no such thing for folders.

    Raises:
        OSError: if that fails, or there is nothing at the path.
    """
    if os.name == "nt" and path.is_dir():
        return
    handle = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_whole(path: Path, text: str) -> None:
    """Write a file of UTF-8 text that after a crash is there whole or not at all; it replaces one of the same name.

    Raises:
        OSError: if that fails.
    """
    partial = path.with_suffix(".part")
    partial.write_text(text, encoding="utf-8")
    fsync(partial)
    partial.replace(path)
    fsync(path.parent)


def file_sha256(path: Path) -> str:
    """SHA-256 of the bytes of a file, in hexadecimal.

    Raises:
        OSError: if it can't be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# A disk that is full, or fails, while something is read from it or written to it.

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_TOO_LARGE = N_(
    "File too large: a file of the batch is larger than the system lets one be. Raise that limit (ulimit -f), and "
    "run the batch again."
)
_FAILING = (errno.EIO, errno.EROFS, errno.ESTALE, errno.EMFILE, errno.ENFILE)


class NoDiskSpace(BatchcastError):
    """The disk is full where batches are worked at; make room, and run the batch again."""

    slug = "no-disk-space"
    sentence = N_("No space left on device where batches are worked at. Make room there, and run the batch again.")


class DiskFailed(BatchcastError):
    """The disk could not be read or written; look at the machine, and try again."""

    slug = "disk-failed"

    def __init__(self, reason: str) -> None:
        template = N_(
            "The server's disk could not be read or written ({server_reason}); nothing was changed. Have the machine "
            "looked at, and try again."
        )
        super().__init__(Message(template, {"server_reason": reason}))


def disk_error(error: OSError) -> BatchcastError | None:
    """What is said of an error of the disk itself; None for an error of another kind, such as a missing file."""
    if error.errno in _NO_ROOM:
        return NoDiskSpace()
    if error.errno == errno.EFBIG:
        return NoDiskSpace(Message(_TOO_LARGE))
    if error.errno in _FAILING:
        return DiskFailed(os.strerror(error.errno or errno.EIO))
    return None


@contextmanager
def needing_disk() -> Iterator[None]:
    """Say in a sentence that the disk is full or fails.

    Raises:
        NoDiskSpace, DiskFailed: if what is done here finds it so.
    """
    try:
        yield
    except OSError as error:
        found = disk_error(error)
        if found is None:
            raise
        raise found from error
