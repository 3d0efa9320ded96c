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
from dataclasses import dataclass, replace

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
