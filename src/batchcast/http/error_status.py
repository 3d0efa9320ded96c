"""The one table from a class of error to an HTTP status, for both faces."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from http import HTTPStatus

import structlog

from batchcast.app.service import NoSuchFile, ResultNotKept, UnknownDraft
from batchcast.app.tokens import NotAllowed, NotAuthenticated
from batchcast.app.upload import UploadsUnavailable, UploadTooLarge
from batchcast.domain.errors import (
    BatchCancelled,
    BatchcastError,
    ConflictError,
    InternalError,
    InvalidInput,
    InvalidSettings,
    UnknownSeries,
)
from batchcast.domain.message import Message, mark
from batchcast.http.refusals import (
    BadHost,
    ForeignForm,
    ForeignPage,
    HttpProblem,
    InvalidRequest,
    MethodNotAllowed,
    NoSuchPage,
    NotAForm,
    RangeNotSatisfiable,
    TooManyAttempts,
    UploadTooSlow,
)
from batchcast.store import StoreUnavailable, UnknownBatch
from batchcast.store.artifacts import ArtifactsUnavailable

RETRY_AFTER_SECONDS = 5

_STATUSES: tuple[tuple[type[BatchcastError], int], ...] = (
    (BadHost, 400),
    (ForeignPage, 403),
    (ForeignForm, 403),
    (TooManyAttempts, 429),
    (NotAuthenticated, 401),
    (NotAllowed, 403),
    (UnknownBatch, 404),
    (UnknownSeries, 404),
    (NoSuchFile, 404),
    (ResultNotKept, 404),
    (UnknownDraft, 404),
    (NoSuchPage, 404),
    (MethodNotAllowed, 405),
    (UploadTooSlow, 408),
    (ConflictError, 409),
    (UploadTooLarge, 413),
    (NotAForm, 415),
    (RangeNotSatisfiable, 416),
    (InvalidInput, 422),
    (InvalidSettings, 422),
    (InvalidRequest, 422),
    (BatchCancelled, 503),  # the server stops, and with it the reading of a file
    (StoreUnavailable, 503),
    (ArtifactsUnavailable, 503),
    (UploadsUnavailable, 503),
)  # the first that fits; everything else is a mistake of ours

_log = structlog.get_logger("batchcast.http")


def status_of(error: BatchcastError) -> int:
    """The HTTP status of an error of batchcast."""
    if isinstance(error, HttpProblem):
        return error.status
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)


def phrase_of(status: int) -> str:
    """What HTTP calls a status."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def known_error(error: Exception) -> BatchcastError:
    """The error as a client may be told of it; what the server must look into goes to its log.

    A mistake of ours becomes an id by which its trace is found in the log, and nothing more.
    """
    if not isinstance(error, BatchcastError):
        incident = secrets.token_hex(8)
        _log.error("A request failed by a mistake of ours", action="incident", incident=incident, exc_info=error)
        template = mark("batchcast itself has made a mistake. Send us incident {incident} of the server's log.")
        return InternalError(Message(template, {"incident": incident}))
    status = status_of(error)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        trace = error if status == HTTPStatus.INTERNAL_SERVER_ERROR else None
        _log.warning(str(error), action="problem", code=error.slug, exc_info=trace)
    return error


def messages_of(error: BatchcastError) -> tuple[Message, ...]:
    """What an error says: one sentence, or one for each problem it found."""
    return error.problems if isinstance(error, InvalidSettings | InvalidRequest) else (error.message,)


def headers_of(error: BatchcastError) -> Mapping[str, str]:
    """Headers that the answer to an error has by its kind."""
    match error:
        case RangeNotSatisfiable():
            return {"content-range": f"bytes */{error.size}"}
        case TooManyAttempts():
            return {"retry-after": str(error.seconds)}
        case UploadTooSlow():
            return {"connection": "close"}  # else the rest of it would be waited for
    return {"retry-after": str(RETRY_AFTER_SECONDS)} if status_of(error) == HTTPStatus.SERVICE_UNAVAILABLE else {}
