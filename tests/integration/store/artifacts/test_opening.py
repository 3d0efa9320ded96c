"""An address says where artifacts are kept."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from batchcast.store.artifacts.artifacts import UnknownArtifacts
from batchcast.store.artifacts.opening import open_artifacts


@pytest.mark.parametrize("url", [None, "", "file"])
def test_without_an_address_or_with_that_of_a_folder_they_are_in_it(tmp_path: Path, url: str | None) -> None:
    artifacts = open_artifacts((tmp_path / "kept here").as_uri() if url == "file" else url, tmp_path / "kept here")
    (tmp_path / "upload").write_bytes(b"demand")

    artifacts.put(tmp_path / "upload", "batches/ab/upload")

    assert (tmp_path / "kept here" / "batches" / "ab" / "upload").read_bytes() == b"demand"


@pytest.mark.parametrize("url", ["s3://", "file://host/folder", "file://", "gs://bucket", "/folder", "s3:bucket"])
def test_another_address_is_refused_with_those_there_are(tmp_path: Path, url: str) -> None:
    with pytest.raises(UnknownArtifacts, match="Give s3://bucket/prefix or file:///folder") as refused:
        open_artifacts(url, tmp_path)

    assert repr(url) in str(refused.value)


def test_a_bucket_without_its_package_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    monkeypatch.delitem(sys.modules, "batchcast.store.artifacts.bucket", raising=False)

    with pytest.raises(UnknownArtifacts, match=r"pip install 'batchcast\[s3\]'"):
        open_artifacts("s3://bucket/prefix", tmp_path)
