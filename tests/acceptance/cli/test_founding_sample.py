"""The founding sample on the command line, as a planner and as a program would run it."""

from __future__ import annotations

import csv
import json
import resource
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.xdist_group("founding sample")  # one forecast of it for all
BATCHCAST = [sys.executable, "-m", "batchcast"]


@pytest.fixture(scope="module")
def home(environment):
    return Path(environment["BATCHCAST_HOME"])


@pytest.fixture(scope="module")
def founding_sample(batchcast, tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "alldemand_augjul.csv"
    assert batchcast("sample", "alldemand_augjul", path).returncode == 0
    return path


@pytest.fixture(scope="module")
def published(batchcast, founding_sample, tmp_path_factory):
    """The sample, forecast once, its events as a program reads them."""
    out = tmp_path_factory.mktemp("result") / "forecast.csv"
    done = batchcast("run", founding_sample, "-o", out, "--batch-mode", "on", "--json")
    assert done.returncode == 0, done.stderr
    return out, [json.loads(line) for line in done.stdout.splitlines()]


def test_thirteen_sites_become_thirteen_partitions_and_one_result(published):
    out, events = published

    result = events[-1]
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    completed = [e["number"] for e in events if e["kind"] == "partition" and e["status"] == "COMPLETED"]
    assert sorted(completed) == list(range(13))
    assert result["kind"] == "result"
    assert {kind: Path(path).name for kind, path in result["files"].items()} == {
        "forecast": "forecast.csv",
        "stock": "stock.csv",
        "accuracy": "accuracy.csv",
        "figures": "figures.parquet",
        "certificate": "certificate.json",
    }
    assert list(rows[0]) == [
        *("date", "partnumber", "site_code", "forecast_qty", "forecast_raw", "p10", "p50", "p90", "model"),
    ]
    analysis = next(e["analysis"] for e in events if e["kind"] == "analysis")
    assert len(rows) == 7 * analysis["plan"]["series"]
    assert analysis["report"]["rows_read"] == 11_919
    assert len({row["site_code"] for row in rows}) == 13


def test_a_replay_that_finds_no_input_says_how_to_name_it(batchcast, published, tmp_path):
    certificate = published[1][-1]["files"]["certificate"]

    done = batchcast("run", "--replay", certificate, "-o", tmp_path / "forecast.csv", cwd=tmp_path)

    assert done.returncode == 2
    assert "alldemand_augjul.csv" in done.stderr
    assert "batchcast run FILE --replay" in done.stderr


def test_events_tell_the_steps_in_their_order(published):
    _, events = published

    assert [e["step"] for e in events if e["kind"] == "step"] == ["ingest", "prepare", "forecast", "publish"]
    progress = [e["progress"]["percent"] / 100 for e in events if e["kind"] == "batch"]
    assert progress == sorted(progress)
    assert progress[-1] == 1.0


@pytest.mark.long
def test_a_replay_gives_the_same_bytes(batchcast, founding_sample, published, tmp_path):
    out, events = published
    certificate = events[-1]["files"]["certificate"]

    done = batchcast("run", founding_sample, "--replay", certificate, "-o", tmp_path / "forecast.csv")

    assert done.returncode == 0, done.stderr
    for name in ("forecast.csv", "stock.csv", "accuracy.csv"):
        assert (tmp_path / name).read_bytes() == (out.parent / name).read_bytes()


@pytest.mark.long
def test_a_result_that_cannot_be_written_is_rolled_back(environment, founding_sample, tmp_path, home):
    limited = (
        "import os, resource, sys;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000));"
        "os.execv(sys.executable, [sys.executable, '-m', 'batchcast', *sys.argv[1:]])"
    )
    command = [sys.executable, "-c", limited, "run", str(founding_sample), "-o", str(tmp_path / "forecast.csv")]

    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 3
    assert "File too large" in done.stderr.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []
    assert list((home / "batches").iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_person_who_stops_a_batch_does_not_wait_for_it(environment, founding_sample, tmp_path, home, number):
    command = [*BATCHCAST, "run", str(founding_sample), "-o", str(tmp_path / "f.csv"), "--json"]
    running = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    line = running.stdout.readline()
    while '"prepare"' not in line:
        line = running.stdout.readline()
    family = psutil.Process(running.pid).children(recursive=True)

    running.send_signal(number)
    out, err = running.communicate(timeout=30)

    assert running.returncode == 4, err
    assert json.loads(out.splitlines()[-1])["code"] == "batch-cancelled"
    assert '"forecast"' not in out  # the step after the one that it was stopped in
    assert not any(process.is_running() for process in family)
    assert list(tmp_path.iterdir()) == []
    assert list((home / "batches").iterdir()) == []


def test_a_program_that_stops_reading_stops_the_batch(environment, founding_sample, tmp_path):
    command = [*BATCHCAST, "run", str(founding_sample), "-o", str(tmp_path / "f.csv"), "--json"]
    running = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    running.stdout.readline()
    running.stdout.close()

    err = running.stderr.read()

    assert running.wait(timeout=30) == 4
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []
    running.stderr.close()


def test_a_reader_who_has_seen_enough_of_an_analysis_is_no_error(environment, founding_sample):
    command = [*BATCHCAST, "analyze", str(founding_sample)]
    running = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    running.stdout.close()

    err = running.stderr.read()

    assert (running.wait(timeout=60), err) == (0, "")
    running.stderr.close()


def test_the_version_is_there_at_once(environment):
    command = [*BATCHCAST, "--version"]

    seconds = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, env=environment, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)

    assert min(seconds) < 0.3  # of CPU: nothing heavy is imported
