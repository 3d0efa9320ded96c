"""How often signing in was tried in vain: few times from one address, and not too often from all of them."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque

from batchcast.http.error_status import TooManyAttempts

SECONDS = 300
OF_ONE = 10  # wrong tokens from one address in that time
OF_ALL = 200
_ADDRESSES = 4096  # that are remembered; the oldest is forgotten first


class Attempts:
    """Wrong tokens of the last minutes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_address: OrderedDict[str, deque[float]] = OrderedDict()
        self._all: deque[float] = deque(maxlen=OF_ALL)

    def check(self, address: str, now: float) -> None:
        """Return if one may try.

        Raises:
            TooManyAttempts: if too many were wrong.
        """
        with self._lock:
            mine = self._by_address.get(address, deque())
            for times, most in ((mine, OF_ONE), (self._all, OF_ALL)):
                while times and now - times[0] >= SECONDS:
                    times.popleft()
                if len(times) >= most:
                    raise TooManyAttempts(round(times[0] + SECONDS - now) + 1)

    def note(self, address: str, now: float) -> None:
        """One was wrong."""
        with self._lock:
            self._by_address.setdefault(address, deque(maxlen=OF_ONE)).append(now)
            self._by_address.move_to_end(address)
            self._all.append(now)
            while len(self._by_address) > _ADDRESSES:
                self._by_address.popitem(last=False)

    def forgive(self, address: str) -> None:
        """The right one came."""
        with self._lock:
            self._by_address.pop(address, None)
