"""How fast a body comes in: too slow a client must not hold its connection for ever."""

from __future__ import annotations

from collections import deque

from batchcast.domain.message import Message, mark
from batchcast.http.refusals import UploadTooSlow

WINDOW_SECONDS = 10.0
_SECONDS_BETWEEN_MARKS = 0.5


class Pace:
    """Ends a body that takes too long in all, or trickles; what the server itself takes is not held against it."""

    def __init__(self, *, most_seconds: float, least_bytes_per_second: float) -> None:
        self._most_seconds = most_seconds
        self._least = least_bytes_per_second
        self._waited = 0.0  # seconds spent waiting for the client
        self._bytes = 0
        self._marks: deque[tuple[float, int]] = deque([(0.0, 0)])  # (waited, bytes) at the beginning of the window

    def note(self, waited_seconds: float, count: int) -> None:
        """So many bytes came after so long a wait.

        Raises:
            UploadTooSlow: if the whole took too long, or the last ten seconds brought too little.
        """
        self._waited += waited_seconds
        self._bytes += count
        if self._waited > self._most_seconds:
            template = mark("The upload took more than {seconds:g} seconds; nothing was kept. Send it compressed.")
            raise UploadTooSlow(Message(template, {"seconds": self._most_seconds}))
        while len(self._marks) > 1 and self._marks[1][0] <= self._waited - WINDOW_SECONDS:
            self._marks.popleft()
        began, brought = self._marks[0]
        span = self._waited - began
        if span >= WINDOW_SECONDS and self._bytes - brought < self._least * span:
            template = mark(
                "The upload came in at less than {rate:,} bytes a second; nothing was kept. Send it again over a "
                "better line, or compressed."
            )
            raise UploadTooSlow(Message(template, {"rate": self._least}))
        if self._waited - self._marks[-1][0] >= _SECONDS_BETWEEN_MARKS:
            self._marks.append((self._waited, self._bytes))
