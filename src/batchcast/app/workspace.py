"""A folder of its own for every batch at work, gone when the batch has ended, however it ended."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

_OWNER = "owner.json"


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
