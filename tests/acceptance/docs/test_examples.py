"""The examples of the pages run: every block marked `example`, in order, in one folder a page."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[3]
_BLOCK = re.compile(r"^```(bash|python) example(?: exit=(\d+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Example(NamedTuple):
    language: str
    exit_code: int
    code: str


def examples_of(path: Path) -> list[Example]:
    blocks = _BLOCK.findall(path.read_text(encoding="utf-8"))
    return [Example(language, int(code or 0), text) for language, code, text in blocks]


LENGTHY = {"how-to", "tutorial", "compare-with-statsforecast"}  # `make check` runs it too
PAGES = [path for path in sorted((ROOT / "docs").rglob("*.md")) if examples_of(path)]


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, marks=[pytest.mark.long] if path.stem in LENGTHY else [], id=path.stem) for path in PAGES],
)
def test_the_examples_of_a_page_run(path, environment, tmp_path):
    found_first = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    for example in examples_of(path):
        shell = ["bash", "-euo", "pipefail", "-c"] if example.language == "bash" else [sys.executable, "-c"]
        done = subprocess.run(
            [*shell, example.code],
            cwd=tmp_path,
            env=environment | {"PATH": found_first},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == example.exit_code, f"{example.code}\n{done.stdout}\n{done.stderr}"


@pytest.mark.long
def test_the_commands_of_readme_run_word_for_word(environment, tmp_path):
    """Those for one's own files, which the first of them makes."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    [block] = [
        one for one in re.findall(r"^```\n(.*?)^```$", text, re.MULTILINE | re.DOTALL) if "batchcast orders" in one
    ]
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv/bin").symlink_to(Path(sys.executable).parent)

    command = ["bash", "-euo", "pipefail", "-c", block]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    made = {path.name for path in tmp_path.iterdir()}
    assert made >= {"forecast.csv", "stock.csv", "accuracy.csv", "certificate.json", "forecast_orders.csv"}


def test_there_are_examples_to_run():
    assert {path.stem for path in PAGES} >= {"tutorial", "how-to", "library", "first-forecast", "stock-figures"}
