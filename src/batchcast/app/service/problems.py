"""What a server can't do, beside what goes wrong in the rooms below."""

from __future__ import annotations

from batchcast.domain.batch import Batch, BatchState
from batchcast.domain.errors import BatchcastError, ConflictError
from batchcast.domain.message import Message, mark


class BatchEnded(ConflictError):
    """The batch has ended, so it can't be cancelled."""

    slug = "batch-ended"

    def __init__(self, batch: Batch) -> None:
        template = mark("Batch {batch_id} has ended already: it is {state}. There is nothing left to cancel.")
        super().__init__(Message(template, {"batch_id": batch.batch_id, "state": batch.state.value}))


class IdempotencyKeyReused(ConflictError):
    """The Idempotency-Key was sent before, with another file or other settings."""

    slug = "idempotency-key-reused"

    def __init__(self, batch_id: str) -> None:
        template = mark(
            "This Idempotency-Key was used for batch {batch_id}, with another file or other settings. Send a new key "
            "with a new submission."
        )
        super().__init__(Message(template, {"batch_id": batch_id}))


class ResultNotReady(ConflictError):
    """The batch has no result to download."""

    slug = "result-not-ready"

    def __init__(self, batch: Batch) -> None:
        values = {"batch_id": batch.batch_id, "state": batch.state.value, "error": batch.error}
        super().__init__(Message(_not_ready(batch), values))


class NoSuchFile(BatchcastError):
    """The batch has no file of that kind or format."""

    slug = "no-such-file"

    def __init__(self, kind: str, file_format: str) -> None:
        template = mark(
            "There is no {kind} file as {format}. There are forecast, stock and accuracy as csv, xlsx and parquet, "
            "certificate as json, and, where rows or series were refused, rejected as csv."
        )
        super().__init__(Message(template, {"kind": kind, "format": file_format}))


class ResultNotKept(BatchcastError):
    """The batch was published by an earlier version, which did not keep these figures."""

    slug = "result-not-kept"

    def __init__(self, batch_id: str) -> None:
        template = mark(
            "Batch {batch_id} was published by an earlier version of batchcast, which did not keep these figures. "
            "Retry the batch to get them."
        )
        super().__init__(Message(template, {"batch_id": batch_id}))


def _not_ready(batch: Batch) -> str:
    if batch.state is BatchState.ROLLED_BACK and batch.error:
        return mark("Batch {batch_id} was rolled back, so there is no result: {error}")
    if batch.state.is_final:
        return mark("Batch {batch_id} is {state}, so there is no result; retry it to get one.")
    return mark("Batch {batch_id} is {state}; its result can be downloaded once it is COMPLETED.")
