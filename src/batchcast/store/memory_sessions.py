"""Sessions of browsers in the memory of this process: implements `KeptSessions`."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Collection
from dataclasses import asdict, replace

from batchcast.domain.session import KeptSession, NewSession


class MemorySessions:
    """Implements `KeptSessions`, which describes the methods, for the servers of one process."""

    _now: Callable[[], dt.datetime]
    _changed: threading.Condition

    def __init__(self) -> None:
        self._sessions: dict[str, KeptSession] = {}

    def add_session(self, new: NewSession, lasts_seconds: float) -> None:
        with self._changed:
            now = self._now()
            times = {"began_at": now, "seen_at": now, "ends_at": now + dt.timedelta(seconds=lasts_seconds)}
            self._sessions[new.digest] = KeptSession(**asdict(new) | times)

    def session(self, digest: str, idle_seconds: float) -> KeptSession | None:
        return next((one for one in self.sessions(idle_seconds) if one.digest == digest), None)

    def sessions(self, idle_seconds: float, name: str | None = None) -> tuple[KeptSession, ...]:
        with self._changed:
            live = [one for one in self._sessions.values() if not self._has_ended(one, idle_seconds)]
        meant = [one for one in live if name is None or one.name == name]
        return tuple(sorted(meant, key=lambda one: one.seen_at, reverse=True))

    def see_session(self, digest: str, address: str, *, unseen_seconds: float = 0) -> None:
        with self._changed:
            one, due = self._sessions.get(digest), self._now() - dt.timedelta(seconds=unseen_seconds)
            if one is not None and one.seen_at <= due:
                self._sessions[digest] = replace(one, seen_at=self._now(), address=address)

    def end_sessions(self, *, digest: str | None = None, name: str | None = None) -> int:
        if digest is None and name is None:
            return 0
        return self._drop(lambda one: digest in (None, one.digest) and name in (None, one.name))

    def sweep_sessions(self, idle_seconds: float, bases: Collection[str] | None = None) -> int:
        return self._drop(
            lambda one: self._has_ended(one, idle_seconds) or (bases is not None and one.basis not in bases)
        )

    def _drop(self, is_meant: Callable[[KeptSession], bool]) -> int:
        with self._changed:
            meant = [digest for digest, one in self._sessions.items() if is_meant(one)]
            for digest in meant:
                del self._sessions[digest]
        return len(meant)

    def _has_ended(self, one: KeptSession, idle_seconds: float) -> bool:
        now = self._now()
        return one.ends_at <= now or one.seen_at <= now - dt.timedelta(seconds=idle_seconds)
