"""Signing in with a token, and out."""

from __future__ import annotations

import time

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from batchcast.app.tokens import NotAuthenticated
from batchcast.web.access.attempts import Attempts
from batchcast.web.access.forms import OurForm
from batchcast.web.access.sessions import COOKIE, SECONDS, Session, Sessions
from batchcast.web.choices import local_path
from batchcast.web.context import Asker, Here
from batchcast.web.rendering import render

router = APIRouter()


@router.get("/sign-in")
async def ask(request: Request, here: Here, asker: Asker, next: str = "/") -> Response:
    """Where a token is shown; nobody has to who is in already."""
    if not here.service.tokens or asker.name is not None:
        return RedirectResponse(local_path(next), status_code=303)
    return render(request, "access/sign-in.html", back=local_path(next), problem=None)


@router.post("/sign-in")
async def sign_in(request: Request, here: Here, form: OurForm) -> Response:
    """Take a token, and begin a session of its person; wrong ones are counted."""
    attempts: Attempts = request.app.state.attempts
    address = request.client.host if request.client else ""
    back = local_path(next(iter(form.get("back", ())), "/"))
    token = next(iter(form.get("token", ())), "").strip()
    attempts.check(address, time.monotonic())
    try:
        here.service.authenticate(token)
    except NotAuthenticated as error:
        attempts.note(address, time.monotonic())
        return render(request, "access/sign-in.html", status=401, back=back, problem=error.message)
    attempts.forgive(address)
    sessions: Sessions = request.app.state.sessions
    answer = RedirectResponse(back, status_code=303)
    _keep(request, answer, sessions, sessions.new(here.service.tokens.fingerprint(token)))
    return answer


@router.post("/sign-out")
async def sign_out(request: Request, form: OurForm) -> Response:
    """End the session."""
    answer = RedirectResponse("/sign-in", status_code=303)
    sessions: Sessions = request.app.state.sessions
    _keep(request, answer, sessions, sessions.new())
    return answer


def _keep(request: Request, answer: Response, sessions: Sessions, session: Session) -> None:
    is_secure = request.url.scheme == "https"
    value = sessions.write(session, time.time())
    answer.set_cookie(COOKIE, value, max_age=SECONDS, httponly=True, samesite="lax", secure=is_secure)
