"""A machine that has no further thread, process or descriptor for a server at work."""

from __future__ import annotations

import concurrent.futures
import contextlib

import httpx
import pytest
from tests.acceptance.service.injection import STARTS, injected
from tests.acceptance.service.sample import SETTINGS, demand

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("exhausted")]

AT_ONCE = 12


def attempt(server, key):
    """The answer to a submission; None where the connection was closed before it could be read."""
    with contextlib.suppress(httpx.TransportError):
        return server.client.submit(demand(), key=key, **SETTINGS)


@pytest.mark.parametrize("reason", ["EAGAIN", "ENOMEM"])
def test_a_machine_without_threads_is_told_and_gone_on_with_once_it_has_some(make_server, undisturbed, reason):
    server = make_server(max_parallel=2).start()
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as people:
        keys = [f"key-{number}" for number in range(AT_ONCE)]
        with injected(server, STARTS, f"error={reason}") as met:
            answers = [answer for answer in people.map(lambda key: attempt(server, key), keys) if answer is not None]
            assert met()
        refused = [answer for answer in answers if answer.status_code != 202]
        batches = [server.client.accepted(demand(), key=key, **SETTINGS) for key in keys]
        ended = [server.client.await_end(batch_id) for batch_id in batches]

    assert not [line for line in server.log.splitlines() if '"incident"' in line]
    assert {answer.status_code for answer in refused} <= {503}, [answer.text for answer in refused]
    assert all(answer.headers["Retry-After"] for answer in refused)
    assert {batch["status"] for batch in ended} == {"COMPLETED"}, ended
    assert server.client.history()["total"] == AT_ONCE
    assert server.client.sha256(batches[0]) == undisturbed["sha256"]
