"""Every place for artifacts that there is: a new one joins by a line here, and must pass all that the others pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from batchcast.store.artifacts.artifacts import Artifacts
from batchcast.store.artifacts.opening import open_artifacts

PLACES = ("folder", "bucket")


@pytest.fixture(params=PLACES)
def artifacts(request: pytest.FixtureRequest, tmp_path: Path) -> Artifacts:
    """An empty place of each kind."""
    url = request.getfixturevalue("bucket_url") if request.param == "bucket" else None
    return open_artifacts(url, tmp_path / "artifacts")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Where artifacts that are not local are downloaded to."""
    return tmp_path / "cache"


@pytest.fixture
def make_folder(tmp_path: Path) -> Callable[[Mapping[str, bytes]], Path]:
    """Makes a folder of files."""

    def make(files: Mapping[str, bytes]) -> Path:
        folder = tmp_path / f"folder-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        for name, content in files.items():
            (folder / name).write_bytes(content)
        return folder

    return make


@pytest.fixture
def make_file(tmp_path: Path) -> Callable[[bytes], Path]:
    """Makes a file."""

    def make(content: bytes) -> Path:
        path = tmp_path / f"file-{len(list(tmp_path.iterdir()))}"
        path.write_bytes(content)
        return path

    return make
