"""Sessions: a signed cookie that says whose token a browser has shown, and when; nothing of it is kept on the server.

Whether the token is still one of the server's, and with which role, is asked at every request: taking a token away ends
its sessions at once.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import threading
from collections import OrderedDict, deque
from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import Response

from batchcast.http.error_status import TooManyAttempts

COOKIE = "batchcast_session"
SECONDS = 12 * 3600  # a session that is not used for so long is over
_SECONDS_UNTIL_RENEWED = 600  # one that is used is signed anew, though not at every request
_PARTS = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """One browser."""

    session_id: str
    fingerprint: str = ""  # of the token it has shown; empty: none
    signed_at: int = 0  # seconds since 1970

    def is_due(self, now: float) -> bool:
        """Whether it should be signed anew, so that it does not run out while it is used."""
        return now - self.signed_at > _SECONDS_UNTIL_RENEWED


class Sessions:
    """Signs and reads sessions."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def new(self, fingerprint: str = "") -> Session:
        """A session that no one could have guessed; it becomes a cookie by `write`."""
        return Session(session_id=secrets.token_hex(16), fingerprint=fingerprint)

    def write(self, session: Session, now: float) -> str:
        """The session as a cookie's value, signed now."""
        signed = replace(session, signed_at=int(now))
        told = json.dumps([signed.session_id, signed.fingerprint, signed.signed_at], separators=(",", ":"))
        body = base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")
        return f"{body}.{self._sign('session', body)}"

    def read(self, cookie: str | None, now: float) -> Session | None:
        """The session that a cookie holds; None where we did not sign it, or too long ago."""
        parts = (cookie or "").split(".")
        if len(parts) != _PARTS or not hmac.compare_digest(parts[1].encode(), self._sign("session", parts[0]).encode()):
            return None
        try:
            told = json.loads(base64.urlsafe_b64decode(parts[0] + "=" * (-len(parts[0]) % 4)))
            session = Session(session_id=str(told[0]), fingerprint=str(told[1]), signed_at=int(told[2]))
        except (ValueError, LookupError, TypeError, binascii.Error):
            return None
        return session if 0 <= now - session.signed_at + 60 <= SECONDS + 60 else None

    def csrf(self, session: Session) -> str:
        """What a form of this session carries, so that no other site can send it."""
        return self._sign("form", session.session_id)

    def is_ours(self, session: Session, given: str) -> bool:
        """Whether a form was made for this session."""
        return hmac.compare_digest(self.csrf(session).encode(), given.encode())

    def _sign(self, purpose: str, text: str) -> str:
        return hmac.new(self._key, f"{purpose}:{text}".encode(), hashlib.sha256).hexdigest()


def set_session_cookie(request: Request, answer: Response, value: str) -> None:
    """Give the browser a session, as `Sessions.write` made it."""
    is_secure = request.url.scheme == "https"
    answer.set_cookie(COOKIE, value, max_age=SECONDS, httponly=True, samesite="lax", secure=is_secure)


# How often signing in failed.

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
