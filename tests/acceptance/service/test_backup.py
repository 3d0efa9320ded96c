"""A backup that is made while a server works, and a server that goes on from it on a fresh folder."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from tests.acceptance.service.sample import SETTINGS, demand
from tests.acceptance.service.server import is_ours


def batchcast(*words):
    environment = {name: value for name, value in os.environ.items() if not is_ours(name)}
    done = subprocess.run(
        [sys.executable, "-m", "batchcast", *words], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.long
def test_a_server_goes_on_from_a_backup_of_one_at_work(make_server, undisturbed, tmp_path):
    server = make_server().start()
    ended = server.client.accepted(demand(seed=1), **SETTINGS)
    assert server.client.await_end(ended)["status"] == "COMPLETED"
    server.set_fault("S1", "hold")
    at_work = server.client.accepted(demand(), **SETTINGS)
    server.await_job("S1")
    waiting = server.client.accepted(demand(seed=2), **SETTINGS)

    batchcast("backup", str(tmp_path / "backup"), "--home", str(server.home))
    server.lift_fault("S1")
    assert server.client.await_end(at_work)["status"] == "COMPLETED"  # the backup disturbed nothing
    batchcast("restore", str(tmp_path / "backup"), "--home", str(tmp_path / "fresh"))
    restored = make_server("restored", home=tmp_path / "fresh", lease_seconds=5).start()

    assert {restored.client.await_end(one)["status"] for one in (ended, at_work, waiting)} == {"COMPLETED"}
    assert restored.client.sha256(at_work) == undisturbed["sha256"]
    assert restored.client.sha256(ended) == server.client.sha256(ended)
    assert restored.client.sha256(waiting) == server.client.sha256(waiting)
