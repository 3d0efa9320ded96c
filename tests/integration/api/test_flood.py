"""A thousand submissions at once from one address: what is at work and what waits is bounded, others get their turn."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import Counter

import pytest
from tests.integration.api.conftest import opened, serving
from tests.integration.api.test_gone import form

from batchcast.domain.errors import BatchCancelled, Message
from batchcast.run.asking import asker

pytestmark = pytest.mark.xdist_group("api")

SUBMISSIONS, MOST_CONNECTIONS, SECONDS = 1_000, 200, 60
FLOODING, OTHER = "127.0.0.1", "127.0.0.2"
REFUSED = "refused without being read"


@pytest.fixture
def readers():
    """Stands in for the reading of files: it is held until `go`; counts who is read for at once, and in all."""

    class Readers:
        def __init__(self):
            self.go, self.other_began = threading.Event(), threading.Event()
            self.lock, self.now, self.most, self.all = threading.Lock(), Counter(), Counter(), Counter()

        def submit(self, *_args, **_more):
            share = asker().share
            with self.lock:
                self.now[share] += 1
                self.all[share] += 1
                self.most[share] = max(self.most[share], self.now[share])
            if share == OTHER:
                self.other_began.set()
            else:
                self.go.wait(SECONDS)
            with self.lock:
                self.now[share] -= 1
            raise BatchCancelled(Message("Stopped."))

    made = Readers()
    yield made
    made.go.set()


async def send(port, address, content):
    """The status of the answer, and whether it says when to come again."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
    except OSError:
        return REFUSED, True
    try:
        writer.write(content)
        head = await reader.readuntil(b"\r\n\r\n")
        return int(head.split()[1]), b"retry-after:" in head.lower()
    except (OSError, asyncio.IncompleteReadError):
        return REFUSED, True  # closed before the answer could be read
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def test_a_thousand_submissions_of_one_leave_room_for_another_and_are_all_answered(tmp_path, readers):
    async def flood(port):
        async with asyncio.timeout(SECONDS):
            content = form(b"date,partnumber\n")
            sent = [asyncio.create_task(send(port, FLOODING, content)) for _ in range(SUBMISSIONS)]
            while sum(one.done() for one in sent) < SUBMISSIONS - MOST_CONNECTIONS // 2:
                await asyncio.sleep(0.01)
            waiting = sum(not one.done() for one in sent)
            other = await send(port, OTHER, content)
            readers.go.set()
            return waiting, other, await asyncio.gather(*sent)

    with (
        opened(tmp_path / "home", max_connections=MOST_CONNECTIONS) as service,
        serving(service, service.config) as url,
    ):
        service.submit = readers.submit
        waiting, other, answers = asyncio.run(flood(int(url.rpartition(":")[2])))
        left = list((tmp_path / "home").rglob("*.part"))

    assert 0 < waiting <= MOST_CONNECTIONS // 2
    assert readers.other_began.is_set()
    assert other == (503, True)  # of the reader above
    assert 0 < readers.most[FLOODING] <= 6
    assert len(answers) == SUBMISSIONS
    assert {status for status, _ in answers} <= {503, REFUSED}
    assert all(says_when for _, says_when in answers)
    assert sum(readers.all.values()) <= MOST_CONNECTIONS // 2 + 1
    assert not left
