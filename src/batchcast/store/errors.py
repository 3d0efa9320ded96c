"""What a store refuses, and how it says that it can't be reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from batchcast.domain.errors import N_, BatchcastError, ConflictError, InternalError, Message

if TYPE_CHECKING:
    from batchcast.store.records import Submission


class UnknownBatch(BatchcastError):
    """There is no batch of that id; look it up in the history."""

    slug = "unknown-batch"

    def __init__(self, batch_id: str) -> None:
        super().__init__(Message(N_("There is no batch {batch_id}."), {"batch_id": batch_id}))


class BatchExists(ConflictError):
    """A batch of that id is remembered already; choose another id."""

    slug = "batch-exists"

    def __init__(self, batch_id: str) -> None:
        super().__init__(Message(N_("There is a batch {batch_id} already."), {"batch_id": batch_id}))


class KeyTaken(ConflictError):
    """A batch was submitted under that idempotency key already: `submission` says which."""

    slug = "idempotency-key-taken"

    def __init__(self, submission: Submission) -> None:
        self.submission = submission
        template = N_("This idempotency key is taken: batch {batch_id} was submitted with it.")
        super().__init__(Message(template, {"batch_id": submission.batch_id}))


class BatchNotEnded(ConflictError):
    """The batch is queued or at work; cancel it first, or wait for its end."""

    slug = "batch-not-ended"

    def __init__(self, batch_id: str, state: str) -> None:
        template = N_("Batch {batch_id} has not ended: it is {state}. Cancel it first, or wait for its end.")
        super().__init__(Message(template, {"batch_id": batch_id, "state": state}))


class LeaseLost(ConflictError):
    """What was leased is not ours any more: the lease expired and another may have it. Leave it alone."""

    slug = "lease-lost"

    def __init__(self, batch_id: str, owner: str) -> None:
        template = N_("Batch {batch_id} is no longer held by {owner}: its lease has ended, and the change was refused.")
        super().__init__(Message(template, {"batch_id": batch_id, "owner": owner}))


class UndrawnArrow(InternalError):
    """A change of state that is not drawn in `domain.batch` was asked for; send us the message."""

    slug = "undrawn-arrow"

    def __init__(self, what: str, before: str, after: str) -> None:
        template = N_("No arrow leads from {before} to {after} for {what}.")
        super().__init__(Message(template, {"what": what, "before": before, "after": after}))


class StoreUnavailable(BatchcastError):
    """The database can't be reached, is locked or has no room left; try again.

    The change that was asked for has not happened, or, where the connection broke while it was being committed, has.
    """

    slug = "store-unavailable"

    def __init__(self, database: str, problem: str) -> None:
        template = N_(
            "The database {server_database} can't be used at the moment: {server_reason}. Try again in a while."
        )
        super().__init__(Message(template, {"server_database": database, "server_reason": problem}))


class DatabaseDamaged(StoreUnavailable):
    """The file of the database is damaged: what it holds can't be trusted; stop the server and restore a copy."""

    slug = "database-damaged"

    def __init__(self, database: str, problem: str) -> None:
        template = N_(
            "The database {server_database} is damaged: {server_reason}. Stop the server, keep the damaged file aside, "
            "and put a copy from a backup in its place; without one, `sqlite3 DAMAGED .recover` saves what can be read."
        )
        BatchcastError.__init__(self, Message(template, {"server_database": database, "server_reason": problem}))


class UnknownDatabase(BatchcastError):
    """The address of the database is none that we can open; the sentence says what it may be."""

    slug = "unknown-database"


class SchemaTooNew(BatchcastError):
    """The database was written by a newer batchcast; start that version, or open another database."""

    slug = "schema-too-new"

    def __init__(self, database: str, found: str, known: str) -> None:
        template = N_(
            "The database {database} belongs to a newer batchcast: its schema is {found}, this version knows {known}. "
            "Start the newer version, or choose another database."
        )
        super().__init__(Message(template, {"database": database, "found": found, "known": known}))
