"""Kept files that a disk has changed are told where people look, with nothing downloaded."""

from __future__ import annotations

import os

import pytest
from prometheus_client.parser import text_string_to_metric_families

from batchcast.http.metrics import Metrics

pytestmark = pytest.mark.xdist_group("page")


@pytest.fixture
def flip(service):
    """Flips a byte of a kept file, with its times as they were, and flips it back at the end."""
    flipped = []

    def change(key):
        path = service._artifacts._path(key)
        before = path.stat()
        content = path.read_bytes()
        path.write_bytes(bytes([content[0] ^ 1]) + content[1:])
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        flipped.append((path, content))

    yield change
    for path, content in flipped:
        path.write_bytes(content)
    service.scrub.round()


def figures(service):
    text = Metrics(service).render("")[0].decode()
    return {sample.name: sample.value for family in text_string_to_metric_families(text) for sample in family.samples}


def test_damage_is_told_by_the_batch_the_history_and_the_figures(service, browser, indonesian, finished_batch, flip):
    batch = finished_batch
    service.scrub.round()
    before = figures(service)
    key = next(one.file.key for one in batch.result.files if one.kind == "forecast")
    flip(key)

    service.scrub.round()

    page, history = browser.get(f"/batches/{batch.batch_id}").text, browser.get("/history").text
    assert "Kept files of this batch are damaged" in page
    assert f"{key} in the server&#39;s storage is damaged" in page
    assert str(service.config.home) not in page
    assert "rusak di penyimpanan" in indonesian.get(f"/batches/{batch.batch_id}").text
    assert f'<a href="/batches/{batch.batch_id}">{batch.batch_id[:8]}</a>' in history
    after = figures(service)
    assert (before["batchcast_damaged_files"], after["batchcast_damaged_files"]) == (0, 1)
    assert after["batchcast_checked_files_total"] > before["batchcast_checked_files_total"]


def test_a_server_looks_every_hour(service):
    assert service.scrub.round in service._chores._hourly
