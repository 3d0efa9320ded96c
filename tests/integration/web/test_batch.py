"""The page of a batch, in every state it can be in."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from batchcast.domain.batch import BatchState

pytestmark = pytest.mark.xdist_group("page")

UNKNOWN_ID = "0" * 32


def test_a_completed_batch_shows_its_analysis_its_partitions_and_its_files(browser, indonesian, finished_batch):
    path = f"/batches/{finished_batch.batch_id}"

    page, told = browser.get(path), indonesian.get(path)

    assert 'data-state="COMPLETED"' in page.text
    for words in (
        "Batch Analysis",
        "Partition Progress (3/3 completed)",
        "The forecast is ready",
        "Total rows",
        "#0",
        "#2",
    ):
        assert words in page.text
    for words in ("Analisis Batch", "Progress Partisi (3/3 selesai)", "Forecast sudah siap", "Total baris", "Selesai"):
        assert words in told.text
    assert page.text.count('data-partition="') == 3
    assert f"{path}/download?kind=forecast&amp;format=xlsx" in page.text
    assert "data-live" not in page.text
    assert "http-equiv" not in page.text


@pytest.mark.parametrize("is_warming", [True, False])
def test_a_batch_that_waits_for_cold_workers_says_so(browser, service, finished_batch, monkeypatch, is_warming):
    status = service.status(finished_batch.batch_id)
    waiting = replace(status.batch, state=BatchState.PENDING, result=None)
    monkeypatch.setattr(type(service), "status", lambda *_: replace(status, batch=waiting, is_warming=is_warming))

    page = browser.get(f"/batches/{finished_batch.batch_id}")

    assert ("It waits until the workers are warm" in page.text) == is_warming


def test_a_batch_that_is_not_there_is_said_so(browser):
    for path in (f"/batches/{UNKNOWN_ID}", f"/batches/{UNKNOWN_ID}/live", f"/batches/{UNKNOWN_ID}/stop", "/batches/x"):
        answer = browser.get(path)
        assert answer.status_code == 404
        assert "There is no such page" in answer.text


def test_a_batch_that_has_ended_cannot_be_stopped(browser, finished_batch):
    answer = browser.post(f"/batches/{finished_batch.batch_id}/stop")

    assert answer.status_code == 409
    assert "has ended already" in answer.text


def test_stopping_is_asked_for_without_scripts_too(browser, finished_batch):
    answer = browser.get(f"/batches/{finished_batch.batch_id}/stop")

    assert re.search(r'<form method="post" action="/batches/[0-9a-f]{32}/stop"', answer.text)


def test_the_table_alone_is_sent_where_it_asks(browser, finished_batch):
    answer = browser.get(f"/batches/{finished_batch.batch_id}?show=failed", headers={"hx-target": "partitions"})

    assert "<html" not in answer.text
    assert "data-partition" not in answer.text
    assert "HX-Target" in answer.headers["vary"]


def test_the_stream_of_an_ended_batch_tells_how_it_stands_and_ends(browser, finished_batch):
    answer = browser.get(f"/batches/{finished_batch.batch_id}/live?rows=0,2,99")

    assert answer.headers["content-type"].startswith("text/event-stream")
    events = [block for block in answer.text.split("\n\n") if block.startswith("event:")]
    told = {found for block in events for found in re.findall(r'id="(overview|partition-\d+)"', block)}
    assert told == {"overview", "partition-0", "partition-2"}
    assert events[-1].startswith("event: over")


@pytest.mark.parametrize("query", ["?page=0", "?page=x", "/live?rows=;drop"])
def test_an_address_that_no_link_has_is_no_page(browser, finished_batch, query):
    assert browser.get(f"/batches/{finished_batch.batch_id}{query}").status_code == 404
