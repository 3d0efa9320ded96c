"""A real server in a process of its own, and the command that asks it."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.service.server import spare_calibration

from batchcast.cli.command import call
from batchcast.cli.session import Screen, ScreenConsole


@dataclass
class Started:
    """A command that goes on until it is stopped, and the first line that it said."""

    process: subprocess.Popen[str]
    said: dict[str, Any]

    def stop(self, number: signal.Signals) -> int:
        """Send a signal and wait for the end."""
        self.process.send_signal(number)
        return self.process.wait(20)


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Started]]:
    """Starts `batchcast serve` or `worker` in a home of its own; what still runs goes at the end."""
    started: list[Started] = []

    def run(command: str, *options: str, home: Path | None = None) -> Started:
        home = home or tmp_path_factory.mktemp("home")
        spare_calibration(home, None)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("BATCHCAST_")}
        with (home / "log").open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "batchcast", command, "--json", *options],
                env=environment | {"BATCHCAST_HOME": str(home), "BATCHCAST_MAX_PARALLEL": "1"},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, (home / "log").read_text()
        started.append(Started(process, json.loads(line)))
        return started[-1]

    yield run
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
        one.process.communicate()


@pytest.fixture(scope="module")
def server(start: Callable[..., Started]) -> Started:
    """A server on free ports."""
    return start("serve", "--port", "0", "--page-port", "0")


@dataclass
class Called:
    """What a call of the command left."""

    code: int
    out: str
    err: str

    @property
    def told(self) -> list[dict[str, Any]]:
        """The JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Called]:
    """Calls the command in this process, in an empty folder."""
    monkeypatch.setenv("BATCHCAST_LANG", "en")
    monkeypatch.setattr("batchcast.cli.command.set_up_log", lambda *, shown: None)  # pytest has a log of its own
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Called:
        out, err = io.StringIO(), io.StringIO()
        code = call(arguments, Screen(out=ScreenConsole(out), err=ScreenConsole(err)))
        return Called(code, out.getvalue(), err.getvalue())

    return run
