"""`.ci/run` with a `make` of our own: both recipes run, and the last line and the exit code say how they ended."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

RUN = Path(__file__).parents[3] / ".ci" / "run"
MAKE = """#!/bin/sh
echo "recipe $1"
echo "120 passed, 3 skipped in 61.50s (0:01:01)"
echo "$SUMMARY"
[ "$1" != "$FAILS" ]
"""


@pytest.mark.parametrize(
    ("fails", "summary", "code", "last_line"),
    [
        ("", "30 passed in 2.00s", 0, "passed: 300 tests passed, 0 failed, 0 with errors, 6 skipped"),
        ("test", "2 failed, 1 error in 2.00s", 1, "failed: 240 tests passed, 4 failed, 2 with errors, 6 skipped"),
        ("test-long", "FAIL Required coverage", 1, "failed: 240 tests passed, 0 failed, 0 with errors, 6 skipped"),
    ],
)
def test_both_recipes_run_and_either_can_fail_the_whole(tmp_path, fails, summary, code, last_line):
    make = tmp_path / "make"
    make.write_text(MAKE, encoding="utf-8")
    make.chmod(0o755)
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "FAILS": fails, "SUMMARY": summary}

    done = subprocess.run([RUN], env=environment, check=False, capture_output=True, text=True)

    assert done.returncode == code
    lines = done.stdout.splitlines()
    assert [line for line in lines if line.startswith("recipe")] == ["recipe test", "recipe test-long"]
    assert lines[-1].startswith(f"===== CI {last_line}, make test {'failed' if fails == 'test' else 'passed'} in ")
