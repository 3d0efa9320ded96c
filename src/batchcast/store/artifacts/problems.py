"""What can be wrong with the artifacts.

BatchcastError
├── ArtifactMissing             a file or folder is not there, or not whole
│   └── ArtifactDamaged         it is there, but not with the bytes that were put
└── ArtifactsUnavailable        no room, no rights, or a bucket that doesn't answer: may be tried again
InvalidSettings
└── UnknownArtifacts            the address is of no kind of place that we can keep files in
"""

from __future__ import annotations

from batchcast.domain.errors import BatchcastError, InvalidSettings
from batchcast.domain.message import Message, mark


class ArtifactMissing(BatchcastError):
    """A file that batchcast kept is not there any more, or a folder of files is not whole."""

    slug = "artifact-missing"

    def __init__(self, key: str, place: str) -> None:
        template = mark(
            "{key} is missing in {place}, where batchcast keeps its files: somebody removed it, or it was never whole. "
            "Put it back from a copy, or run the batch again."
        )
        self._keep(key, Message(template, {"key": key, "place": place}))

    def _keep(self, key: str, message: Message) -> None:
        self.key = key
        BatchcastError.__init__(self, message)


class ArtifactDamaged(ArtifactMissing):
    """A file that batchcast kept has other bytes than those it was kept with: as good as missing."""

    slug = "artifact-damaged"

    def __init__(self, key: str, place: str, *, expected: str, found: str) -> None:
        template = mark(
            "{key} in {place} is damaged: its SHA-256 was {expected} when it was kept, and is now {found}. "
            "Put it back from a copy, or run the batch again."
        )
        values = {"key": key, "place": place, "expected": expected[:16], "found": found[:16]}
        self._keep(key, Message(template, values))


class ArtifactsUnavailable(BatchcastError):
    """The place where batchcast keeps its files can't be written or read now; nothing half is left in it."""

    slug = "artifacts-unavailable"

    def __init__(self, place: str, reason: str) -> None:
        template = mark(
            "The files of batches can't be kept in {place} or read from it: {reason}. "
            "Make room, or see that it can be reached and written, and try it again."
        )
        super().__init__(Message(template, {"place": place, "reason": reason}))


class UnknownArtifacts(InvalidSettings):
    """The address of the artifacts is of no kind that batchcast knows; `problems` says which kinds there are."""

    slug = "unknown-artifacts"
