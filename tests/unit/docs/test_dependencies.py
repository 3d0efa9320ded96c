"""What is declared is imported, what is imported is declared, and each dependency has its reason in the docs."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions, requires

import pytest
from tests.plugins.sources import ROOT, page, python_sources, tree_of

pytestmark = pytest.mark.xdist_group("sources")

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOADED_BY_NAME = {"psycopg", "lightgbm"}  # by SQLAlchemy, for an address of postgresql:; and by its C interface
TABLES_OF_CALLERS = {"pandas", "polars"}  # the library returns the kind of table that it was given
BROUGHT_BY = {
    "starlette": "fastapi",
    "pydantic": "fastapi",
    "anyio": "starlette",
    "markupsafe": "jinja2",
    "aiohttp": "s3fs",
    "botocore": "aiobotocore",
    "opentelemetry-api": "fastapi",
}  # imported, and required by what is declared: by distribution, the one that requires it

SHARED = "opentelemetry"  # a name that several distributions have modules below
PARTS_OF_SHARED = {"sdk": "opentelemetry-sdk", "exporter": "opentelemetry-exporter-otlp-proto-http"}


def name_of(requirement: str) -> str:
    """The distribution that a requirement names, as package indexes normalise it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", requirement)[0]).lower()


@cache
def imported_distributions() -> set[str]:
    distributions = packages_distributions()
    found: set[str] = set()
    for path in python_sources():
        for node in ast.walk(tree_of(path)):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                modules = [node.module or ""]
            below = {tuple(module.split(".")[:2]) for module in modules if module.startswith(SHARED)}
            found |= {PARTS_OF_SHARED.get(part, f"{SHARED}-api") for _, *parts in below for part in parts or [""]}
            modules = [module for module in modules if not module.startswith(SHARED)]
            tops = {module.partition(".")[0] for module in modules} - set(sys.stdlib_module_names) - {"batchcast"}
            found |= {name_of(distribution) for top in tops for distribution in distributions.get(top, [top])[:1]}
    return found


def declared() -> set[str]:
    extras = PROJECT["optional-dependencies"].values()
    return {name_of(line) for line in (*PROJECT["dependencies"], *(one for extra in extras for one in extra))}


def test_what_is_declared_is_imported():
    assert declared() - LOADED_BY_NAME - imported_distributions() == set()


def test_what_is_imported_is_declared():
    assert imported_distributions() - declared() - set(BROUGHT_BY) - TABLES_OF_CALLERS == set()


def test_what_is_not_declared_is_brought_by_another_that_is():
    assert set(BROUGHT_BY) <= imported_distributions()
    for name, bringer in BROUGHT_BY.items():
        assert name in {name_of(line) for line in requires(bringer) or ()}


def test_an_extra_alone_needs_what_only_it_imports():
    core = {name_of(line) for line in PROJECT["dependencies"]}

    assert not {"fsspec", "s3fs", "psycopg"} & core


def test_every_dependency_has_its_reason_and_no_other_is_named():
    table = page("architecture.md").split("## Dependencies")[1]

    described = {
        name for cell in re.findall(r"^\| ([\w, -]+) \| ", table, re.MULTILINE) for name in cell.split(", ")
    } - {"package"}

    assert described == {name_of(line) for line in PROJECT["dependencies"]}


def test_the_page_of_licences_has_what_is_declared_in_the_version_that_is_installed():
    pins = dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "constraints.txt").read_text(), re.MULTILINE))
    pinned = {name_of(name): version for name, version in pins.items()}
    rows = re.findall(r"^\| ([\w.-]+) \| (\S+) \| (.+) \|$", (ROOT / "docs" / "licences.md").read_text(), re.MULTILINE)
    listed = {name_of(name): (version, licence) for name, version, licence in rows if name != "package"}

    assert {name: listed[name][0] for name in declared()} == {name: pinned[name] for name in declared()}
    assert {name for name, (_, licence) in listed.items() if licence == "not declared"} == set()
