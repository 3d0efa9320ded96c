"""What every request passes: it is measured and logged, its host and sender are checked, its answer is made safe.

Written for ASGI directly: a middleware that wraps answers would hold up streams. Each face has a gate of its own, told
whom to admit and how to answer what goes wrong by its `Doorman`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Protocol

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from batchcast.app.configuration import ServiceConfig
from batchcast.http.batch_ids import is_batch_id
from batchcast.http.hosts import Hosts
from batchcast.http.metrics import Metrics
from batchcast.http.refusals import BadHost, ForeignPage

LOOKING = frozenset({"GET", "HEAD", "OPTIONS"})  # changes nothing
SAFE_HEADERS: Mapping[str, str] = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "cross-origin-resource-policy": "same-origin",
}
_METHODS = frozenset({"GET", "HEAD", "POST", "DELETE", "OPTIONS", "PUT", "PATCH"})
_CLIENT_GONE = 499

_log = structlog.get_logger("batchcast.http")


class Doorman(Protocol):
    """How one face treats who comes."""

    headers: Mapping[str, str]  # of every answer that has not set its own

    def admit(self, scope: Scope, headers: Headers) -> None:
        """Let a request in, noting in `scope["state"]` who asks; or raise a BatchcastError."""

    def answer(self, error: Exception, scope: Scope, headers: Headers) -> ASGIApp:
        """What is answered where something went wrong, here or within."""


class Gate:
    """Stands before the whole application of a face."""

    def __init__(self, app: ASGIApp, *, config: ServiceConfig, metrics: Metrics, doorman: Doorman) -> None:
        self._app = app
        self._metrics = metrics
        self._doorman = doorman
        self._hosts = Hosts(config)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send, self._doorman.headers)
        began = time.perf_counter()
        try:
            await self._pass(scope, receive, answer)
        except ClientDisconnect:
            answer.status = answer.status or _CLIENT_GONE
        except Exception as error:
            if answer.status is not None:
                raise  # the answer has begun: only breaking it off tells the client
            await self._doorman.answer(error, scope, Headers(scope=scope))(scope, receive, answer)
        finally:
            self._note(scope, answer.status or _CLIENT_GONE, time.perf_counter() - began)

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        if not self._hosts.admit(headers, scope):
            raise BadHost
        if scope["method"] not in LOOKING and not self._hosts.admit_origin(headers, scope):
            raise ForeignPage
        self._doorman.admit(scope, headers)
        await self._app(scope, receive, send)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "other"
        route = getattr(scope.get("route"), "path", "none")
        self._metrics.note_request(method, route, status, seconds)
        batch_id = str(scope.get("path_params", {}).get("batch_id", ""))
        about = {"batch_id": batch_id} if is_batch_id(batch_id) else {}
        _log.info(
            "request", action="request", method=method, route=route, status=status, seconds=round(seconds, 4), **about
        )


class _Answer:
    """Sends an answer with the headers that every answer has, and remembers its status."""

    def __init__(self, send: Send, headers: Mapping[str, str]) -> None:
        self._send = send
        self._headers = headers
        self.status: int | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in self._headers.items():
                headers.setdefault(name, value)
        await self._send(message)
