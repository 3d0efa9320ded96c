"""Who is admitted to the page, and what a browser may choose before that: sign in, sign out, language, theme."""

from __future__ import annotations

import time
from collections.abc import Mapping
from urllib.parse import quote

from fastapi import APIRouter, FastAPI, Request
from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Scope

from batchcast.app.service.service import Service
from batchcast.app.tokens import ANONYMOUS, UNRESTRICTED, NotAuthenticated
from batchcast.app.translation import LANGUAGES
from batchcast.domain.errors import N_, Message
from batchcast.http.bodies import Texts
from batchcast.http.gate import SAFE_HEADERS, SAFE_METHODS
from batchcast.web.context import Asker, Here, OurForm
from batchcast.web.rendering import LANGUAGE_COOKIE, THEME_COOKIE, THEMES, answer_problem, local_path, render
from batchcast.web.sessions import Sessions, session_cookie, set_choice_cookie, set_session_cookie

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SIGN_IN = "/sign-in"
_OPEN = frozenset({SIGN_IN, "/sign-out", "/language", "/theme", "/favicon.ico"})  # besides assets and the help

router = APIRouter()


class PageAuthentication:
    """Admits every request where no tokens are set, else the browsers that have signed in with one."""

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
        """Note the session and the person of a request in `scope["state"]`.

        Raises:
            NotAuthenticated: if tokens are set and the session has no valid one.
        """
        if scope["path"].startswith("/static/"):
            return
        now = time.time()
        cookie = session_cookie(Request({**scope, "app": self._app}))
        session = self._sessions.read(cookie, now) or self._sessions.new()
        state = scope.setdefault("state", {})
        state["session"] = session
        state["csrf"] = self._sessions.csrf(session)
        state["cookie"] = self._sessions.write(session, now) if session.is_due(now) else None
        person = self._service.tokens.person_of(session.fingerprint) if self._service.tokens else UNRESTRICTED
        state["person"] = person or ANONYMOUS
        if person is None and not _is_open(scope["path"]):
            raise NotAuthenticated(Message(N_("Sign in with your token first.")))

    def answer(self, error: Exception, scope: Scope, headers: Headers) -> ASGIApp:
        """A redirect to the sign-in page where that is missing; else a page that says what went wrong."""
        request = Request({**scope, "app": self._app})
        if isinstance(error, NotAuthenticated):
            return _redirect_to_sign_in(request)
        return answer_problem(request, error)


def _is_open(path: str) -> bool:
    return path in _OPEN or path == "/help" or path.startswith("/help/")


def _redirect_to_sign_in(request: Request) -> Response:
    if request.headers.get("hx-request") == "true":
        return Response(status_code=401, headers={"hx-redirect": SIGN_IN})
    if request.url.path.endswith("/live"):
        return Response(status_code=401)  # a stream can't sign in; its page does
    is_page = request.method in SAFE_METHODS
    back = request.url.path + (f"?{request.url.query}" if request.url.query else "") if is_page else "/"
    return RedirectResponse(f"{SIGN_IN}?next={quote(back, safe='')}", status_code=303)


@router.get(SIGN_IN)
async def show_sign_in(request: Request, here: Here, asker: Asker, next: str = "/") -> Response:
    """The form for a token; a redirect where there is nothing to sign in for."""
    if not here.service.tokens or asker.name is not None:
        return RedirectResponse(local_path(next), status_code=303)
    return render(request, "access/sign-in.html", back=local_path(next), problem=None)


@router.post(SIGN_IN)
async def sign_in(request: Request, here: Here, form: OurForm) -> Response:
    """Begin a session with a token; wrong tokens are counted."""
    address = request.client.host if request.client else ""
    back = local_path(_field(form, "back", "/"))
    token = _field(form, "token").strip()
    try:
        request.state.person = here.service.authenticate(token)
    except NotAuthenticated as error:  # counted only now: a right token is always taken
        here.attempts.check(address, time.monotonic())
        here.attempts.note(address, time.monotonic())
        return render(request, "access/sign-in.html", status=401, back=back, problem=error.message)
    here.attempts.forgive(address)
    return _begin_session(request, here.sessions, back, here.service.tokens.fingerprint(token))


@router.post("/sign-out")
async def sign_out(request: Request, here: Here, form: OurForm) -> Response:
    """End the session, also for copies of its cookie."""
    here.sessions.end(request.state.session)
    return _begin_session(request, here.sessions, SIGN_IN, "")


@router.post("/language")
async def choose_language(request: Request, form: OurForm) -> Response:
    """Keep a language for this browser."""
    return _keep_choice(request, form, LANGUAGE_COOKIE, LANGUAGES)


@router.post("/theme")
async def choose_theme(request: Request, form: OurForm) -> Response:
    """Keep a theme for this browser."""
    return _keep_choice(request, form, THEME_COOKIE, THEMES)


def _begin_session(request: Request, sessions: Sessions, path: str, fingerprint: str) -> Response:
    answer = RedirectResponse(path, status_code=303)
    set_session_cookie(request, answer, sessions.write(sessions.new(fingerprint), time.time()))
    return answer


def _keep_choice(request: Request, form: Texts, cookie: str, known: tuple[str, ...]) -> Response:
    answer = RedirectResponse(local_path(_field(form, "back", "/")), status_code=303)
    choice = _field(form, "choice")
    if choice in known:
        set_choice_cookie(request, answer, cookie, choice)
    return answer


def _field(form: Texts, name: str, default: str = "") -> str:
    return next(iter(form.get(name, ())), default)
