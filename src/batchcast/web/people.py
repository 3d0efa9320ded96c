"""The page of sessions: who is signed in with a browser, and ending that."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from batchcast.app.installation.tokens import Role
from batchcast.http.audit import tell_of
from batchcast.web.context import Asker, Here, OurForm
from batchcast.web.rendering import render

router = APIRouter()


@router.get("/sessions")
async def sessions(request: Request, here: Here, asker: Asker) -> Response:
    """One's own sessions; those of everybody for admins."""
    asker.require(Role.VIEWER)
    kept = await here.threads.light(here.service.sign_ins.sessions, asker)
    own_id = request.state.session.session_id
    rows = [(one, here.service.sign_ins.is_session(own_id, one)) for one in kept]
    return render(request, "people/sessions.html", rows=rows)


@router.post("/sessions/end")
async def end(request: Request, here: Here, asker: Asker, texts: OurForm) -> Response:
    """End the session that the form names, or all of a person."""
    asker.require(Role.VIEWER)
    names, digests = texts.get("name", ()), texts.get("session", ())
    if names:
        tell_of(request, names[0])
        await here.threads.light(here.service.sign_ins.end_all, asker, names[0])
    else:
        digest = next(iter(digests), "")
        tell_of(request, await here.threads.light(here.service.sign_ins.holder, digest))
        await here.threads.light(here.service.sign_ins.end, asker, digest)
    return RedirectResponse("/sessions", status_code=303)
