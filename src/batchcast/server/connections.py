"""Bounds what connections may hold: how many are open, how long one may wait to send its request or to read its answer.

A new connection is always taken where an older one only waits: the one that has waited longest is closed instead.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import time
from collections import Counter
from typing import Any

import structlog
from uvicorn.protocols.http.h11_impl import H11Protocol

MOST_AT_ONCE = 16  # connections that are accepted in one turn of the loop, before the first of them is counted
SECONDS_WITHOUT_ACCEPT = 1.0  # after the system had no descriptor left; asyncio waits as long
_FILES_BESIDE = 96  # descriptors of the server that are no connections: database, files, pipes of workers
_FEWEST = 8  # connections, whatever the limit of open files is
_OUT_OF_DESCRIPTORS = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_TOO_MANY = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n"
_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

_log = structlog.get_logger("batchcast.server")


def most_connections(wanted: int) -> int:
    """How many connections can be open at once: as many as wanted, or what the limit of open files leaves.

    The limit of open files is raised as far as the system lets this process raise it.
    """
    try:
        import resource
    except ImportError:  # a system without such limits
        return wanted
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard == resource.RLIM_INFINITY:
        return wanted
    return min(wanted, max(_FEWEST, hard - _FILES_BESIDE))


class Connections:
    """The open connections of a server, over both its ports. Used on the thread of the loop alone.

    One address may hold half of them.
    """

    def __init__(self, most: int, seconds_to_ask: float, seconds_to_read: float) -> None:
        self.most = most
        self.seconds_to_ask = seconds_to_ask
        self.seconds_to_read = seconds_to_read
        self._open: dict[LimitedProtocol, str] = {}  # address of the client, oldest connection first
        self._by_address: Counter[str] = Counter()

    def admit(self, connection: LimitedProtocol, address: str) -> bool:
        """Count a new connection; False where all others that stand in its way are at work."""
        most_of_one = max(1, self.most // 2)
        if self._by_address[address] >= most_of_one and not self._close_waiting(address):
            return False
        if len(self._open) >= self.most and not self._close_waiting(None):
            return False
        self._open[connection] = address
        self._by_address[address] += 1
        return True

    def release(self, connection: LimitedProtocol) -> None:
        """Forget a connection that has ended."""
        address = self._open.pop(connection, None)
        if address is not None:
            self._by_address[address] -= 1
            self._by_address += Counter()  # drop addresses without connections

    def _close_waiting(self, address: str | None) -> bool:
        for connection, its in self._open.items():
            if connection.is_waiting and address in (None, its):
                self.release(connection)
                connection.abort()
                return True
        return False


class LimitedProtocol(H11Protocol):
    """HTTP/1.1 on one connection, within the bounds of `connections`, which a subclass sets."""

    connections_of_server: Connections

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._admitted = False
        self._deadline: asyncio.TimerHandle | None = None  # to send the rest of a request
        self._reading: asyncio.TimerHandle | None = None  # to read what was sent

    @property
    def is_waiting(self) -> bool:
        """No request is at work: its header has not come whole, or the last one is answered."""
        return self.cycle is None or self.cycle.response_complete

    def abort(self) -> None:
        """Close the connection at once, whatever was not sent."""
        self.transport.abort()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, or say that there are too many."""
        peer = transport.get_extra_info("peername")
        self._admitted = self.connections_of_server.admit(self, str(peer[0]) if peer else "")
        self.transport = transport
        if not self._admitted:
            transport.write(_TOO_MANY)
            transport.close()
            return
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Free what the connection held."""
        self.connections_of_server.release(self)
        for timer in (self._deadline, self._reading):
            if timer is not None:
                timer.cancel()
        if self._admitted:
            super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Go on with the request; the time for its header runs on until it is whole."""
        if self._admitted:
            super().data_received(data)
            self._watch()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        self._watch()

    def pause_writing(self) -> None:
        """Give the client its time to read."""
        super().pause_writing()
        if self._reading is None:
            seconds = self.connections_of_server.seconds_to_read
            self._reading = self.loop.call_later(seconds, self.abort)

    def resume_writing(self) -> None:
        """The client reads."""
        super().resume_writing()
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _watch(self) -> None:
        """Run the deadline while the server waits for a request, or for the rest of one that is answered."""
        if self.transport.is_closing():
            return
        if not self.is_waiting:
            if self._deadline is not None:
                self._deadline.cancel()
                self._deadline = None
        elif self._deadline is None:
            self._deadline = self.loop.call_later(self.connections_of_server.seconds_to_ask, self._end_waiting)

    def _end_waiting(self) -> None:
        self._deadline = None
        if self.transport.is_closing():
            return
        if self.cycle is None:
            self.transport.write(_TOO_SLOW)
        self.transport.close()


class ListeningSocket(socket.socket):
    """Gives the loop few connections a turn, so that they are counted in time, and rests when descriptors run out."""

    _taken = 0  # in this turn of the loop
    _rests_until = 0.0

    def accept(self) -> tuple[socket.socket, Any]:
        """The next connection.

        Raises:
            BlockingIOError: if none is to be taken now.
        """
        # asyncio asks once for each place in the backlog, and each answer without a descriptor makes a timer and a
        # line of log: so only the first one is passed on.
        if self._taken >= MOST_AT_ONCE or time.monotonic() < self._rests_until:
            raise BlockingIOError
        try:
            taken = super().accept()
        except OSError as error:
            if error.errno in _OUT_OF_DESCRIPTORS:
                self._rests_until = time.monotonic() + 0.9 * SECONDS_WITHOUT_ACCEPT
            raise
        if self._taken == 0:
            asyncio.get_running_loop().call_soon(self._begin_turn)
        self._taken += 1
        return taken

    def _begin_turn(self) -> None:
        self._taken = 0


def note_loop_failure(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log a failure of the loop; one sentence where descriptors have run out: a traceback would open files."""
    error = context.get("exception")
    if isinstance(error, OSError) and error.errno in _OUT_OF_DESCRIPTORS:
        _log.warning("no descriptor for a connection", action="accept", error=error.strerror)
        return
    loop.default_exception_handler(context)
