"""Lets what is at work be stopped from any thread, and from a signal handler."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue


class Stopper:
    """Passes the wish to stop on to whatever is at work.

    A signal handler may run while its own thread holds any lock; so `ask` only drops a note, and a thread of our own
    acts on it.
    """

    def __init__(self) -> None:
        self._wishes: SimpleQueue[bool] = SimpleQueue()  # its put is safe in a signal handler
        self._lock = threading.Lock()
        self._stop: Callable[[], object] | None = None
        self.was_asked = False

    def ask(self) -> None:
        """Wish that what is at work stops; returns at once."""
        self._wishes.put(True)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Act on wishes for as long as this is open."""
        thread = threading.Thread(target=self._listen, name="stopper", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._wishes.put(False)
            thread.join()

    @contextmanager
    def stopping(self, stop: Callable[[], object]) -> Iterator[None]:
        """While this is open, a wish calls `stop`; a wish from before calls it at once."""
        with self._lock:
            self._stop = stop
            asked = self.was_asked
        if asked:
            stop()
        try:
            yield
        finally:
            with self._lock:
                self._stop = None

    def _listen(self) -> None:
        while self._wishes.get():
            with self._lock:
                self.was_asked = True
                stop = self._stop
            if stop is not None:
                stop()
