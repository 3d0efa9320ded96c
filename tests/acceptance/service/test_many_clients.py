"""A batch of many partitions while many clients poll and listen: `benchmarks/service.py`, with fewer of both."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[3] / "benchmarks" / "service.py"


@pytest.mark.long
def test_status_answers_soon_and_memory_is_bounded():
    command = [sys.executable, BENCHMARK, "--partitions", "150", "--clients", "20", "--check"]

    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "| 150 | 20 |" in done.stdout
