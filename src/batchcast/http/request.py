"""What both faces read off a request: the batch id in its path, the language of its headers, who sends wrong tokens."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict, deque
from collections.abc import Mapping

from batchcast.app.translation import LANGUAGES, Language
from batchcast.http.error_status import TooManyAttempts
from batchcast.store.errors import UnknownBatch

_BATCH_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
_MOST_SHOWN = 40  # characters of a text that is no id
_ALSO_CALLED = {"in": "id"}  # what old Java programs call Indonesian


def is_batch_id(text: str) -> bool:
    """Whether a text has the form of a batch id."""
    return _BATCH_ID.fullmatch(text) is not None


def read_batch_id(batch_id: str) -> str:
    """The id in a path.

    Raises:
        UnknownBatch: if it has not the form of one, so that the store need not be asked.
    """
    if not is_batch_id(batch_id):
        raise UnknownBatch("".join(c for c in batch_id if c.isprintable())[:_MOST_SHOWN])
    return batch_id


def token_of(headers: Mapping[str, str]) -> str | None:
    """The bearer token that a request carries."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def preferred_language(headers: Mapping[str, str]) -> Language:
    """The language that Accept-Language prefers among those of the product; English where it names none of them."""
    preferred = [_weighed(part) for part in headers.get("accept-language", "").split(",")[:20]]
    ranked = sorted((one for one in preferred if one[1] > 0), key=lambda one: -one[1])
    return next((known for name, _ in ranked for known in LANGUAGES if known == name), "en")


def _weighed(part: str) -> tuple[str, float]:
    name, _, weight = part.partition(";")
    base = name.strip().lower().split("-")[0]
    try:
        share = float(weight.strip().removeprefix("q=")) if weight else 1.0
    except ValueError:
        share = 0.0
    return _ALSO_CALLED.get(base, base), share


# How often a token was wrong. A right one is always taken: so none who guesses can lock others out.

ATTEMPT_SECONDS = 300  # that a wrong token counts
OF_ONE = 10  # wrong tokens of one address in that time
OF_ALL = 200
_ADDRESSES = 4096  # that are remembered; the least recent is forgotten first


class Attempts:
    """Counts the wrong tokens of the last minutes, of each address and of all; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_address: OrderedDict[str, deque[float]] = OrderedDict()
        self._all: deque[float] = deque(maxlen=OF_ALL)

    def check(self, address: str, now: float) -> None:
        """Return if an address may try a token.

        Raises:
            TooManyAttempts: if it, or all together, tried too many wrong ones.
        """
        with self._lock:
            mine = self._by_address.get(address, deque())
            for times, most in ((mine, OF_ONE), (self._all, OF_ALL)):
                while times and now - times[0] >= ATTEMPT_SECONDS:
                    times.popleft()
                if len(times) >= most:
                    raise TooManyAttempts(round(times[0] + ATTEMPT_SECONDS - now) + 1)

    def note(self, address: str, now: float) -> None:
        """Count a wrong token."""
        with self._lock:
            self._by_address.setdefault(address, deque(maxlen=OF_ONE)).append(now)
            self._by_address.move_to_end(address)
            self._all.append(now)
            while len(self._by_address) > _ADDRESSES:
                self._by_address.popitem(last=False)

    def forgive(self, address: str) -> None:
        """Forget the wrong tokens of an address."""
        with self._lock:
            self._by_address.pop(address, None)
