"""From an error to its HTTP status, headers and messages: one table for both faces."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Mapping, Sequence
from http import HTTPStatus

import structlog

from batchcast.app.installation.tokens import NotAllowed, NotAuthenticated
from batchcast.app.installation.workspace import DiskAlmostFull
from batchcast.app.intake import ReaderKilled
from batchcast.app.planner import NotInAttention
from batchcast.app.provider import ProviderUnavailable, SignInRefused
from batchcast.app.recipes import UnknownRecipe
from batchcast.app.service.answers import NoSuchFile, ResultNotKept
from batchcast.app.service.drafts import UnknownDraft
from batchcast.app.service.signins import UnknownSession
from batchcast.app.upload import UploadsUnavailable, UploadTooLarge
from batchcast.domain.disk import DiskFailed, NoDiskSpace, disk_error
from batchcast.domain.errors import (
    N_,
    BatchCancelled,
    BatchcastError,
    ConflictError,
    InternalError,
    InvalidInput,
    InvalidSettings,
    Message,
    UnknownSeries,
)
from batchcast.domain.planner import UnknownMark
from batchcast.store.artifacts.artifacts import ArtifactMissing, ArtifactsUnavailable
from batchcast.store.errors import StoreUnavailable, UnknownBatch

# Errors of a request itself, before any use case is called; `_STATUSES` has the status of each.


class BadHost(BatchcastError):
    """The request was meant for another server, by its Host header."""

    slug = "bad-host"
    sentence = N_(
        "The Host header names none of the names of this server. Call it by its address, or have the name added "
        "to BATCHCAST_ALLOWED_HOSTS."
    )


class ForeignPage(BatchcastError):
    """A page of another site made a browser send a request that would change something."""

    slug = "foreign-page"
    sentence = N_(
        "The request comes from a page of another site, by its Origin header; such a page may change nothing here. "
        "Use this server's own page or a program, or have the page's host added to BATCHCAST_ALLOWED_HOSTS."
    )


class ForeignForm(BatchcastError):
    """The form was not made by a page of this server for this browser, or its session is over."""

    slug = "foreign-form"
    sentence = N_(
        "The form is older than your session, or comes from elsewhere, so nothing was changed. Open the page again "
        "and send it once more."
    )


class TooManyAttempts(BatchcastError):
    """Too many wrong tokens were tried; `seconds` says when to try again."""

    slug = "too-many-attempts"

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        template = N_("Too many wrong tokens were tried. Try again in {seconds} seconds.")
        super().__init__(Message(template, {"seconds": seconds}))


class NoSuchPage(BatchcastError):
    """Nothing answers under this path."""

    slug = "no-such-page"
    sentence = N_(
        "There is nothing at this address: /history lists the batches, and /api/docs what programs can ask for."
    )


class MethodNotAllowed(BatchcastError):
    """What answers under this path does not take this method."""

    slug = "method-not-allowed"
    sentence = N_("This path does not take this method; the Allow header lists those it takes.")


class UploadTooSlow(BatchcastError):
    """The body of the request took too long, or came in a trickle; nothing of it was kept."""

    slug = "upload-too-slow"


class NotAForm(BatchcastError):
    """The body is of a kind that is not read here."""

    slug = "not-a-form"


class RangeNotSatisfiable(BatchcastError):
    """No byte of the file lies in the range that was asked for."""

    slug = "range-not-satisfiable"

    def __init__(self, size: int) -> None:
        self.size = size
        super().__init__(
            Message(N_("The file has {size:,} bytes, and none is in the range asked for."), {"size": size})
        )


class BadForm(InvalidInput):
    """The form can't be read, or lacks its file; nothing was queued."""

    slug = "bad-form"


class InvalidRequest(BatchcastError):
    """A parameter or header of the request can't be read; `problems` names each."""

    slug = "invalid-request"

    def __init__(self, problems: Sequence[Message]) -> None:
        self.problems = tuple(problems)
        super().__init__(Message(N_("{problems}"), {"problems": " ".join(str(p) for p in self.problems)}))


class HttpProblem(BatchcastError):
    """HTTP itself refuses the request; `status` says how."""

    slug = "http-error"

    def __init__(self, status: int, phrase: str) -> None:
        self.status = status
        super().__init__(Message(N_("The request was refused: {phrase}."), {"phrase": phrase}))


class ServerStopping(BatchcastError):
    """The server stops, and could not finish the request in time."""

    slug = "server-stopping"
    sentence = N_(
        "The server is stopping and could not finish this. Send it again in a moment; with an idempotency key it is "
        "done once."
    )


class MachineExhausted(BatchcastError):
    """The machine has no further thread, process or memory for the request; nothing was kept."""

    slug = "machine-exhausted"

    def __init__(self, reason: str) -> None:
        template = N_(
            "The machine has no further thread, process or memory for this ({server_reason}); nothing was kept. Try "
            "again in a moment."
        )
        super().__init__(Message(template, {"server_reason": reason}))


class PortTaken(BatchcastError):
    """Another program listens on the port already, so the server does not start."""

    slug = "port-taken"


RETRY_AFTER_SECONDS = 5
_NO_THREAD = (
    "can't start new thread",
    os.strerror(errno.EAGAIN),
)  # said by Python and by Arrow, in no class of its own

_STATUSES: tuple[tuple[type[BatchcastError], int], ...] = (
    (BadHost, 400),
    (ForeignPage, 403),
    (ForeignForm, 403),
    (TooManyAttempts, 429),
    (NotAuthenticated, 401),
    (SignInRefused, 401),
    (NotAllowed, 403),
    (UnknownBatch, 404),
    (UnknownSeries, 404),
    (NoSuchFile, 404),
    (ResultNotKept, 404),
    (UnknownDraft, 404),
    (UnknownRecipe, 404),
    (UnknownSession, 404),
    (UnknownMark, 404),
    (NotInAttention, 404),
    (NoSuchPage, 404),
    (MethodNotAllowed, 405),
    (UploadTooSlow, 408),
    (ConflictError, 409),
    (ArtifactMissing, 409),
    (UploadTooLarge, 413),
    (NotAForm, 415),
    (RangeNotSatisfiable, 416),
    (InvalidInput, 422),
    (InvalidSettings, 422),
    (InvalidRequest, 422),
    (BatchCancelled, 503),  # the server stops, and with it the reading of a file
    (ReaderKilled, 503),
    (ServerStopping, 503),
    (MachineExhausted, 503),
    (StoreUnavailable, 503),
    (ProviderUnavailable, 503),
    (ArtifactsUnavailable, 503),
    (UploadsUnavailable, 503),
    (DiskFailed, 503),
    (NoDiskSpace, 507),
    (DiskAlmostFull, 507),
)  # the first that fits; every other error is 500

_log = structlog.get_logger("batchcast.http")


def status_of(error: BatchcastError) -> int:
    """The HTTP status of an error of batchcast."""
    if isinstance(error, HttpProblem):
        return error.status
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)


def http_problem(status: int, detail: str) -> BatchcastError:
    """The error of batchcast for one that the framework raises."""
    match status:
        case 404:
            return NoSuchPage()
        case 405:
            return MethodNotAllowed()
    return HttpProblem(status, detail)


def phrase_of(status: int) -> str:
    """The standard phrase of a status."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def known_error(error: Exception) -> BatchcastError:
    """The error as it may be shown to a client; errors of the server are logged.

    An error that is none of batchcast becomes an incident: the client gets its id, the log the id with the trace.
    """
    if _is_exhaustion(error):
        error = MachineExhausted(str(error) or type(error).__name__)
    elif isinstance(error, OSError):
        error = disk_error(error) or error
    if not isinstance(error, BatchcastError):
        incident = secrets.token_hex(8)
        _log.error("A request failed by a mistake of ours", action="incident", incident=incident, exc_info=error)
        template = N_("batchcast itself has made a mistake. Send us incident {incident} of the server's log.")
        return InternalError(Message(template, {"incident": incident}))
    status = status_of(error)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        trace = error if status == HTTPStatus.INTERNAL_SERVER_ERROR else None
        _log.warning(str(error), action="problem", code=error.slug, exc_info=trace)
    return error


def _is_exhaustion(error: Exception) -> bool:
    if isinstance(error, OSError | BatchcastError):
        return isinstance(error, OSError) and error.errno in (errno.EAGAIN, errno.ENOMEM)  # of fork
    return isinstance(error, MemoryError) or any(words in str(error) for words in _NO_THREAD)


def messages_of(error: BatchcastError) -> tuple[Message, ...]:
    """The sentences of an error: one, or one for each problem."""
    return error.problems if isinstance(error, InvalidSettings | InvalidRequest) else (error.message,)


def headers_of(error: BatchcastError) -> Mapping[str, str]:
    """The headers that the answer to an error needs."""
    match error:
        case RangeNotSatisfiable():
            return {"content-range": f"bytes */{error.size}"}
        case TooManyAttempts():
            return {"retry-after": str(error.seconds)}
        case UploadTooSlow():
            return {"connection": "close"}  # else the rest of it would be waited for
    return {"retry-after": str(RETRY_AFTER_SECONDS)} if status_of(error) == HTTPStatus.SERVICE_UNAVAILABLE else {}
