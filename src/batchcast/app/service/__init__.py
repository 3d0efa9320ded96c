"""A server's use cases, one method each, over what is kept for good.

Comes in: uploads and questions of the faces, from any thread.
Goes out: batches as they stand, their events and published files; or one of the errors of `domain.errors`.
Open first: `service.py`; then `submission.py`, from an upload to a queued batch.
"""

from batchcast.app.service.answers import (
    Accepted,
    BacktestFold,
    BatchStatus,
    Download,
    Figures,
    Readiness,
    RejectedPage,
    SeriesDetail,
)
from batchcast.app.service.drafts import Draft, UnknownDraft
from batchcast.app.service.ordering import OrderFormat, OrderTable, Question
from batchcast.app.service.problems import BatchEnded, IdempotencyKeyReused, NoSuchFile, ResultNotKept, ResultNotReady
from batchcast.app.service.service import Observer, Service

__all__ = [
    "Accepted",
    "BacktestFold",
    "BatchEnded",
    "BatchStatus",
    "Download",
    "Draft",
    "Figures",
    "IdempotencyKeyReused",
    "NoSuchFile",
    "Observer",
    "OrderFormat",
    "OrderTable",
    "Question",
    "Readiness",
    "RejectedPage",
    "ResultNotKept",
    "ResultNotReady",
    "SeriesDetail",
    "Service",
    "UnknownDraft",
]
