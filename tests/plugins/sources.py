"""The sources and pages of the project, each read and parsed once in a process of the tests.

Tests that use it carry `xdist_group("sources")`, so that they share one process.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "batchcast"
DOCS = ROOT / "docs"
PAGES = (*sorted(DOCS.rglob("*.md")), *sorted(ROOT.glob("*.md")))
ROOMS = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))


@cache
def python_sources() -> tuple[Path, ...]:
    """Every module of the package, sorted by path."""
    return tuple(sorted(PACKAGE.rglob("*.py")))


@cache
def text_of(path: Path) -> str:
    """What a file holds."""
    return path.read_text(encoding="utf-8")


@cache
def tree_of(path: Path) -> ast.Module:
    """The syntax tree of a module; do not change it."""
    return ast.parse(text_of(path))


def page(name: str) -> str:
    """A page of the documentation, by its path below `docs`."""
    return text_of(DOCS / name)


def table_row(text: str, first_cell: str) -> str:
    """The row of a Markdown table that begins with this cell; fails where there is none."""
    found = next((line for line in text.splitlines() if line.startswith(f"| {first_cell} |")), None)
    assert found, f"no row for {first_cell}"
    return found
