"""Programs of Debian's packages, installed where a test needs one and runs as root.

`python tests/plugins/debian.py` installs them all ahead; `make test` calls it while it does other things.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, TypeVar

Found = TypeVar("Found")
_SHELL = "chromium-headless-shell"  # chromium without a window: pages take it a quarter of the time
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def find_chromium() -> str | None:
    """The program of a browser; the one without a window where it can be had."""
    shell = found_or_installed(lambda: shutil.which(_SHELL), _SHELL, "fonts-dejavu-core")
    return shell or found_or_installed(_chromium_here, "chromium", "fonts-dejavu-core")


def find_postgresql() -> Path | None:
    """The folder of PostgreSQL's programs."""
    return found_or_installed(_postgresql_here, "postgresql")


def find_program(name: str, package: str) -> str | None:
    """A program that one package brings."""
    return found_or_installed(lambda: shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin"), package)


def skip_or_fail(reason: str) -> NoReturn:
    """End a test for want of a program: it is skipped, but fails in CI, where none may be missing."""
    import pytest  # not there yet where this file is run by itself

    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)


def found_or_installed(find: Callable[[], Found | None], *packages: str) -> Found | None:
    """What `find` finds; as root the packages are installed where it finds nothing, by one process at a time."""
    found = find()
    if found is not None or not hasattr(os, "geteuid") or os.geteuid() != 0 or not shutil.which("apt-get"):
        return found
    import fcntl  # not on every system

    with (Path(tempfile.gettempdir()) / "batchcast-tests-install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if find() is None:
            for command in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
                subprocess.run(
                    ["apt-get", *command],
                    check=False,
                    capture_output=True,
                    env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
                )
    return find()


def _chromium_here() -> str | None:
    return next((path for path in map(shutil.which, _BROWSERS) if path), None)


def _postgresql_here() -> Path | None:
    packaged = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: float(path.parts[-3]))
    on_path = shutil.which("postgres")
    candidates = [*reversed(packaged), *([Path(on_path).resolve()] if on_path else [])]
    return next((path.parent for path in candidates if (path.parent / "initdb").exists()), None)


if __name__ == "__main__":
    find_chromium()
    find_postgresql()
