"""What the pages of one server share, and what each of them reads off its request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from batchcast.app.service.service import Service
from batchcast.app.tokens import ANYBODY, Person
from batchcast.app.translation import Language
from batchcast.http.batch_ids import read_batch_id
from batchcast.http.metrics import Metrics
from batchcast.http.threads import Threads
from batchcast.web.assets import Assets
from batchcast.web.language import page_language
from batchcast.web.rendering import Templates


@dataclass(frozen=True, kw_only=True)
class PageContext:
    """One of each, made by `create_page`."""

    service: Service
    threads: Threads
    metrics: Metrics
    assets: Assets
    templates: Templates
    closers: list[Callable[[], None]] = field(default_factory=list)  # of what must end with the server

    def close(self) -> None:
        """End every stream: the server stops. On the thread of the loop."""
        for close in self.closers:
            close()


def _here(request: Request) -> PageContext:
    context: PageContext = request.app.state.context
    return context


def _person(request: Request) -> Person:
    person: Person = getattr(request.state, "person", ANYBODY)
    return person


def _batch_id(batch_id: str) -> str:
    return read_batch_id(batch_id)


Here = Annotated[PageContext, Depends(_here)]
Lang = Annotated[Language, Depends(page_language)]
Asker = Annotated[Person, Depends(_person)]
BatchId = Annotated[str, Depends(_batch_id)]
