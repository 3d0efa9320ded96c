"""Sessions: a signed cookie with the fingerprint of the token a browser signed in with; the server keeps nothing of it.

Each request looks the token and its role up again, so removing a token ends its sessions at once.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections import OrderedDict, deque
from dataclasses import dataclass

from itsdangerous import BadData, Signer, URLSafeSerializer
from starlette.requests import Request
from starlette.responses import Response

from batchcast.http.error_status import TooManyAttempts

COOKIE = "batchcast_session"
SECONDS = 12 * 3600  # a session that is not used for this long ends
_SECONDS_UNTIL_RENEWED = 600  # a session in use is signed anew after this long
_SECONDS_OF_SKEW = 60  # that the clock of another server with the same key may be ahead


@dataclass(frozen=True, kw_only=True, slots=True)
class BrowserSession:
    """A session of one browser."""

    session_id: str
    fingerprint: str = ""  # of the token that it signed in with; empty: none
    signed_at: int = 0  # seconds since 1970

    def is_due(self, now: float) -> bool:
        """Whether to sign it anew, so that it does not end while it is used."""
        return now - self.signed_at > _SECONDS_UNTIL_RENEWED


class _Signer(Signer):
    default_digest_method = staticmethod(hashlib.sha256)
    default_key_derivation = "hmac"


class Sessions:
    """Signs and reads sessions."""

    def __init__(self, key: bytes) -> None:
        self._cookies = URLSafeSerializer(key, salt="batchcast.session", signer=_Signer)
        self._forms = _Signer(key, salt="batchcast.form")

    def new(self, fingerprint: str = "") -> BrowserSession:
        """A session with a random id; it becomes a cookie by `write`."""
        return BrowserSession(session_id=secrets.token_hex(16), fingerprint=fingerprint)

    def write(self, session: BrowserSession, now: float) -> str:
        """The session as a cookie's value, signed now."""
        return str(self._cookies.dumps([session.session_id, session.fingerprint, int(now)]))

    def read(self, cookie: str | None, now: float) -> BrowserSession | None:
        """The session that a cookie holds; None where this key did not sign it, or signed it too long ago."""
        try:
            session_id, fingerprint, signed_at = self._cookies.loads(cookie or "")
            is_fresh = -_SECONDS_OF_SKEW <= now - signed_at <= SECONDS
        except (BadData, ValueError, TypeError):  # the last two: another version signed something else
            return None
        return BrowserSession(session_id=session_id, fingerprint=fingerprint, signed_at=signed_at) if is_fresh else None

    def csrf(self, session: BrowserSession) -> str:
        """The value that the forms of this session carry, so that no other site can send them."""
        return self._forms.get_signature(session.session_id).decode()

    def is_ours(self, session: BrowserSession, given: str) -> bool:
        """Whether a form was made for this session."""
        return self._forms.verify_signature(session.session_id.encode(), given)


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
