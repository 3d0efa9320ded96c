"""The SHA-256 of what was sent; that of a large file is worked out while its rows are read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Event

from batchcast.ingest.ahead import LARGE_FILE

_PIECE = 1 << 20  # bytes


def digest_of(path: Path) -> str:
    """SHA-256 of a file as it was sent; of the sorted digests of its files for a folder."""
    if path.is_dir():
        members = sorted(digest_of(file) for file in path.rglob("*") if file.is_file())
        return hashlib.sha256("\n".join(members).encode()).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def digesting(path: Path) -> Iterator[Callable[[], str]]:
    """A function that gives the digest of a file or folder; a thread is at work on it meanwhile, if it is large."""
    if not path.is_file() or path.stat().st_size < LARGE_FILE:
        yield partial(digest_of, path)
        return
    from concurrent.futures import ThreadPoolExecutor

    stopped = Event()
    with ThreadPoolExecutor(1, thread_name_prefix="digest") as pool:
        try:
            yield pool.submit(_digest_until, stopped, path).result
        finally:
            stopped.set()


def _digest_until(stopped: Event, path: Path) -> str:
    """Nobody waits for the rest of a digest once the rows have turned out to be unreadable."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while not stopped.is_set() and (piece := file.read(_PIECE)):
            digest.update(piece)
    return digest.hexdigest()
