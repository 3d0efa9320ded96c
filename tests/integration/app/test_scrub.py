"""Kept files that are read again: a byte that a disk has changed is found before anybody asks for the file."""

from __future__ import annotations

import os

import pytest

from batchcast.app.service.scrub import Scrub
from batchcast.domain.batch import BatchState, Source, StoredFile
from batchcast.domain.settings import BatchSettings
from batchcast.store.artifacts.artifacts import ArtifactsUnavailable
from batchcast.store.artifacts.folder import LocalFolder
from batchcast.store.artifacts.opening import open_artifacts
from batchcast.store.memory import MemoryStore
from batchcast.store.records import NewBatch

SIZE = 1000  # bytes of a file
NAMES = ("ab", "cd", "ef")


class Site:
    """A store and artifacts with a batch of an upload and a history for each name."""

    def __init__(self, folder, artifacts, make_batch):
        self.folder, self.artifacts, self.store = folder, artifacts, MemoryStore()
        self.read = []
        self.stops = False
        for name in NAMES:
            files = {part: self.put(f"batches/{name}/{part}") for part in ("upload", "history.parquet")}
            self.store.add_batch(make_batch(name, files["upload"], files["history.parquet"]))

    def put(self, key, content=b"d" * SIZE):
        (self.folder / "sent").write_bytes(content)
        return self.artifacts.put(self.folder / "sent", key)

    def rot(self, key):
        """Flips a byte; in a folder with the size and both times as they were, where a disk would do it."""
        if isinstance(self.artifacts, LocalFolder):
            path = self.artifacts._path(key)
            before = path.stat()
            with path.open("r+b") as file:
                file.write(b"D")
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        else:
            self.put(key, b"D" + b"d" * (SIZE - 1))

    def begin(self, most_bytes=100 * SIZE):
        """A server that starts; notes what it reads."""
        verify = type(self.artifacts).verify

        def noted(file):
            self.read.append(file.key)
            verify(self.artifacts, file)

        self.artifacts.verify = noted
        return Scrub(self.store, self.artifacts, self.folder, most_bytes, lambda: self.stops)


@pytest.fixture
def make_batch(make_plan, a_history, a_report):
    """Makes a batch that waits, with files."""

    def make(name, upload, history):
        source = Source(
            file_name="demand.csv",
            upload=upload,
            history=history,
            rejected=None,
            input_sha256=upload.sha256,
            facts=a_history.facts,
            report=a_report,
            ingest_seconds=0.5,
        )
        return NewBatch(name, BatchSettings(), make_plan([1]), source=source)

    return make


@pytest.fixture(params=["folder", "bucket"])
def site(request, tmp_path, make_batch):
    url = request.getfixturevalue("bucket_url") if request.param == "bucket" else None
    return Site(tmp_path, open_artifacts(url, tmp_path / "artifacts"), make_batch)


@pytest.fixture
def local_site(tmp_path, make_batch):
    return Site(tmp_path, LocalFolder(tmp_path / "artifacts"), make_batch)


@pytest.mark.parametrize("part", ["upload", "history.parquet"])
def test_a_flipped_byte_is_found_without_a_download_and_told_until_it_is_put_back(site, part, caplog):
    key = f"batches/cd/{part}"
    scrub = site.begin()
    scrub.round()
    assert (scrub.damaged, scrub.checked) == (0, 6)
    site.rot(key)

    scrub.round()
    scrub.round()

    (told,) = scrub.damage_of("cd")
    assert f"{key} in" in str(told)
    assert "is damaged: its SHA-256 was" in str(told)
    assert (scrub.damaged, scrub.damaged_batches, scrub.damage_of("ab")) == (1, ("cd",), ())
    noted = [record.levelname for record in caplog.records if record.name.startswith("batchcast.")]
    assert noted == ["ERROR"]  # once, not every hour
    site.put(key)
    scrub.round()
    assert (scrub.damaged, scrub.damage_of("cd")) == (0, ())


def test_a_file_that_is_gone_is_told_unless_its_batch_is_deleted(site):
    for name in ("ab", "ef"):
        site.artifacts.remove(f"batches/{name}/upload")
    scrub = site.begin()
    scrub.round()
    assert scrub.damaged_batches == ("ab", "ef")
    assert "batches/ab/upload is missing in" in str(scrub.damage_of("ab")[0])

    site.store.move_batch("ab", BatchState.PENDING, BatchState.CANCELLED)
    site.store.delete_batch("ab")
    scrub.round()

    assert scrub.damaged_batches == ("ef",)


def test_what_was_read_longest_ago_is_read_next_also_by_the_next_server(local_site):
    everything = [f"batches/{name}/{part}" for name in NAMES for part in ("history.parquet", "upload")]
    for _ in range(3):
        local_site.begin(most_bytes=2 * SIZE).round()
    assert local_site.read == everything

    local_site.begin(most_bytes=4 * SIZE - 1).round()
    local_site.begin(most_bytes=4 * SIZE - 1).round()

    assert local_site.read[6:] == [*everything[:4], *everything[4:], *everything[:2]]


def test_in_one_round_no_file_is_read_twice_however_much_may_be(local_site):
    local_site.begin(most_bytes=2 * SIZE).round()
    del local_site.read[:]

    local_site.begin(most_bytes=1000 * SIZE).round()

    assert len(local_site.read) == len(set(local_site.read)) == 6


def test_damage_is_remembered_by_the_next_server_whose_turn_is_elsewhere(local_site):
    local_site.rot("batches/ab/upload")
    local_site.begin(most_bytes=2 * SIZE).round()

    next_server = local_site.begin(most_bytes=SIZE)
    next_server.round()

    assert local_site.read[2:] == ["batches/ab/upload", "batches/cd/history.parquet"]
    assert next_server.damaged_batches == ("ab",)


def test_a_file_that_can_not_be_read_is_told_and_those_after_it_are_read(local_site):
    scrub = local_site.begin()
    noted = local_site.artifacts.verify

    def failing(file: StoredFile) -> None:
        noted(file)
        if file.key == "batches/ab/upload":
            raise ArtifactsUnavailable("artifacts", "Input/output error")

    local_site.artifacts.verify = failing
    scrub.round()

    assert len(local_site.read) == 6
    assert "Input/output error" in str(scrub.damage_of("ab")[0])


def test_a_place_that_is_away_is_no_damage(local_site, monkeypatch):
    scrub = local_site.begin()

    def away(*_):
        raise ArtifactsUnavailable("artifacts", "Connection refused")

    monkeypatch.setattr(local_site.artifacts, "verify", away)
    monkeypatch.setattr(local_site.artifacts, "check", away)
    with pytest.raises(ArtifactsUnavailable):
        scrub.round()

    assert scrub.damaged == 0


@pytest.mark.parametrize(("most_bytes", "stops"), [(0, False), (100 * SIZE, True)])
def test_nothing_is_read_where_it_is_switched_off_or_the_server_stops(local_site, most_bytes, stops):
    local_site.stops = stops

    local_site.begin(most_bytes).round()

    assert local_site.read == []


def test_what_can_not_be_remembered_any_more_begins_anew(local_site):
    (local_site.folder / "checked.json").write_text('{"after": ')

    local_site.begin(most_bytes=SIZE).round()

    assert local_site.read == ["batches/ab/history.parquet"]
