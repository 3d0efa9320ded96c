"""A submission whose outcome in the store is not known, because the answer to its commit was lost."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.app.test_service import FAST, demand, upload_of

from batchcast.app.installation.configuration import read_config
from batchcast.app.service import submission as submission_module
from batchcast.app.service.answers import Accepted
from batchcast.app.service.retention import sweep_artifacts
from batchcast.app.service.service import Service
from batchcast.domain.crash_points import CrashPoint
from batchcast.domain.errors import BatchcastError
from batchcast.http.error_status import known_error, status_of
from batchcast.store.artifacts.artifacts import ArtifactMissing
from batchcast.store.errors import StoreUnavailable, UnknownBatch
from batchcast.store.records import NewBatch
from batchcast.store.sql.sql_store import SqlStore

pytestmark = pytest.mark.xdist_group("service")


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """Open, and not started: nothing is swept or run by itself."""
    opened = Service.open(read_config(home=tmp_path / "home", max_parallel=1))
    yield opened
    opened.stop()


def lose_the_answer(monkeypatch: pytest.MonkeyPatch, *, commits: bool, reads: bool) -> None:
    """The database is gone as a batch is added: after the commit or before it, and is there again for reads or not."""
    add, read = SqlStore.add_batch, SqlStore.batch

    def add_batch(self: SqlStore, new: NewBatch) -> object:
        if commits:
            add(self, new)
        if not reads:
            monkeypatch.setattr(SqlStore, "batch", unavailable)
        raise StoreUnavailable("the test", "connection reset by peer")

    def unavailable(self: SqlStore, batch_id: str) -> object:
        monkeypatch.setattr(SqlStore, "batch", read)  # for the next one it is there
        raise StoreUnavailable("the test", "connection refused")

    monkeypatch.setattr(SqlStore, "add_batch", add_batch)


def submit(service: Service, key: str | None = None) -> Accepted:
    upload = upload_of(service, demand())
    try:
        return service.submit(upload, FAST, idempotency_key=key)
    finally:
        upload.discard()


def test_a_batch_that_was_added_is_accepted_though_the_answer_was_lost(service, monkeypatch):
    lose_the_answer(monkeypatch, commits=True, reads=True)

    accepted = submit(service)

    assert accepted.is_new
    assert service._artifacts.batch_ids() == {accepted.batch.batch_id}


def test_a_batch_that_was_added_keeps_its_files_where_nothing_can_be_asked(service, monkeypatch):
    with monkeypatch.context() as broken:
        lose_the_answer(broken, commits=True, reads=False)
        with pytest.raises(StoreUnavailable):
            submit(service, key="k")

    again = submit(service, key="k")

    assert not again.is_new
    assert sweep_artifacts(service._store, service._artifacts) == 0
    assert service._artifacts.batch_ids() == {again.batch.batch_id}


@pytest.mark.parametrize("reads", [True, False])
def test_files_of_a_batch_that_was_not_added_are_swept_once_that_is_sure(service, monkeypatch, reads):
    with monkeypatch.context() as broken:
        lose_the_answer(broken, commits=False, reads=reads)
        with pytest.raises(StoreUnavailable):
            submit(service)
    assert len(service._artifacts.batch_ids()) == 1

    service._submissions.drop_undecided_claims()
    assert sweep_artifacts(service._store, service._artifacts) == 0

    monkeypatch.setattr(submission_module, "CLAIM_GRACE_SECONDS", -1.0)
    service._submissions.drop_undecided_claims()
    sweep_artifacts(service._store, service._artifacts)
    assert service._artifacts.batch_ids() == set()


@pytest.mark.parametrize("asked", ["retry", "analyze_retry"])
def test_a_batch_that_is_deleted_while_it_is_run_again_is_not_found(service, monkeypatch, asked):
    batch = submit(service).batch
    service.cancel(batch.batch_id)
    kind = type(service._artifacts)
    fetch = kind.fetch

    def delete_first(self, *args, **more):  # another client is faster
        monkeypatch.setattr(kind, "fetch", fetch)
        service.delete(batch.batch_id)
        return fetch(self, *args, **more)

    monkeypatch.setattr(kind, "fetch", delete_first)

    with pytest.raises(UnknownBatch, match=batch.batch_id):
        getattr(service, asked)(batch.batch_id, FAST)


def test_a_file_that_is_missing_while_its_batch_is_there_is_told_as_missing(service):
    batch = submit(service).batch
    service.cancel(batch.batch_id)
    service._artifacts.remove(f"batches/{batch.batch_id}")

    with pytest.raises(ArtifactMissing):
        service.retry(batch.batch_id, FAST)


def test_a_submission_whose_files_can_not_be_brought_to_the_disk_is_not_acknowledged(service, monkeypatch):
    failed = []

    def fail(handle: int) -> None:
        failed.append(handle)
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as broken:
        broken.setattr("os.fsync", fail)
        with pytest.raises((OSError, BatchcastError)) as refused:
            submit(service, key="k")

    assert failed  # and it was not tried once more: what a first failure lost can't be known
    assert len(failed) == 1
    known = known_error(refused.value)
    assert status_of(known) == 503
    assert service._store.queue() == (0, 0)
    assert service._artifacts.batch_ids() == set()
    assert submit(service, key="k").is_new


@pytest.mark.parametrize(
    "point",
    [
        CrashPoint.UPLOAD_RECEIVED,
        CrashPoint.UPLOAD_CHECKED,
        CrashPoint.ARTIFACTS_CLAIMED,
        CrashPoint.ARTIFACTS_KEPT,
        CrashPoint.BATCH_ADDED,
    ],
)
def test_an_error_at_a_point_of_a_submission_leaves_a_whole_batch_or_nothing(service, monkeypatch, point):
    def fail(reached: CrashPoint) -> None:
        if reached is point:
            raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as broken:
        broken.setattr("batchcast.app.service.submission.reach", fail)
        with pytest.raises(OSError, match="Input/output error"):
            submit(service, key="k")
    was_added = point is CrashPoint.BATCH_ADDED

    assert service._store.queue() == (int(was_added), 0)
    assert len(service._artifacts.batch_ids()) == int(was_added)
    again = submit(service, key="k")
    assert again.is_new is not was_added
    assert service._artifacts.batch_ids() == {again.batch.batch_id}
