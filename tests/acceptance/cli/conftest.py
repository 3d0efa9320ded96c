"""The command as a person runs it, in a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

BATCHCAST = [sys.executable, "-m", "batchcast"]


@pytest.fixture(scope="module")
def batchcast(environment):
    def run(*arguments, **options):
        command = [*BATCHCAST, *map(str, arguments)]
        return subprocess.run(
            command,
            check=False,
            env=environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=120,
            **options,
        )

    return run
