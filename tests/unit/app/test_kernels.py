"""Where compiled kernels are kept where the package itself can't be written, and whether they are compiled."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from batchcast.app.installation import kernels
from batchcast.app.installation.kernels import are_compiled, keep_kernels, note_compiled

UNCACHED = """
from numba.core.caching import CacheImpl
CacheImpl._locator_classes = []  # as where neither the package nor a home folder can be written
from batchcast.forecast.compiled import compiled, inlined

@compiled
def double(x):
    return triple(x) - x

@inlined
def triple(x):
    return 3 * x

print(double(21))
"""


@pytest.fixture(autouse=True)
def no_place(monkeypatch, tmp_path):
    """A package that can't be written, and no word of a folder."""
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setattr(kernels, "_PACKAGE", tmp_path / "a file")
    (tmp_path / "a file").touch()
    monkeypatch.setattr(kernels.tempfile, "tempdir", str(tmp_path))
    yield
    os.environ.pop("NUMBA_CACHE_DIR", None)


def test_kernels_are_kept_in_the_home_folder(tmp_path: Path) -> None:
    assert keep_kernels(tmp_path / "home") == tmp_path / "home" / "kernels"

    assert os.environ["NUMBA_CACHE_DIR"] == str(tmp_path / "home" / "kernels")
    assert (tmp_path / "home" / "kernels").stat().st_mode & 0o777 == 0o700


def test_without_a_home_they_are_kept_in_a_temporary_folder_of_this_user(tmp_path: Path) -> None:
    found = keep_kernels(tmp_path / "a file")

    assert found is not None
    assert found.parent == tmp_path
    assert found.name.startswith("batchcast-kernels-")


def test_where_nothing_can_be_written_it_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch) -> None:
    monkeypatch.setattr(kernels.tempfile, "tempdir", str(tmp_path / "a file"))

    assert keep_kernels(tmp_path / "a file") is None
    assert "every worker compiles them for a minute; set NUMBA_CACHE_DIR" in caplog.text
    assert "NUMBA_CACHE_DIR" not in os.environ


def test_a_folder_that_is_named_and_a_package_that_can_be_written_are_used(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert keep_kernels(tmp_path / "home") is None
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    monkeypatch.setattr(kernels, "_PACKAGE", tmp_path / "package")

    assert keep_kernels(tmp_path / "home") is None
    assert not (tmp_path / "home").exists()


@pytest.fixture
def image(tmp_path: Path, monkeypatch) -> Path:
    """A folder of kernels that were compiled ahead, which this user may only read."""
    folder = tmp_path / "image"
    (folder / "kernels_1").mkdir(parents=True)
    (folder / "kernels_1" / "ses.nbi").write_bytes(b"index")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(folder))
    can_be_written = kernels._can_be_written
    monkeypatch.setattr(kernels, "_can_be_written", lambda one: one != folder and can_be_written(one))
    return folder


def test_kernels_that_were_compiled_ahead_are_copied_to_where_they_can_be_written(tmp_path: Path, image: Path) -> None:
    kept = tmp_path / "home" / "kernels"
    assert keep_kernels(tmp_path / "home") == kept

    assert (kept / "kernels_1" / "ses.nbi").read_bytes() == b"index"
    assert os.environ["NUMBA_CACHE_DIR"] == str(kept)
    assert [path.name for path in kept.rglob("*") if path.is_file()] == ["ses.nbi"]


def test_of_two_compilations_the_newer_is_kept(tmp_path: Path, image: Path, monkeypatch) -> None:
    kept, old = tmp_path / "home" / "kernels" / "kernels_1" / "ses.nbi", 1_000_000_000
    keep_kernels(tmp_path / "home")
    kept.write_bytes(b"compiled here")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(image))
    keep_kernels(tmp_path / "home")
    assert kept.read_bytes() == b"compiled here"

    os.utime(kept, (old, old))
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(image))
    keep_kernels(tmp_path / "home")
    assert kept.read_bytes() == b"index"


def test_kernels_are_compiled_once_they_are_noted_until_a_source_is_another(tmp_path: Path, monkeypatch) -> None:
    package = tmp_path / "package"
    monkeypatch.setattr(kernels, "_PACKAGE", package)
    (package / "kernels" / "__pycache__").mkdir(parents=True)
    (package / "ses.py").write_text("a = 1")
    assert not are_compiled()
    note_compiled()
    assert are_compiled()

    (package / "ses.py").write_text("a = 10")
    assert not are_compiled()
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    note_compiled()
    assert are_compiled()
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    assert not are_compiled(), "where they are kept now they are not compiled"


def test_where_nothing_can_be_written_nothing_is_remembered() -> None:
    note_compiled()

    assert not are_compiled()


def test_a_function_is_compiled_where_no_folder_can_hold_it() -> None:
    done = subprocess.run([sys.executable, "-c", UNCACHED], capture_output=True, text=True, check=True)

    assert done.stdout == "42\n"
