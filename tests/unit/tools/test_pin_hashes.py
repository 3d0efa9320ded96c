"""Files are installed by their hashes: those of the constraints, and no others, dependencies included."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import zipfile

import pytest
from packaging.tags import Tag
from tests.plugins.sources import ROOT
from tools.pin_hashes import installable, is_promised

CONSTRAINTS = (ROOT / "constraints.txt").read_text(encoding="utf-8")
PIN = r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+"


def wheel(folder, name, needs=""):
    """A package of nothing, and its hash."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    about = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}.py", "")
        archive.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{needs}")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", "")
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def install(tmp_path):
    """Has pip install a package `outer`, which needs `inner`, by constraints."""

    def run(constraints):
        (tmp_path / "constraints.txt").write_text(constraints, encoding="utf-8")
        options = ["--no-index", "--find-links", tmp_path, "--target", tmp_path / "into", "-c", "constraints.txt"]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
        return subprocess.run(
            [sys.executable, "-m", "pip", "install", "-qq", *options, "outer"],
            cwd=tmp_path,
            env=environment | {"PIP_CONFIG_FILE": os.devnull},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_a_file_with_another_hash_is_refused_and_so_is_one_without(tmp_path, install):
    outer, inner = wheel(tmp_path, "outer", "Requires-Dist: inner>=0.5\n"), wheel(tmp_path, "inner")
    pinned = f"outer==1.0 \\\n    --hash=sha256:{outer}\n"
    whole = install(pinned + f"inner==1.0 \\\n    --hash=sha256:{inner}\n")
    assert whole.returncode == 0, whole.stderr
    assert (tmp_path / "into" / "inner.py").exists()

    other = install(pinned + f"inner==1.0 \\\n    --hash=sha256:{'0' * 64}\n")
    without = install(pinned)

    assert other.returncode == without.returncode == 1
    assert "DO NOT MATCH THE HASHES" in other.stderr
    assert "In --require-hashes mode" in without.stderr


def test_every_pin_has_hashes_and_no_address():
    entries = re.split(r"\n(?! )", CONSTRAINTS.strip())[1:]

    unfit = [one for one in entries if not re.fullmatch(rf"{PIN}( \\\n    --hash=sha256:[0-9a-f]{{64}})+", one)]

    assert unfit == []
    assert len(entries) > 200


@pytest.mark.parametrize(
    ("interpreter", "abi", "platform", "is_one"),
    [
        ("py3", "none", "any", True),
        ("py2", "none", "any", False),
        ("cp311", "cp311", "manylinux_2_28_x86_64", True),
        ("cp313", "cp313", "musllinux_1_2_aarch64", True),
        ("cp39", "abi3", "macosx_11_0_arm64", True),
        ("cp314", "abi3", "win_amd64", False),
        ("cp310", "cp310", "win_amd64", False),
        ("cp313", "cp313t", "win_amd64", False),
        ("cp312", "cp312", "manylinux_2_28_s390x", False),
        ("pp311", "pypy311_pp73", "win_amd64", False),
    ],
)
def test_wheels_of_promised_platforms_are_taken(interpreter, abi, platform, is_one):
    assert is_promised(Tag(interpreter, abi, platform)) is is_one


def test_a_source_archive_is_taken_only_where_there_is_no_wheel():
    archive, made = ("a-1.0.tar.gz", "archive"), ("a-1.0-py3-none-any.whl", "made")
    other = ("a-1.1-py3-none-any.whl", "other")

    assert list(installable([archive, made, other], "1.0")) == ["made"]
    assert list(installable([archive, other], "1.0")) == ["archive"]
    assert list(installable([("a-1.0.exe", "program")], "1.0")) == []
