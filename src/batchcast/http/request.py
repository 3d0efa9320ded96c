"""What both faces read off a request: the batch id in its path, the language of its headers, who sends wrong tokens."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict, deque
from collections.abc import Mapping

from batchcast.app.words.translation import LANGUAGES, Language
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
    """Counts the wrong sign-ins of the last minutes, of each address and account and of all; safe from any thread.

    The account of a wrong token is that token: a program that goes on with one that was taken away is refused by
    itself, and the others at its address are still told what is wrong with theirs.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_address: OrderedDict[str, dict[str, deque[float]]] = (
            OrderedDict()
        )  # times by account, the oldest first
        self._all: deque[float] = deque(maxlen=OF_ALL)

    def note(self, address: str, account: str, now: float) -> None:
        """Count a wrong sign-in.

        Raises:
            TooManyAttempts: if this address did so with this account, or with others, or all together did, too often.
        """
        with self._lock:
            accounts = {
                key: since for key, times in self._by_address.get(address, {}).items() if (since := _live(times, now))
            }
            others = deque(times[-1] for key, times in accounts.items() if key != account)
            for times, most in (
                (accounts.get(account, deque()), OF_ONE),
                (others, OF_ONE),
                (_live(self._all, now), OF_ALL),
            ):
                if len(times) >= most:
                    raise TooManyAttempts(round(min(times) + ATTEMPT_SECONDS - now) + 1)
            accounts.setdefault(account, deque()).append(now)
            self._by_address[address] = accounts
            self._by_address.move_to_end(address)
            self._all.append(now)
            while len(self._by_address) > _ADDRESSES:
                self._by_address.popitem(last=False)

    def forgive(self, address: str) -> None:
        """Forget the wrong tokens of an address."""
        with self._lock:
            self._by_address.pop(address, None)


def _live(times: deque[float], now: float) -> deque[float]:
    """What still counts of some times, the oldest first; the others are dropped."""
    while times and now - times[0] >= ATTEMPT_SECONDS:
        times.popleft()
    return times
