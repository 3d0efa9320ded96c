"""What every place for artifacts can do; `tests/integration/store/artifacts` runs over each of them.

A key is a path below the place, as `batches/<batch_id>/history.parquet`, and is made of ids and names of ours alone.
All methods may be called from any thread and any process at once, as long as no two put the same key.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Protocol

from batchcast.domain.batch import StoredFile

BATCHES = "batches"  # first part of every key
_PART = r"[A-Za-z0-9_][A-Za-z0-9._-]*"  # never hidden, never "..": hidden names are those of what is not whole yet
_KEY = re.compile(rf"{_PART}(/{_PART})*")
_LISTED = re.compile(rf"({_PART}/)*\.?{_PART}")  # what `names` gives: the last part may be hidden


class Artifacts(Protocol):
    """Keeps files. Every method raises ArtifactsUnavailable where the place can't be written or read."""

    def put(self, path: Path, key: str, *, move: bool = False) -> StoredFile:
        """Keep a file under a key, in place of what was there; it is there for good when this returns.

        `move`: the file at `path` is not needed any more, and is gone when this returns.
        """

    def fetch(self, file: StoredFile, into: Path) -> Path:
        """A local file with the bytes of an artifact: itself where it is local, else a copy in the folder `into`.

        What is in `into` already is not downloaded again. The file may only be read.

        Raises:
            ArtifactMissing: if it is not there.
            ArtifactDamaged: if its SHA-256 is not that of `file`.
        """

    def put_folder(self, folder: Path, prefix: str, *, move: bool = False) -> tuple[StoredFile, ...]:
        """Keep every file of a flat folder below a prefix, in place of what was there: all of them or none.

        `move`: as `put`, for the files; the folder stays.
        """

    def fetch_folder(self, prefix: str, into: Path) -> Path:
        """A local folder with the files that `put_folder` kept, each checked; where it is: as `fetch`.

        Raises:
            ArtifactMissing: if it is not there, or not whole; ArtifactDamaged where a file has other bytes.
        """

    def copy_folder(self, prefix_from: str, prefix_to: str) -> None:
        """Keep what `put_folder` kept under one prefix under another as well, without moving its bytes about.

        Raises:
            ArtifactMissing: if it is not there, or not whole.
        """

    def remove(self, prefix: str) -> None:
        """Remove a file, or everything below a prefix; what is not there is removed already.

        Also what `names` gave and no other method takes: the hidden names of what was never finished.
        """

    def batch_ids(self) -> frozenset[str]:
        """Ids of all batches that have artifacts, or had begun to."""

    def names(self, prefix: str) -> frozenset[str]:
        """Names directly below a prefix, of files and folders, also of those that were never finished."""

    def check(self) -> None:
        """Write something, and remove it again.

        Raises:
            ArtifactsUnavailable: if that can't be done; the sentence says why.
        """


def checked_key(key: str, *, may_be_hidden: bool = False) -> str:
    """The key itself.

    Raises:
        ValueError: if it could lead out of the place: a mistake of ours.
    """
    if not (_LISTED if may_be_hidden else _KEY).fullmatch(key):
        raise ValueError(f"{key!r} is not a key of an artifact")
    return key
