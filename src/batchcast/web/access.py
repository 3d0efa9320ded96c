"""Who is admitted to the page, and what a browser may choose before that: sign in, sign out, language, theme."""

from __future__ import annotations

import time
from collections.abc import Mapping
from urllib.parse import quote

from fastapi import APIRouter, FastAPI, Request
from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Scope

from batchcast.app.installation.tokens import ANONYMOUS, NotAllowed, NotAuthenticated, Person
from batchcast.app.provider import ProviderUnavailable, SignInRefused
from batchcast.app.words.translation import LANGUAGES
from batchcast.domain.errors import N_, BatchcastError, Message
from batchcast.http.bodies import Texts
from batchcast.http.error_status import NoSuchPage, status_of
from batchcast.http.gate import SAFE_HEADERS, SAFE_METHODS
from batchcast.web.browsers import browser_of
from batchcast.web.context import Asker, Here, OurForm, PageContext
from batchcast.web.rendering import LANGUAGE_COOKIE, THEME_COOKIE, THEMES, answer_problem, local_path, render
from batchcast.web.sessions import (
    BrowserSession,
    Sessions,
    keep_departure,
    kept_departure,
    session_cookie,
    set_choice_cookie,
    set_session_cookie,
)

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SIGN_IN = "/sign-in"
BY_PROVIDER, ANSWER = f"{SIGN_IN}/provider", f"{SIGN_IN}/answer"
_OPEN = frozenset(
    {SIGN_IN, BY_PROVIDER, ANSWER, "/sign-out", "/language", "/theme", "/favicon.ico"}
)  # besides assets and the help

router = APIRouter()


class PageAuthentication:
    """Admits every request where no tokens are set, else the browsers that have signed in with one."""

    headers: Mapping[str, str] = {
        **SAFE_HEADERS,
        "content-security-policy": POLICY,
        "referrer-policy": "same-origin",  # with `no-referrer` browsers send a form's Origin as null
    }

    def __init__(self, app: FastAPI, context: PageContext) -> None:
        self._app = app
        self._context = context

    async def admit(self, scope: Scope, headers: Headers) -> None:
        """Note the session and the person of a request in `scope["state"]`.

        Raises:
            NotAuthenticated: if people have to sign in, and this session is none, or over.
            StoreUnavailable: if that can't be known now.
        """
        if scope["path"].startswith("/static/"):
            return
        now = time.time()
        cookie = session_cookie(Request({**scope, "app": self._app}))
        sessions = self._context.sessions
        session = sessions.read(cookie, now) or sessions.new()
        state = scope.setdefault("state", {})
        state["session"] = session
        state["csrf"] = sessions.csrf(session)
        state["cookie"] = sessions.write(session, now) if session.is_due(now) else None
        state["person"] = ANONYMOUS
        person = await self._context.person_of(session, (scope.get("client") or ("",))[0])
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
    if not here.service.asks_to_sign_in or asker.name is not None:
        return RedirectResponse(local_path(next), status_code=303)
    return _sign_in_page(request, here, local_path(next))


@router.post(SIGN_IN)
async def sign_in(request: Request, here: Here, form: OurForm) -> Response:
    """Begin a session with a token; wrong tokens are counted."""
    back = local_path(_field(form, "back", "/"))
    token = _field(form, "token").strip()
    basis = here.service.tokens.fingerprint(token)
    try:
        person = here.service.authenticate(token)
    except NotAuthenticated as error:  # counted only now: a right token is always taken
        here.attempts.note(_address_of(request), basis, time.monotonic())
        return _sign_in_page(request, here, back, error)
    return await begin_session(request, here, person, basis, back)


@router.get(BY_PROVIDER)
async def leave_for_provider(request: Request, here: Here, next: str = "/") -> Response:
    """Send the browser to the provider of identities."""
    if here.service.provider is None:
        raise NoSuchPage
    try:
        begin = here.service.provider.begin
        address, departure = await here.threads.heavy(begin, _answer_address(request, here))
    except ProviderUnavailable as error:
        return _sign_in_page(request, here, local_path(next), error)
    answer = RedirectResponse(address, status_code=303)
    keep_departure(request, answer, here.sessions.write_departure(departure, local_path(next), time.time()))
    return answer


@router.get(ANSWER)
async def come_back(request: Request, here: Here) -> Response:
    """Begin a session with what the provider has sent the browser back with, once."""
    if here.service.provider is None:
        raise NoSuchPage
    departure, back = here.sessions.read_departure(kept_departure(request), time.time())
    provider = here.service.provider
    try:
        told = dict(request.query_params)
        person = await here.threads.heavy(provider.finish, departure, told, _answer_address(request, here))
        answer = await begin_session(request, here, person, provider.basis, back)
    except (SignInRefused, NotAllowed, ProviderUnavailable) as error:
        answer = _sign_in_page(request, here, back, error)
    keep_departure(request, answer, None)
    return answer


@router.post("/sign-out")
async def sign_out(request: Request, here: Here, form: OurForm) -> Response:
    """End the session, also for copies of its cookie, and on every server of the database."""
    await _end_session(request, here)
    return _with_session(request, here.sessions, SIGN_IN, here.sessions.new())


@router.post("/language")
async def choose_language(request: Request, form: OurForm) -> Response:
    """Keep a language for this browser."""
    return _keep_choice(request, form, LANGUAGE_COOKIE, LANGUAGES)


@router.post("/theme")
async def choose_theme(request: Request, form: OurForm) -> Response:
    """Keep a theme for this browser."""
    return _keep_choice(request, form, THEME_COOKIE, THEMES)


async def begin_session(request: Request, here: PageContext, person: Person, basis: str, back: str) -> Response:
    """Sign a person in with this browser, in place of the session that it had, and lead it back."""
    request.state.person = person
    here.attempts.forgive(_address_of(request))
    await _end_session(request, here)
    session, browser = here.sessions.new(basis), browser_of(request.headers.get("user-agent", ""))
    begin = here.service.sign_ins.begin
    await here.threads.light(begin, session.session_id, person, basis, _address_of(request), browser)
    return _with_session(request, here.sessions, back, session)


async def _end_session(request: Request, here: PageContext) -> None:
    session: BrowserSession = request.state.session
    if session.fingerprint:
        await here.threads.light(here.service.sign_ins.sign_out, session.session_id)


def _with_session(request: Request, sessions: Sessions, path: str, session: BrowserSession) -> Response:
    answer = RedirectResponse(path, status_code=303)
    set_session_cookie(request, answer, sessions.write(session, time.time()))
    return answer


def _sign_in_page(request: Request, here: PageContext, back: str, error: BatchcastError | None = None) -> Response:
    provider = here.service.provider
    return render(
        request,
        "access/sign-in.html",
        status=status_of(error) if error else 200,
        provider=provider and provider.name,
        has_tokens=bool(here.service.tokens),
        back=back,
        problem=error and error.message,
    )


def _answer_address(request: Request, here: PageContext) -> str:
    """Where the provider sends browsers back to: the provider has to know it."""
    root = here.service.config.public_url.rstrip("/") or str(request.base_url).rstrip("/")
    return root + ANSWER


def _address_of(request: Request) -> str:
    return request.client.host if request.client else ""


def _keep_choice(request: Request, form: Texts, cookie: str, known: tuple[str, ...]) -> Response:
    answer = RedirectResponse(local_path(_field(form, "back", "/")), status_code=303)
    choice = _field(form, "choice")
    if choice in known:
        set_choice_cookie(request, answer, cookie, choice)
    return answer


def _field(form: Texts, name: str, default: str = "") -> str:
    return next(iter(form.get(name, ())), default)
