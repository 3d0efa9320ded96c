"""What a server does by itself, in a thread of its own: something first, then chores now and every hour."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from batchcast.domain.errors import BatchcastError

_SECONDS_BETWEEN_ROUNDS = 3600

_log = logging.getLogger(__name__)

Chore = Callable[[], object]


class Chores:
    """A chore that fails is logged and left for the next round; it ends no other, and not the server."""

    def __init__(self, *, first: Sequence[Chore], begin: Callable[[], None], hourly: Sequence[Chore]) -> None:
        """Do the `first`, then call `begin` unless the server stops, then do the others in order, once every hour."""
        self._first = first
        self._begin = begin
        self._hourly = hourly
        self._has_begun = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="chores", daemon=True)

    @property
    def is_starting(self) -> bool:
        """The first are not done yet."""
        return self._thread.is_alive() and not self._has_begun.is_set()

    @property
    def is_stopping(self) -> bool:
        """No chore is begun any more."""
        return self._stopping.is_set()

    def start(self) -> None:
        """Begin with the first."""
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Begin no further chore."""
        self._stopping.set()

    def join(self) -> None:
        """Wait a second for the one at work."""
        if self._thread.is_alive():
            self._thread.join(1)

    def _run(self) -> None:
        for chore in self._first:
            self._try(chore)
        if not self._stopping.is_set():
            self._begin()
            self._has_begun.set()
        while not self._stopping.is_set():
            for chore in self._hourly:
                self._try(chore)
            self._stopping.wait(_SECONDS_BETWEEN_ROUNDS)

    def _try(self, chore: Chore) -> None:
        try:
            chore()
        except BatchcastError as error:
            _log.warning("a chore is left for later: %s", error)
        except Exception:  # noqa: BLE001 a chore must not end the server; it is logged
            if not self._stopping.is_set():  # else the store and the pool were closed meanwhile
                _log.exception("a chore failed")
