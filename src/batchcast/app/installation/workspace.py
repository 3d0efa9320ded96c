"""The home folder, a folder in it for every batch at work, gone with the batch; and the room on a server's disk."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from batchcast.domain.disk import fsync
from batchcast.domain.errors import N_, BatchcastError, Message

_OWNER = "owner.json"
RECIPES_FOLDER = "recipes"  # in the home folder


@dataclass(frozen=True, kw_only=True)
class Environment:
    """What the surroundings of the process decide."""

    home: Path  # BATCHCAST_HOME, or the platform's folder for user data: batches at work, timings

    @classmethod
    def read(cls) -> Environment:
        """The environment of this process."""
        home = os.environ.get("BATCHCAST_HOME")
        if home:
            return cls(home=Path(home).expanduser())
        from platformdirs import user_data_path

        return cls(home=user_data_path("batchcast", appauthor=False))


@contextmanager
def open_workspace(home: Path, batch_id: str) -> Iterator[Path]:
    """The folder of one batch below `home`; removed on leaving, also after an error.

    What a killed process left behind is removed first: every folder whose owner no longer lives.
    """
    root = home / "batches"
    root.mkdir(parents=True, exist_ok=True)
    sweep_workspaces(root)
    folder = claim_workspace(root, batch_id)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def claim_workspace(root: Path, name: str) -> Path:
    """Make the folder `name` below `root`, owned by this process."""
    folder = root / name
    claimed = root / f".{name}"  # owned before it shows, so that no sweep takes it in between
    claimed.mkdir()
    owner = {"pid": os.getpid(), "started": psutil.Process().create_time()}
    (claimed / _OWNER).write_text(json.dumps(owner), encoding="utf-8")
    claimed.rename(folder)
    return folder


def sweep_workspaces(root: Path) -> list[Path]:
    """Remove the folders below `root` whose owner is dead; returns them."""
    dead = [folder for folder in sorted(root.glob("[!.]*")) if folder.is_dir() and not _has_living_owner(folder)]
    for folder in dead:
        shutil.rmtree(folder, ignore_errors=True)
    return dead


def new_batch_id() -> str:
    """An identifier that can't be guessed."""
    return secrets.token_hex(16)


def _has_living_owner(folder: Path) -> bool:
    try:
        owner = json.loads((folder / _OWNER).read_text(encoding="utf-8"))
        process = psutil.Process(owner["pid"])
        return bool(abs(process.create_time() - owner["started"]) < 1.0)
    except (OSError, ValueError, KeyError, psutil.NoSuchProcess):
        return False
    except psutil.AccessDenied:
        return True


# Scratch space of a server on its own disk, gone with the process.


def open_work_folder(root: Path) -> Path:
    """A folder of this process alone; those of dead processes are removed first."""
    root.mkdir(parents=True, exist_ok=True)
    sweep_workspaces(root)
    return claim_workspace(root, new_batch_id())


# Room on the disk of a server: new files are refused while some is left, so that what is under way can end; and a file
# of our own gives some back where the disk is full all the same, because a deletion needs room before it makes any.

_RESERVE = "reserve"  # name of that file
_RESERVE_BYTES = 32 << 20
_MEGABYTE = 1 << 20


class DiskAlmostFull(BatchcastError):
    """The server's disk has too little room left for the file; delete batches, or make room, and send it again."""

    slug = "disk-almost-full"

    def __init__(self, free: int, needed: int, reserve: int) -> None:
        template = N_(
            "The server's disk has {free:,} MB left, of which {reserve:,} MB are kept for the work under way, and this "
            "needs {needed:,} MB more: nothing was taken. Delete batches that are not needed any more (`batchcast "
            "batches delete --older-than 90d`), or make room on the disk, and send it again."
        )
        values = {"free": free // _MEGABYTE, "needed": -(-needed // _MEGABYTE), "reserve": reserve // _MEGABYTE}
        super().__init__(Message(template, values))


class DiskRoom:
    """The room on the disk that the home folder of a server is on."""

    def __init__(self, home: Path, reserve_mb: int) -> None:
        self._home = home
        self._reserve = reserve_mb * _MEGABYTE
        self._file = home / _RESERVE

    @property
    def free(self) -> int:
        """Bytes that are free."""
        return shutil.disk_usage(self._home).free

    def require(self, needed: int) -> None:
        """Return if so many bytes can be taken, and the reserve is left.

        Raises:
            DiskAlmostFull: if not.
        """
        free = self.free
        if self._reserve and free - needed < self._reserve:
            raise DiskAlmostFull(free, needed, self._reserve)

    def hold(self) -> None:
        """Make the file that can be given back, where it is not there and there is room for it."""
        if not self._reserve or self._file.exists() or self.free < self._reserve + _RESERVE_BYTES:
            return
        made = self._file.with_suffix(".part")
        with contextlib.suppress(OSError):  # it is made later, once there is room
            with made.open("wb") as file:
                for _ in range(_RESERVE_BYTES // _MEGABYTE):
                    file.write(b"\0" * _MEGABYTE)
            fsync(made)
            made.replace(self._file)
        made.unlink(missing_ok=True)

    def give_back(self) -> bool:
        """Remove that file; False where there is none."""
        try:
            self._file.unlink()
        except OSError:
            return False
        return True
