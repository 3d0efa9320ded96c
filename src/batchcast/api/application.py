"""Assembles the API: its endpoints, what they share, and the gate that every request passes."""

from __future__ import annotations

import time
from collections.abc import Mapping, MutableMapping
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Scope

from batchcast.api import audit, batches, operations, orders, planner, recipes, results, sessions
from batchcast.api.answers import Change, Problem
from batchcast.api.context import Context
from batchcast.api.description import CHANGES, TAGS, changes_schema, operation_id
from batchcast.api.hub import Hub
from batchcast.api.problems import answer_problem
from batchcast.api.statuses import Statuses
from batchcast.app.installation.tokens import NotAuthenticated, Person, Role
from batchcast.app.service.service import Service
from batchcast.domain.errors import N_, BatchcastError, Message
from batchcast.http.audit import Audit
from batchcast.http.error_status import InvalidRequest, http_problem
from batchcast.http.gate import SAFE_HEADERS, SAFE_METHODS, Gate
from batchcast.http.metrics import TELEMETRY, Metrics
from batchcast.http.request import Attempts, token_of
from batchcast.http.threads import Threads

ROUTERS = tuple(room.router for room in (batches, results, orders, planner, recipes, audit, sessions, operations))
_ABOUT = """Forecasts the demand for every part at every site, in batches that cannot half-fail.

Every error is RFC 9457 problem details with a stable `code`. Send `Accept-Language: id` for Indonesian.
"""


def create_app(service: Service, threads: Threads, metrics: Metrics) -> FastAPI:
    """The API over a service; `app.state.context.hub.close()` ends its streams."""
    app = FastAPI(
        title="batchcast",
        version=version("batchcast"),
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        redirect_slashes=False,
        openapi_tags=list(TAGS),
        telemetry=TELEMETRY,
    )
    app.state.context = Context(
        service=service,
        threads=threads,
        statuses=Statuses(service, threads),
        hub=Hub(service, threads),
        metrics=metrics,
    )
    for router in ROUTERS:
        app.include_router(router, generate_unique_id_function=operation_id)
    app.exception_handler(BatchcastError)(_answer_known)
    app.exception_handler(HTTPException)(_answer_http)
    app.exception_handler(RequestValidationError)(_answer_invalid)
    app.add_middleware(
        Gate,
        config=service.config,
        metrics=metrics,
        authentication=TokenAuthentication(service),
        audit=Audit(service, threads),
    )
    app.openapi = lambda: _describe(app)  # type: ignore[method-assign]
    return app


def _describe(app: FastAPI) -> dict[str, Any]:
    """The description, with the problems that the endpoints name and the tokens they take."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes, tags=app.openapi_tags
        )
        parts = schema.setdefault("components", {})
        for model in (Problem, Change):  # that no endpoint names as its answer
            described = model.model_json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
            parts.setdefault("schemas", {}).update(described.pop("$defs", {}) | {model.__name__: described})
        for unused in ("HTTPValidationError", "ValidationError"):
            parts["schemas"].pop(unused, None)
        parts["schemas"][CHANGES] = changes_schema()
        parts["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        schema["security"] = [{}, {"token": []}]
        app.openapi_schema = schema
    return app.openapi_schema


def _answer_known(request: Request, error: Exception) -> Response:
    return answer_problem(error, request.headers, request.url.path)


def _answer_http(request: Request, error: HTTPException) -> Response:
    made = _answer_known(request, http_problem(error.status_code, str(error.detail)))
    made.headers.update(error.headers or {})
    return made


def _answer_invalid(request: Request, error: RequestValidationError) -> Response:
    template = N_("{place} is {found!r}: {expected}.")
    problems = [
        Message(
            template,
            {
                "place": " ".join(map(str, detail["loc"])),
                "found": str(detail.get("input"))[:100],
                "expected": detail["msg"],
            },
        )
        for detail in error.errors()
    ]
    return _answer_known(request, InvalidRequest(problems))


# Authentication: bearer tokens, each with a role.

_OPEN = frozenset({"/", "/healthz", "/readyz", "/api/openapi.json", "/api/errors"})  # and /api/docs: they hold no data


class TokenAuthentication:
    """Admits requests with a bearer token of the service."""

    headers: Mapping[str, str] = SAFE_HEADERS

    def __init__(self, service: Service) -> None:
        self._service = service
        self._attempts = Attempts()

    async def admit(self, scope: Scope, headers: Headers) -> None:
        """Note the person of a request in `scope["state"]`.

        Raises:
            NotAuthenticated: if tokens are set and it has none of them.
            NotAllowed: if its role does not allow this.
            TooManyAttempts: if too many wrong tokens came from its address.
        """
        if _is_open(scope["path"]):
            return
        person = self._authenticate(token_of(headers), (scope.get("client") or ("",))[0])
        person.require(_role_for(scope["method"], scope["path"]))
        state: MutableMapping[str, Any] = scope.setdefault("state", {})
        state["person"] = person

    def _authenticate(self, token: str | None, address: str) -> Person:
        try:
            return self._service.authenticate(token)
        except NotAuthenticated:
            if token is not None:  # a right token is always taken, however many wrong ones came before
                self._attempts.note(address, self._service.tokens.fingerprint(token), time.monotonic())
            raise

    def answer(self, error: Exception, scope: Scope, headers: Headers) -> ASGIApp:
        """Problem details."""
        return answer_problem(error, headers, scope["path"])


def _is_open(path: str) -> bool:
    return path in _OPEN or path == "/api/docs" or path.startswith("/api/docs/")


_OF_PLANNERS = ("/api/marks/", "/api/batch/looked/")  # what planners leave, they take back


def _role_for(method: str, path: str) -> Role:
    """The least role that may send a request of this method."""
    if method in SAFE_METHODS or path == sessions.PATH or path.startswith(f"{sessions.PATH}/"):  # which people end
        return Role.VIEWER
    return Role.ADMIN if method == "DELETE" and not path.startswith(_OF_PLANNERS) else Role.PLANNER
