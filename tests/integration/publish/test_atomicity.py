"""A result appears whole or not at all: whatever goes wrong, what was there before stays whole."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from batchcast.publish.certificate import Certificate, PublishFailed
from batchcast.publish.publisher import commit_result, stage_result
from batchcast.publish.staging import discard, recover

posix_only = pytest.mark.skipif(os.name != "posix", reason="the process is stopped with POSIX signals and limits")

# Publishes in a process of its own; `crash` names a function of staging that kills the process at its nth call.
CHILD = """
import json, os, pickle, signal, sys
from pathlib import Path
from batchcast.publish import staging
from batchcast.publish.publisher import commit_result, stage_result

with open(sys.argv[1], "rb") as file:
    partitions, history, certificate, out = pickle.load(file)
place, count = sys.argv[2], int(sys.argv[3])
if place == "limit":
    import resource
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (count, unlimited[1]))
elif place == "replace":
    real = Path.replace
    def replace(self, target):
        global count
        count -= 1
        if count < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(self, target)
    Path.replace = replace
try:
    commit_result(stage_result(partitions, history=history, certificate=certificate, out=out))
except Exception as error:
    print(type(error).__name__, error)
    sys.exitcode = 3
finally:
    if place == "limit":  # for what runs at exit
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
sys.exit(getattr(sys, "exitcode", 0))
"""


def snapshot(folder: Path) -> dict[str, bytes]:
    """Every file that a person sees."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(".")}


def is_whole(folder: Path) -> bool:
    """The certificate names every file there with its digest."""
    import hashlib

    files = Certificate.read(folder / "certificate.json").files
    named = {file.name: file.sha256 for file in files.values()}
    there = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    there.pop("certificate.json")
    return named == there


def publish_in_child(batch: Any, out: Path, place: str, count: int) -> subprocess.CompletedProcess[str]:
    import pickle

    work = batch.folder / "work.pickle"
    work.write_bytes(pickle.dumps((batch.partitions, batch.history, batch.certificate, out)))
    command = [sys.executable, "-c", CHILD, str(work), place, str(count)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@posix_only
@pytest.mark.parametrize("moves", [0, 1, 2, 3, 5])
def test_kill_in_the_middle_leaves_the_old_or_the_new_whole(
    finish_batch: Callable[..., Any], out: Path, moves: int
) -> None:
    finish_batch(refused=[("Kendari", "00123")]).publish(out / "result.csv")
    old = snapshot(out)
    new = finish_batch(horizon=4)

    ended = publish_in_child(new, out / "result.csv", "replace", moves)

    assert ended.returncode == -signal.SIGKILL
    if moves <= 1:  # sealing and the commit note come before the first move
        assert snapshot(out) == old
    recover(out)
    assert is_whole(out)
    assert (snapshot(out) == old) == (moves <= 1)
    assert not [path for path in out.iterdir() if path.name.startswith(".")]


@posix_only
def test_next_run_finishes_what_a_killed_one_had_begun(finish_batch: Callable[..., Any], out: Path) -> None:
    batch = finish_batch()
    publish_in_child(batch, out / "result.csv", "replace", 3)  # some files in their place, no certificate yet
    assert "certificate.json" not in snapshot(out)

    published = batch.publish(out / "result.csv")

    assert published.forecast == 5
    assert is_whole(out)


@posix_only
@pytest.mark.parametrize("name", ["result.csv", "result.xlsx", "result.parquet"])
def test_full_disk_leaves_nothing_and_says_so(finish_batch: Callable[..., Any], out: Path, name: str) -> None:
    batch = finish_batch(keys=[(f"S{n}", f"{n:09}") for n in range(400)], layout=[[(0, 400)]], horizon=30)

    ended = publish_in_child(batch, out / name, "limit", 20_000)

    assert ended.returncode == 3, ended.stderr
    assert ended.stderr == ""
    assert ended.stdout.startswith(f"PublishFailed The result can't be written to {out / name}: ")
    assert "File too large" in ended.stdout
    assert not out.exists()


@posix_only
def test_full_disk_leaves_the_old_result_whole(finish_batch: Callable[..., Any], out: Path) -> None:
    finish_batch().publish(out / "result.csv")
    old = snapshot(out)
    larger = finish_batch(keys=[(f"S{n}", f"{n:09}") for n in range(400)], layout=[[(0, 400)]], horizon=30)

    assert publish_in_child(larger, out / "result.csv", "limit", 20_000).returncode == 3

    assert snapshot(out) == old
    assert is_whole(out)


@pytest.mark.parametrize("failing", ["stock.csv", "accuracy.csv", "certificate.json", "result.csv"])
@pytest.mark.parametrize("earlier", [True, False])
def test_file_that_can_not_be_put_in_its_place_undoes_the_others(
    finish_batch: Callable[..., Any], out: Path, monkeypatch: pytest.MonkeyPatch, failing: str, earlier: bool
) -> None:
    if earlier:
        finish_batch(refused=[("Kendari", "00123")]).publish(out / "result.csv")
    out.mkdir(exist_ok=True)
    old = snapshot(out)
    stage = stage_result(**_arguments(finish_batch(horizon=4), out))
    real = Path.replace

    def replace(path: Path, target: Path) -> Path:
        if path == stage / failing:
            raise PermissionError(13, "Permission denied")  # open in Excel
        return real(path, target)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(PublishFailed, match=r"can't be written to .*: Permission denied. Nothing was published"):
        commit_result(stage)
    monkeypatch.undo()

    assert snapshot(out) == old
    discard(stage)
    assert not earlier or is_whole(out)


def _arguments(batch: Any, out: Path) -> dict[str, Any]:
    certificate = batch.certificate
    return {
        "partitions": batch.partitions,
        "history": batch.history,
        "certificate": certificate,
        "out": out / "result.csv",
    }


def test_staged_result_is_invisible_until_it_is_committed(batch: Any, out: Path) -> None:
    stage = stage_result(**_arguments(batch, out))
    assert snapshot(out) == {}

    files = commit_result(stage)

    assert is_whole(out)
    assert sorted(files) == ["accuracy", "certificate", "figures", "forecast", "stock"]


def test_discarded_result_leaves_no_trace(batch: Any, tmp_path: Path) -> None:
    stage = stage_result(**_arguments(batch, tmp_path / "a" / "b"))

    discard(stage)

    assert not (tmp_path / "a").exists()


def test_another_name_being_staged_in_the_folder_is_left_alone(batch: Any, out: Path) -> None:
    stage = stage_result(**_arguments(batch, out))

    recover(out, "other.csv")
    assert stage.exists()
    recover(out, "result.csv")
    assert not stage.exists()


def test_disks_without_hard_links_are_served_too(
    finish_batch: Callable[..., Any], out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "link", no_links)
    finish_batch().publish(out / "result.csv")
    finish_batch(horizon=4).publish(out / "result.csv")

    assert is_whole(out)


def test_folder_that_can_not_be_made_is_said(batch: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(PublishFailed, match=r"can't be written to .*File exists"):
        batch.publish(tmp_path / "file" / "result.csv")


def test_accuracy_that_can_not_be_put_in_its_place_is_said(
    batch: Any, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("batchcast.publish.publisher.commit", fail)

    with pytest.raises(PublishFailed, match="Permission denied"):
        batch.publish_accuracy(out)


def test_sealed_note_names_no_file_outside_its_folder(batch: Any, out: Path) -> None:
    stage = stage_result(**_arguments(batch, out))

    sealed = json.loads((stage / "sealed.json").read_text())

    assert sealed["names"] == ["stock.csv", "accuracy.csv", "figures.parquet", "certificate.json", "result.csv"]
    assert sealed["gone"] == ["attributes.csv", "rejected.csv"]
