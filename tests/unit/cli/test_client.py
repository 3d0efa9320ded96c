"""What a server, or whatever answers in its place, can do to the client."""

from __future__ import annotations

import hashlib
from pathlib import Path

import httpx
import pytest

from batchcast.app.installation.configuration import ServerAddress
from batchcast.cli.server_client import ServerClient, ServerRefused, ServerUnavailable
from batchcast.domain.errors import InternalError, InvalidSettings

BATCH = "0" * 32


def client(answer, *, url="http://server", token=None) -> ServerClient:
    return ServerClient(ServerAddress(url=url, token=token), "id", transport=httpx.MockTransport(answer))


def problem(status: int, **told: object) -> httpx.Response:
    return httpx.Response(status, headers={"content-type": "application/problem+json"}, json=told)


def test_it_says_who_asks_and_in_which_language():
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=dict(request.headers))

    with client(answer, token="secret") as asked:
        headers = asked.status(BATCH)

    assert headers["authorization"] == "Bearer secret"
    assert headers["accept-language"] == "id"


def test_a_token_is_not_shown_where_its_address_is():
    assert "secret" not in repr(ServerAddress(url="http://server", token="secret"))


@pytest.mark.parametrize("token", ["a\nsecret", "a secret", "ä-secret"])
def test_a_token_that_no_header_can_hold_is_refused_without_being_told(token):
    with pytest.raises(InvalidSettings, match="BATCHCAST_TOKEN holds something") as refused:
        client(lambda request: httpx.Response(200), token=token)

    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("status", "kind"), [(503, ServerUnavailable), (500, InternalError), (409, ServerRefused), (401, ServerRefused)]
)
def test_a_problem_is_told_in_the_servers_words(status, kind):
    with pytest.raises(kind, match=r"In \{its\} words"):
        client(lambda request: problem(status, detail="In {its} words.", code="a-code")).status(BATCH)


def test_every_sentence_of_a_problem_is_told():
    answer = problem(422, detail="One. Two.", code="invalid-settings", problems=["One.", "Two."])

    with pytest.raises(ServerRefused) as refused:
        client(lambda request: answer).status(BATCH)

    assert [str(message) for message in refused.value.messages] == ["One.", "Two."]
    assert refused.value.code == "invalid-settings"


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=[1]),
        httpx.Response(302, headers={"location": "/login"}),
        httpx.Response(404, text="nothing here"),
        httpx.Response(502, headers={"content-type": "application/problem+json"}, text="{"),
        httpx.Response(400, headers={"content-type": "application/problem+json"}, json=[]),
    ],
)
def test_something_else_that_answers_is_recognised(answer):
    with pytest.raises(ServerUnavailable, match="is no server of batchcast"):
        client(lambda request: answer).status(BATCH)


def test_a_download_that_is_not_whole_leaves_nothing(tmp_path: Path):
    answer = httpx.Response(200, content=b"half", headers={"etag": '"' + hashlib.sha256(b"whole").hexdigest() + '"'})

    with pytest.raises(ServerUnavailable, match="is not the whole file"):
        client(lambda request: answer).download(BATCH, "forecast", "csv", tmp_path / "out.csv")

    assert list(tmp_path.iterdir()) == []


def test_a_download_that_breaks_off_keeps_what_was_there(tmp_path: Path):
    class Breaking(httpx.SyncByteStream):
        def __iter__(self):
            yield b"half"
            raise httpx.ReadError("gone")

    (tmp_path / "out.csv").write_text("before")

    with pytest.raises(ServerUnavailable, match="can't be reached"):
        client(lambda request: httpx.Response(200, stream=Breaking())).download(
            BATCH, "forecast", None, tmp_path / "out.csv"
        )

    assert [path.read_text() for path in tmp_path.iterdir()] == ["before"]


def test_the_beginning_of_an_id_must_be_that_of_one_batch():
    lines = [{"batch_id": "abcd" + "0" * 28}, {"batch_id": "abcd" + "1" * 28}, {"batch_id": "1" + "abcd" * 7 + "000"}]
    asked = client(lambda request: httpx.Response(200, json={"batches": lines}))

    assert asked.whole_id("ABCD0") == lines[0]["batch_id"]
    with pytest.raises(InvalidSettings, match="2 batches have an id that begins with abcd"):
        asked.whole_id("abcd")
