"""What a folder of this machine does beyond what every place does: it is whole whatever happens."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from batchcast.store.artifacts.artifacts import ArtifactDamaged, ArtifactsUnavailable
from batchcast.store.artifacts.folder import LocalFolder

MakeFile = Callable[[bytes], Path]
MakeFolder = Callable[[Mapping[str, bytes]], Path]
KEY = "batches/ab/upload"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "artifacts"


@pytest.fixture
def kept(root: Path) -> LocalFolder:
    return LocalFolder(root)


@contextmanager
def no_room_beyond(size: int) -> Iterator[None]:
    """No file of this process grows beyond this size: the disk is full for it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def names_below(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def test_a_local_artifact_is_fetched_where_it_is(
    kept: LocalFolder, root: Path, make_file: MakeFile, tmp_path: Path
) -> None:
    stored = kept.put(make_file(b"demand"), KEY)

    assert kept.fetch(stored, tmp_path / "cache") == root / KEY
    assert not (tmp_path / "cache").exists()


def test_a_moved_file_is_not_copied(kept: LocalFolder, root: Path, make_file: MakeFile) -> None:
    path = make_file(b"demand")
    inode = path.stat().st_ino

    kept.put(path, KEY, move=True)

    assert (root / KEY).stat().st_ino == inode


def test_a_file_is_copied_where_it_can_not_be_linked(
    kept: LocalFolder, root: Path, make_file: MakeFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    path = make_file(b"demand")

    kept.put(path, KEY, move=True)

    assert (root / KEY).read_bytes() == b"demand"
    assert not path.exists()


def test_damage_is_seen_also_after_the_file_was_read_well(kept: LocalFolder, root: Path, make_file: MakeFile) -> None:
    stored = kept.put(make_file(b"demand"), KEY)
    kept.fetch(stored, root)
    damaged = root / KEY
    damaged.write_bytes(b"demanf")
    os.utime(damaged, ns=(1, 1))

    with pytest.raises(ArtifactDamaged):
        kept.fetch(stored, root)


def test_an_untouched_file_is_read_for_its_digest_once(
    kept: LocalFolder, make_file: MakeFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = kept.put(make_file(b"demand"), KEY)
    kept.fetch(stored, tmp_path)

    def refuse(path: Path) -> str:
        raise AssertionError(f"{path} is read again")

    monkeypatch.setattr("batchcast.store.artifacts.folder.file_sha256", refuse)

    assert kept.fetch(stored, tmp_path).name == "upload"


@pytest.mark.skipif(sys.platform == "win32", reason="keeps no time of a change of state")
def test_a_byte_that_flips_under_an_unchanged_time_is_seen(
    kept: LocalFolder, root: Path, make_file: MakeFile, tmp_path: Path
) -> None:
    stored = kept.put(make_file(b"demand"), KEY)
    path = kept.fetch(stored, tmp_path)
    before = path.stat()
    with path.open("r+b") as file:
        file.write(b"D")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert path.stat().st_mtime_ns == before.st_mtime_ns
    with pytest.raises(ArtifactDamaged):
        kept.fetch(stored, tmp_path)


def test_a_digest_is_trusted_for_a_while_alone_because_a_disk_may_rot_unseen(
    kept: LocalFolder, make_file: MakeFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = kept.put(make_file(b"demand"), KEY)
    kept.fetch(stored, tmp_path)
    rotten = "batchcast.store.artifacts.folder.file_sha256"
    monkeypatch.setattr(rotten, lambda path: "0" * 64)  # as if read from a disk that has rotted
    kept.fetch(stored, tmp_path)

    monkeypatch.setattr("batchcast.store.artifacts.folder._SECONDS_TRUSTED", 0.0)

    with pytest.raises(ArtifactDamaged):
        kept.fetch(stored, tmp_path)


def test_of_many_digests_those_of_long_ago_are_forgotten(
    kept: LocalFolder, make_file: MakeFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batchcast.store.artifacts.folder._MOST_REMEMBERED", 2)
    files = [kept.put(make_file(bytes([n])), f"batches/ab/{n}") for n in range(4)]

    for file in (*files, *files):
        assert kept.fetch(file, tmp_path).name == file.key[-1]


def test_a_full_disk_is_a_sentence_and_leaves_nothing(
    kept: LocalFolder, root: Path, make_file: MakeFile, make_folder: MakeFolder
) -> None:
    file, folder = make_file(b"x" * 10_000), make_folder({"a": b"small", "b": b"x" * 10_000})

    with no_room_beyond(5_000):
        with pytest.raises(ArtifactsUnavailable, match=r"can't be kept in .*artifacts or read from it: File too large"):
            kept.put(file, KEY)
        with pytest.raises(ArtifactsUnavailable):
            kept.put_folder(folder, "batches/ab/partitions/00000-1-1")

    assert names_below(root) == set()
    assert kept.put(file, KEY).size == 10_000  # there is room again


def test_a_put_that_fails_leaves_what_was_there(kept: LocalFolder, root: Path, make_file: MakeFile) -> None:
    first = kept.put(make_file(b"first"), KEY)
    second = make_file(b"x" * 10_000)

    with no_room_beyond(5_000), pytest.raises(ArtifactsUnavailable):
        kept.put(second, KEY)

    assert kept.fetch(first, root).read_bytes() == b"first"
    assert names_below(root) == {KEY}


def test_a_moved_folder_that_does_not_arrive_is_still_where_it_was(kept: LocalFolder, make_folder: MakeFolder) -> None:
    folder = make_folder({"a": b"small", "b": b"large"})
    (folder / "c").mkdir()  # no file

    with pytest.raises(ArtifactsUnavailable):
        kept.put_folder(folder, "batches/ab/partitions/00000-1-1", move=True)

    assert (folder / "a").read_bytes() == b"small"
    assert kept.names("batches/ab/partitions") == frozenset()


_PUTS_FOR_EVER = """
import sys, itertools
from pathlib import Path
from batchcast.store.artifacts.folder import LocalFolder
kept = LocalFolder(Path(sys.argv[1]))
for number in itertools.count():
    kept.put_folder(Path(sys.argv[2]), f"batches/ab/partitions/{number:05}-1-1")
    print(number, flush=True)
"""


def test_killed_in_the_middle_of_a_put_it_leaves_only_whole_folders_and_hidden_names(
    kept: LocalFolder, root: Path, make_folder: MakeFolder
) -> None:
    files = {f"file-{n}": bytes([n]) * 20_000 for n in range(20)}
    command = [sys.executable, "-c", _PUTS_FOR_EVER, str(root), str(make_folder(files))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(5):
            last = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL

    found = kept.names("batches/ab/partitions")
    whole = sorted(name for name in found if not name.startswith("."))

    assert len(whole) > last
    for name in whole:
        folder = kept.fetch_folder(f"batches/ab/partitions/{name}", root)
        assert {path.name: path.read_bytes() for path in folder.iterdir() if path.name in files} == files


def test_what_was_never_finished_is_listed_and_can_be_removed(
    kept: LocalFolder, root: Path, make_file: MakeFile
) -> None:
    kept.put(make_file(b"demand"), KEY)
    (root / "batches/ab/.upload.0123.part").write_bytes(b"dem")

    assert kept.names("batches/ab") == {"upload", ".upload.0123.part"}
    kept.remove("batches/ab/.upload.0123.part")

    assert kept.names("batches/ab") == {"upload"}


def test_a_batch_can_be_removed_while_a_file_is_put_into_it(kept: LocalFolder, make_file: MakeFile) -> None:
    path = make_file(b"demand")

    def put_many(worker: int) -> None:
        for number in range(100):
            with suppress(ArtifactsUnavailable):  # its folder was taken from under it
                kept.put(path, f"batches/ab/converted/{worker}-{number}/x.csv")

    with ThreadPoolExecutor(2) as threads:
        putting = [threads.submit(put_many, worker) for worker in (1, 2)]
        while not all(future.done() for future in putting):
            with suppress(ArtifactsUnavailable):  # refilled five times over: the sweep comes again
                kept.remove("batches/ab")
        for future in putting:
            future.result()
    kept.remove("batches/ab")

    assert kept.batch_ids() == frozenset()


def test_a_place_that_is_no_folder_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    kept = LocalFolder(tmp_path / "file" / "artifacts")

    with pytest.raises(ArtifactsUnavailable, match="Not a directory"):
        kept.check()
    with pytest.raises(ArtifactsUnavailable, match="Not a directory"):
        kept.batch_ids()


def test_many_threads_put_and_fetch_at_once(kept: LocalFolder, make_folder: MakeFolder, tmp_path: Path) -> None:
    folder = make_folder({"forecast.parquet": b"1" * 1000, "summary.json": b"{}"})

    def put_and_fetch(number: int) -> bytes:
        prefix = f"batches/ab/partitions/{number:05}-1-1"
        kept.put_folder(folder, prefix)
        return (kept.fetch_folder(prefix, tmp_path) / "summary.json").read_bytes()

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(put_and_fetch, range(50))) == {b"{}"}
    assert len(kept.names("batches/ab/partitions")) == 50


def test_what_a_check_that_was_killed_has_left_is_swept_and_what_another_checks_now_is_not(
    kept: LocalFolder, root: Path
) -> None:
    (root / "batches").mkdir(parents=True)
    left, young = root / "batches/.check-00aa", root / "batches/.check-11bb"
    for path in (left, young):
        path.write_bytes(b"batchcast")
    long_ago = time.time() - 3600
    os.utime(left, (long_ago, long_ago))

    kept.check()

    assert [path.name for path in (root / "batches").iterdir()] == [young.name]


def test_a_place_whose_batches_can_not_be_changed_is_found_by_the_check(kept: LocalFolder, root: Path) -> None:
    kept.check()
    batches = root / "batches"
    made = subprocess.run(["chattr", "+i", str(batches)], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("no folder can be made immutable here")
    try:
        with pytest.raises(ArtifactsUnavailable, match="can't be kept"):
            kept.check()
    finally:
        subprocess.run(["chattr", "-i", str(batches)], check=True)
    kept.check()
