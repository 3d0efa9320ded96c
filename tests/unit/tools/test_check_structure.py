"""The structure check, on small packages made for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tools.check_structure import find_cycles, longest_chain, measure, problems_of

ROOT = Path(__file__).parents[3]


@pytest.fixture
def make_package(tmp_path):
    """Writes a package `house` of these modules: path -> source."""

    def make(**sources: str) -> Path:
        package = tmp_path / "house"
        for name, source in {"__init__": "", **sources}.items():
            path = package / f"{name}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(source, encoding="utf-8")
        return package

    return make


def test_a_chain_is_counted_in_modules(make_package):
    package = make_package(a="from house import b", b="import house.c", c="from house.d import value", d="value = 1")

    measured = measure(package)

    assert measured.chain == measured.module_level_chain == ("house.a", "house.b", "house.c", "house.d")
    assert (measured.files, measured.lines) == (5, 4)


def test_imports_of_functions_and_of_types_count_only_in_the_chain_of_every_import(make_package):
    package = make_package(
        a="def late():\n    from house import b",
        b="from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from house.c import Kind",
        c="class Kind: ...",
    )

    measured = measure(package)

    assert measured.chain == ("house.a", "house.b", "house.c")
    assert len(measured.module_level_chain) == 1


def test_a_cycle_of_types_alone_is_a_cycle(make_package):
    package = make_package(
        a="from house.b import value",
        b="from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from house import a\nvalue = 1",
    )

    assert measure(package).cycles == (("house.a", "house.b"),)


def test_relative_imports_are_resolved_from_the_module_that_has_them(make_package):
    sources = {
        "a": "from . import b",
        "b": "from .room import first",
        "room/__init__": "",
        "room/first": "from ..c import value",
        "c": "from .room.second import value",
        "room/second": "value = 1",
    }
    package = make_package(**sources)

    assert measure(package).chain == ("house.a", "house.b", "house.room.first", "house.c", "house.room.second")


def test_modules_of_one_cycle_count_as_one_in_a_chain():
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set()}

    assert longest_chain(graph) == ("a", "b", "d")
    assert find_cycles(graph) == (("b", "c"),)


def test_the_modules_of_a_folder_are_counted_without_those_of_its_folders(make_package):
    package = make_package(a="", **{"room/__init__": "", "room/b": "", "room/c": "", "room/inner/d": ""})

    assert measure(package).largest_folder == (3, "house/room")


def test_public_classes_of_one_name_are_found_and_private_ones_are_not(make_package):
    package = make_package(
        a="class Score: ...\nclass _Kind: ...\ndef outer():\n    class Inner: ...",
        b="class Score: ...\nclass _Kind: ...\nclass Inner: ...",
    )

    assert measure(package).doubled_classes == {"Score": ["house.a", "house.b"]}


def test_modules_with_one_importer_are_counted(make_package):
    package = make_package(a="from house import c, d", b="from house import c", c="", d="")

    assert measure(package).one_importer == ("house.d",)


def test_every_bar_that_is_exceeded_has_its_sentence(make_package):
    package = make_package(
        a="from house import b\nclass Twice: ...", b="from house import c", c="from house import b\nclass Twice: ..."
    )

    problems = problems_of(measure(package), chain=1, module_level_chain=2, files=3, folder_files=3, module_lines=1)

    assert problems == [
        "longest import chain: 2, allowed are 1",
        "source files: 4, allowed are 3",
        "modules in house: 4, allowed are 3",
        "lines of c.py: 2, allowed are 1",
        "modules import each other: house.b, house.c",
        "class Twice is defined in house.a, house.c",
    ]


def test_a_table_of_declarations_may_be_longer_than_a_module(make_package):
    package = make_package(**{"domain/settings": "a = 1\n" * 9, "domain/plan": "a = 1\n" * 3})

    assert measure(package).longest_module == (3, "domain/plan.py")


@pytest.mark.parametrize(("arguments", "code"), [([], 1), (["--report"], 0), (["--chain", "3"], 0)])
def test_the_check_fails_beyond_a_bar_unless_it_only_reports(make_package, arguments, code):
    package = make_package(a="from house import b", b="from house import c", c="")
    command = [sys.executable, ROOT / "tools" / "check_structure.py", package, "--chain", "2", *arguments]

    done = subprocess.run(command, check=False, capture_output=True, text=True)

    assert done.returncode == code
    assert ("longest import chain: 3, allowed are 2" in done.stderr) == ("3" not in arguments)
