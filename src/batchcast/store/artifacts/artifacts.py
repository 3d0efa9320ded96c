"""What every place for artifacts can do; `tests/integration/store/artifacts` runs over each of them.

A key is a path below the place, as `batches/<batch_id>/history.parquet`, and is made of ids and names of ours alone.
All methods may be called from any thread and any process at once, as long as no two put the same key.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from batchcast.domain.batch import FilePiece, StoredFile
from batchcast.domain.errors import N_, BatchcastError, InvalidSettings, Message

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

    def fetch_pieces(self, file: StoredFile, pieces: Sequence[FilePiece], into: Path) -> Path:
        """As `fetch`, of a large file of which only some pieces are needed.

        A copy has every piece at its place, and zeros where none was asked for; one `Artifacts` downloads no piece
        twice into the same folder.

        Raises:
            ArtifactMissing: if the file is not there.
            ArtifactDamaged: if the SHA-256 of a piece is another.
        """

    def verify(self, file: StoredFile) -> None:
        """Read an artifact now, whatever was read of it before, and keep nothing of it.

        Raises:
            ArtifactMissing, ArtifactDamaged: as `fetch`.
        """

    def put_folder(self, folder: Path, prefix: str, *, move: bool = False) -> None:
        """Keep every file of a flat folder below a prefix, in place of what was there: all of them or none.

        `move`: as `put`, for the files; the folder itself may stay.
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

    def size_of(self, prefix: str) -> int:
        """Bytes that all files below a prefix take; 0 where there are none."""

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


# The list of a folder's files, kept as its last file: without it a folder is not whole.

MANIFEST = "files.json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a folder of artifacts holds."""

    files: tuple[StoredFile, ...]  # by name; their keys are their names in the folder

    @classmethod
    def of(cls, files: Iterable[StoredFile]) -> Self:
        """The manifest of files with full keys."""
        bare = (StoredFile(key=name_of(file.key), sha256=file.sha256, size=file.size) for file in files)
        return cls(tuple(sorted(bare, key=lambda file: file.key)))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """The manifest that `as_text` gave.

        Raises:
            ValueError: if it is none.
        """
        match json.loads(text):
            case dict(listed):
                files = (StoredFile(key=name, sha256=sha256, size=size) for name, (sha256, size) in listed.items())
                return cls(tuple(files))
            case other:
                raise ValueError(f"expected an object, found {other!r:.60}")

    def as_text(self) -> str:
        """As it is kept."""
        return json.dumps({file.key: [file.sha256, file.size] for file in self.files}, indent=1) + "\n"

    def below(self, prefix: str) -> tuple[StoredFile, ...]:
        """The files with their full keys."""
        return tuple(StoredFile(key=f"{prefix}/{f.key}", sha256=f.sha256, size=f.size) for f in self.files)


def files_to_keep(folder: Path) -> list[Path]:
    """The files of a flat folder, without the list that it has where it was fetched from artifacts."""
    return sorted(path for path in folder.iterdir() if path.name != MANIFEST)


def name_of(key: str) -> str:
    """The last part of a key."""
    return key.rpartition("/")[2]


# What can be wrong with the artifacts.


class ArtifactMissing(BatchcastError):
    """A file that batchcast kept is not there any more, or a folder of files is not whole."""

    slug = "artifact-missing"

    def __init__(self, key: str, place: str) -> None:
        template = N_(
            "{key} is missing in {server_place}, where batchcast keeps its files: it was removed, or was never "
            "complete. Put it back from a backup, or submit the file again."
        )
        self._keep(key, Message(template, {"key": key, "server_place": place}))

    def _keep(self, key: str, message: Message) -> None:
        self.key = key
        BatchcastError.__init__(self, message)


class ArtifactDamaged(ArtifactMissing):
    """A file that batchcast kept has other bytes than those it was kept with: as good as missing."""

    slug = "artifact-damaged"

    def __init__(self, key: str, place: str, *, expected: str, found: str) -> None:
        template = N_(
            "{key} in {server_place} is damaged: its SHA-256 was {expected} when it was kept, and is now {found}. "
            "Put it back from a backup, or submit the file again."
        )
        values = {"key": key, "server_place": place, "expected": expected[:16], "found": found[:16]}
        self._keep(key, Message(template, values))


class ArtifactsUnavailable(BatchcastError):
    """The place where batchcast keeps its files can't be written or read now; nothing half is left in it."""

    slug = "artifacts-unavailable"

    def __init__(self, place: str, reason: str) -> None:
        template = N_(
            "The files of batches can't be kept in {server_place} or read from it: {server_reason}. "
            "Make room, or see that it can be reached and written, and try it again."
        )
        super().__init__(Message(template, {"server_place": place, "server_reason": reason}))


class UnknownArtifacts(InvalidSettings):
    """The address of the artifacts is of no kind that batchcast knows; `problems` says which kinds there are."""

    slug = "unknown-artifacts"
