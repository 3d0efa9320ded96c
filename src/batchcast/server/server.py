"""Serves the API on one port and the page on another, in one loop, until a signal ends it.

sockets are bound ─► the service starts ─► requests are served ─► a signal
─► no new connections, streams end, two seconds for what is under way ─► the service stops
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType
from typing import Any

import structlog
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from batchcast.api.application import create_app
from batchcast.app.installation.configuration import ServiceConfig
from batchcast.app.service.service import Service
from batchcast.domain.errors import N_, Message
from batchcast.http.error_status import PortTaken
from batchcast.http.gate import below
from batchcast.http.metrics import Metrics
from batchcast.http.threads import Threads
from batchcast.server.connections import (
    Connections,
    LimitedProtocol,
    ListeningSocket,
    most_connections,
    note_loop_failure,
)
from batchcast.web.application import create_page

SECONDS_FOR_REQUESTS = 2
SECONDS_FOR_BATCHES = 6.0
_WAITING = 1024  # connections that the system holds until they are taken
_SIGNALS = (signal.SIGINT, signal.SIGTERM)

_log = structlog.get_logger("batchcast.server")


@dataclass(frozen=True, kw_only=True, slots=True)
class Sockets:
    """The sockets of a server."""

    api: socket.socket
    page: socket.socket

    @property
    def api_url(self) -> str:
        """Address of the API."""
        return _url_of(self.api)

    @property
    def page_url(self) -> str:
        """Address of the page."""
        return _url_of(self.page)

    def close(self) -> None:
        """Free the ports."""
        self.api.close()
        self.page.close()


def open_sockets(config: ServiceConfig) -> Sockets:
    """Bind both ports, before anything is started.

    Raises:
        PortTaken: if one is taken, or may not be used.
    """
    api = _bind(config.host, config.api_port, "BATCHCAST_API_PORT")
    try:
        return Sockets(api=api, page=_bind(config.host, config.page_port, "BATCHCAST_PAGE_PORT"))
    except PortTaken:
        api.close()
        raise


def run_servers(
    service: Service,
    config: ServiceConfig,
    *,
    sockets: Sockets | None = None,
    on_listening: Callable[[Sockets], None] | None = None,
) -> int:
    """Start the service and serve until SIGTERM or Ctrl-C; then end everything within ten seconds. Returns 0.

    Args:
        service: open, not started; it is stopped in any case.
        config: where to listen.
        sockets: taken already; None: they are taken here.
        on_listening: called with the sockets once requests are answered.

    Raises:
        PortTaken: if a port is taken.
    """
    try:
        with Servers(service, sockets or open_sockets(config), on_listening) as servers:
            service.start()
            with _signals(servers.stop):
                asyncio.run(servers.serve())
    finally:
        service.stop(grace_seconds=SECONDS_FOR_BATCHES)
    return 0


class Servers:
    """Two HTTP servers in one loop: the API's and the page's."""

    def __init__(
        self, service: Service, sockets: Sockets, on_listening: Callable[[Sockets], None] | None = None
    ) -> None:
        self.sockets = sockets
        self._on_listening = on_listening
        self._faces = Faces(service)
        self._config = service.config
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stops_asked = 0
        self._servers: list[_Server] = []

    def __enter__(self) -> Servers:
        return self

    def __exit__(self, *_: object) -> None:
        self.sockets.close()

    async def serve(self) -> None:
        """Answer requests until `stop`."""
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(note_loop_failure)
        protocol = _limited_protocol(self._config)
        apps = (self._faces.api, self._faces.page)
        trusted = self._config.trusted_proxies
        self._servers = [_Server(_settings(app, protocol, trusted), self._note_started) for app in apps]
        if self._stops_asked:
            return
        sockets = (self.sockets.api, self.sockets.page)
        await asyncio.gather(*(server.serve([one]) for server, one in zip(self._servers, sockets, strict=True)))

    def stop(self, signal_name: str | None = None) -> None:
        """Take no more requests, and end. The second call breaks off the requests under way.

        From any thread, and from a signal handler, which may interrupt this very method: no lock, no log.
        """
        self._stops_asked += 1
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._end, self._stops_asked > 1, signal_name)

    def _end(self, at_once: bool, signal_name: str | None) -> None:
        _log.info("stopping", action="stop", signal=signal_name)
        self._faces.close()
        for server in self._servers:
            server.should_exit = True
            server.force_exit = server.force_exit or at_once

    def _note_started(self) -> None:
        if all(server.started for server in self._servers) and self._on_listening is not None:
            notify, self._on_listening = self._on_listening, None
            notify(self.sockets)


class _Server(uvicorn.Server):
    """One HTTP server that sets no signal handlers."""

    def __init__(self, config: uvicorn.Config, on_started: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_started = on_started

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """`run_servers` sets them for both servers."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and call back."""
        await super().startup(sockets)
        self._on_started()


def _limited_protocol(config: ServiceConfig) -> type[LimitedProtocol]:
    """The protocol of both ports, which share one count of connections."""
    most = most_connections(config.max_connections)
    connections = Connections(most, config.header_seconds, config.reading_seconds)
    return type("_Protocol", (LimitedProtocol,), {"connections_of_server": connections})


def _settings(app: Any, protocol: type[LimitedProtocol], trusted: str) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=protocol,
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(trusted),  # of others than these proxies they don't count: a client could write them, too
        forwarded_allow_ips=trusted or None,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=SECONDS_FOR_REQUESTS,
    )


@contextmanager
def _signals(stop: Callable[[str], None]) -> Iterator[None]:
    """Call `stop` with the signal's name on SIGTERM and Ctrl-C for as long as the block runs."""

    def on_signal(number: int, _frame: FrameType | None) -> None:
        stop(signal.Signals(number).name)

    before = {number: signal.signal(number, on_signal) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _bind(host: str, port: int, variable: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = ListeningSocket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # elsewhere it would let two servers have one port
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((host, port))
        taken.listen(_WAITING)
    except OSError as error:
        taken.close()
        template = N_(
            "{host}:{port} can't be listened on ({reason}). Another program, perhaps another batchcast, may have it: "
            "end that one, or choose another port with {variable}."
        )
        values = {"host": host, "port": port, "reason": error.strerror or str(error), "variable": variable}
        raise PortTaken(Message(template, values)) from error
    taken.set_inheritable(False)
    return taken


def _url_of(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


# The port of the page answers for the API, too: so a page needs no other origin, and a program may call either port.

_OF_THE_API = ("/api", "/healthz", "/readyz", "/metrics")


class Faces:
    """The two applications of one service, with shared threads and metrics."""

    def __init__(self, service: Service) -> None:
        threads, metrics = Threads(), Metrics(service)
        self._api = create_app(service, threads, metrics)
        self._page = create_page(service, threads, metrics)
        self._prefix = service.config.prefix
        self.api: ASGIApp = self._api
        self.page: ASGIApp = self._answer_page

    def close(self) -> None:
        """End every stream, because the server stops. Call it on the thread of the loop."""
        self._api.state.context.hub.close()
        self._page.state.live.close()

    async def _answer_page(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = below(self._prefix, scope).get("path", "")
        is_api = any(path == start or path.startswith(f"{start}/") for start in _OF_THE_API)
        await (self._api if is_api else self._page)(scope, receive, send)
