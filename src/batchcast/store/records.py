"""What is handed to a store, and what it hands out, beside the nouns of `domain.batch`."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from batchcast.domain.batch import Source
from batchcast.domain.errors import Message
from batchcast.domain.plan import Plan
from batchcast.domain.settings import BatchSettings


@dataclass(frozen=True, slots=True)
class NewBatch:
    """A batch that is to be remembered."""

    batch_id: str
    settings: BatchSettings
    plan: Plan
    _: KW_ONLY
    source: Source | None = None
    idempotency_key: str | None = None
    fingerprint: str | None = None  # of everything that was submitted under the key
    submitted_by: str | None = None
    retry_of: str | None = None
    claimed_by: str | None = None  # owner of the claim on its artifacts


@dataclass(frozen=True, kw_only=True, slots=True)
class Submission:
    """What was submitted under an idempotency key."""

    batch_id: str
    fingerprint: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Lease:
    """The right to carry a batch on, until it expires or is given back."""

    batch_id: str
    owner: str
    fence: int  # grows with every claim: a write that carries a smaller one is late, and refused
    memory_deaths: int  # servers in a row that died at work on it while memory ran out, without a finished partition
    is_takeover: bool  # the batch was PROCESSING before: there may be finished partitions


@dataclass(frozen=True, kw_only=True, slots=True)
class AttemptEnd:
    """How one try of a partition ended, to be kept with its change of state."""

    seconds: float
    peak_mb: float
    reason: str | None = None  # code of how it failed
    error: Message | None = None
    result: str | None = None  # where its result is kept: a folder of the artifacts
    checkpoint: str | None = None  # key under which a later batch finds the result
    reused_from: str | None = None  # batch whose result it is


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkpoint:
    """The result of a COMPLETED partition of some batch."""

    batch_id: str
    result: str  # the folder of its artifacts


# What the history of batches is searched in: the same text in every store.


def searched_text(file_name: str | None, batch_id: str) -> str:
    """What a search looks through: the file's name and the id, a line each."""
    return f"{folded(file_name or '')}\n{folded(batch_id)}"


def folded(text: str) -> str:
    """Text without its case and without what no database can keep: control characters and halves of characters."""
    printable = "".join(char if char.isprintable() else " " for char in text)
    return printable.encode("utf-8", "replace").decode("utf-8").casefold()
