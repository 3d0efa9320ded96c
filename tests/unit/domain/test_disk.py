"""Files reach the disk whole."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from batchcast.domain.disk import file_sha256, fsync, write_whole


def test_a_file_is_on_the_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced, real = [], os.fsync

    def note(handle: int) -> None:
        synced.append(sorted(path.name for path in tmp_path.iterdir()))
        real(handle)

    monkeypatch.setattr(os, "fsync", note)
    write_whole(tmp_path / "note.json", "é")

    assert synced == [["note.part"], ["note.json"]]
    assert (tmp_path / "note.json").read_bytes() == b"\xc3\xa9"


def test_what_is_not_there_can_not_be_brought_to_the_disk(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        fsync(tmp_path / "none")


def test_the_digest_is_that_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 100_000)

    assert file_sha256(tmp_path / "file") == hashlib.sha256(b"x" * 100_000).hexdigest()
