"""What every place for artifacts does, in a folder and in a bucket."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from batchcast.domain.batch import FilePiece
from batchcast.store.artifacts.artifacts import ArtifactDamaged, ArtifactMissing, Artifacts

MakeFile = Callable[[bytes], Path]
MakeFolder = Callable[[Mapping[str, bytes]], Path]
KEY = "batches/ab/history.parquet"
RESULT = {"forecast.parquet": b"PAR1" * 1000, "stock.parquet": b"stock", "summary.json": b"{}"}


def files_of(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in RESULT}


def test_what_was_put_is_fetched_with_its_digest_and_size(
    artifacts: Artifacts, make_file: MakeFile, cache: Path
) -> None:
    path = make_file(b"demand" * 100_000)

    stored = artifacts.put(path, "batches/ab/upload")

    assert stored.key == "batches/ab/upload"
    assert stored.sha256 == hashlib.sha256(b"demand" * 100_000).hexdigest()
    assert stored.size == 600_000
    assert artifacts.fetch(stored, cache).read_bytes() == path.read_bytes()


def test_a_file_put_again_takes_the_place_of_the_first(artifacts: Artifacts, make_file: MakeFile, cache: Path) -> None:
    first = artifacts.put(make_file(b"first"), "batches/ab/upload")
    artifacts.fetch(first, cache)

    second = artifacts.put(make_file(b"second"), "batches/ab/upload")

    assert artifacts.fetch(second, cache).read_bytes() == b"second"
    with pytest.raises(ArtifactDamaged):
        artifacts.fetch(replace(first, size=second.size), cache / "other")


def test_a_file_is_copied_unless_it_is_to_be_moved(artifacts: Artifacts, make_file: MakeFile, cache: Path) -> None:
    kept, moved = make_file(b"kept"), make_file(b"moved")

    artifacts.put(kept, "batches/ab/kept")
    stored = artifacts.put(moved, "batches/ab/moved", move=True)

    assert kept.read_bytes() == b"kept"
    assert not moved.exists()
    assert artifacts.fetch(stored, cache).read_bytes() == b"moved"


def test_a_fetched_file_keeps_its_suffix(artifacts: Artifacts, make_file: MakeFile, cache: Path) -> None:
    stored = artifacts.put(make_file(b"PAR1"), "batches/ab/history.parquet")

    assert artifacts.fetch(stored, cache).suffix == ".parquet"


def test_a_missing_file_is_said_to_be_missing(artifacts: Artifacts, make_file: MakeFile, cache: Path) -> None:
    stored = artifacts.put(make_file(b"demand"), "batches/ab/upload")
    artifacts.remove("batches/ab/upload")

    with pytest.raises(ArtifactMissing, match="batches/ab/upload is missing in"):
        artifacts.fetch(stored, cache)


def test_a_damaged_file_is_refused_with_both_digests(artifacts: Artifacts, make_file: MakeFile, cache: Path) -> None:
    stored = artifacts.put(make_file(b"demand"), "batches/ab/upload")

    with pytest.raises(ArtifactDamaged) as refused:
        artifacts.fetch(replace(stored, sha256="0" * 64), cache)

    assert "0000000000000000 when it was kept" in str(refused.value)
    assert stored.sha256[:16] in str(refused.value)
    assert refused.value.key == "batches/ab/upload"


def test_a_folder_is_kept_and_fetched_whole(artifacts: Artifacts, make_folder: MakeFolder, cache: Path) -> None:
    artifacts.put_folder(make_folder(RESULT), "batches/ab/partitions/00001-1-1")

    fetched = artifacts.fetch_folder("batches/ab/partitions/00001-1-1", cache)

    assert files_of(fetched) == RESULT


def test_a_folder_put_again_leaves_nothing_of_the_first(
    artifacts: Artifacts, make_folder: MakeFolder, cache: Path
) -> None:
    artifacts.put_folder(make_folder({"old.json": b"old"}), "batches/ab/partitions/00001-1-1")

    artifacts.put_folder(make_folder(RESULT), "batches/ab/partitions/00001-1-1")

    assert files_of(artifacts.fetch_folder("batches/ab/partitions/00001-1-1", cache)) == RESULT
    assert "old.json" not in artifacts.names("batches/ab/partitions/00001-1-1")


def test_a_moved_folder_is_left_empty(artifacts: Artifacts, make_folder: MakeFolder, cache: Path) -> None:
    folder = make_folder(RESULT)

    artifacts.put_folder(folder, "batches/ab/partitions/00001-1-1", move=True)

    assert list(folder.iterdir()) == []
    assert files_of(artifacts.fetch_folder("batches/ab/partitions/00001-1-1", cache)) == RESULT


@pytest.mark.parametrize("gone", ["stock.parquet", "files.json"])
def test_a_folder_that_lacks_a_file_is_not_mistaken_for_a_whole_one(
    artifacts: Artifacts, make_folder: MakeFolder, cache: Path, gone: str
) -> None:
    artifacts.put_folder(make_folder(RESULT), "batches/ab/partitions/00001-1-1")
    artifacts.remove(f"batches/ab/partitions/00001-1-1/{gone}")

    with pytest.raises(ArtifactMissing):
        artifacts.fetch_folder("batches/ab/partitions/00001-1-1", cache)
    with pytest.raises(ArtifactMissing):
        artifacts.copy_folder("batches/ab/partitions/00001-1-1", "batches/cd/partitions/00001-1-1")
    assert artifacts.names("batches/cd/partitions") == frozenset()


def test_a_folder_whose_file_was_changed_is_damaged(
    artifacts: Artifacts, make_folder: MakeFolder, make_file: MakeFile, cache: Path
) -> None:
    artifacts.put_folder(make_folder(RESULT), "batches/ab/partitions/00001-1-1")
    artifacts.put(make_file(b"stick"), "batches/ab/partitions/00001-1-1/stock.parquet")  # as long as before

    with pytest.raises(ArtifactDamaged, match=r"stock\.parquet"):
        artifacts.fetch_folder("batches/ab/partitions/00001-1-1", cache)


def test_a_list_of_files_that_was_changed_is_no_list(
    artifacts: Artifacts, make_folder: MakeFolder, make_file: MakeFile, cache: Path
) -> None:
    artifacts.put_folder(make_folder(RESULT), "batches/ab/partitions/00001-1-1")
    artifacts.put(make_file(b"[1]"), "batches/ab/partitions/00001-1-1/files.json")

    with pytest.raises(ArtifactMissing, match=r"files\.json"):
        artifacts.fetch_folder("batches/ab/partitions/00001-1-1", cache)


def test_a_copied_folder_outlives_its_origin(artifacts: Artifacts, make_folder: MakeFolder, cache: Path) -> None:
    artifacts.put_folder(make_folder(RESULT), "batches/ab/partitions/00001-1-1")

    artifacts.copy_folder("batches/ab/partitions/00001-1-1", "batches/cd/partitions/00004-1-1")
    artifacts.remove("batches/ab")

    assert files_of(artifacts.fetch_folder("batches/cd/partitions/00004-1-1", cache)) == RESULT


def test_a_whole_batch_is_removed_and_no_other(artifacts: Artifacts, make_file: MakeFile, cache: Path) -> None:
    artifacts.put(make_file(b"1"), "batches/ab/upload")
    artifacts.put(make_file(b"2"), "batches/ab/result-1/forecast.csv")
    other = artifacts.put(make_file(b"3"), "batches/abc/upload")

    artifacts.remove("batches/ab")
    artifacts.remove("batches/ab")  # is removed already

    assert artifacts.batch_ids() == {"abc"}
    assert artifacts.fetch(other, cache).read_bytes() == b"3"


def test_one_file_is_removed_and_its_neighbours_stay(artifacts: Artifacts, make_file: MakeFile) -> None:
    artifacts.put(make_file(b"1"), "batches/ab/upload")
    artifacts.put(make_file(b"2"), "batches/ab/upload.csv")

    artifacts.remove("batches/ab/upload")

    assert artifacts.names("batches/ab") == {"upload.csv"}


def test_names_are_those_directly_below(artifacts: Artifacts, make_file: MakeFile) -> None:
    artifacts.put(make_file(b"1"), "batches/ab/upload")
    artifacts.put(make_file(b"2"), "batches/ab/result-1/forecast.csv")

    assert artifacts.names("batches/ab") == {"upload", "result-1"}
    assert artifacts.names("batches/ab/result-1") == {"forecast.csv"}
    assert artifacts.names("batches/ef") == frozenset()


def test_an_empty_place_has_no_batches(artifacts: Artifacts) -> None:
    assert artifacts.batch_ids() == frozenset()
    assert artifacts.names("batches/ab") == frozenset()


def test_a_place_is_checked_and_left_as_it_was(artifacts: Artifacts) -> None:
    artifacts.check()

    assert artifacts.batch_ids() == frozenset()


@pytest.mark.parametrize("key", ["../secret", "/etc/passwd", "batches/../../x", "batches//x", "batches/.x", "", "a\n"])
def test_no_key_leads_out_of_the_place(artifacts: Artifacts, make_file: MakeFile, key: str) -> None:
    with pytest.raises(ValueError, match="not a key"):
        artifacts.put(make_file(b"1"), key)


def test_a_tree_is_never_removed_by_a_key_that_leads_out(artifacts: Artifacts) -> None:
    for key in ("../secret", "/", "", "batches/..", "batches/../x", ".hidden/x"):
        with pytest.raises(ValueError, match="not a key"):
            artifacts.remove(key)


def pieces_of(content: bytes, *edges: int) -> tuple[FilePiece, ...]:
    """The content between each two edges."""
    return tuple(
        FilePiece(start=start, size=stop - start, sha256=hashlib.sha256(content[start:stop]).hexdigest())
        for start, stop in pairwise(edges)
    )


def test_pieces_of_a_file_stand_where_they_stand_in_it(artifacts: Artifacts, make_file: MakeFile, cache: Path) -> None:
    content = bytes(range(256)) * 40
    stored = artifacts.put(make_file(content), KEY)
    first, second, third = pieces_of(content, 0, 4, 5000, 10240)

    path = artifacts.fetch_pieces(stored, [first, third], cache)

    assert path.stat().st_size == len(content)
    assert path.read_bytes()[:4] + path.read_bytes()[5000:] == content[:4] + content[5000:]
    assert artifacts.fetch_pieces(stored, [second], cache) == path
    assert path.read_bytes() == content


def test_a_piece_of_a_file_that_is_not_there_is_missing(artifacts: Artifacts, make_file: MakeFile, cache: Path) -> None:
    stored = artifacts.put(make_file(b"demand"), KEY)
    artifacts.remove(KEY)

    with pytest.raises(ArtifactMissing):
        artifacts.fetch_pieces(stored, pieces_of(b"demand", 0, 6), cache)
