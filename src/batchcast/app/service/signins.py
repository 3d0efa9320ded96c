"""Who is signed in with a browser: asked of the database, and remembered here for a few seconds.

So a session that is ended on any server is over on all of them within `_SECONDS_KNOWN`, and no page costs more than one
question in that time. While the database is away, those that were seen a short while ago stay signed in.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from batchcast.app.installation.tokens import NotAllowed, Person, Role, Tokens
from batchcast.domain.errors import N_, BatchcastError, Message
from batchcast.domain.session import KeptSession, NewSession
from batchcast.store.errors import StoreUnavailable
from batchcast.store.store import KeptSessions

IDLE_SECONDS = 12 * 3600  # a session that is not used for this long is over
LONGEST_SECONDS = 7 * 86_400  # a session is over after this long, however much it is used
_SECONDS_KNOWN = 5.0  # that an answer of the database counts
_SECONDS_BETWEEN_NOTES = 60.0  # of the time that a session was seen last
_SECONDS_WITHOUT_DATABASE = 600.0  # that an answer counts where no other can be had
_MOST_KNOWN = 10_000


class UnknownSession(BatchcastError):
    """There is no such session, or it is over, or of another person."""

    slug = "unknown-session"
    sentence = N_("There is no such session: it is over, or of another person.")


@dataclass(kw_only=True, slots=True)
class _Known:
    kept: KeptSession | None  # None: it is over
    asked_at: float  # monotonic: of the latest question, answered or not
    answered_at: float  # of the latest answer
    noted_at: float  # that it was seen


class SignIns:
    """The sessions of one server; every method may be called from any thread."""

    def __init__(
        self,
        store: KeptSessions,
        tokens: Callable[[], Tokens],
        *,
        provider: str | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`provider` is the basis of sessions that stand on a provider of identities; None: there is none."""
        self._store = store
        self._tokens = tokens
        self._provider = provider
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._known: OrderedDict[str, _Known] = OrderedDict()  # by digest, the latest use last

    def begin(self, session_id: str, person: Person, basis: str, address: str, browser: str) -> None:
        """Remember that a person has signed in."""
        digest = _digest(session_id)
        new = NewSession(
            digest=digest,
            name=person.name or "",
            role=person.role.name.lower(),
            basis=basis,
            address=address,
            browser=browser,
        )
        self._store.add_session(new, LONGEST_SECONDS)
        self._forget(digest)

    def is_known(self, session_id: str) -> bool:
        """Whether `person_of` answers at once, without the database."""
        with self._lock:
            known = self._known.get(_digest(session_id))
            return known is not None and self._monotonic() - known.asked_at < _SECONDS_KNOWN

    def person_of(self, session_id: str, basis: str, address: str) -> Person | None:
        """Whose session this is; None where it is over, or what it stands on is gone.

        Raises:
            StoreUnavailable: if the database is away, and the session was not seen here a short while ago.
        """
        if not self._is_founded(basis):
            return None
        kept = self._kept(_digest(session_id), address)
        if kept is None or kept.basis != basis:
            return None
        return self._tokens().person_of(basis) or Person(name=kept.name, role=Role[kept.role.upper()])

    def sessions(self, by: Person, name: str | None = None) -> tuple[KeptSession, ...]:
        """The sessions of a person, or all; those who are no admins see only their own. The latest use first."""
        wanted = name if by.role >= Role.ADMIN else by.name or ""
        return tuple(one for one in self._store.sessions(IDLE_SECONDS, wanted) if self._is_founded(one.basis))

    def is_session(self, session_id: str, kept: KeptSession) -> bool:
        """Whether this is the session of that id."""
        return kept.digest == _digest(session_id)

    def holder(self, digest: str) -> str:
        """The name of the person whose session this is; empty where it is over."""
        kept = self._store.session(digest, IDLE_SECONDS)
        return "" if kept is None else kept.name

    def sign_out(self, session_id: str) -> None:
        """End a session by its id; nothing happens where it is over."""
        self._store.end_sessions(digest=_digest(session_id))
        self._forget(_digest(session_id))

    def end(self, by: Person, digest: str) -> None:
        """End a session of one's own, or as an admin any.

        Raises:
            UnknownSession: if there is none that this person may end.
        """
        own = None if by.role >= Role.ADMIN else by.name or ""
        if not self._store.end_sessions(digest=digest, name=own):
            raise UnknownSession
        self._forget(digest)

    def end_all(self, by: Person, name: str) -> int:
        """End all sessions of a person, one's own or as an admin of anybody; how many there were.

        Raises:
            NotAllowed: if they are of another person.
        """
        if by.role < Role.ADMIN and name != by.name:
            raise NotAllowed(Message(N_("Only administrators may end the sessions of other people.")))
        ended = self._store.end_sessions(name=name)
        with self._lock:
            for digest in [key for key, known in self._known.items() if known.kept and known.kept.name == name]:
                del self._known[digest]
        return ended

    def sweep(self) -> None:
        """Forget those that are over."""
        self._store.sweep_sessions(IDLE_SECONDS)

    def end_unfounded(self) -> None:
        """End those whose token was changed or removed, for good; nothing where people need not sign in."""
        bases = [*self._tokens().fingerprints, *filter(None, [self._provider])]
        if bases:
            self._store.sweep_sessions(IDLE_SECONDS, bases)

    def _is_founded(self, basis: str) -> bool:
        return bool(basis) and (basis == self._provider or self._tokens().person_of(basis) is not None)

    def _forget(self, digest: str) -> None:
        with self._lock:
            self._known.pop(digest, None)

    def _kept(self, digest: str, address: str) -> KeptSession | None:
        now = self._monotonic()
        with self._lock:
            known = self._known.get(digest)
        if known is not None and now - known.asked_at < _SECONDS_KNOWN:
            return known.kept
        try:
            kept, answered_at = self._store.session(digest, IDLE_SECONDS), now
        except StoreUnavailable:
            if known is None or now - known.answered_at > _SECONDS_WITHOUT_DATABASE:
                raise
            kept, answered_at = known.kept, known.answered_at
        noted_at = now - _SECONDS_BETWEEN_NOTES if known is None else known.noted_at
        if kept is not None and now - noted_at >= _SECONDS_BETWEEN_NOTES:
            self._note(digest, address)
            noted_at = now
        with self._lock:
            self._known[digest] = _Known(kept=kept, asked_at=now, answered_at=answered_at, noted_at=noted_at)
            self._known.move_to_end(digest)
            while len(self._known) > _MOST_KNOWN:
                self._known.popitem(last=False)
        return kept

    def _note(self, digest: str, address: str) -> None:
        try:
            self._store.see_session(digest, address, unseen_seconds=_SECONDS_BETWEEN_NOTES)
        except StoreUnavailable:
            return  # it is noted a minute later


def _digest(session_id: str) -> str:
    return hashlib.sha256(session_id.encode()).hexdigest()
