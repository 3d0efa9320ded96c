"""The history of batches: found again, and forgotten only when that is meant."""

from __future__ import annotations

import re

import pytest

from batchcast.store.errors import UnknownBatch

pytestmark = pytest.mark.xdist_group("page")


def test_every_batch_is_listed_with_what_one_can_do_with_it(browser, indonesian, finished_batch):
    page, told = browser.get("/history"), indonesian.get("/history")

    path = f"/batches/{finished_batch.batch_id}"
    for link in (path, f"{path}/results", f"{path}/retry", f"{path}/delete"):
        assert f'href="{link}"' in page.text
    assert "demand.csv" in page.text
    assert "Completed" in page.text
    assert "Riwayat" in told.text
    assert "Selesai" in told.text
    assert "every 3s" not in browser.get("/history?status=COMPLETED").text


def test_batches_are_searched_and_filtered(browser, run_batch):
    batch = run_batch(name="kuartal-empat.csv", horizon="2")

    found = browser.get("/history?search=KUARTAL")
    none = browser.get("/history?search=kuartal&status=ROLLED_BACK")
    odd = browser.get("/history?status=NONSENSE&search=%3Cscript%3E")

    assert re.findall(r'href="/batches/([0-9a-f]{32})"', found.text) == [batch.batch_id]
    assert "No batch matches" in none.text
    assert "<script>" not in odd.text.replace("<script type", "").replace("<script src", "")


def test_the_table_alone_is_sent_where_it_asks(browser, finished_batch):
    answer = browser.get("/history", headers={"hx-target": "history"})

    assert "<html" not in answer.text
    assert finished_batch.batch_id in answer.text


def test_a_page_beyond_the_last_is_empty_and_not_an_error(browser, finished_batch):
    assert browser.get("/history?page=999").status_code == 200
    assert browser.get("/history?page=0").status_code == 404


def test_deleting_is_asked_for_and_then_done(browser, indonesian, service, run_batch):
    batch = run_batch(name="weg.csv", horizon="1")

    asked, told = (one.get(f"/batches/{batch.batch_id}/delete") for one in (browser, indonesian))
    done = browser.post(f"/batches/{batch.batch_id}/delete")

    assert "be undone" in asked.text
    assert "Jangan hapus" in told.text
    assert "Simpan" not in told.text
    assert done.url.path == "/history"
    assert batch.batch_id not in done.text
    try:
        service.status(batch.batch_id)
    except UnknownBatch:
        return
    raise AssertionError("it is still there")
