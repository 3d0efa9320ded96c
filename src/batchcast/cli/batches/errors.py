"""What can go wrong between the command and a server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from batchcast.domain.errors import BatchcastError
from batchcast.domain.message import Message


class ServerUnavailable(BatchcastError):
    """The server can't be reached, or can't do this now; the same call may go through later."""

    slug = "server-unavailable"


class ServerRefused(BatchcastError):
    """The server refused what was asked; `code` is its slug, and nothing was done."""

    slug = "server-refused"

    def __init__(self, messages: Sequence[Message], *, code: str, row_errors: Mapping[str, Any] | None = None) -> None:
        self.messages = tuple(messages)
        self.code = code
        self.row_errors = row_errors  # as the API tells them, where rows were refused
        super().__init__(self.messages[0])
