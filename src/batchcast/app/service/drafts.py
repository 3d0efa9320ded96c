"""Files that have come in and whose batch has not been asked for yet: kept for a day, to be looked at."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from batchcast.app.upload import Upload
from batchcast.domain.errors import N_, BatchcastError, Message
from batchcast.store.artifacts.artifacts import ArtifactMissing, Artifacts

HOURS_KEPT = 24
_PLACE = "drafts"
_FILE, _ABOUT = "upload", "draft.json"
_DRAFT_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
_TIME_DIGITS = 8  # of an id: the seconds since 1970 at which it came, so that a sweep need not open it


class UnknownDraft(BatchcastError):
    """The file is not here, or not any more."""

    slug = "unknown-draft"

    def __init__(self) -> None:
        template = N_(
            "This file is not here any more: a file that is not forecast is kept for {hours} hours. Choose it again."
        )
        super().__init__(Message(template, {"hours": HOURS_KEPT}))


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A file that has come in."""

    draft_id: str
    name: str  # as its sender called it
    size: int  # bytes
    sha256: str
    by: str | None  # who sent it
    path: Path  # on this machine; it may only be read


class Drafts:
    """Keeps drafts among the artifacts, so that every server of a queue has them, and they survive one that dies."""

    def __init__(self, artifacts: Artifacts, folder: Path) -> None:
        self._artifacts = artifacts
        self._folder = folder  # for copies of what is kept elsewhere

    def keep(self, upload: Upload, by: str | None) -> Draft:
        """Keep a file that has come whole; its upload is used up."""
        draft_id = f"{int(time.time()):0{_TIME_DIGITS}x}{secrets.token_hex((32 - _TIME_DIGITS) // 2)}"
        about = {"name": upload.name, "size": upload.size, "sha256": upload.sha256, "by": by}
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        try:
            upload.path.rename(folder / _FILE)
            (folder / _ABOUT).write_text(json.dumps(about), encoding="utf-8")
            self._artifacts.put_folder(folder, f"{_PLACE}/{draft_id}", move=True)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return self.find(draft_id)

    def find(self, draft_id: str) -> Draft:
        """A draft, its file checked.

        Raises:
            UnknownDraft: if there is none of that id.
        """
        if not _DRAFT_ID.fullmatch(draft_id):
            raise UnknownDraft
        try:
            folder = self._artifacts.fetch_folder(f"{_PLACE}/{draft_id}", self._folder)
        except ArtifactMissing:
            raise UnknownDraft from None
        about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
        return Draft(draft_id=draft_id, path=folder / _FILE, **about)

    def discard(self, draft_id: str) -> None:
        """Remove a draft; one that is not there is gone already."""
        if _DRAFT_ID.fullmatch(draft_id):
            self._artifacts.remove(f"{_PLACE}/{draft_id}")

    def sweep(self) -> None:
        """Remove those that came too long ago."""
        oldest = time.time() - HOURS_KEPT * 3600
        for name in self._artifacts.names(_PLACE):
            if not _DRAFT_ID.fullmatch(name) or int(name[:_TIME_DIGITS], 16) < oldest:
                self._artifacts.remove(f"{_PLACE}/{name}")
