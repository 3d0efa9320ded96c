"""From an error to an answer: RFC 9457 problem details."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from itertools import repeat
from typing import Any

from starlette.responses import Response

from batchcast.api.answers import FieldError, Problem, ReadingChoice, RowErrors
from batchcast.api.rendering import say_in
from batchcast.app.installation.tokens import NotAuthenticated
from batchcast.app.words.nouns import row_errors_json
from batchcast.app.words.translation import Language, translate
from batchcast.domain.errors import BatchcastError, InvalidSettings, Message, ReadingQuestion
from batchcast.http.error_status import InvalidRequest, headers_of, known_error, messages_of, phrase_of, status_of
from batchcast.http.request import preferred_language

MEDIA_TYPE = "application/problem+json"
ERRORS_PATH = "/api/errors"
_NAMED_SETTING = re.compile(r"\{@(\w+)")  # in a template
_ONLY_SOME = ("problems", "errors", "row_errors", "setting", "choices")  # members that not every problem has


def answer_problem(error: Exception, headers: Mapping[str, str], path: str) -> Response:
    """The answer to a request that failed, in the language of its headers."""
    known = known_error(error)
    status = status_of(known)
    language = preferred_language(headers)
    problem = _problem(known, status, language, path)
    return Response(
        problem.model_dump_json(exclude={name for name in _ONLY_SOME if getattr(problem, name) is None}),
        status_code=status,
        media_type=MEDIA_TYPE,
        headers={"content-language": language, "cache-control": "no-store"} | dict(_headers_of(known)),
    )


def _problem(error: BatchcastError, status: int, language: Language, path: str) -> Problem:
    said = [translate(message, language) for message in messages_of(error)]
    report, row_errors = getattr(error, "report", None), None
    if report is not None:
        told = row_errors_json(report, getattr(error, "plan", None), say_in(language))
        row_errors = RowErrors.model_validate(told)
    setting, choices = None, None
    if isinstance(error, ReadingQuestion):
        setting = error.setting
        choices = [
            ReadingChoice(settings=dict(choice.settings), reading=translate(choice.reading, language))
            for choice in error.choices
        ]
    is_of_fields = isinstance(error, InvalidSettings | InvalidRequest)
    return Problem(
        type=f"{ERRORS_PATH}#{error.slug}",
        title=phrase_of(status),
        status=status,
        detail=" ".join(said),
        instance=path,
        code=error.slug,
        problems=said if len(said) > 1 or is_of_fields else None,
        errors=list(map(_field_error, messages_of(error), said, repeat(error.slug))) if is_of_fields else None,
        row_errors=row_errors,
        setting=setting,
        choices=choices,
    )


def _field_error(message: Message, said: str, code: str) -> FieldError:
    """Which field a sentence is about: the setting that it names, or the place of a parameter such as `query limit`."""
    place, _, name = str(message.values.get("place", "")).partition(" ")
    is_of_body = place in ("", "body")
    if is_of_body and not name:
        named = _NAMED_SETTING.search(message.template)
        name = str(message.values.get("setting", named[1] if named else ""))
    pointer = f"#/{name.replace(' ', '/')}" if is_of_body and name else None
    return FieldError(parameter=name or None, pointer=pointer, code=code, detail=said)


def _headers_of(error: BatchcastError) -> Mapping[str, str]:
    if isinstance(error, NotAuthenticated):
        return {"www-authenticate": 'Bearer realm="batchcast"'}
    return headers_of(error)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems that an endpoint may answer with, for its description: these, and those that any may."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in sorted({400, 401, 403, 422, 500, 503, *statuses})
    }
