"""Artifacts of one process are linked and renamed: no byte is copied, digested or brought to the disk."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from batchcast.store.artifacts.artifacts import ArtifactsUnavailable
from batchcast.store.artifacts.folder import ScratchFolder


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ScratchFolder:
    """A scratch folder in a process that may neither digest nor sync."""

    def refuse(*_: object) -> None:
        raise AssertionError("this costs time")

    monkeypatch.setattr(os, "fsync", refuse)
    monkeypatch.setattr(hashlib, "file_digest", refuse)
    return ScratchFolder(tmp_path / "scratch")


def test_a_file_is_the_one_that_was_put(scratch: ScratchFolder, tmp_path: Path) -> None:
    given = tmp_path / "history.parquet"
    given.write_bytes(b"rows")

    stored = scratch.put(given, "batches/b/history.parquet")

    assert stored.size == 4
    assert scratch.fetch(stored, tmp_path).samefile(given)


def test_a_moved_file_is_gone_from_where_it_was(scratch: ScratchFolder, tmp_path: Path) -> None:
    given = tmp_path / "result.csv"
    given.write_bytes(b"rows")
    inode = given.stat().st_ino

    stored = scratch.put(given, "batches/b/result-1/forecast.csv", move=True)

    assert not given.exists()
    assert scratch.fetch(stored, tmp_path).stat().st_ino == inode


def test_a_folder_is_moved_as_one(scratch: ScratchFolder, tmp_path: Path) -> None:
    given = tmp_path / "00001-1"
    given.mkdir()
    (given / "forecast.parquet").write_bytes(b"rows")
    inode = given.stat().st_ino

    scratch.put_folder(given, "batches/b/partitions/00001-1-1", move=True)

    found = scratch.fetch_folder("batches/b/partitions/00001-1-1", tmp_path)
    assert (found.stat().st_ino, (found / "forecast.parquet").read_bytes()) == (inode, b"rows")
    assert scratch.names("batches/b/partitions") == {"00001-1-1"}


def test_what_can_not_be_put_is_said(scratch: ScratchFolder, tmp_path: Path) -> None:
    with pytest.raises(ArtifactsUnavailable, match="No such file"):
        scratch.put_folder(tmp_path / "none", "batches/b/partitions/00001-1-1", move=True)
