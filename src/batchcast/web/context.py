"""What the pages of one server share, and what each reads off its request: person, language, batch id, form."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from batchcast.app.service.service import Service
from batchcast.app.tokens import UNRESTRICTED, Person
from batchcast.app.translation import Language
from batchcast.http import bodies
from batchcast.http.bodies import Texts
from batchcast.http.error_status import ForeignForm
from batchcast.http.request import Attempts, read_batch_id
from batchcast.http.threads import Threads
from batchcast.web.assets import Assets
from batchcast.web.rendering import Templates, page_language
from batchcast.web.sessions import BrowserSession, Sessions

CSRF_FIELD = "csrf"
CSRF_HEADER = "x-csrf-token"


@dataclass(frozen=True, kw_only=True)
class PageContext:
    """One of each, made by `create_page`."""

    service: Service
    threads: Threads
    assets: Assets
    templates: Templates
    sessions: Sessions
    attempts: Attempts = field(default_factory=Attempts)


def _here(request: Request) -> PageContext:
    context: PageContext = request.app.state.context
    return context


def _person(request: Request) -> Person:
    person: Person = getattr(request.state, "person", UNRESTRICTED)
    return person


Here = Annotated[PageContext, Depends(_here)]
Lang = Annotated[Language, Depends(page_language)]
Asker = Annotated[Person, Depends(_person)]
BatchId = Annotated[str, Depends(read_batch_id)]


def check_form(request: Request, texts: Texts) -> None:
    """Return if a form was made by a page of ours for this session: it carries the session's value, in a hidden
    field, or in a header where a script sends it.

    Raises:
        ForeignForm: if not.
    """
    session: BrowserSession = request.state.session
    given = request.headers.get(CSRF_HEADER) or next(iter(texts.get(CSRF_FIELD, ())), "")
    if not _here(request).sessions.is_ours(session, given):
        raise ForeignForm


async def _checked_form(request: Request) -> Texts:
    texts = await bodies.read_texts(request, _here(request).service, _here(request).threads)
    check_form(request, texts)
    return texts


OurForm = Annotated[Texts, Depends(_checked_form)]  # the fields of a form without a file
