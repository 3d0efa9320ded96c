"""Files that appear together or not at all.

    write into a hidden folder beside their place  ──seal──►  all on disk, nothing visible  ──commit──►  in their place

Sealing writes a note that names every move; committing first renames that note, then makes the moves. So what a crash
leaves can be told apart: with a commit note the next process finishes the moves (`recover`), without it the
hidden folder is thrown away. A half result never stays.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from batchcast.domain.disk import fsync, write_whole

_PREFIX, _SUFFIX = ".batchcast-", ".publishing"
_TAG_LENGTH = 8
_SEALED, _COMMIT = "sealed.json", "commit.json"
_OLD = "old"


class Staging:
    """A hidden folder in the place where the files of the result called `name` are to appear."""

    def __init__(self, target: Path, name: str) -> None:
        self._made = [folder for folder in (target, *target.parents) if not folder.exists()]  # innermost first
        target.mkdir(parents=True, exist_ok=True)
        recover(target, name)
        self.stage = Path(tempfile.mkdtemp(prefix=_prefix_of(name), suffix=_SUFFIX, dir=target))

    def path(self, name: str) -> Path:
        """Where to write the file that is to get this name."""
        return self.stage / name

    def seal(self, names: Sequence[str], *, gone: Sequence[str], note: Mapping[str, Any]) -> None:
        """Bring the staged files to the disk, to appear in this order; those in `gone` are to disappear.

        `note` is any JSON value; `commit` returns it.
        """
        for name in names:
            fsync(self.stage / name)
        sealed = {"names": list(names), "gone": list(gone), "made": [str(path) for path in self._made], "note": note}
        write_whole(self.stage / _SEALED, json.dumps(sealed))

    def discard(self) -> None:
        """Throw away whatever was staged, and the folders made for it."""
        _remove(self.stage, self._made)


def commit(stage: Path) -> Any:
    """Make the files of a sealed stage appear, and return its note.

    Raises:
        OSError: if a file can't be put in its place; then all that was there is as before.
    """
    sealed = json.loads((stage / _SEALED).read_text(encoding="utf-8"))
    names, gone = sealed["names"], sealed["gone"]
    target = stage.parent
    _keep_old(target, stage, (*names, *gone))
    (stage / _SEALED).replace(stage / _COMMIT)
    fsync(stage)
    try:
        _move(target, stage, names, gone)
    except OSError:
        _put_back(target, stage, (*names, *gone))
        raise
    fsync(target)
    _remove(stage, [])
    return sealed["note"]


def discard(stage: Path) -> None:
    """Throw away a sealed stage that is not to be published, and the folders made for it."""
    sealed = stage / _SEALED
    made = json.loads(sealed.read_text(encoding="utf-8"))["made"] if sealed.exists() else []
    _remove(stage, map(Path, made))


def recover(target: Path, name: str | None = None) -> None:
    """Finish what a crashed process had begun to put into a folder, and throw away what it had only staged.

    Of what is only staged, that of the result called `name` alone (None: of all): another may be at work right now.
    """
    prefix = _PREFIX if name is None else _prefix_of(name)
    for stage in target.glob(f"{_PREFIX}*{_SUFFIX}"):
        if (stage / _COMMIT).exists():
            moves = json.loads((stage / _COMMIT).read_text(encoding="utf-8"))
            _move(target, stage, moves["names"], moves["gone"])
            fsync(target)
            _remove(stage, [])
        elif stage.name.startswith(prefix):
            discard(stage)


def _prefix_of(name: str) -> str:
    return f"{_PREFIX}{hashlib.sha256(name.encode()).hexdigest()[:_TAG_LENGTH]}-"


def _move(target: Path, stage: Path, names: Sequence[str], gone: Sequence[str]) -> None:
    for name in gone:
        (target / name).unlink(missing_ok=True)
    for name in names:
        if (stage / name).exists():  # the process that crashed had not moved it
            (stage / name).replace(target / name)


def _keep_old(target: Path, stage: Path, names: Sequence[str]) -> None:
    """A second name for every file that is about to go."""
    old = stage / _OLD
    old.mkdir()
    for name in names:
        if (target / name).exists():
            try:
                os.link(target / name, old / name)
            except OSError:  # a file system without hard links
                shutil.copy2(target / name, old / name)


def _put_back(target: Path, stage: Path, names: Sequence[str]) -> None:
    (stage / _COMMIT).unlink()
    for name in names:
        old = stage / _OLD / name
        if old.exists():
            old.replace(target / name)
        elif not (stage / name).exists():  # a new one that was moved
            (target / name).unlink(missing_ok=True)


def _remove(stage: Path, made: Iterable[Path]) -> None:
    """Remove a stage, its note first, without which nothing in it counts; then the folders made for it."""
    (stage / _COMMIT).unlink(missing_ok=True)
    shutil.rmtree(stage, ignore_errors=True)
    for folder in made:
        with contextlib.suppress(OSError):  # a file of another process is there
            folder.rmdir()
