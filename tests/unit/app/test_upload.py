"""A file that comes in is written as it comes, within its limit, at a path of ours."""

from __future__ import annotations

import errno
import hashlib
from pathlib import Path

import pytest

from batchcast.app.upload import Upload, UploadsUnavailable, UploadTooLarge, plain_name


def test_what_came_is_on_the_disk_with_its_checksum(tmp_path: Path) -> None:
    upload = Upload(tmp_path, "demand.csv", most_bytes=100)
    for chunk in (b"date,part", b"number\n"):
        upload.write(chunk)
    upload.close()

    assert upload.path.read_bytes() == b"date,partnumber\n"
    assert upload.sha256 == hashlib.sha256(b"date,partnumber\n").hexdigest()
    assert upload.size == 16

    upload.discard()
    assert list(tmp_path.iterdir()) == []


def test_a_file_over_the_limit_is_refused_when_the_first_byte_over_it_comes(tmp_path: Path) -> None:
    upload = Upload(tmp_path, "demand.csv", most_bytes=10)
    upload.write(b"0123456789")

    with pytest.raises(UploadTooLarge, match="larger than"):
        upload.write(b"x")

    upload.discard()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("number", "says"), [(errno.ENOSPC, "disk is full"), (errno.EIO, "could not write the file to its disk")]
)
def test_a_disk_that_fails_is_said_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, says: str
) -> None:
    upload = Upload(tmp_path, "demand.csv", most_bytes=100)

    def fail(_chunk: bytes) -> int:
        raise OSError(number, "no")

    monkeypatch.setattr(upload, "_file", type("Full", (), {"write": staticmethod(fail), "close": upload._file.close})())
    with pytest.raises(UploadsUnavailable, match=says):
        upload.write(b"x")

    upload.discard()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(UploadsUnavailable):
        Upload(tmp_path / "file", "demand.csv", most_bytes=100)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("demand.csv", "demand.csv"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\rina\\Permintaan Agustus.xlsx", "Permintaan Agustus.xlsx"),
        ("a\nb\x00.csv", "ab.csv"),
        ("/", "upload"),
        ("x" * 300 + ".csv", "x" * 196 + ".csv"),
    ],
)
def test_a_name_is_for_people_and_never_a_path(sent: str, kept: str, tmp_path: Path) -> None:
    assert plain_name(sent) == kept

    upload = Upload(tmp_path, sent, most_bytes=1)
    assert upload.path.parent.parent == tmp_path
    assert upload.path.name.isalnum()
    upload.discard()
