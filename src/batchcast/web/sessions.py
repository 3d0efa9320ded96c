"""Sessions as browsers hold them: a signed cookie with an id, and a fingerprint of what the browser signed in with.

Whether a session is over, `app.service.signins` knows; what this key has not signed need not be asked there.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from itsdangerous import BadData, Signer, URLSafeSerializer
from starlette.requests import Request
from starlette.responses import Response

from batchcast.app.provider import Departure
from batchcast.app.service.signins import IDLE_SECONDS, LONGEST_SECONDS

COOKIE = "batchcast_session"
_DEPARTURE = "batchcast_departure"
SECURE_COOKIE = f"__Host-{COOKIE}"  # where browsers come by HTTPS: they take it from this host alone
SECONDS_AWAY = 900  # that a person may take to sign in at a provider
_SECONDS_OF_A_YEAR = 365 * 86400
_SECONDS_UNTIL_RENEWED = 600  # a session in use is signed anew after this long
_SECONDS_OF_SKEW = 60  # that the clock of another server with the same key may be ahead


@dataclass(frozen=True, kw_only=True, slots=True)
class BrowserSession:
    """A session of one browser."""

    session_id: str
    fingerprint: str = ""  # of the token or provider that it signed in with; empty: none
    signed_at: int = 0  # seconds since 1970
    begun_at: int = 0  # seconds since 1970; 0: now, when it is first written

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
        self._departures = URLSafeSerializer(key, salt="batchcast.departure", signer=_Signer)
        self._forms = _Signer(key, salt="batchcast.form")

    def new(self, fingerprint: str = "") -> BrowserSession:
        """A session with a random id; it becomes a cookie by `write`."""
        return BrowserSession(session_id=secrets.token_hex(16), fingerprint=fingerprint)

    def write(self, session: BrowserSession, now: float) -> str:
        """The session as a cookie's value, signed now."""
        age = int(now) - (session.begun_at or int(now))
        return str(self._cookies.dumps([session.session_id, session.fingerprint, int(now), age]))

    def read(self, cookie: str | None, now: float) -> BrowserSession | None:
        """The session that a cookie holds; None where this key did not sign it, or signed it too long ago."""
        try:
            session_id, fingerprint, signed_at, age = self._cookies.loads(cookie or "")
            begun_at = signed_at - age
            is_fresh = -_SECONDS_OF_SKEW <= now - signed_at <= IDLE_SECONDS and now - begun_at <= LONGEST_SECONDS
        except (BadData, ValueError, TypeError):  # the last two: another version signed something else
            return None
        if not is_fresh:
            return None
        return BrowserSession(session_id=session_id, fingerprint=fingerprint, signed_at=signed_at, begun_at=begun_at)

    def write_departure(self, departure: Departure, back: str, now: float) -> str:
        """What a browser has to come back with, as a cookie's value."""
        return str(self._departures.dumps([departure.state, departure.nonce, departure.verifier, back, int(now)]))

    def read_departure(self, cookie: str | None, now: float) -> tuple[Departure | None, str]:
        """The departure that a cookie holds, and the page to go to after it; None and `/` where it holds none."""
        try:
            state, nonce, verifier, back, signed_at = self._departures.loads(cookie or "")
        except (BadData, ValueError, TypeError):
            return None, "/"
        if not -_SECONDS_OF_SKEW <= now - signed_at <= SECONDS_AWAY:
            return None, back
        return Departure(state=state, nonce=nonce, verifier=verifier), back

    def csrf(self, session: BrowserSession) -> str:
        """The value that the forms of this session carry, so that no other site can send them."""
        return self._forms.get_signature(session.session_id).decode()

    def is_ours(self, session: BrowserSession, given: str) -> bool:
        """Whether a form was made for this session."""
        return self._forms.verify_signature(session.session_id.encode(), given)


def session_cookie(request: Request) -> str | None:
    """The session that a browser sends."""
    return request.cookies.get(SECURE_COOKIE if _is_secure(request) else COOKIE)


def set_session_cookie(request: Request, answer: Response, value: str) -> None:
    """Give the browser a session, as `Sessions.write` made it."""
    is_secure = _is_secure(request)
    name = SECURE_COOKIE if is_secure else COOKIE
    answer.set_cookie(name, value, max_age=IDLE_SECONDS, httponly=True, samesite="lax", secure=is_secure)


def kept_departure(request: Request) -> str | None:
    """What `keep_departure` had this browser keep."""
    return request.cookies.get(_departure_name(request))


def keep_departure(request: Request, answer: Response, value: str | None) -> None:
    """Have the browser keep what it has to come back with from a provider of identities; None: no longer."""
    name = _departure_name(request)
    if value is None:
        answer.delete_cookie(name, httponly=True, samesite="lax", secure=_is_secure(request))
    else:
        seconds = SECONDS_AWAY
        answer.set_cookie(name, value, max_age=seconds, httponly=True, samesite="lax", secure=_is_secure(request))


def _departure_name(request: Request) -> str:
    return f"__Host-{_DEPARTURE}" if _is_secure(request) else _DEPARTURE


def set_choice_cookie(request: Request, answer: Response, name: str, value: str) -> None:
    """Have the browser keep for a year what its reader chose."""
    is_secure = _is_secure(request)
    answer.set_cookie(name, value, max_age=_SECONDS_OF_A_YEAR, httponly=True, samesite="lax", secure=is_secure)


def _is_secure(request: Request) -> bool:
    """The browser came by HTTPS: by what a trusted proxy says, or by the public address."""
    return request.url.scheme == "https" or request.app.state.context.service.config.has_tls
