"""Which kind of place an address means."""

from __future__ import annotations

from pathlib import Path

from batchcast.store.artifacts.artifacts import Artifacts
from batchcast.store.artifacts.folder import LocalFolder


def open_artifacts(url: str | None, folder: Path) -> Artifacts:
    """The artifacts at an address; None: in the folder."""
    return LocalFolder(folder)
