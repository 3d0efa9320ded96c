"""What a bucket does beyond what every place does: downloads are kept and checked, and a bucket may not answer."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from batchcast.domain.batch import FilePiece
from batchcast.store.artifacts.artifacts import ArtifactDamaged, ArtifactMissing, Artifacts, ArtifactsUnavailable
from batchcast.store.artifacts.bucket import Bucket
from batchcast.store.artifacts.opening import open_artifacts

MakeFile = Callable[[bytes], Path]
MakeFolder = Callable[[Mapping[str, bytes]], Path]
KEY = "batches/ab/history.parquet"
FOLDER = "batches/ab/partitions/00001-1-1"


@pytest.fixture
def bucket(bucket_url: str, tmp_path: Path) -> Artifacts:
    return open_artifacts(bucket_url, tmp_path / "unused")


def downloads(cache: Path) -> set[str]:
    return {str(path.relative_to(cache)) for path in cache.rglob("*") if path.is_file()}


def test_a_download_is_kept_and_not_made_twice(bucket: Artifacts, make_file: MakeFile, cache: Path) -> None:
    stored = bucket.put(make_file(b"demand"), KEY)
    path = bucket.fetch(stored, cache)

    bucket.remove(KEY)

    assert bucket.fetch(stored, cache) == path
    assert downloads(cache) == {f"{stored.sha256}.parquet"}


def test_a_damaged_download_is_made_again(
    bucket: Artifacts, make_file: MakeFile, make_folder: MakeFolder, cache: Path
) -> None:
    stored = bucket.put(make_file(b"demand"), KEY)
    bucket.put_folder(make_folder({"a": b"a", "b": b"b"}), FOLDER)
    bucket.fetch(stored, cache).write_bytes(b"dem")
    (bucket.fetch_folder(FOLDER, cache) / "b").write_bytes(b"bad")

    assert bucket.fetch(stored, cache).read_bytes() == b"demand"
    assert (bucket.fetch_folder(FOLDER, cache) / "b").read_bytes() == b"b"


def test_nothing_of_a_damaged_object_is_left_in_the_cache(
    bucket: Artifacts, make_file: MakeFile, make_folder: MakeFolder, cache: Path
) -> None:
    stored = bucket.put(make_file(b"demand"), KEY)
    bucket.put_folder(make_folder({"a": b"a"}), FOLDER)
    bucket.put(make_file(b"damage"), KEY)
    bucket.put(make_file(b"x"), f"{FOLDER}/a")

    with pytest.raises(ArtifactDamaged):
        bucket.fetch(stored, cache)
    with pytest.raises(ArtifactDamaged):
        bucket.fetch_folder(FOLDER, cache)

    assert downloads(cache) == set()


def test_an_object_removed_between_list_and_download_is_missing(
    bucket: Artifacts, make_folder: MakeFolder, cache: Path
) -> None:
    bucket.put_folder(make_folder({"a": b"a", "b": b"b"}), FOLDER)
    bucket.remove(f"{FOLDER}/b")

    with pytest.raises(ArtifactMissing, match="00001-1-1/b is missing in s3://"):
        bucket.fetch_folder(FOLDER, cache)

    assert downloads(cache) == set()


def test_a_large_file_arrives_in_parts(bucket: Artifacts, make_file: MakeFile, cache: Path) -> None:
    content = bytes(range(256)) * (20 << 12)  # 20 MiB: three pieces

    stored = bucket.put(make_file(content), KEY, move=True)

    assert bucket.fetch(stored, cache).read_bytes() == content


def test_many_threads_fetch_one_folder_at_once(bucket: Artifacts, make_folder: MakeFolder, cache: Path) -> None:
    bucket.put_folder(make_folder({"a": b"a" * 1000, "b": b"b"}), FOLDER)

    with ThreadPoolExecutor(8) as threads:
        folders = set(threads.map(lambda _: bucket.fetch_folder(FOLDER, cache), range(16)))

    assert len(folders) == 1
    assert {path.name for path in folders.pop().iterdir()} == {"a", "b"}
    assert not [name for name in downloads(cache) if ".part" in name]


def test_a_bucket_that_is_not_there_is_a_sentence(bucket_url: str, make_file: MakeFile, tmp_path: Path) -> None:
    bucket = open_artifacts("s3://was-never-made/x", tmp_path)

    with pytest.raises(ArtifactsUnavailable, match=r"can't be kept in s3://was-never-made/x"):
        bucket.check()
    with pytest.raises(ArtifactsUnavailable):
        bucket.put(make_file(b"demand"), KEY)


def test_a_server_that_does_not_answer_is_a_sentence(
    bucket_url: str, make_file: MakeFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")  # no server listens there any more
    bucket = Bucket.open(bucket_url)

    with pytest.raises(ArtifactsUnavailable, match="Could not connect to the endpoint URL"):
        bucket.put(make_file(b"demand"), KEY)


def test_a_moved_file_that_does_not_arrive_is_still_where_it_was(
    bucket_url: str, make_file: MakeFile, make_folder: MakeFolder, tmp_path: Path
) -> None:
    bucket = open_artifacts("s3://was-never-made/x", tmp_path)
    path, folder = make_file(b"demand"), make_folder({"a": b"a"})

    with pytest.raises(ArtifactsUnavailable):
        bucket.put(path, KEY, move=True)
    with pytest.raises(ArtifactsUnavailable):
        bucket.put_folder(folder, FOLDER, move=True)

    assert path.exists()
    assert (folder / "a").exists()


def test_no_piece_is_downloaded_twice(bucket: Artifacts, make_file: MakeFile, cache: Path) -> None:
    stored = bucket.put(make_file(b"demand"), KEY)
    pieces = [FilePiece(start=0, size=3, sha256=hashlib.sha256(b"dem").hexdigest())]
    path = bucket.fetch_pieces(stored, pieces, cache)

    bucket.remove(KEY)

    assert bucket.fetch_pieces(stored, pieces, cache) == path
    assert path.read_bytes() == b"dem\0\0\0"


def test_a_piece_with_other_bytes_is_damaged(bucket: Artifacts, make_file: MakeFile, cache: Path) -> None:
    stored = bucket.put(make_file(b"demand"), KEY)
    other = FilePiece(start=2, size=4, sha256=hashlib.sha256(b"land").hexdigest())

    with pytest.raises(ArtifactDamaged):
        bucket.fetch_pieces(stored, [other], cache)
