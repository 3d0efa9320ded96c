"""Assembles the page: its routes, what they share, and the gate that every request passes."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from batchcast.app.installation.configuration import session_key
from batchcast.app.service.service import Service
from batchcast.domain.errors import BatchcastError
from batchcast.http.audit import Audit
from batchcast.http.error_status import NoSuchPage, http_problem
from batchcast.http.gate import Gate
from batchcast.http.metrics import TELEMETRY, Metrics
from batchcast.http.threads import Threads
from batchcast.web import access, assets, audit, help, history, marks, orders, people, recipes
from batchcast.web.access import PageAuthentication
from batchcast.web.assets import Assets
from batchcast.web.batch import pages as batch
from batchcast.web.batch.live import Live
from batchcast.web.context import PageContext
from batchcast.web.rendering import Templates, answer_problem
from batchcast.web.results import attention, compare, series
from batchcast.web.results import pages as results
from batchcast.web.sessions import Sessions
from batchcast.web.start import pages as start

ROUTERS = tuple(
    room.router
    for room in (
        *(assets, access, start, batch, results, attention, series, compare, orders),
        *(history, marks, recipes, audit, people, help),
    )
)


def create_page(service: Service, threads: Threads, metrics: Metrics) -> FastAPI:
    """The page over a service; `app.state.live.close()` ends its streams."""
    app = FastAPI(
        title="batchcast", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False, telemetry=TELEMETRY
    )
    known, sessions = Assets.read(), Sessions(session_key(service.config))
    templates = Templates(known, service.config.prefix)
    app.state.context = PageContext(
        service=service, threads=threads, assets=known, templates=templates, sessions=sessions
    )
    app.state.live = Live(service, threads, templates)
    for router in ROUTERS:
        app.include_router(router)
    app.exception_handler(BatchcastError)(_answer_known)
    app.exception_handler(HTTPException)(_answer_http)
    app.exception_handler(RequestValidationError)(_answer_invalid)
    app.add_middleware(
        Gate,
        config=service.config,
        metrics=metrics,
        authentication=PageAuthentication(app, app.state.context),
        audit=Audit(service, threads),
    )
    return app


def _answer_known(request: Request, error: Exception) -> Response:
    return answer_problem(request, error)


def _answer_http(request: Request, error: HTTPException) -> Response:
    return _answer_known(request, http_problem(error.status_code, str(error.detail)))


def _answer_invalid(request: Request, _error: RequestValidationError) -> Response:
    """No page of ours links to an address with such a parameter."""
    return _answer_known(request, NoSuchPage())
