"""A server of its own process, and clients that open connections and do nothing useful with them."""

from __future__ import annotations

import contextlib
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

resource = pytest.importorskip("resource", reason="this system has no limits of open files")

pytestmark = pytest.mark.xdist_group("api")

SERVER = """
import resource
import sys
from pathlib import Path

from batchcast.app.installation.configuration import read_config
from batchcast.app.installation.log import set_up_service_log
from batchcast.app.service.service import Service
from batchcast.server.server import run_servers

if __name__ == "__main__":
    files = int(sys.argv[2])
    if files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    set_up_service_log("text")
    ports = {"api_port": 0, "page_port": 0, "max_parallel": 1}
    config = read_config(home=Path(sys.argv[1]), header_seconds=1, reading_seconds=1, **ports)
    say = lambda sockets: print(sockets.api_url, sockets.page_url, flush=True)
    sys.exit(run_servers(Service.open(config), config, on_listening=say))
"""


class Running:
    """The server, its two addresses and its log."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        assert process.stdout is not None
        self.process, self.log = process, log
        self.api, self.page = process.stdout.readline().split()
        self.address = ("127.0.0.1", int(self.api.rsplit(":", 1)[1]))


@contextlib.contextmanager
def serving(folder: Path, *, open_files: int = 0) -> Iterator[Running]:
    script, log = folder / "server.py", folder / "log"
    script.write_text(SERVER, encoding="utf-8")
    command = [sys.executable, str(script), str(folder / "home"), str(open_files)]
    with log.open("w") as lines:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=lines, text=True)
    try:
        yield Running(process, log)
    finally:
        process.terminate()
        process.wait(30)
        assert process.stdout is not None
        process.stdout.close()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(tmp_path_factory.mktemp("connections")) as server:
        yield server


def is_closed(connection: socket.socket, seconds: float) -> bool:
    """Whether the server closes it within so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        readable, _, _ = select.select([connection], [], [], 0.2)
        if readable:
            try:
                if not connection.recv(65536):
                    return True
            except ConnectionError:
                return True
    return False


ASKED = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


WITH_BODY = b"POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nx"
UNFINISHED = {
    "nothing": b"",
    "half a line": b"GET /heal",
    "half a header": ASKED[:-2],
    "half a second request": ASKED + b"GET /heal",
    "half a body of an answered request": WITH_BODY,
}


@pytest.mark.parametrize("sent", UNFINISHED.values(), ids=UNFINISHED)
def test_a_client_that_does_not_go_on_is_let_go(running: Running, sent: bytes) -> None:
    with socket.create_connection(running.address) as connection:
        connection.sendall(sent)

        assert is_closed(connection, 20)


def test_a_header_that_comes_byte_by_byte_has_no_more_time(running: Running) -> None:
    with socket.create_connection(running.address) as connection:
        began = time.monotonic()
        with contextlib.suppress(ConnectionError):
            connection.sendall(b"GET /healthz HTTP/1.1\r\nX: ")
            while time.monotonic() - began < 20:
                connection.sendall(b"x")
                if is_closed(connection, 0.2):
                    break

        assert time.monotonic() - began < 20


def test_a_client_that_does_not_read_its_answer_is_let_go(running: Running) -> None:
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(running.address)
    with connection:
        connection.setblocking(False)
        end = time.monotonic() + 30
        ended = False
        asked = b"GET /api/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 400
        while time.monotonic() < end and not ended:  # it asks on and on, and reads nothing
            try:
                connection.send(asked)
            except BlockingIOError:
                time.sleep(0.1)
            except ConnectionError:
                ended = True

        assert ended


@pytest.mark.long
def test_an_event_stream_lives_on_without_requests(running: Running) -> None:
    with httpx.Client(base_url=running.page, timeout=30, trust_env=False) as client:
        file = {"file": ("d.csv", b"date,partnumber,site_code,demand_qty\n2024-01-01,A,S,1\n2024-02-01,A,S,2\n")}
        batch_id = client.post("/api/batch/submit", files=file).json()["batch_id"]
        with client.stream("GET", f"/api/batch/events/{batch_id}") as stream:
            received = "".join(stream.iter_text())

    assert "COMPLETED" in received or "ROLLED_BACK" in received


@pytest.mark.long
def test_people_are_answered_while_150_connections_are_held_where_120_files_can_be_open(tmp_path: Path) -> None:
    with serving(tmp_path, open_files=120) as server, contextlib.ExitStack() as held:
        for number in range(150):
            connection = held.enter_context(socket.create_connection(server.address))
            if number % 2:
                with contextlib.suppress(ConnectionError):
                    connection.sendall(b"GET /api/history HTTP/1.1\r\n")

        for address in (f"{server.api}/healthz", f"{server.api}/api/batch/history", f"{server.page}/"):
            assert httpx.get(address, timeout=30, trust_env=False).status_code == 200

        assert server.log.stat().st_size < 20_000
