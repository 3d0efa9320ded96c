"""The gate that every request passes: checks its host, origin and person, logs it, adds headers to its answer.

Written for ASGI directly, because a middleware that wraps answers would hold up streams. Each face has its own gate,
with its own `Authentication`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from batchcast.app.installation.configuration import ServiceConfig
from batchcast.http.audit import Audit, made_at
from batchcast.http.error_status import BadHost, ForeignPage, ServerStopping
from batchcast.http.metrics import Metrics
from batchcast.http.request import is_batch_id
from batchcast.run import tracing
from batchcast.run.asking import Asking, CancelToken, asked_by

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})  # they change nothing
SAFE_HEADERS: Mapping[str, str] = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "cross-origin-resource-policy": "same-origin",
}
_METHODS = frozenset({"GET", "HEAD", "POST", "DELETE", "OPTIONS", "PUT", "PATCH"})
_CLIENT_GONE = 499
_HSTS = "max-age=31536000"
_OF_PATHS = ("location", "hx-redirect", "hx-push-url", "hx-replace-url")  # headers that name a path of ours

_log = structlog.get_logger("batchcast.http")


class Authentication(Protocol):
    """How one face admits requests and answers errors."""

    headers: Mapping[str, str]  # of every answer that has not set its own

    async def admit(self, scope: Scope, headers: Headers) -> None:
        """Note the person of a request in `scope["state"]`, or raise a BatchcastError."""

    def answer(self, error: Exception, scope: Scope, headers: Headers) -> ASGIApp:
        """The answer to an error, of the gate or of the application."""


class Gate:
    """The outermost middleware of a face."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        config: ServiceConfig,
        metrics: Metrics,
        authentication: Authentication,
        audit: Audit,
    ) -> None:
        self._app = app
        self._audit = audit
        self._metrics = metrics
        self._authentication = authentication
        self._hosts = Hosts(config)
        self._prefix = config.prefix
        self._further = {"strict-transport-security": _HSTS} if config.has_tls else {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on to the application, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method = scope["method"]
        scope = below(self._prefix, scope)
        if method == "HEAD":  # as a GET, whose answer ends where its body begins
            scope = {**scope, "method": "GET"}
        headers = {**self._authentication.headers, **self._further}
        answer = _Answer(send, headers, self._prefix, has_body=method != "HEAD")
        began = time.perf_counter()
        receiver = Receiver(receive, answer)
        try:
            await self._pass(scope, receiver, answer)
        except asyncio.CancelledError:  # the server stops, and has waited for a while
            if answer.status is None:
                stopping = self._authentication.answer(ServerStopping(), scope, Headers(scope=scope))
                await stopping(scope, receive, answer)
            raise
        except (ClientDisconnect, _HeadSent):
            answer.status = answer.status or _CLIENT_GONE
        except Exception as error:
            if answer.status is not None:
                raise  # the answer has begun: only breaking it off tells the client
            await self._authentication.answer(error, scope, Headers(scope=scope))(scope, receive, answer)
        finally:
            receiver.close()
            if receiver.gone.was_asked:  # what was stopped for that is not a fault
                answer.status = _CLIENT_GONE
            self._note(method, scope, answer.status or _CLIENT_GONE, time.perf_counter() - began)
        await self._audit.note(scope, answer.status or _CLIENT_GONE, answer.place)

    async def _pass(self, scope: Scope, receive: Receiver, send: Send) -> None:
        headers = Headers(scope=scope)
        if not self._hosts.admit(headers, scope):
            raise BadHost
        if scope["method"] not in SAFE_METHODS and not self._hosts.admit_origin(headers, scope):
            raise ForeignPage
        await self._authentication.admit(scope, headers)
        person = scope.get("state", {}).get("person")
        address = (scope.get("client") or ("",))[0]
        with asked_by(Asking(share=(person and person.name) or address, gone=receive.gone)):
            await self._app(scope, receive, send)

    def _note(self, method: str, scope: Scope, status: int, seconds: float) -> None:
        method = method if method in _METHODS else "other"
        route = getattr(scope.get("route"), "path", "none")
        self._metrics.note_request(method, route, status, seconds)
        batch_id = str(scope.get("path_params", {}).get("batch_id", ""))
        about = {"batch_id": batch_id} if is_batch_id(batch_id) else {}
        _log.info(
            "request", action="request", method=method, route=route, status=status, seconds=round(seconds, 4), **about
        )


def below(prefix: str, scope: Scope) -> Scope:
    """A request as if the server stood at the root: a proxy may pass its prefix on, or not."""
    path = scope.get("path", "")
    if not prefix or not (path == prefix or path.startswith(f"{prefix}/")):
        return scope
    return {**scope, "path": path[len(prefix) :] or "/", "raw_path": None}


class Receiver:
    """What a client sends; once that has come whole, it watches whether the client waits for its answer."""

    def __init__(self, receive: Receive, answer: _Answer) -> None:
        self._receive = receive
        self._answer = answer
        self._watching: asyncio.Task[Message] | None = None
        self.gone = CancelToken()  # stopped once the client has gone before it was answered

    async def __call__(self) -> Message:
        """The next message; after the whole body, that the client has gone."""
        if self._watching is not None:
            return await asyncio.shield(self._watching)
        message = await self._receive()
        if message["type"] == "http.request" and not message.get("more_body", False):
            self._watching = asyncio.create_task(self._watch(), name="client")
        return message

    async def _watch(self) -> Message:
        message = await self._receive()
        while message["type"] != "http.disconnect":
            message = await self._receive()
        if self._answer.status is None:
            self.gone.stop()
        return message

    def close(self) -> None:
        """Watch no longer: the request is answered."""
        if self._watching is not None:
            self._watching.cancel()


class _HeadSent(OSError):
    """The head of an answer is sent, which is all that a HEAD asks for; a stream ends as where its client has gone."""


class _Answer:
    """Adds the headers that every answer has, and notes its status."""

    def __init__(self, send: Send, headers: Mapping[str, str], prefix: str, *, has_body: bool) -> None:
        self._send = send
        self._headers = headers
        self._prefix = prefix  # of the public address: paths that an answer names are below it
        self._has_body = has_body
        self._is_sent = False
        self.status: int | None = None
        self.place = ""  # that it leads to

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in self._headers.items():
                headers.setdefault(name, value)
            self.place = headers.get("location") or headers.get("hx-redirect", "")
            if batch_id := made_at(self.place):
                tracing.note(batch_id=batch_id)
            for name in _OF_PATHS if self._prefix else ():
                if headers.get(name, "").startswith("/"):
                    headers[name] = self._prefix + headers[name]
        elif message["type"] == "http.response.body" and not self._has_body:
            if self._is_sent:
                raise _HeadSent
            self._is_sent = True
            message = {"type": "http.response.body", "body": b"", "more_body": False}
        await self._send(message)


# The host names of a server: a page of another site must not reach it by a name of that site (DNS rebinding).

_USUAL_PORTS = {"http": 80, "https": 443}
_LOCAL = ("localhost", "127.0.0.1", "[::1]")


class Hosts:
    """The names by which clients may call this server."""

    def __init__(self, config: ServiceConfig) -> None:
        further = [name.strip().lower() for name in config.allowed_hosts.split(",") if name.strip()]
        self._names = {*_LOCAL, _bracketed(config.host.lower()), *further}
        self._endings = tuple(name.removeprefix("*") for name in further if name.startswith("*."))
        self._ports = (config.api_port, config.page_port)
        self._any = "*" in further
        self._origin = f"{urlsplit(config.public_url).scheme}://{config.public_host}" if config.public_url else None
        if config.public_url:
            self._names.add(_without_port(config.public_host))

    def admit(self, headers: Mapping[str, str], scope: Mapping[str, Any]) -> bool:
        """Whether the Host header is a name of this server, or the address that the request came in by."""
        return self._is_ours(_without_port(headers.get("host", "").lower()), scope)

    def admit_origin(self, headers: Mapping[str, str], scope: Mapping[str, Any]) -> bool:
        """Whether the Origin header is a page of this server, by its host and port; programs send none.

        A page elsewhere on the same machine is another site, so its port counts: it is one of this server's, that of
        the Host header, or, for a name that a proxy has, the usual one.
        """
        origin = headers.get("origin")
        if origin is None or origin.lower() == self._origin:
            return True
        scheme, _, place = origin.lower().partition("://")
        name, port = _without_port(place), _port(origin)
        known = {*self._ports, _port(f"{scheme}://{headers.get('host', '')}")}
        if name not in _LOCAL:
            known.add(_USUAL_PORTS.get(scheme))
        return port in known and self._is_ours(name, scope)

    def _is_ours(self, name: str, scope: Mapping[str, Any]) -> bool:
        came_by = (scope.get("server") or ("",))[0]
        is_ours = name in self._names or (bool(self._endings) and name.endswith(self._endings))
        return self._any or is_ours or (bool(name) and name == _bracketed(str(came_by)))


def _port(origin: str) -> int | None:
    """The port of an origin; None where it can't be read."""
    try:
        found = urlsplit(origin.lower())
        return found.port or _USUAL_PORTS.get(found.scheme)
    except ValueError:
        return None


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
