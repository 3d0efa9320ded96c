"""What the endpoints of one server share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path, Request
from pydantic import BaseModel
from starlette.responses import Response

from batchcast.api.hub import Hub
from batchcast.api.statuses import Statuses
from batchcast.app.installation.tokens import Person
from batchcast.app.service.service import Service
from batchcast.app.words.translation import Language
from batchcast.http.metrics import Metrics
from batchcast.http.request import preferred_language, read_batch_id
from batchcast.http.threads import Threads


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
    return preferred_language(request.headers)


def _person(request: Request) -> Person:
    person: Person = request.state.person
    return person


def _batch_id(
    batch_id: Annotated[
        str,
        Path(description="As `submit` gave it.", json_schema_extra={"pattern": "^[0-9a-f]{32}$"}),
    ],
) -> str:
    return read_batch_id(batch_id)


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
