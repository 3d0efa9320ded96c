"""Forms of our own pages: every request that changes something carries the hidden field of its session."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from batchcast.http import bodies
from batchcast.http.bodies import Texts
from batchcast.http.error_status import ForeignForm
from batchcast.web.access.sessions import Session, Sessions
from batchcast.web.context import PageContext

FIELD = "csrf"
HEADER = "x-csrf-token"


def check_form(request: Request, texts: Texts) -> None:
    """Return if a form was made by a page of ours for this browser; scripts send the same in a header.

    Raises:
        ForeignForm: if not.
    """
    sessions: Sessions = request.app.state.sessions
    session: Session = request.state.session
    given = request.headers.get(HEADER) or next(iter(texts.get(FIELD, ())), "")
    if not sessions.is_ours(session, given):
        raise ForeignForm


async def _checked_form(request: Request) -> Texts:
    context: PageContext = request.app.state.context
    texts = await bodies.read_texts(request, context.service)
    check_form(request, texts)
    return texts


OurForm = Annotated[Texts, Depends(_checked_form)]  # the fields of a form without a file
