"""The key that sessions of the page are signed with: given by whoever set the server up, else made once and kept."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets

from batchcast.app.configuration import ServiceConfig

_FILE = "session.key"
_BYTES = 32


def session_key(config: ServiceConfig) -> bytes:
    """The key of this set-up; servers that share a queue share sessions where BATCHCAST_SESSION_KEY is the same."""
    if config.session_key:
        return hashlib.sha256(config.session_key.encode()).digest()
    path = config.home / _FILE
    config.home.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        made = path.with_name(f"{_FILE}.{secrets.token_hex(8)}")
        made.touch(mode=0o600)
        made.write_bytes(secrets.token_bytes(_BYTES))
        try:
            os.link(made, path)  # whole or not at all, and the first of two that start at once wins
        finally:
            made.unlink()
    return path.read_bytes()
