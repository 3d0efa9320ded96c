"""Where compiled kernels are kept, and whether those of this installation have been compiled."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from batchcast.domain.errors import N_, Message

_CACHE = "NUMBA_CACHE_DIR"
_PACKAGE = Path(__file__).parents[2] / "forecast"
_COMPILED = "batchcast.compiled"  # beside what was compiled last: of which sources

NOT_COMPILED = Message(
    N_(
        "The first run after an installation compiles what it needs, about a minute; `batchcast warm` does it "
        "beforehand."
    )
)

_log = logging.getLogger(__name__)


def keep_kernels(home: Path) -> Path | None:
    """Have workers keep compiled kernels in the home folder, or a temporary one, where the package can't be written.

    So it is in a container with a read-only root, and where the package belongs to another user. Those of a folder that
    NUMBA_CACHE_DIR names and that can only be read, as they are in an image, are copied. Returns the folder that was
    chosen. It is None where numba keeps them beside the package, where NUMBA_CACHE_DIR says where, and where nothing
    can be written at all: then every worker compiles for itself, which is logged.
    """
    named = os.environ.get(_CACHE)
    if _can_be_written(Path(named) if named else _PACKAGE / "kernels"):
        return None
    of_this_user = Path(tempfile.gettempdir()) / f"batchcast-kernels-{_user()}"
    for folder in (home / "kernels", of_this_user):
        if _can_be_written(folder):
            if named:
                _copy_newer(Path(named), folder)
            os.environ[_CACHE] = str(folder)
            return folder
    os.environ.pop(_CACHE, None)  # numba refuses a folder that it can't write
    _log.warning("no folder can hold compiled kernels, so every worker compiles them for a minute; set %s", _CACHE)
    return None


def are_compiled() -> bool:
    """Whether the kernels of these sources have been compiled where they are kept, after `keep_kernels`."""
    try:
        return _note().read_text(encoding="utf-8") == _sources()
    except OSError:
        return False


def note_compiled() -> None:
    """Remember that they have been; where nothing can be written, every run compiles and nothing is remembered."""
    with suppress(OSError):
        _note().write_text(_sources(), encoding="utf-8")


def _note() -> Path:
    named = os.environ.get(_CACHE)
    return (Path(named) if named else _PACKAGE / "kernels" / "__pycache__") / _COMPILED


def _sources() -> str:
    """A digest of what compiled kernels are valid for: the interpreter, and each source as the compiler knows it."""
    digest = hashlib.sha256(sys.version.encode())
    for path in sorted(_PACKAGE.rglob("*.py")):
        found = path.stat()
        digest.update(f"{path} {found.st_mtime_ns} {found.st_size}\n".encode())
    return digest.hexdigest()


def _copy_newer(source: Path, target: Path) -> None:
    """Copy the files of a folder that are missing in another, or older there."""
    for path in filter(Path.is_file, source.rglob("*")):
        copy = target / path.relative_to(source)
        if not copy.exists() or copy.stat().st_mtime < path.stat().st_mtime:
            copy.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=copy.parent, delete=False) as part:
                part.write(path.read_bytes())
            shutil.copystat(path, part.name)
            Path(part.name).chmod(0o600)
            Path(part.name).replace(copy)


def _user() -> int | str:
    return os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")


def _can_be_written(folder: Path) -> bool:
    """Whether a file can be made there, by us, in a folder that is ours: code is loaded from it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if hasattr(os, "getuid") and folder.stat().st_uid not in (os.getuid(), 0):
            return False
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False
