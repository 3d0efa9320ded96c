"""What the pages of one server share, and what each reads off its request: person, language, batch id, form."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from batchcast.app.installation.tokens import UNRESTRICTED, Person
from batchcast.app.service.service import Service
from batchcast.app.words.translation import Language
from batchcast.http import bodies
from batchcast.http.bodies import Texts
from batchcast.http.error_status import ForeignForm
from batchcast.http.request import Attempts, read_batch_id
from batchcast.http.threads import Threads
from batchcast.store.errors import StoreUnavailable
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

    async def person_of(self, session: BrowserSession, address: str) -> Person | None:
        """Who is signed in with a session; anybody where people need not sign in, None where it is over.

        Raises:
            StoreUnavailable: if that can't be known now.
        """
        if not self.service.asks_to_sign_in:
            return UNRESTRICTED
        sign_ins, known = self.service.sign_ins, (session.session_id, session.fingerprint, address)
        if not session.fingerprint or sign_ins.is_known(session.session_id):
            return sign_ins.person_of(*known)
        return await self.threads.light(sign_ins.person_of, *known)

    async def while_signed_in(self, request: Request, chunks: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
        """The chunks of a stream, until the session of its reader is over."""
        session, address = request.state.session, request.client.host if request.client else ""
        async with aclosing(chunks):
            async for chunk in chunks:
                with suppress(StoreUnavailable):  # a stream outlasts a store that does not answer
                    if await self.person_of(session, address) is None:
                        return
                yield chunk


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
