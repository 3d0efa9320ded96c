"""Files on a local disk that are there for good once they are there, and their SHA-256."""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
from collections import OrderedDict
from pathlib import Path

_PIECE_BYTES = 1 << 20
_MOST_REMEMBERED = 100_000  # files, some 30 MB


def digest_of(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copy_digested(source: Path, target: Path) -> str:
    """Copy a file, and return the SHA-256 of what was copied."""
    digest = hashlib.sha256()
    with source.open("rb") as taken, target.open("xb") as given:
        while piece := taken.read(_PIECE_BYTES):
            digest.update(piece)
            given.write(piece)
    return digest.hexdigest()


def link_or_copy(source: Path, target: Path) -> None:
    """A second name for a file, or a copy on a file system that can't."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def make_folder(path: Path) -> None:
    """Make a folder and those above it, for good."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    path.mkdir(parents=True, exist_ok=True)
    for folder in missing:
        fsync(folder.parent)


def fsync(path: Path) -> None:
    """Bring a file or folder to the disk; Windows has no such thing for folders."""
    if os.name == "nt" and path.is_dir():
        return
    handle = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class KnownDigests:
    """Digests of files that were read once and have not been touched since."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[int, int, int, int], str] = OrderedDict()

    def digest(self, path: Path) -> str:
        """SHA-256 of a file, which is read only where it is new or was changed."""
        found = path.stat()
        state = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
        with self._lock:
            if state in self._known:
                self._known.move_to_end(state)
                return self._known[state]
        digest = digest_of(path)
        with self._lock:
            self._known[state] = digest
            if len(self._known) > _MOST_REMEMBERED:
                self._known.popitem(last=False)
        return digest
