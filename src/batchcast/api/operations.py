"""Health, readiness and metrics of a server, for its operators; and the description of its API as a page."""

from __future__ import annotations

import html
from importlib.resources import files

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from batchcast.api.answers import Health, ReadinessAnswer
from batchcast.api.context import Here, Lang, answer
from batchcast.api.problems import ERRORS_PATH, documented
from batchcast.app.installation.tokens import NotAuthenticated
from batchcast.app.service.service import Service
from batchcast.app.words.translation import translate
from batchcast.domain.errors import N_, BatchcastError, Message
from batchcast.http.error_status import RETRY_AFTER_SECONDS, NoSuchPage
from batchcast.http.request import token_of

_DOCS = "/api/docs"
_ASSETS = {
    "swagger-ui.css": ("swagger/swagger-ui.css", "text/css"),
    "swagger-ui-bundle.js": ("swagger/swagger-ui-bundle.js", "text/javascript"),
    "docs.js": ("docs.js", "text/javascript"),
    "docs.css": ("docs.css", "text/css"),
}  # by the name in the address: no path is made of what a client sends
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
_STATIC = files("batchcast.api") / "static"

_WITHHELD = N_("This server can't take work now; its log says why, and so does this address where a token is sent.")

router = APIRouter()


@router.get("/healthz", response_model=Health, tags=["operations"], summary="The process answers")
async def healthz() -> Response:
    """For what restarts a process that hangs."""
    return answer(Health())


@router.get(
    "/readyz",
    response_model=ReadinessAnswer,
    responses={503: {"description": "Not now; `problems` says why.", "model": ReadinessAnswer}},
    tags=["operations"],
    summary="This server can take work",
)
async def readyz(request: Request, here: Here, language: Lang) -> Response:
    """Its database and files can be reached, and it takes batches from the queue."""
    found = await here.threads.light(here.service.readiness)
    problems = [translate(problem, language) for problem in found.problems]
    if problems and not _may_know(here.service, request):
        problems = [translate(Message(_WITHHELD), language)]
    if not problems:
        return answer(ReadinessAnswer(status="ready", problems=[]), language)
    made = answer(ReadinessAnswer(status="not ready", problems=problems), language, status=503)
    made.headers["retry-after"] = str(RETRY_AFTER_SECONDS)
    return made


def _may_know(service: Service, request: Request) -> bool:
    """Whether the sender has a token where tokens are used, and so may know the places that reasons name."""
    try:
        service.authenticate(token_of(request.headers))
    except NotAuthenticated:
        return False
    return True


@router.get(
    "/metrics",
    responses={200: {"description": "Prometheus' text format.", "content": {"text/plain": {}}}, **documented()},
    response_class=Response,
    tags=["operations"],
    summary="Metrics for Prometheus",
)
async def metrics(request: Request, here: Here) -> Response:
    """The queue, partitions by outcome, durations, workers' memory, requests, the process itself, versions."""
    accepted = request.headers.get("accept", "")
    text, media_type = await here.threads.light(here.metrics.render, accepted)
    return Response(text, headers={"content-type": media_type, "vary": "Accept"})


@router.get("/", include_in_schema=False)
async def root() -> Response:
    """Leads a browser to the description."""
    return RedirectResponse(_DOCS)


@router.get(_DOCS, include_in_schema=False)
async def docs() -> Response:
    """The description of the API as a page, from files of this package."""
    page = (_STATIC / "docs.html").read_text(encoding="utf-8")
    if not (_STATIC / "swagger" / "swagger-ui-bundle.js").is_file():
        page = (_STATIC / "docs-missing.html").read_text(encoding="utf-8")
    return HTMLResponse(page, headers={"content-security-policy": _PAGE_POLICY, "cache-control": "no-cache"})


@router.get(_DOCS + "/{name}", include_in_schema=False)
async def asset(name: str, request: Request) -> Response:
    """A file of that page."""
    if name not in _ASSETS:
        raise NoSuchPage
    path, media_type = _ASSETS[name]
    file = _STATIC / path
    if not file.is_file():
        raise NoSuchPage
    return Response(file.read_bytes(), media_type=media_type, headers={"cache-control": "no-cache"})


@router.get(ERRORS_PATH, include_in_schema=False)
async def errors() -> Response:
    """What each code means; the `type` of a problem is an address in this page."""
    kinds = sorted({kind.slug: kind for kind in _with_subclasses(BatchcastError)}.items())
    entries = "".join(f'<dt id="{slug}"><code>{slug}</code></dt><dd>{_about(kind)}</dd>' for slug, kind in kinds)
    head = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Errors</title><h1>Errors</h1>'
    return HTMLResponse(f"{head}<dl>{entries}</dl>")


def _about(kind: type[BatchcastError]) -> str:
    return html.escape((kind.__doc__ or "").partition("\n")[0])


def _with_subclasses(kind: type[BatchcastError]) -> set[type[BatchcastError]]:
    return {kind}.union(*(_with_subclasses(child) for child in kind.__subclasses__()))
