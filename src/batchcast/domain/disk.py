"""Files that must survive a power loss, and the SHA-256 of a file."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


def fsync(path: Path) -> None:
    """Bring a file or folder to the disk; Windows has no such thing for folders.

    Raises:
        OSError: if that fails, or there is nothing at the path.
    """
    if os.name == "nt" and path.is_dir():
        return
    handle = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_whole(path: Path, text: str) -> None:
    """Write a file of UTF-8 text that after a crash is there whole or not at all; it replaces one of the same name.

    Raises:
        OSError: if that fails.
    """
    partial = path.with_suffix(".part")
    partial.write_text(text, encoding="utf-8")
    fsync(partial)
    partial.replace(path)
    fsync(path.parent)


def file_sha256(path: Path) -> str:
    """SHA-256 of the bytes of a file, in hexadecimal.

    Raises:
        OSError: if it can't be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
