"""A batch leaves nothing behind, and the next one clears up after a killed process."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from batchcast.app.installation.workspace import (
    DiskAlmostFull,
    DiskRoom,
    new_batch_id,
    open_workspace,
    sweep_workspaces,
)


def test_the_folder_is_there_while_the_batch_works_and_gone_afterwards(tmp_path: Path) -> None:
    with open_workspace(tmp_path, "b1") as folder:
        (folder / "part.parquet").write_bytes(b"x")
        assert folder.is_dir()

    assert list((tmp_path / "batches").iterdir()) == []


def test_the_folder_goes_after_an_error_too(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), open_workspace(tmp_path, "b1"):
        raise ZeroDivisionError

    assert list((tmp_path / "batches").iterdir()) == []


def test_folders_of_the_living_stay_and_those_of_the_dead_go(tmp_path: Path) -> None:
    with open_workspace(tmp_path, "alive") as alive:
        dead = tmp_path / "batches" / "dead"
        dead.mkdir()
        (dead / "owner.json").write_text(json.dumps({"pid": 2**22 + 1, "started": 0.0}))
        nameless = tmp_path / "batches" / "nameless"
        nameless.mkdir()

        removed = sweep_workspaces(tmp_path / "batches")

        assert removed == [dead, nameless]
        assert alive.is_dir()


def test_a_process_that_took_over_the_number_of_a_dead_one_owns_nothing(tmp_path: Path) -> None:
    with open_workspace(tmp_path, "b1") as folder:
        owner = json.loads((folder / "owner.json").read_text())
        (folder / "owner.json").write_text(json.dumps(owner | {"started": owner["started"] - 60}))

        assert sweep_workspaces(tmp_path / "batches") == [folder]


def test_identifiers_are_long_and_different() -> None:
    assert len({new_batch_id() for _ in range(100)}) == 100
    assert len(new_batch_id()) == 32


# Room on the disk


class Disk:
    """A disk with so much room left."""

    def __init__(self, monkeypatch, free):
        self.free = free
        monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=self.free))


def test_what_would_touch_the_reserve_is_refused_with_the_figures(tmp_path, monkeypatch):
    Disk(monkeypatch, free=700 << 20)
    room = DiskRoom(tmp_path, reserve_mb=512)

    room.require(188 << 20)
    with pytest.raises(DiskAlmostFull, match=r"has 700 MB left, of which 512 MB are kept .* needs 189 MB more"):
        room.require((188 << 20) + 1)


def test_without_a_reserve_nothing_is_refused_or_made(tmp_path, monkeypatch):
    Disk(monkeypatch, free=0)
    room = DiskRoom(tmp_path, reserve_mb=0)

    room.require(1 << 40)
    room.hold()

    assert not room.give_back()
    assert list(tmp_path.iterdir()) == []


def test_the_reserve_is_made_of_real_bytes_and_given_back_once(tmp_path, monkeypatch):
    disk = Disk(monkeypatch, free=10 << 20)
    room = DiskRoom(tmp_path, reserve_mb=512)
    room.hold()
    assert list(tmp_path.iterdir()) == []  # there is no room for it

    disk.free = 10 << 30
    room.hold()
    room.hold()

    [kept] = tmp_path.iterdir()
    assert kept.stat().st_blocks * 512 >= 32 << 20
    assert (room.give_back(), room.give_back()) == (True, False)
