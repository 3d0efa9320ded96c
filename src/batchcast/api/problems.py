"""From an error to an answer: RFC 9457 problem details; the one table of this face from error class to status."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from starlette.responses import Response

from batchcast.api.answers import Problem, RowErrors, RowErrorsOfPartition
from batchcast.api.language import language_of
from batchcast.api.refusals import (
    BadHost,
    ForeignPage,
    HttpProblem,
    InvalidRequest,
    MethodNotAllowed,
    NoSuchPage,
    NotAForm,
    RangeNotSatisfiable,
    UploadTooSlow,
)
from batchcast.api.rendering import render_partition_error, render_row_problem
from batchcast.app.service import NoSuchFile
from batchcast.app.tokens import NotAllowed, NotAuthenticated
from batchcast.app.translation import Language, translate
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
from batchcast.domain.history import IngestReport
from batchcast.domain.message import Message, mark
from batchcast.domain.plan import Plan
from batchcast.store import StoreUnavailable, UnknownBatch
from batchcast.store.artifacts import ArtifactsUnavailable

MEDIA_TYPE = "application/problem+json"
ERRORS_PATH = "/api/errors"
RETRY_AFTER_SECONDS = 5
_ONLY_SOME = ("problems", "row_errors")  # members that not every problem has

_STATUSES: tuple[tuple[type[BatchcastError], int], ...] = (
    (BadHost, 400),
    (ForeignPage, 403),
    (NotAuthenticated, 401),
    (NotAllowed, 403),
    (UnknownBatch, 404),
    (UnknownSeries, 404),
    (NoSuchFile, 404),
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

_log = structlog.get_logger("batchcast.api")


def status_of(error: BatchcastError) -> int:
    """The HTTP status of an error of batchcast."""
    if isinstance(error, HttpProblem):
        return error.status
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)


def answer_problem(error: Exception, headers: Mapping[str, str], path: str) -> Response:
    """The answer to a request that went wrong, in the language of its headers."""
    known = error if isinstance(error, BatchcastError) else _mistake(error)
    status = status_of(known)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR and known is error:
        _log.warning(str(known), action="problem", code=known.slug, exc_info=status == HTTPStatus.INTERNAL_SERVER_ERROR)
    language = language_of(headers)
    problem = _problem(known, status, language, path)
    return Response(
        problem.model_dump_json(exclude={name for name in _ONLY_SOME if getattr(problem, name) is None}),
        status_code=status,
        media_type=MEDIA_TYPE,
        headers={"content-language": language, "cache-control": "no-store"} | _headers_of(known, status),
    )


def phrase_of(status: int) -> str:
    """What HTTP calls a status."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def _mistake(error: Exception) -> InternalError:
    """What a client is told of a mistake of ours: an id by which its trace is found in the log, and nothing more."""
    incident = secrets.token_hex(8)
    _log.error("A request failed by a mistake of ours", action="incident", incident=incident, exc_info=error)
    template = mark("batchcast itself has made a mistake. Send us incident {incident} of the server's log.")
    return InternalError(Message(template, {"incident": incident}))


def _problem(error: BatchcastError, status: int, language: Language, path: str) -> Problem:
    messages = error.problems if isinstance(error, InvalidSettings | InvalidRequest) else (error.message,)
    said = [translate(message, language) for message in messages]
    report = getattr(error, "report", None)
    return Problem(
        type=f"{ERRORS_PATH}#{error.slug}",
        title=phrase_of(status),
        status=status,
        detail=" ".join(said),
        instance=path,
        code=error.slug,
        problems=said if len(said) > 1 or isinstance(error, InvalidSettings | InvalidRequest) else None,
        row_errors=_row_errors(report, getattr(error, "plan", None), language) if report is not None else None,
    )


def _row_errors(report: IngestReport, plan: Plan | None, language: Language) -> RowErrors:
    return RowErrors(
        count=report.rows_refused,
        first=[render_row_problem(problem, language) for problem in report.problems],
        by_partition=[
            RowErrorsOfPartition(
                partition=number,
                count=count,
                message=render_partition_error(report, number, language) if number is not None else None,
            )
            for number, count in sorted(_by_partition(report, plan).items(), key=_unknown_last)
        ],
    )


def _by_partition(report: IngestReport, plan: Plan | None) -> Counter[int | None]:
    """Refused rows by planned partition; None where the row's site can't be read, or is in none or several."""
    numbers: dict[str, set[int]] = {}
    for partition in plan.partitions if plan is not None else ():
        for site in partition.sites:
            numbers.setdefault(site, set()).add(partition.number)
    counts: Counter[int | None] = Counter()
    for site, count in report.refused_by_site.items():
        found = numbers.get(site, set())
        counts[next(iter(found)) if len(found) == 1 else None] += count
    return counts


def _unknown_last(item: tuple[int | None, int]) -> tuple[bool, int]:
    return item[0] is None, item[0] or 0


def _headers_of(error: BatchcastError, status: int) -> dict[str, str]:
    match error:
        case NotAuthenticated():
            return {"www-authenticate": 'Bearer realm="batchcast"'}
        case RangeNotSatisfiable():
            return {"content-range": f"bytes */{error.size}"}
        case UploadTooSlow():
            return {"connection": "close"}  # else the rest of it would be waited for
    return {"retry-after": str(RETRY_AFTER_SECONDS)} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems that an endpoint may answer with, for its description: these, and those that any may."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in sorted({400, 401, 403, 422, 500, 503, *statuses})
    }
