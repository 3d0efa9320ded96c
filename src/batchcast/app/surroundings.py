"""Whether a server can work where it is about to start."""

from __future__ import annotations

import tempfile
from pathlib import Path

from batchcast.domain.errors import InvalidSettings
from batchcast.domain.message import Message, mark


def check_home(folder: Path) -> None:
    """Make the folder of an installation where it is missing, and write a file in it to see that it can be.

    Raises:
        InvalidSettings: if it can't be used; says why.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"can be written")
    except OSError as error:
        template = mark(
            "The folder {folder} can't be written ({error}). Make it writable, or name another with BATCHCAST_HOME."
        )
        values = {"folder": str(folder), "error": error.strerror or str(error)}
        raise InvalidSettings([Message(template, values)]) from error
