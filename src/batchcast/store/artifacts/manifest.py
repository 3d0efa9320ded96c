"""The list of a folder's files, kept as its last file: without it a folder is not whole."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from batchcast.domain.batch import StoredFile

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


def name_of(key: str) -> str:
    """The last part of a key."""
    return key.rpartition("/")[2]
