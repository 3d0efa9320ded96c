"""A file is checked while it is sent: a client never takes damaged bytes for whole."""

from __future__ import annotations

import asyncio
import hashlib

import pytest
from starlette.datastructures import Headers

from batchcast.app.service.answers import Download
from batchcast.http.files import answer_file

CONTENT = b"date,partnumber\n" * 50_000  # several chunks


@pytest.fixture
def send(tmp_path):
    """Sends a file with these bytes that was kept as CONTENT; gives what arrived."""

    def send_file(content, **headers):
        path = tmp_path / "forecast.csv"
        path.write_bytes(content)
        kept = hashlib.sha256(CONTENT).hexdigest()
        download = Download(path=path, name="forecast.csv", media_type="text/csv", sha256=kept, size=len(CONTENT))
        sent = []

        async def note(message):
            sent.append(message)

        async def answer():
            made = await answer_file(download, Headers(headers))
            await made({"type": "http", "method": "GET"}, None, note)

        try:
            asyncio.run(answer())
        finally:
            send_file.arrived = b"".join(message.get("body", b"") for message in sent)
        return send_file.arrived

    return send_file


def test_a_whole_file_arrives(send):
    assert send(CONTENT) == CONTENT


@pytest.mark.parametrize("place", [0, len(CONTENT) // 2, len(CONTENT) - 1])
def test_a_file_with_a_flipped_byte_is_broken_off_before_its_end(send, place):
    damaged = bytearray(CONTENT)
    damaged[place] ^= 1

    with pytest.raises(OSError, match="the file is damaged"):
        send(bytes(damaged))

    assert len(send.arrived) < len(CONTENT)


def test_a_file_that_became_shorter_is_broken_off(send):
    with pytest.raises(OSError, match="shorter than it was"):
        send(CONTENT[:-1])


def test_a_range_is_sent_as_it_is(send):
    assert send(CONTENT, range="bytes=0-3") == b"date"
