"""What is kept of batches that have ended, and deleting them where the disk is full."""

from __future__ import annotations

import datetime as dt
import os
import subprocess

import pytest

from batchcast.app.installation.configuration import ServiceConfig, read_config
from batchcast.app.service.retention import retire_batches
from batchcast.app.service.service import Service
from batchcast.domain.batch import BatchState, PartitionState
from batchcast.domain.settings import BatchSettings
from batchcast.store.artifacts.folder import LocalFolder
from batchcast.store.errors import StoreUnavailable, UnknownBatch
from batchcast.store.memory import MemoryStore
from batchcast.store.records import AttemptEnd, NewBatch

DAY = dt.timedelta(days=1)
MEGABYTE = 2**20


class Site:
    """A store and artifacts with batches that ended on days in a row, the first of them the oldest."""

    def __init__(self, folder, make_plan):
        self.store, self.artifacts = MemoryStore(), LocalFolder(folder / "artifacts")
        self.folder, self.plan = folder, make_plan([1])
        self.start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
        self.day = 0
        self.store._now = lambda: self.start + self.day * DAY

    def end(self, name, megabytes=1, state=BatchState.COMPLETED):
        self.store.add_batch(NewBatch(name, BatchSettings(), self.plan))
        for path in (f"batches/{name}/upload", f"batches/{name}/partitions/00000-1-1/forecast.parquet"):
            (self.folder / "sent").write_bytes(b"x" * (megabytes * MEGABYTE // 2))
            self.artifacts.put(self.folder / "sent", path)
        self.store.move_batch(name, BatchState.PENDING, BatchState.PROCESSING)
        if state is BatchState.COMPLETED:
            self.store.move_partition(name, 0, PartitionState.PENDING, PartitionState.PROCESSING)
            end = AttemptEnd(seconds=1.0, peak_mb=1.0, result=f"batches/{name}/partitions/00000-1-1")
            self.store.move_partition(name, 0, PartitionState.PROCESSING, PartitionState.COMPLETED, end=end)
        self.store.move_batch(name, BatchState.PROCESSING, state)
        self.day += 1

    def retire(self, **settings):
        def delete(batch_id):
            self.store.delete_batch(batch_id)
            self.artifacts.remove(f"batches/{batch_id}")

        config = ServiceConfig(home=self.folder, **settings)
        return retire_batches(self.store, self.artifacts, config, delete, self.start + self.day * DAY)


@pytest.fixture
def site(tmp_path, make_plan):
    made = Site(tmp_path, make_plan)
    made.end("a")
    made.end("b", state=BatchState.ROLLED_BACK)
    made.end("c", megabytes=4)
    made.store.add_batch(NewBatch("waiting", BatchSettings(), made.plan))
    return made


def test_unless_it_is_said_every_batch_is_kept_and_the_results_of_partitions_go(site):
    usage = site.retire()

    assert site.artifacts.batch_ids() == {"a", "b", "c"}
    assert {name: site.artifacts.names(f"batches/{name}") for name in "abc"} == {name: {"upload"} for name in "abc"}
    assert (usage.batches, usage.size) == (3, 3 * MEGABYTE)
    assert site.store.batch("a").state is BatchState.COMPLETED


def test_the_results_of_partitions_stay_for_as_long_as_a_retry_may_take_them(site):
    site.retire(keep_partitions_days=1.5)

    kept = {name for name in "abc" if "partitions" in site.artifacts.names(f"batches/{name}")}
    assert kept == {"c"}


@pytest.mark.parametrize(
    ("settings", "left"),
    [
        ({"keep_days": 2}, {"b", "c"}),
        ({"keep_batches": 1}, {"c"}),
        ({"keep_mb": 3}, {"a", "b", "c"}),  # without the results of partitions they take as much
        ({"keep_mb": 2}, {"c"}),
        ({"keep_mb": 1}, {"a", "b"}),  # the newest alone takes more
        ({"keep_days": 1, "keep_batches": 9}, {"c"}),
    ],
)
def test_what_is_beyond_an_age_a_number_or_a_size_is_deleted_the_oldest_first(site, settings, left):
    usage = site.retire(**settings)

    assert site.artifacts.batch_ids() == left
    assert usage.batches == len(left)
    assert site.store.batch("waiting").state is BatchState.PENDING
    for gone in {"a", "b", "c"} - left:
        with pytest.raises(UnknownBatch):
            site.store.batch(gone)


@pytest.fixture
def small_disk(tmp_path):
    """A disk of its own, of 128 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=128m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("only root can make a disk of 128 MB here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder):
    """Writes until the disk is full, to the last byte."""
    handle = os.open(folder / "filler", os.O_WRONLY | os.O_CREAT)
    try:
        for size in (MEGABYTE, 4096, 1):
            try:
                while True:
                    os.write(handle, b"x" * size)
            except OSError:
                continue
    finally:
        os.close(handle)


@pytest.mark.skipif(os.name != "posix", reason="mounts a disk")
def test_a_batch_can_be_deleted_on_a_full_disk(small_disk, make_plan):
    service = Service.open(read_config(home=small_disk, max_parallel=1, reserve_mb=16))
    try:
        service.room.hold()
        service._store.add_batch(NewBatch("b" * 32, BatchSettings(), make_plan([1] * 8000)))
        service.cancel("b" * 32)
        fill(small_disk)
        with pytest.raises(StoreUnavailable, match=r"full|disk I/O error"):
            service._store.delete_batch("b" * 32)
        assert "has 0 MB left" in " ".join(str(problem) for problem in service.readiness().problems)

        service.delete("b" * 32)

        with pytest.raises(UnknownBatch):
            service.status("b" * 32)
    finally:
        service.stop()
