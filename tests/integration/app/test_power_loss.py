"""A disk that drops what was not brought to it: what a server acknowledged is whole after the power has failed.

`Disk` notes the content of each file, and the names in each folder, at the moment of its last fsync. What it makes of
them is what such a disk holds after a power loss. The database is taken as SQLite keeps it with `synchronous=FULL`.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.acceptance.service.server import spare_calibration
from tests.integration.app.test_service import FAST, demand, ended, upload_of

from batchcast.app.installation.configuration import read_config
from batchcast.app.service.service import Service
from batchcast.domain.batch import BatchState
from batchcast.store.artifacts.artifacts import ArtifactMissing

pytestmark = pytest.mark.xdist_group("service")


class Disk:
    """What has been brought to the disk, by inode."""

    def __init__(self) -> None:
        self.contents: dict[int, bytes] = {}
        self.names: dict[int, dict[str, int]] = {}
        self.syncs = 0

    def fsync(self, handle: int) -> None:
        self.syncs += 1
        path, found = Path(f"/proc/self/fd/{handle}").resolve(), os.fstat(handle)
        if path.is_dir():
            self.names[found.st_ino] = {name.name: name.stat().st_ino for name in path.iterdir() if name.exists()}
        else:
            self.contents[found.st_ino] = path.read_bytes()

    def after_power_loss(self, folder: Path, into: Path) -> None:
        """Make what is left of a folder: a file that was never brought to the disk is empty where its name was."""
        into.mkdir()
        for name, inode in self.names.get(folder.stat().st_ino, {}).items():
            if (folder / name).is_dir():
                self.after_power_loss(folder / name, into / name)
            elif not name.startswith("batchcast.db"):
                (into / name).write_bytes(self.contents.get(inode, b""))


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("the name of an open file can't be asked for here")
    made = Disk()
    monkeypatch.setattr("os.fsync", made.fsync)
    return made


@pytest.fixture
def service(tmp_path: Path, disk: Disk) -> Iterator[Service]:
    spare_calibration(tmp_path / "home", None)
    opened = Service.open(read_config(home=tmp_path / "home", max_parallel=1))
    yield opened
    opened.stop()


@pytest.fixture
def restarted(tmp_path: Path, disk: Disk) -> Iterator[Service]:
    """A server on what the disk holds after the power has failed; opened by the first use."""
    home, left = tmp_path / "home", tmp_path / "left"
    made: list[Service] = []

    class Restarted:
        def __getattr__(self, name: str) -> object:
            if not made:
                disk.after_power_loss(home, left)
                with closing(sqlite3.connect(home / "batchcast.db")) as live:
                    live.execute("VACUUM INTO ?", (str(left / "batchcast.db"),))
                made.append(Service.open(read_config(home=left, max_parallel=1)))
            return getattr(made[0], name)

    yield Restarted()  # type: ignore[misc]
    for one in made:
        one.stop()


def submit(service: Service) -> str:
    upload = upload_of(service, demand())
    try:
        return service.submit(upload, FAST).batch.batch_id
    finally:
        upload.discard()


def test_a_submission_that_was_acknowledged_is_whole_and_carried_out(service, restarted, tmp_path):
    batch_id = submit(service)

    source = restarted._store.batch(batch_id).source
    for file in (source.upload, source.history):
        assert restarted._artifacts.fetch(file, tmp_path / "fetched").stat().st_size == file.size
    restarted.start()
    assert ended(restarted, batch_id).state is BatchState.COMPLETED


def test_a_completed_batch_is_whole(service, restarted, tmp_path):
    service.start()
    batch_id = submit(service)
    assert ended(service, batch_id).state is BatchState.COMPLETED
    service.stop()

    batch = restarted._store.batch(batch_id)
    assert batch.result.files
    for file in batch.result.files:
        assert restarted._artifacts.fetch(file.file, tmp_path / "fetched").stat().st_size == file.file.size


def test_what_is_not_brought_to_the_disk_is_gone(service, restarted, tmp_path, monkeypatch):
    monkeypatch.setattr("batchcast.store.artifacts.folder.fsync", lambda path: None)
    batch_id = submit(service)

    source = restarted._store.batch(batch_id).source
    with pytest.raises(ArtifactMissing):
        restarted._artifacts.fetch(source.upload, tmp_path / "fetched")
