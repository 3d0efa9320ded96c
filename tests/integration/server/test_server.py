"""A server of its own process: where it listens, and how it ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest
from tests.integration.api.conftest import FAST, demand_file, opened

from batchcast.app.installation.configuration import read_config
from batchcast.http.error_status import PortTaken
from batchcast.server.server import Servers, open_sockets, run_servers

pytestmark = pytest.mark.xdist_group("api")

SERVER = """
import sys
from pathlib import Path

from batchcast.server.server import run_servers
from batchcast.app.installation.configuration import read_config
from batchcast.app.service.service import Service


def say(sockets):
    print(sockets.api_url, sockets.page_url, flush=True)


if __name__ == "__main__":
    config = read_config(home=Path(sys.argv[1]), api_port=0, page_port=0, max_parallel=1)
    sys.exit(run_servers(Service.open(config), config, on_listening=say))
"""


@pytest.fixture
def running(tmp_path):
    """A server in a process of its own, and its two addresses."""
    script = tmp_path / "server.py"
    script.write_text(SERVER, encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, script, tmp_path / "home"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        yield process, *process.stdout.readline().split()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.long)])
def test_a_server_that_is_told_to_stop_ends_its_streams_and_itself(running, number):
    process, api, page = running
    assert api != page
    assert httpx.get(f"{page}/healthz", trust_env=False).json() == {"status": "ok"}
    with httpx.Client(base_url=api, timeout=30, trust_env=False) as client:
        files = {"file": ("d.csv", demand_file())}
        batch_id = client.post("/api/batch/submit", files=files, data=FAST | {"models": ""}).json()["batch_id"]
        with client.stream("GET", f"/api/batch/events/{batch_id}") as stream:
            lines = stream.iter_lines()
            assert next(lines).startswith("retry:")
            began = time.monotonic()
            os.kill(process.pid, number)
            for _ in lines:
                pass

    assert process.wait(10) == 0
    assert time.monotonic() - began < 10


@pytest.mark.long
def test_a_stop_that_is_said_twice_breaks_off_what_is_under_way(running):
    process, api, _ = running
    with socket.create_connection(("127.0.0.1", int(api.rsplit(":", 1)[1]))) as connection:
        connection.sendall(
            b"POST /api/batch/submit HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n"
            b"Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n"
        )
        assert httpx.get(f"{api}/healthz", trust_env=False).status_code == 200
        for _ in range(2):
            os.kill(process.pid, signal.SIGTERM)

        assert process.wait(60) == 0


def test_a_stop_may_interrupt_a_stop_at_any_line(tmp_path):
    """As a signal does that comes while the handler of the one before runs."""
    interrupted = []

    def stop_interrupted(servers):
        def interrupt(frame, _event, _argument):
            sys.settrace(None)
            if len(interrupted) < 50:
                interrupted.append(frame.f_lineno)
                servers.stop()
            sys.settrace(interrupt)
            return interrupt

        sys.settrace(interrupt)
        servers.stop()

    with opened(tmp_path / "home") as service, Servers(service, open_sockets(service.config)) as servers:
        thread = threading.Thread(target=stop_interrupted, args=(servers,), daemon=True)
        thread.start()
        thread.join(60)

        assert not thread.is_alive()
        assert len(interrupted) > 1
        asyncio.run(asyncio.wait_for(servers.serve(), 60))  # it was told to stop before it began


def test_a_port_that_is_taken_is_told_before_anything_starts(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        config = read_config(home=tmp_path, api_port=0, page_port=port)

        with pytest.raises(PortTaken, match=f"127.0.0.1:{port} can't be listened on .* BATCHCAST_PAGE_PORT"):
            open_sockets(config)


def test_a_service_is_stopped_where_its_port_is_taken(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other, opened(tmp_path / "home") as service:
        config = service.config.model_copy(update={"api_port": other.getsockname()[1]})

        with pytest.raises(PortTaken):
            run_servers(service, config)

        assert not list(Path(tmp_path / "home" / "work").glob("*/uploads"))


def test_an_address_of_either_kind_can_be_listened_on(tmp_path):
    if not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    sockets = open_sockets(read_config(home=tmp_path, host="::1", api_port=0, page_port=0))

    assert sockets.api_url.startswith("http://[::1]:")
    assert json.dumps(sockets.page_url)
    sockets.close()
