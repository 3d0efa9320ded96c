"""PostgreSQL is restarted in the middle of a batch."""

from __future__ import annotations

import threading
from collections import Counter

import httpx
import pytest
from tests.acceptance.service.sample import SETTINGS, demand

pytestmark = pytest.mark.long


@pytest.mark.parametrize("how", ["immediate", "fast"])
def test_the_batch_completes_and_clients_are_asked_to_come_back(how, postgres_server, make_server, undisturbed):
    server = make_server(database_url=postgres_server.new_database()).start()
    server.set_fault("S1", "hold")
    batch_id = server.client.accepted(demand(), **SETTINGS)
    server.await_job("S1")

    with Polling(server, batch_id) as polling:
        polling.await_answers(5)
        postgres_server.stop(how)
        polling.await_answers(5, code=503)
        server.lift_fault("S1")  # a partition ends while there is no database to tell
        polling.await_answers(5, code=503)
        postgres_server.start()
        ended = server.client.await_end(batch_id)

    assert ended["status"] == "COMPLETED", ended
    assert server.client.sha256(batch_id) == undisturbed["sha256"]
    assert set(polling.codes) == {200, 503}
    assert polling.without_retry_after == 0
    server.terminate()


class Polling:
    """A client that asks again and again, and counts the answers."""

    def __init__(self, server, batch_id):
        self.url = f"{server.client.http.base_url}/api/batch/status/{batch_id}"
        self.codes = Counter()
        self.without_retry_after = 0
        self.changed = threading.Condition()
        self.is_over = False
        self.thread = threading.Thread(target=self.poll)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.is_over = True
        self.thread.join()

    def poll(self):
        with httpx.Client(timeout=60, trust_env=False) as client:
            while not self.is_over:
                answer = client.get(self.url)
                with self.changed:
                    self.codes[answer.status_code] += 1
                    if answer.status_code == 503 and "Retry-After" not in answer.headers:
                        self.without_retry_after += 1
                    self.changed.notify_all()
                threading.Event().wait(0.02)

    def await_answers(self, count, code=200):
        """Wait for that many more answers of that code."""
        with self.changed:
            wanted = self.codes[code] + count
            assert self.changed.wait_for(lambda: self.codes[code] >= wanted, 60), self.codes
