"""The commands that go on until they are stopped, as processes; and what they refuse before anything starts."""

from __future__ import annotations

import signal
import socket
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import httpx
import pytest

from batchcast.run.job import Ending
from batchcast.run.local_pool import LocalPool

pytestmark = pytest.mark.xdist_group("cli and its server")


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.long)])
def test_a_server_says_where_it_is_and_ends_in_good_order(start, number):
    server = start("serve", "--port", "0", "--page-port", "0")

    assert server.said["kind"] == "serving"
    assert httpx.get(server.said["api"] + "/readyz").json()["status"] == "ready"
    assert httpx.get(server.said["page"] + "/healthz").status_code == 200
    assert httpx.get(server.said["docs"]).status_code == 200
    assert server.stop(number) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.long)])
def test_a_worker_takes_batches_until_it_is_stopped(start, number):
    worker = start("worker")

    assert worker.said["kind"] == "working"
    assert worker.said["workers"] == 1
    assert worker.stop(number) == 0


def test_a_person_is_told_where_everything_is(start, command, monkeypatch):
    """In this process: `run_servers` ends at once, once it has said where it listens."""

    def answer_once(service, config, *, sockets, on_listening):
        on_listening(sockets)
        sockets.close()
        return 0

    monkeypatch.setattr("batchcast.server.server.run_servers", answer_once)
    monkeypatch.setattr("batchcast.app.service.service.Service.open", lambda config: None)
    monkeypatch.setattr("batchcast.cli.serve.hand_over_log", lambda form, *, debug: None)

    served = command("serve", "--home", "home", "--port", "0", "--page-port", "0")

    assert served.code == 0
    assert "The API is at http://127.0.0.1:" in served.out
    assert "Ctrl-C" in served.out


@pytest.mark.parametrize("name", ["serve", "worker"])
def test_a_machine_on_which_no_worker_starts_is_told_so_before_anything_else(command, monkeypatch, name):
    monkeypatch.setattr(
        "batchcast.app.installation.surroundings.LocalPool", partial(LocalPool, python="/nowhere/python")
    )

    refused = command(name, "--home", "home")

    assert refused.code == 1
    assert "No such file or directory: '/nowhere/python'" in refused.err


def test_a_worker_that_ends_before_its_work_is_done_is_told_with_how_it_ended(command, monkeypatch):
    monkeypatch.setattr("batchcast.app.installation.surroundings.LocalPool", DyingPool)

    refused = command("serve", "--home", "home")

    assert refused.code == 1
    assert "did not do its work (signal SIGILL). illegal instruction" in refused.err


class DyingPool(LocalPool):
    """Its workers die at their first job."""

    def submit(self, *arguments, **options):
        pooled = super().submit(*arguments, **options)
        outcome = pooled.wait()
        died = replace(outcome, ending=Ending.CRASH, ended_by="signal SIGILL", stderr_tail="illegal instruction")
        return SimpleNamespace(wait=lambda: died)


def test_a_taken_port_is_named_before_anything_starts(command):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        refused = command("serve", "--home", "home", "--port", str(port), "--page-port", "0")

    assert refused.code != 0
    assert str(port) in refused.err


def test_what_can_not_be_opened_lets_the_ports_go(command, monkeypatch):
    monkeypatch.setattr("batchcast.cli.serve.hand_over_log", lambda form, *, debug: None)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    refused = command("serve", "--home", "home", "--port", str(port), "--page-port", "0", "--database-url", "what://")

    assert refused.code != 0
    assert "what" in refused.err
    with socket.socket() as again:
        again.bind(("127.0.0.1", port))


def test_another_address_than_this_machines_own_needs_tokens(command):
    refused = command("serve", "--host", "0.0.0.0", "--home", "home")

    assert refused.code == 2
    assert "no tokens are set" in refused.err
    assert "batchcast token NAME --role ROLE" in refused.err


@pytest.mark.parametrize("name", ["serve", "worker"])
def test_a_home_that_can_not_be_written_is_named(command, tmp_path, name):
    (tmp_path / "file").touch()

    refused = command(name, "--home", "file/home")

    assert refused.code == 2
    assert "file/home can't be written" in refused.err
    assert "BATCHCAST_HOME" in refused.err


def test_a_value_that_can_not_be_read_is_named_with_its_variable(command):
    refused = command("serve", "--port", "many", "--lease-seconds", "0")

    assert refused.code == 2
    assert "BATCHCAST_API_PORT is 'many'" in refused.err
    assert "BATCHCAST_LEASE_SECONDS" in refused.err


def test_a_worker_takes_no_option_about_listening(command):
    assert "--port is not an option" in command("worker", "--port", "1").err
