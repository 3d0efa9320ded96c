"""One batch on machines of a real Ray, each with a folder of its own, to which something happens in the middle.

They stand in a network namespace, where nobody can reach them and they reach nothing but a server that speaks S3. The
namespace of processes ends them with the act, whatever came of it.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.integration.ray.acts.play import SETTINGS

from batchcast.app.batchcast import Batchcast
from batchcast.app.installation.workspace import Environment
from batchcast.app.samples.writing import sample_lines
from batchcast.domain.settings import BatchSettings

PLAY = Path(__file__).parent / "acts" / "play.py"
NAMESPACES = ("unshare", "--net", "--pid", "--fork", "--mount-proc", "--kill-child")
MOST_SECONDS = 900  # of one act, on a computer that does much else

pytestmark = [
    pytest.mark.long,
    pytest.mark.alone,
    pytest.mark.skipif(
        subprocess.run([*NAMESPACES, "true"], capture_output=True, check=False).returncode != 0
        if sys.platform == "linux"
        else True,
        reason="machines of Ray need a network namespace of their own, which only root of a Linux may make",
    ),
]


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("history") / "demand.csv"
    path.write_bytes(b"".join(sample_lines("alldemand_augjul")))
    return path


@pytest.fixture(scope="module")
def sha256(history: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Of the forecast of this machine."""
    folder = tmp_path_factory.mktemp("local")
    app = Batchcast(Environment(home=folder / "home"))
    result = app.run(history, BatchSettings.from_json(SETTINGS), out=folder / "forecast.csv")
    return hashlib.sha256(result.files["forecast"].read_bytes()).hexdigest()


def played(act: str, history: Path) -> dict[str, Any]:
    """What came of an act."""
    folder = Path(
        subprocess.check_output(["mktemp", "-d", "/tmp/bcXXXXXX"], text=True).strip()
    )  # sockets: a short path
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        ended = subprocess.run(
            [*NAMESPACES, sys.executable, PLAY, act, folder, history],
            env=environment,
            capture_output=True,
            text=True,
            timeout=MOST_SECONDS,
            check=False,
        )
    finally:
        subprocess.run(["rm", "-rf", folder], check=True)
    assert ended.returncode == 0, ended.stderr[-8000:]
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize(
    "act",
    [
        "nothing",
        "through_the_client",
        "agent_killed",
        "agent_stopped",
        "raylet_killed",
        "raylet_stopped",
        "machine_lost",
        "machine_joins",
        "head_lost",
    ],
)
def test_the_result_is_that_of_this_machine_and_nothing_is_left(act: str, history: Path, sha256: str) -> None:
    found = played(act, history)

    assert found["trouble"] == []
    assert found["sha256"] == sha256
    assert found["left"] == []
    assert found["files"] == []
