"""A disk that is full while a worker writes to it."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from batchcast.domain.errors import BatchcastError
from batchcast.domain.message import Message, mark

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


class NoRoom(BatchcastError):
    """The disk is full where batches are worked at; make room, and run the batch again."""

    slug = "no-room"

    def __init__(self) -> None:
        template = mark(
            "No space left on device where batches are worked at. Make room there, and run the batch again."
        )
        super().__init__(Message(template))


@contextmanager
def needing_room() -> Iterator[None]:
    """Say in a sentence that the disk is full.

    Raises:
        NoRoom: if what is done here finds it so.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise NoRoom from error
        raise
