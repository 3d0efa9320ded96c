"""What every store can do, whatever it keeps its memory in; `tests/integration/store` runs over each of them.

A state changes only by a conditional update along an arrow drawn in `domain.batch`: of several that race for one
state exactly one is told True. All methods may be called from any thread; each is one transaction.

A write that carries a lease applies only while that lease is the batch's latest and was not given back; else it raises
LeaseLost and changes nothing. A batch that has ended has no owner: there a late write is told False, as any other.
Every method raises UnknownBatch where there is no batch of that id, and StoreUnavailable where the database fails.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Protocol

from batchcast.domain.audit import AuditEntry
from batchcast.domain.batch import (
    Attempt,
    Batch,
    BatchPage,
    BatchQuery,
    BatchResult,
    BatchState,
    Event,
    PartitionState,
    ResultFile,
    Timing,
)
from batchcast.domain.errors import Message
from batchcast.domain.planner import KeptMark, SavedView, Tick
from batchcast.domain.recipe import PastReading, Recipe
from batchcast.domain.session import KeptSession, NewSession
from batchcast.store.errors import BatchExists, UndrawnArrow, UnknownBatch
from batchcast.store.records import AttemptEnd, Checkpoint, Lease, NewBatch, Submission

# Who may work at what: leases on batches, and claims on artifacts that no batch points at yet.
#
# Times are on the store's own clock, so that servers whose clocks differ agree. An owner is a text that its process
# made for itself (`run.process_tree`). What is not given back expires, and can then be claimed by any owner.

CLAIM_GRACE_SECONDS = 60.0  # artifacts are spared so long after their claim ended: add_batch may just have seen it live


class Leases(Protocol):
    """The part of a store that servers agree by."""

    def claim_batch(self, owner: str, lease_seconds: float | None, *, batch_id: str | None = None) -> Lease | None:
        """Lease the next batch, or this one; None where there is none to be had.

        First come batches at work whose lease has expired or was given back, then PENDING ones, which become
        PROCESSING (event: batch); either in the order of submission. None seconds: the lease never expires.
        """

    def renew_leases(self, owner: str, lease_seconds: float | None) -> frozenset[str]:
        """Have all leases and live claims of an owner last so long from now; the ids of the batches still leased."""

    def leased_by(self, owner: str) -> frozenset[str]:
        """Ids of the batches at work whose lease this owner has, expired or not, as long as no other owner took it."""

    def release_batch(self, lease: Lease) -> bool:
        """Give a batch at work back: it can be claimed at once. False where the lease is not ours any more."""

    def owners(self) -> frozenset[str]:
        """The owners of leases or claims that were not given back, expired or not."""

    def expire_leases(self, owner: str, *, lacked_memory: bool = False) -> int:
        """End all leases and claims of an owner that is known to be dead; how many batches this leaves to be taken.

        Where the machine lacked memory while it lived, its batches count one more of their `memory_deaths`; a partition
        that is completed sets that count back to 0.
        """

    def claim_artifacts(self, batch_id: str, owner: str, lease_seconds: float | None) -> None:
        """Say that files of this id may appear though no batch points at them yet: the sweep spares them."""

    def drop_artifacts_claim(self, batch_id: str) -> None:
        """Take that back: no batch will come of it. Nothing happens where there is none."""

    def known(self, ids: Collection[str]) -> frozenset[str]:
        """Those ids that have a batch, or a claim that has not been over for a while: their files are to be spared."""


class KeptSessions(Protocol):
    """The part of a store by which servers agree on who is signed in.

    A session is over at its end, after `idle_seconds` unseen, or once it was ended; then it is as if it had never been.
    """

    def add_session(self, new: NewSession, lasts_seconds: float) -> None:
        """Remember a session that begins now, and ends after so long at the latest."""

    def session(self, digest: str, idle_seconds: float) -> KeptSession | None:
        """The session of this digest; None where there is none, or it is over."""

    def sessions(self, idle_seconds: float, name: str | None = None) -> tuple[KeptSession, ...]:
        """All sessions, or those of one person, the one that was seen last first."""

    def see_session(self, digest: str, address: str, *, unseen_seconds: float = 0) -> None:
        """Note that a session is used now, from this address; nothing happens where there is none.

        With `unseen_seconds`, only where that was not noted for so long.
        """

    def end_sessions(self, *, digest: str | None = None, name: str | None = None) -> int:
        """End the session of this digest, or those of this person, or what is both; how many there were."""

    def sweep_sessions(self, idle_seconds: float, bases: Collection[str] | None = None) -> int:
        """Forget those that are over, and with `bases` all that stand on anything else; how many there were."""


class PlannerNotes(Protocol):
    """What planners leave: marks on histories, ticks of results, and named views."""

    def marks(self) -> tuple[KeptMark, ...]:
        """All marks, the newest first, with those that were removed."""

    def add_mark(self, mark: KeptMark) -> KeptMark:
        """Keep a mark under the next number; where one of the same days, kind and part is in force, that one stays."""

    def remove_mark(self, number: int, name: str | None, at: dt.datetime) -> bool:
        """Note that a mark holds no more; False where there is none in force of this number."""

    def looks(self, batch_id: str) -> tuple[Tick, ...]:
        """The ticks of a result, the newest first; they go with its batch."""

    def keep_look(self, batch_id: str, look: Tick) -> None:
        """Keep a tick; where there is one of the same part and reason, that one stays."""

    def drop_look(self, batch_id: str, key: tuple[str, str, str]) -> bool:
        """Forget the tick of a site, part and reason; False where there is none."""

    def views(self) -> tuple[SavedView, ...]:
        """The named views, by name."""

    def keep_view(self, view: SavedView) -> None:
        """Keep a view, in place of another of its name."""

    def drop_view(self, name: str) -> bool:
        """Forget a view; False where there is none of this name."""


__all__ = ["AttemptEnd", "BatchExists", "Store", "UndrawnArrow", "UnknownBatch"]


class Store(Leases, KeptSessions, PlannerNotes, Protocol):
    """Remembers batches."""

    def add_batch(self, new: NewBatch) -> Batch:
        """Remember a new PENDING batch with its PENDING partitions, all or nothing; event: batch.

        Ends the claim on its artifacts. With `claimed_by`, that claim must still be live and this owner's: what is
        not claimed may have been swept.

        Raises:
            BatchExists: if the id is taken.
            KeyTaken: if the idempotency key is.
            LeaseLost: if the claim is not `claimed_by`'s any more.
        """

    def submission(self, idempotency_key: str) -> Submission | None:
        """What was submitted under a key."""

    def batch(self, batch_id: str) -> Batch:
        """The batch as it stands, partitions in the order of the plan."""

    def batches(self, query: BatchQuery) -> BatchPage:
        """A page of the history, the newest first."""

    def move_batch(
        self,
        batch_id: str,
        before: BatchState,
        after: BatchState,
        *,
        error: Message | None = None,
        result: BatchResult | None = None,
        lease: Lease | None = None,
    ) -> bool:
        """Move a batch along an arrow if it still stands at `before`; False where another was faster. Event: batch.

        Where the batch ends without its unfinished partitions, these become CANCELLED in the same step, an event each.
        The lease of a batch that ends is over.

        Raises:
            UndrawnArrow: if no such arrow is drawn, or COMPLETED is asked for before all partitions are.
        """

    def move_partition(
        self,
        batch_id: str,
        number: int,
        before: PartitionState,
        after: PartitionState,
        *,
        end: AttemptEnd | None = None,
        lease: Lease | None = None,
    ) -> bool:
        """Move a partition along an arrow if it still stands at `before`; False where another was faster.

        Moving to PROCESSING opens its next attempt; moving on from there closes it with `end`. False as well where the
        batch is not PROCESSING. Event: partition.

        Raises:
            UndrawnArrow: if no such arrow is drawn.
        """

    def note_progress(self, batch_id: str, number: int, share: float, *, lease: Lease | None = None) -> bool:
        """Keep how far a partition at work is, 0 to 1; False, and nothing kept, where it is not. Event: progress."""

    def note_step(self, batch_id: str, step: str, detail: Mapping[str, object], *, lease: Lease | None = None) -> bool:
        """Add an event for a step that is no change of state; False where the batch has ended. Event: step."""

    def attempts(self, batch_id: str) -> tuple[Attempt, ...]:
        """Every try of every partition, in the order they were started."""

    def events_after(self, batch_id: str, number: int, *, wait_seconds: float = 0) -> tuple[Event, ...]:
        """The events of a batch with a higher number, in order; waits for the first where there is none yet.

        Empty where none came in `wait_seconds`, and at once where the batch has ended: no more will come.
        """

    def latest_events(self, ids: Collection[str]) -> Mapping[str, int]:
        """The number of the last event of each of these batches; ids without a batch are left out."""

    def checkpoints(self, keys: Collection[str]) -> Mapping[str, Checkpoint]:
        """What COMPLETED partitions have left under these keys; the newest batch where several have."""

    def drop_checkpoint(self, batch_id: str, number: int) -> None:
        """Let no later batch take the result of this partition, nor any other that was kept under its key."""

    def add_file(self, batch_id: str, file: ResultFile) -> ResultFile:
        """Remember a file that was made on demand; where that kind and format is remembered already, that one is."""

    def files(self, batch_id: str) -> tuple[ResultFile, ...]:
        """The files that `add_file` remembers, the oldest first."""

    def delete_batch(self, batch_id: str) -> None:
        """Forget a batch that has ended, and all that belongs to it.

        Raises:
            BatchNotEnded: if it has not.
        """

    def add_timing(self, timing: Timing) -> None:
        """Remember how long a batch took."""

    def timings(self, version: str, limit: int = 50) -> tuple[Timing, ...]:
        """The latest timings of a version of batchcast, the newest first."""

    def recipes(self) -> tuple[Recipe, ...]:
        """The recipes that are kept, the newest first."""

    def keep_recipe(self, recipe: Recipe) -> None:
        """Keep a recipe, in place of another of its name."""

    def drop_recipe(self, name: str) -> bool:
        """Forget a recipe; False where there is none of this name."""

    def past_reading(self, signature: str) -> PastReading | None:
        """What was kept of files with this header."""

    def keep_past_reading(self, past: PastReading) -> None:
        """Keep what a file with this header held, in place of another."""

    def add_audit(self, entry: AuditEntry) -> None:
        """Keep an entry of the audit log, under the next number."""

    def audit(self, limit: int, before: int | None = None) -> tuple[AuditEntry, ...]:
        """Entries of the audit log, the newest first; with `before`, those of lower numbers."""

    def queue(self) -> tuple[int, int]:
        """How many batches are PENDING, and how many PROCESSING."""

    def ping(self) -> None:
        """Return if the store can be reached and written, within seconds.

        Raises:
            StoreUnavailable: if it can't.
        """

    def close(self) -> None:
        """Close what the store has open; no other method may be called afterwards."""
