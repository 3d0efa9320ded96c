"""How batches of a server read, and how a wait for one ends."""

from __future__ import annotations

import datetime as dt
from typing import Any

import httpx
import pytest

from batchcast.app.words.translation import format_date

BATCH = "ab" * 16


def status(state: str, **changes: Any) -> dict[str, Any]:
    partition = {
        "number": 0,
        "status": "FAILED" if state == "ROLLED_BACK" else "CANCELLED",
        "sites": ["Kendari\x1b"],
        "rows": 1200,
        "parts": 7,
        "series": 7,
        "percent": 40.0,
        "seconds": 2.5,
        "attempt": 1,
        "reused": False,
        "reused_from": None,
        "error": None,
    }
    told = {
        "batch_id": BATCH,
        "status": state,
        "file_name": "demand\x1b[31m.csv",
        "progress": {"percent": 40.0, "completed": 0, "total": 150},
        "seconds_left": None,
        "queue_place": None,
        "error": None,
        "partitions": [partition | {"number": number} for number in range(150)],
        "result": None,
        "submitted_at": "2026-11-23T23:47:13.900997Z",
        "started_at": None,
        "ended_at": None,
        "submitted_by": "planner",
        "retry_of": None,
    }
    return told | changes


@pytest.fixture
def answers(monkeypatch):
    """What the server answers, in turn."""
    queue: list[dict[str, Any]] = []

    def handle_request(self: object, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=queue.pop(0))

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", handle_request)
    return queue


def test_a_batch_at_work_is_shown_with_its_time_left_and_nothing_that_a_terminal_obeys(batchcast, answers):
    answers.append(status("PROCESSING", seconds_left=75.0))

    shown = batchcast("batches", "show", BATCH).out

    assert "40% · 0/150 completed · 1 min 15 s left" in shown
    assert "demand\\x1b[31m.csv" in shown
    assert "\x1b" not in shown
    assert ", planner" in shown
    assert "… and 50 more partitions." in shown


def test_a_batch_in_the_queue_shows_its_place(batchcast, answers):
    answers.append(status("PENDING", queue_place=3))

    assert "in the queue (3)" in batchcast("batches", "show", BATCH).out


def test_the_wait_for_a_batch_that_is_rolled_back_ends_with_its_sentence_and_exit_code_3(batchcast, answers):
    error = {"code": "timeout", "message": "Partition 0 timeout: Exceeded 300s", "way_out": "Raise it.", "partition": 0}
    answers += [status("PROCESSING"), status("ROLLED_BACK", error=error)]

    ended = batchcast("batches", "show", BATCH, "--wait")

    assert ended.code == 3
    assert "✗ Partition 0 timeout: Exceeded 300s" in ended.out
    assert "→ Raise it." in ended.out
    assert "Partition 0 timeout" in ended.err


def test_the_wait_for_a_batch_that_is_cancelled_ends_with_exit_code_4(batchcast, answers):
    answers.append(status("CANCELLED"))

    ended = batchcast("batches", "show", BATCH, "--wait", "--json")

    assert ended.code == 4


def test_a_cancelled_batch_is_named(batchcast, answers):
    answers.append({"batch_id": BATCH, "status": "CANCELLED"})

    assert batchcast("batches", "cancel", BATCH).out == f"Batch {BATCH} is cancelled.\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("batches", "--url", "http://first", "list"),
        ("batches", "list", "--url", "http://first"),
        ("batches", "--url=http://second", "list", "--url=http://first"),
    ],
)
def test_the_server_is_named_before_or_behind_the_command(batchcast, monkeypatch, arguments):
    asked: list[str] = []

    def handle_request(self: object, request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(200, json={"batches": [], "total": 0, "offset": 0, "limit": 50})

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", handle_request)

    assert batchcast(*arguments).code == 0
    assert asked == ["first"]


def ended(day: str) -> dict[str, Any]:
    return {"batch_id": day.replace("-", "") + "ab" * 12, "ended_at": f"{day}T10:00:00Z"}


def test_batches_older_than_an_age_are_deleted_the_oldest_first(batchcast, monkeypatch):
    today = dt.datetime.now(dt.UTC).date()
    days = [(today - dt.timedelta(days=age)).isoformat() for age in (1, 89, 91, 400)]
    pages, asked = [{"batches": [ended(day) for day in days[:3]]}, {"batches": [ended(days[3])]}, {"batches": []}], []

    def handle_request(self: object, request: httpx.Request) -> httpx.Response:
        asked.append((request.method, request.url.path, dict(request.url.params)))
        return httpx.Response(204) if request.method == "DELETE" else httpx.Response(200, json=pages.pop(0))

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", handle_request)

    called = batchcast("batches", "delete", "--older-than", "90d")

    assert (called.code, called.out) == (
        0,
        f"2 batches that ended before {format_date(today - dt.timedelta(days=90), 'en')} are deleted.\n",
    )
    deleted = [path.rpartition("/")[2] for method, path, _ in asked if method == "DELETE"]
    assert deleted == [ended(days[3])["batch_id"], ended(days[2])["batch_id"]]
    assert [query["offset"] for method, _, query in asked if method == "GET"] == ["0", "3", "4"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--older-than", "90"], "--older-than is '90'; write a number and d for days or h for hours, such as 90d."),
        (["--older-than", "-1d"], "--older-than is '-1d'"),
        (["abab", "--older-than", "90d"], "Name one batch, or say --older-than; not both."),
        ([], "BATCH is missing"),
    ],
)
def test_an_age_that_is_none_deletes_nothing(batchcast, answers, words, sentence):
    called = batchcast("batches", "delete", *words)

    assert called.code == 2
    assert sentence in called.err
    assert answers == []
