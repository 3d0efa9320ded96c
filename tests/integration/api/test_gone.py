"""Clients that go before they are answered, and a server that stops before it has answered."""

from __future__ import annotations

import asyncio
import socket
import threading
import time

import httpx
import pytest
from tests.integration.api.conftest import opened, serving

from batchcast.domain.errors import BatchCancelled, Message
from batchcast.http.threads import Threads
from batchcast.run.asking import Asking, asked_by, asker
from batchcast.server.server import Servers, open_sockets

pytestmark = pytest.mark.xdist_group("api")


@pytest.fixture
def held(monkeypatch):
    """Has the service hold every submission until it is let go; says what is going on."""

    class Held:
        def __init__(self):
            self.began, self.go, self.seen = threading.Event(), threading.Event(), []

        def hold(self, *_args, **_more):
            self.seen.append(asker())
            self.began.set()
            self.go.wait(30)
            raise BatchCancelled(Message("Stopped."))

    made = Held()
    yield made
    made.go.set()


def form(content):
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="d.csv"\r\n\r\n' + content + b"\r\n--x--\r\n"
    head = "POST /api/batch/submit HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def await_that(is_so):
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_client_that_goes_before_its_answer_stops_what_is_read_for_it(tmp_path, held, demand):
    with opened(tmp_path / "home") as service, serving(service, service.config) as url:
        service.submit = held.hold
        port = int(url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(form(demand()))
            assert held.began.wait(20)
            assert not held.seen[0].gone.was_asked

        await_that(lambda: held.seen[0].gone.was_asked)
        held.go.set()

    assert held.seen[0].share == "127.0.0.1"


def test_a_client_that_is_answered_stops_nothing(client, submit, monkeypatch, service):
    seen, real = [], service.submit

    def note(*args, **more):
        seen.append(asker())
        return real(*args, **more)

    monkeypatch.setattr(service, "submit", note)

    assert submit(seed="71").status_code == 202
    assert client.get("/healthz").status_code == 200
    assert not seen[0].gone.was_asked


def test_a_submission_while_the_server_stops_is_told_when_to_come_again(tmp_path, held, demand, fast):
    with opened(tmp_path / "home") as service:
        service.submit = held.hold
        listening = threading.Event()
        with Servers(service, open_sockets(service.config), lambda _: listening.set()) as servers:
            serving_thread = threading.Thread(target=lambda: asyncio.run(servers.serve()))
            serving_thread.start()
            assert listening.wait(10)
            answers = []

            def send():
                with httpx.Client(base_url=servers.sockets.api_url, trust_env=False, timeout=30) as client:
                    answers.append(client.post("/api/batch/submit", files={"file": ("d.csv", demand())}, data=fast))

            sender = threading.Thread(target=send)
            sender.start()
            assert held.began.wait(20)

            servers.stop("SIGTERM")
            sender.join(20)
            held.go.set()
            serving_thread.join(20)

    assert (answers[0].status_code, answers[0].json()["code"]) == (503, "server-stopping")
    assert int(answers[0].headers["retry-after"]) > 0


def test_one_share_leaves_threads_to_others():

    threads, go, at_work = Threads(), threading.Event(), []

    def hold():
        at_work.append(1)
        go.wait(30)

    async def run():
        with asked_by(Asking(share="ani")):
            slow = [asyncio.create_task(threads.heavy(hold)) for _ in range(20)]
        with asked_by(Asking(share="budi")):
            async with asyncio.timeout(20):
                assert await threads.heavy(lambda: "read") == "read"
        held_then = len(at_work)
        go.set()
        await asyncio.gather(*slow)
        return held_then

    assert asyncio.run(run()) <= 6
    assert len(at_work) == 20
    assert threads._shares == {}
