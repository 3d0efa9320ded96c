"""Whom the page admits: everybody where no tokens are set, else browsers that have shown one; the rest may sign in."""

from __future__ import annotations

import time
from collections.abc import Mapping
from urllib.parse import quote

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Scope

from batchcast.app.service.service import Service
from batchcast.app.tokens import ANYBODY, NOBODY, NotAuthenticated
from batchcast.domain.errors import N_, Message
from batchcast.http.gate import LOOKING, SAFE_HEADERS
from batchcast.web.access.sessions import COOKIE, Session, Sessions
from batchcast.web.problems import answer_problem

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SIGN_IN = "/sign-in"
_OPEN = frozenset({SIGN_IN, "/sign-out", "/language", "/theme", "/favicon.ico"})  # and what pages load, and the help


class PageAuthentication:
    """Admits browsers."""

    headers: Mapping[str, str] = {
        **SAFE_HEADERS,
        "content-security-policy": POLICY,
        "referrer-policy": "same-origin",  # with `no-referrer` browsers send a form's Origin as null
    }

    def __init__(self, app: FastAPI, service: Service, sessions: Sessions) -> None:
        self._app = app
        self._service = service
        self._sessions = sessions

    def admit(self, scope: Scope, headers: Headers) -> None:
        """Note who asks.

        Raises:
            NotAuthenticated: if tokens are set and this browser has shown none that is one of them.
        """
        if scope["path"].startswith("/static/"):
            return
        found = self._sessions.read(Request(scope).cookies.get(COOKIE), time.time())
        session = found or self._sessions.new()
        state = scope.setdefault("state", {})
        state["session"] = session
        state["csrf"] = self._sessions.csrf(session)
        state["cookie"] = self._cookie(session)
        person = self._service.tokens.person_of(session.fingerprint) if self._service.tokens else ANYBODY
        state["person"] = person or NOBODY
        if person is None and not _is_open(scope["path"]):
            raise NotAuthenticated(Message(N_("Sign in with your token first.")))

    def answer(self, error: Exception, scope: Scope, headers: Headers) -> ASGIApp:
        """The way to the sign-in page for whoever has to; else a page that says what went wrong."""
        request = Request({**scope, "app": self._app})
        if isinstance(error, NotAuthenticated):
            return _lead_to_sign_in(request)
        return answer_problem(request, error)

    def _cookie(self, session: Session) -> str | None:
        """What the browser is to keep from now on; None where what it has is fresh."""
        now = time.time()
        return self._sessions.write(session, now) if session.is_due(now) else None


def _is_open(path: str) -> bool:
    return path in _OPEN or path == "/help" or path.startswith("/help/")


def _lead_to_sign_in(request: Request) -> Response:
    is_page = request.method in LOOKING
    back = request.url.path + (f"?{request.url.query}" if request.url.query else "") if is_page else "/"
    place = f"{SIGN_IN}?next={quote(back, safe='')}"
    if request.headers.get("hx-request") == "true":
        return Response(status_code=401, headers={"hx-redirect": SIGN_IN})
    if request.url.path.endswith("/live"):
        return Response(status_code=401)  # a stream can't sign in; the page it belongs to will
    return RedirectResponse(place, status_code=303)
