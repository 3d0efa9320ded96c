"""SIGTERM, and a start that can't be: what the server tells, and that nothing is lost."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import threading

import pytest
from tests.acceptance.service.sample import SETTINGS, demand
from tests.acceptance.service.server import until


@pytest.mark.long
def test_a_server_told_to_end_gives_its_batch_back_and_loses_nothing(server, undisturbed):
    server.set_fault("S1", "hold")
    batch_id = server.client.accepted(demand(), **SETTINGS)
    server.await_job("S1")
    with Listener(server, batch_id) as listener:  # a client reads the events meanwhile
        seconds = server.terminate()
    server.lift_fault("S1")
    server.start()

    ended = server.client.await_end(batch_id)

    assert seconds < 10
    assert listener.lines
    assert ended["status"] == "COMPLETED"
    assert server.client.sha256(batch_id) == undisturbed["sha256"]


@pytest.mark.long
def test_a_worker_process_does_the_work_of_a_server_beside_it(make_server, undisturbed):
    """Both share one SQLite file; the server's own workers are kept busy by an older batch."""
    server = make_server(max_parallel=2).start()
    server.set_fault("S9", "hold")
    server.set_fault("S8", "hold")
    busy = server.client.accepted(demand(("S9", "S8")), **SETTINGS)
    until(lambda: {"S8", "S9"} <= set(server.jobs()))
    helper = make_server("helper", home=server.home, command="worker")
    helper.start()

    batch_id = server.client.accepted(demand(), **SETTINGS)
    ended = server.client.await_end(batch_id)

    assert ended["status"] == "COMPLETED"
    assert server.client.sha256(batch_id) == undisturbed["sha256"]
    assert server.client.status(busy)["status"] == "PROCESSING"
    assert helper.terminate() < 10
    server.lift_fault("S9")
    server.lift_fault("S8")
    assert server.client.await_end(busy)["status"] == "COMPLETED"


def test_a_port_that_is_taken_is_named(make_server):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = make_server(api_port=port).start(wait=False)

        assert server.running.wait(30) not in (0, None)

    assert str(port) in server.log
    assert "Traceback" not in server.log


def test_a_home_that_is_no_folder_is_named(make_server):
    server = make_server()
    shutil.rmtree(server.home)
    server.home.write_text("a file")

    server.start(wait=False)

    assert server.running.wait(30) not in (0, None)
    assert str(server.home) in server.log
    assert "Traceback" not in server.log


def test_it_does_not_listen_beyond_this_machine_without_tokens(make_server):
    server = make_server(host="0.0.0.0").start(wait=False)

    assert server.running.wait(30) not in (0, None)
    assert "BATCHCAST_TOKENS" in server.log


@pytest.mark.long
def test_with_tokens_each_role_may_do_what_is_its_own(make_server):
    tokens = {role: made(role) for role in ("viewer", "planner", "admin")}
    server = make_server(tokens=",".join(entry for _, entry in tokens.values())).start()
    http = server.client.http

    def ask(method, path, role=None, **body):
        headers = {"Authorization": f"Bearer {tokens[role][0]}"} if role else {}
        return http.request(method, path, headers=headers, **body)

    submission = {"files": {"file": ("demand.csv", demand())}, "data": {k: str(v) for k, v in SETTINGS.items()}}
    assert ask("GET", "/api/batch/history").status_code == 401
    assert ask("GET", "/api/batch/history", "viewer").status_code == 200
    assert ask("POST", "/api/batch/submit", "viewer", **submission).status_code == 403
    accepted = ask("POST", "/api/batch/submit", "planner", **submission)
    assert accepted.status_code == 202
    batch = f"/api/batch/{accepted.json()['batch_id']}"
    until(lambda: ask("GET", batch.replace("batch/", "batch/status/"), "viewer").json()["status"] == "COMPLETED")
    assert ask("DELETE", batch, "planner").status_code == 403
    assert ask("DELETE", batch, "admin").status_code in (200, 204)
    assert http.get("/healthz").status_code == 200


@pytest.mark.parametrize("path", ["/api/batch/status/..%2f..%2fetc%2fpasswd", "/api/batch/download/" + "0" * 32])
def test_what_is_no_batch_is_not_found(server_of_module, path):
    answer = server_of_module.client.http.get(path)

    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"


def made(role):
    """A fresh token, and its entry for the server."""
    command = [sys.executable, "-m", "batchcast", "token", f"a-{role}", "--role", role]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    words = output.split()
    entry = next(word for word in words if word.startswith(f"a-{role}:"))
    token = next(word for word in words if len(word) >= 32 and ":" not in word)
    return token, entry


class Listener:
    """A client that follows the events of a batch, on a thread."""

    def __init__(self, server, batch_id):
        self.events = server.client.events(batch_id)
        self.lines = []
        self.thread = threading.Thread(target=self.listen)

    def __enter__(self):
        self.thread.start()
        until(lambda: self.lines)
        return self

    def __exit__(self, *error):
        self.thread.join(20)
        assert not self.thread.is_alive()

    def listen(self):
        for line in self.events:
            self.lines.append(line)
