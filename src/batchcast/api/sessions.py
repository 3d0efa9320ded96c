"""The endpoints of sessions: who is signed in with a browser, and ending that."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from batchcast.api.answers import SessionLine, SessionList, SessionsEnded
from batchcast.api.context import Asker, Here, answer
from batchcast.api.problems import documented
from batchcast.domain.session import KeptSession
from batchcast.http.audit import tell_of

PATH = "/api/sessions"

router = APIRouter(prefix=PATH, tags=["operations"])


@router.get("", response_model=SessionList, responses=documented(), summary="Who is signed in with a browser")
async def sessions(
    here: Here,
    asker: Asker,
    name: Annotated[str | None, Query(max_length=200, description="Only those of this person.")] = None,
) -> Response:
    """One's own sessions; those of everybody for admins."""
    found = await here.threads.light(here.service.sign_ins.sessions, asker, name)
    return answer(SessionList(sessions=[_line(one) for one in found]))


@router.delete("", response_model=SessionsEnded, responses=documented(), summary="End all sessions of a person")
async def end_all(
    request: Request,
    here: Here,
    asker: Asker,
    name: Annotated[str | None, Query(max_length=200, description="Of another person, by admins.")] = None,
) -> Response:
    """One's own, or as an admin those of `name`. On other servers of the database they end within seconds."""
    holder = name or asker.name or ""
    tell_of(request, holder)
    ended = await here.threads.light(here.service.sign_ins.end_all, asker, holder)
    return answer(SessionsEnded(ended=ended))


@router.delete("/{session}", status_code=204, responses=documented(404), summary="End a session")
async def end(request: Request, session: Annotated[str, Path(max_length=64)], here: Here, asker: Asker) -> Response:
    """One's own, or as an admin any. On other servers of the database it ends within seconds."""
    tell_of(request, await here.threads.light(here.service.sign_ins.holder, session))
    await here.threads.light(here.service.sign_ins.end, asker, session)
    return Response(status_code=204)


def _line(one: KeptSession) -> SessionLine:
    return SessionLine(
        session=one.digest,
        name=one.name,
        role=one.role,
        address=one.address,
        browser=one.browser,
        began_at=one.began_at,
        seen_at=one.seen_at,
        ends_at=one.ends_at,
    )
