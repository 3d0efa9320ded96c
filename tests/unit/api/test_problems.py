"""What is read off a request: its language, the server it is meant for; and what is told of an error."""

from __future__ import annotations

import errno
import json

import pytest
from pyarrow.lib import ArrowException

from batchcast.api.problems import answer_problem
from batchcast.app.installation.configuration import ServiceConfig
from batchcast.domain.errors import BatchCancelled, Choice, InternalError, Message, ReadingQuestion
from batchcast.http.error_status import HttpProblem, status_of
from batchcast.http.gate import Hosts
from batchcast.http.request import preferred_language
from batchcast.store.artifacts.artifacts import ArtifactDamaged, ArtifactMissing, ArtifactsUnavailable
from batchcast.store.errors import DatabaseDamaged


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("id", "id"),
        ("id-ID,id;q=0.9,en;q=0.8", "id"),
        ("en-US,en;q=0.9,id;q=0.8", "en"),
        ("fr,id;q=0.3,en;q=0.2", "id"),
        ("fr-FR", "en"),
        ("in", "id"),
        ("id;q=0", "en"),
        ("id;q=much,*", "en"),
        (",;,", "en"),
    ],
)
def test_the_language_is_the_one_that_is_liked_best(header, language):
    assert preferred_language({"accept-language": header}) == language


@pytest.mark.parametrize(
    ("host", "came_by", "admitted"),
    [
        ("10.0.0.5:9571", "10.0.0.5", True),
        ("[fe80::1]:9571", "fe80::1", True),
        ("10.0.0.6", "10.0.0.5", False),
        ("", "", False),
        ("", "10.0.0.5", False),
    ],
)
def test_a_server_on_every_address_answers_to_the_one_that_was_called(tmp_path, host, came_by, admitted):
    hosts = Hosts(ServiceConfig(home=tmp_path, host="0.0.0.0", insecure=True))

    assert hosts.admit({"host": host}, {"server": (came_by, 9571)}) is admitted


def test_a_server_can_be_told_to_answer_to_every_name(tmp_path):
    assert Hosts(ServiceConfig(home=tmp_path, allowed_hosts="*")).admit({"host": "any.example"}, {"server": None})


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ArtifactMissing("batches/b/upload", "/home/place"), 409, "artifact-missing"),
        (ArtifactDamaged("batches/b/upload", "/home/place", expected="a", found="b"), 409, "artifact-damaged"),
        (ArtifactsUnavailable("/home/place", "no room"), 503, "artifacts-unavailable"),
        (DatabaseDamaged("sqlite:///file", "database disk image is malformed"), 503, "database-damaged"),
        (OSError(errno.EIO, "Input/output error", "/home/place/file"), 503, "disk-failed"),
        (OSError(errno.EROFS, "Read-only file system", "/home/place/file"), 503, "disk-failed"),
        (OSError(errno.ENOSPC, "No space left on device", "/home/place/file"), 507, "no-disk-space"),
        (BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"), 503, "machine-exhausted"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), 503, "machine-exhausted"),
        (MemoryError(), 503, "machine-exhausted"),
        (RuntimeError("can't start new thread"), 503, "machine-exhausted"),
        (ArrowException("Failed to launch worker thread: Resource temporarily unavailable"), 503, "machine-exhausted"),
        (RuntimeError("another mistake"), 500, "internal-error"),
        (FileNotFoundError(errno.ENOENT, "No such file", "/home/place/file"), 500, "internal-error"),
    ],
)
def test_what_fails_below_has_a_code_of_its_own(error, status, code):
    answer = answer_problem(error, {}, "/api/batch/download/b")
    body = json.loads(answer.body)

    assert (answer.status_code, body["code"]) == (status, code)
    assert ("retry-after" in answer.headers) == (status == 503)
    assert "/home/place/file" not in body["detail"]


def test_an_error_of_http_keeps_its_status():
    answer = answer_problem(HttpProblem(418, "I am a teapot"), {}, "/x")
    odd = answer_problem(HttpProblem(499, "odd"), {}, "/x")

    assert (answer.status_code, json.loads(answer.body)["detail"]) == (418, "The request was refused: I am a teapot.")
    assert json.loads(odd.body)["title"] == "Error"


def test_a_server_that_stops_while_it_reads_a_file_is_only_away():
    assert status_of(BatchCancelled(Message("Stopped"))) == 503


def test_what_is_in_no_row_of_the_table_is_a_mistake_of_ours():
    assert status_of(InternalError(Message("Oh"))) == 500


def test_a_question_of_reading_has_its_choices_as_form_fields():
    readings = [Choice(settings={"frequency": one}, reading=Message(f"as {one}")) for one in ("M", "D")]
    answer = answer_problem(ReadingQuestion(Message("Which?"), setting="frequency", choices=readings), {}, "/x")

    told = json.loads(answer.body)
    assert (answer.status_code, told["code"], told["setting"]) == (422, "reading-question", "frequency")
    assert told["choices"] == [
        {"settings": {"frequency": "M"}, "reading": "as M"},
        {"settings": {"frequency": "D"}, "reading": "as D"},
    ]
