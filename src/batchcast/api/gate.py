"""What every request passes: it is measured and logged, its host and token are checked, its answer is made safe.

Written for ASGI directly: a middleware that wraps answers would hold up streams.
"""

from __future__ import annotations

import re
import time
from collections.abc import MutableMapping
from typing import Any

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from batchcast.api.hosts import Hosts
from batchcast.api.metrics import Metrics
from batchcast.api.problems import answer_problem
from batchcast.api.refusals import BadHost, ForeignPage
from batchcast.app.service import Service
from batchcast.app.tokens import Role

_METHODS = frozenset({"GET", "HEAD", "POST", "DELETE", "OPTIONS", "PUT", "PATCH"})
_LOOKING = frozenset({"GET", "HEAD", "OPTIONS"})  # changes nothing
_BATCH_ID = re.compile(r"[0-9a-f]{32}")
_OPEN = frozenset({"/", "/healthz", "/readyz", "/api/openapi.json", "/api/errors"})  # and /api/docs: they hold no data
_SAFE_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "cross-origin-resource-policy": "same-origin",
}
_CLIENT_GONE = 499

_log = structlog.get_logger("batchcast.api")


class Gate:
    """Stands before the whole application."""

    def __init__(self, app: ASGIApp, *, service: Service, metrics: Metrics) -> None:
        self._app = app
        self._service = service
        self._metrics = metrics
        self._hosts = Hosts(service.config)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send)
        began = time.perf_counter()
        try:
            await self._pass(scope, receive, answer)
        except ClientDisconnect:
            answer.status = answer.status or _CLIENT_GONE
        except Exception as error:
            if answer.status is not None:
                raise  # the answer has begun: only breaking it off tells the client
            await answer_problem(error, Headers(scope=scope), scope["path"])(scope, receive, answer)
        finally:
            self._note(scope, answer.status or _CLIENT_GONE, time.perf_counter() - began)

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        if not self._hosts.admit(headers, scope):
            raise BadHost
        if scope["method"] not in _LOOKING and not self._hosts.admit_origin(headers, scope):
            raise ForeignPage
        if not _is_open(scope["path"]):
            person = self._service.authenticate(_token_of(headers))
            person.require(_role_for(scope["method"]))
            state: MutableMapping[str, Any] = scope.setdefault("state", {})
            state["person"] = person
        await self._app(scope, receive, send)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "other"
        route = getattr(scope.get("route"), "path", "none")
        self._metrics.note_request(method, route, status, seconds)
        batch_id = str(scope.get("path_params", {}).get("batch_id", ""))
        about = {"batch_id": batch_id} if _BATCH_ID.fullmatch(batch_id) else {}
        _log.info(
            "request", action="request", method=method, route=route, status=status, seconds=round(seconds, 4), **about
        )


class _Answer:
    """Sends an answer with the headers that every answer has, and remembers its status."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status: int | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in _SAFE_HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)


def _is_open(path: str) -> bool:
    return path in _OPEN or path == "/api/docs" or path.startswith("/api/docs/")


def _token_of(headers: Headers) -> str | None:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def _role_for(method: str) -> Role:
    """What it takes to ask this: looking, changing, or removing."""
    if method in _LOOKING:
        return Role.VIEWER
    return Role.ADMIN if method == "DELETE" else Role.PLANNER
