"""Who may work at what: leases on batches, and claims on artifacts that no batch points at yet.

Times are on the store's own clock, so that servers whose clocks differ agree. An owner is a text that its process made
for itself (`run.owners`). What is not given back expires, and is then anybody's.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from batchcast.store.records import Lease

CLAIM_GRACE_SECONDS = 60.0  # artifacts are spared so long after their claim ended: add_batch may just have seen it live


class Leases(Protocol):
    """The part of a store that servers agree by."""

    def claim_batch(self, owner: str, lease_seconds: float | None, *, batch_id: str | None = None) -> Lease | None:
        """Lease the next batch, or this one; None where there is none to be had.

        First come batches at work whose lease has expired or was given back, then PENDING ones, which become
        PROCESSING (event: batch); either in the order of submission. None seconds: the lease never expires.
        """

    def renew_leases(self, owner: str, lease_seconds: float | None) -> frozenset[str]:
        """Have all leases and live claims of an owner last so long from now; the ids of the batches still held."""

    def held(self, owner: str) -> frozenset[str]:
        """Ids of the batches at work whose lease this owner has, expired or not, as long as nobody took it."""

    def release_batch(self, lease: Lease) -> bool:
        """Give a batch at work back: it can be claimed at once. False where the lease is not ours any more."""

    def owners(self) -> frozenset[str]:
        """Everybody who has leases or claims that were not given back, expired or not."""

    def expire_leases(self, owner: str) -> int:
        """End all leases and claims of an owner that is known to be dead; how many batches this leaves to be taken."""

    def claim_artifacts(self, batch_id: str, owner: str, lease_seconds: float | None) -> None:
        """Say that files of this id may appear though no batch points at them yet: the sweep spares them."""

    def drop_artifacts_claim(self, batch_id: str) -> None:
        """Take that back: no batch will come of it. Nothing happens where there is none."""

    def known(self, ids: Collection[str]) -> frozenset[str]:
        """Those ids that have a batch, or a claim that has not been over for a while: their files are to be spared."""
