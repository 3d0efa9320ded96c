"""What the endpoints of one server share."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path, Request
from pydantic import BaseModel
from starlette.responses import Response

from batchcast.api.hub import Hub
from batchcast.api.language import language_of
from batchcast.api.metrics import Metrics
from batchcast.api.statuses import Statuses
from batchcast.api.threads import Threads
from batchcast.app.service import Service
from batchcast.app.tokens import Person
from batchcast.app.translation import Language
from batchcast.store import UnknownBatch

_BATCH_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
_SHOWN = 40  # characters of an id that can't be one


@dataclass(frozen=True, kw_only=True)
class Context:
    """One of each, made by `create_app`."""

    service: Service
    threads: Threads
    statuses: Statuses
    hub: Hub
    metrics: Metrics


def _context(request: Request) -> Context:
    context: Context = request.app.state.context
    return context


def _language(request: Request) -> Language:
    return language_of(request.headers)


def _person(request: Request) -> Person:
    person: Person = request.state.person
    return person


def _batch_id(
    batch_id: Annotated[
        str,
        Path(description="As `submit` gave it.", json_schema_extra={"pattern": "^[0-9a-f]{32}$"}),
    ],
) -> str:
    """The id in the path; one that none of ours looks like is not even looked for."""
    if not _BATCH_ID.fullmatch(batch_id):
        raise UnknownBatch("".join(c for c in batch_id if c.isprintable())[:_SHOWN])
    return batch_id


Here = Annotated[Context, Depends(_context)]
Lang = Annotated[Language, Depends(_language)]
Asker = Annotated[Person, Depends(_person)]
BatchId = Annotated[str, Depends(_batch_id)]


def answer(model: BaseModel, language: Language | None = None, *, status: int = 200) -> Response:
    """A model as JSON."""
    headers = {"cache-control": "no-store"}
    if language:
        headers |= {"content-language": language, "vary": "Accept-Language"}
    return Response(model.model_dump_json(), status_code=status, media_type="application/json", headers=headers)
