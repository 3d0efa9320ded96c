"""Leases and claims of the memory store: implements `Leases`."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass

from batchcast.domain.batch import BatchState
from batchcast.store.memory_page import Page
from batchcast.store.records import Lease
from batchcast.store.store import CLAIM_GRACE_SECONDS


def utc_now() -> dt.datetime:
    """The time of this machine, UTC."""
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Claim:
    owner: str
    until: dt.datetime | None  # None: never expires


class MemoryLeases:
    """Implements `Leases`, which describes the methods, for the servers of one process."""

    def __init__(self, now: Callable[[], dt.datetime] = utc_now) -> None:
        self._now = now
        self._changed = threading.Condition()
        self._pages: dict[str, Page] = {}
        self._claims: dict[str, _Claim] = {}

    def claim_batch(self, owner: str, lease_seconds: float | None, *, batch_id: str | None = None) -> Lease | None:
        with self._changed:
            pages = [page for page in self._pages.values() if batch_id in (None, page.new.batch_id)]
            free = [page for page in pages if self._is_free(page)]
            if not free:
                return None
            page = min(free, key=lambda page: (page.state is BatchState.PENDING, page.sequence))
            is_takeover = page.state is BatchState.PROCESSING
            page.owner, page.fence, page.lease_until = owner, page.fence + 1, self._end_of(lease_seconds)
            if not is_takeover:
                page.move(BatchState.PROCESSING)
                self._changed.notify_all()
            return Lease(
                batch_id=page.new.batch_id,
                owner=owner,
                fence=page.fence,
                memory_deaths=page.memory_deaths,
                is_takeover=is_takeover,
            )

    def renew_leases(self, owner: str, lease_seconds: float | None) -> frozenset[str]:
        with self._changed:
            until = self._end_of(lease_seconds)
            for page in self._held_by(owner):
                page.lease_until = until
            for batch_id, claim in self._claims.items():
                if claim.owner == owner and not self._is_over(claim.until):
                    self._claims[batch_id] = _Claim(owner=owner, until=until)
            return self.leased_by(owner)

    def leased_by(self, owner: str) -> frozenset[str]:
        with self._changed:
            return frozenset(page.new.batch_id for page in self._held_by(owner))

    def release_batch(self, lease: Lease) -> bool:
        with self._changed:
            page = self._pages.get(lease.batch_id)
            if page is None or page.owner != lease.owner or page.fence != lease.fence:
                return False
            page.owner = page.lease_until = None
            return True

    def owners(self) -> frozenset[str]:
        with self._changed:
            leased = {page.owner for page in self._pages.values() if page.owner is not None}
            return frozenset(leased | {claim.owner for claim in self._claims.values()})

    def expire_leases(self, owner: str, *, lacked_memory: bool = False) -> int:
        with self._changed:
            left = self._held_by(owner)
            for page in left:
                page.owner = page.lease_until = None
                page.memory_deaths += lacked_memory
            self._claims = {batch_id: claim for batch_id, claim in self._claims.items() if claim.owner != owner}
            return len(left)

    def claim_artifacts(self, batch_id: str, owner: str, lease_seconds: float | None) -> None:
        with self._changed:
            self._claims[batch_id] = _Claim(owner=owner, until=self._end_of(lease_seconds))

    def drop_artifacts_claim(self, batch_id: str) -> None:
        with self._changed:
            self._claims.pop(batch_id, None)

    def known(self, ids: Collection[str]) -> frozenset[str]:
        with self._changed:
            spared = {i for i, claim in self._claims.items() if not self._is_over(claim.until, CLAIM_GRACE_SECONDS)}
            return frozenset(batch_id for batch_id in ids if batch_id in self._pages or batch_id in spared)

    def _is_claimed(self, batch_id: str, owner: str) -> bool:
        claim = self._claims.get(batch_id)
        return claim is not None and claim.owner == owner and not self._is_over(claim.until)

    def _held_by(self, owner: str) -> list[Page]:
        return [page for page in self._pages.values() if page.owner == owner]

    def _is_free(self, page: Page) -> bool:
        if page.state is BatchState.PROCESSING:
            return page.owner is None or self._is_over(page.lease_until)
        return page.state is BatchState.PENDING

    def _end_of(self, lease_seconds: float | None) -> dt.datetime | None:
        return None if lease_seconds is None else self._now() + dt.timedelta(seconds=lease_seconds)

    def _is_over(self, until: dt.datetime | None, grace_seconds: float = 0) -> bool:
        return until is not None and until + dt.timedelta(seconds=grace_seconds) <= self._now()
