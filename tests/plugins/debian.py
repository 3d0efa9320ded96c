"""Programs of Debian's packages, brought here where a test needs one and it may."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

Found = TypeVar("Found")


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
