"""Where compiled kernels are kept where the package itself can't be written, as in a container."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from batchcast.app import surroundings
from batchcast.app.surroundings import keep_kernels

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
    monkeypatch.setattr(surroundings, "_KERNELS", tmp_path / "a file" / "kernels")
    (tmp_path / "a file").touch()
    monkeypatch.setattr(surroundings.tempfile, "tempdir", str(tmp_path))
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
    monkeypatch.setattr(surroundings.tempfile, "tempdir", str(tmp_path / "a file"))

    assert keep_kernels(tmp_path / "a file") is None
    assert "every worker compiles them for a minute; set NUMBA_CACHE_DIR" in caplog.text
    assert "NUMBA_CACHE_DIR" not in os.environ


def test_a_folder_that_is_named_and_a_package_that_can_be_written_are_used(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert keep_kernels(tmp_path / "home") is None
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    monkeypatch.setattr(surroundings, "_KERNELS", tmp_path)

    assert keep_kernels(tmp_path / "home") is None
    assert not (tmp_path / "home").exists()


def test_a_function_is_compiled_where_no_folder_can_hold_it() -> None:
    done = subprocess.run([sys.executable, "-c", UNCACHED], capture_output=True, text=True, check=True)

    assert done.stdout == "42\n"
