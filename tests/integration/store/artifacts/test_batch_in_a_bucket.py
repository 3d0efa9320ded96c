"""A whole batch whose files are in a bucket: the same bytes as of one whose files are in a folder."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from batchcast.app.installation.configuration import read_config
from batchcast.app.service.service import Service
from batchcast.domain.batch import Batch, BatchState
from batchcast.domain.settings import BatchSettings
from batchcast.results.series import SeriesQuery
from batchcast.store.artifacts.artifacts import ArtifactMissing
from batchcast.store.artifacts.opening import open_artifacts

SETTINGS = BatchSettings(models=("naive",), batch_mode="on", frequency="M", horizon=3)
MOST_SECONDS = 60
ROWS = [
    f"{2023 + m // 12}-{m % 12 + 1:02}-15,A-{p},{site},{(m + p) % 4}"
    for site in "XY"
    for p in (1, 2)
    for m in range(24)
]
DEMAND = "\n".join(["date,partnumber,site_code,demand_qty", *ROWS]).encode()

pytestmark = pytest.mark.xdist_group("service")


@contextmanager
def serving(home: Path, artifacts_url: str | None = None) -> Iterator[Service]:
    service = Service.open(read_config(home=home, max_parallel=1, artifacts_url=artifacts_url))
    service.start()
    try:
        yield service
    finally:
        service.stop()


def submitted(service: Service) -> str:
    upload = service.new_upload("demand.csv")
    upload.write(DEMAND)
    upload.close()
    batch_id = service.submit(upload, SETTINGS).batch.batch_id
    upload.discard()
    return batch_id


def ended(service: Service, batch_id: str) -> Batch:
    deadline, after = time.monotonic() + MOST_SECONDS, 0
    while not (batch := service.status(batch_id).batch).state.is_final:
        assert time.monotonic() < deadline, f"batch {batch_id} has not ended: {batch}"
        events = service._store.events_after(batch_id, after, wait_seconds=5)
        after = events[-1].number if events else after
    assert batch.state is BatchState.COMPLETED, batch.error
    return batch


@pytest.mark.long
def test_a_batch_in_a_bucket_is_that_in_a_folder_to_the_byte(bucket_url: str, tmp_path: Path) -> None:
    with serving(tmp_path / "folder") as service:
        expected = ended(service, submitted(service)).result
    assert expected is not None

    with serving(tmp_path / "home", bucket_url) as service:
        batch = ended(service, submitted(service))
        retried = ended(service, service.retry(batch.batch_id, {}).batch.batch_id)
        sheet = service.results.download(batch.batch_id, "forecast", "xlsx").path.read_bytes()
        page = service.results.series(batch.batch_id, SeriesQuery(search="a-1"))
        detail = service.results.one_series(batch.batch_id, "X", "A-2")
        service.delete(batch.batch_id)

    kept = {(file.kind, file.format): file.file.sha256 for file in expected.files if file.kind != "certificate"}
    for result in (batch.result, retried.result):
        assert result is not None
        assert {(f.kind, f.format): f.file.sha256 for f in result.files if f.kind != "certificate"} == kept
    assert {record.reused_from for record in retried.partitions} == {batch.batch_id}  # from the bucket's checkpoints
    assert sheet.startswith(b"PK")
    assert (page.total, len(detail.forecast), detail.previous) == (2, 3, ("X", "A-1"))
    assert not (tmp_path / "home" / "artifacts").exists()
    bucket = open_artifacts(bucket_url, tmp_path / "unused")
    assert bucket.batch_ids() == {retried.batch_id}
    with pytest.raises(ArtifactMissing):
        bucket.fetch(batch.source.upload, tmp_path / "cache")  # type: ignore[union-attr]
