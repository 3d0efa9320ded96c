"""What the pages name is there: links, files, commands of make; and pages of one kind have one form."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from tests.plugins.sources import DOCS, PACKAGE, PAGES, ROOMS, ROOT, page, table_row, text_of, tree_of

pytestmark = pytest.mark.xdist_group("sources")

DECISIONS = sorted((DOCS / "decisions").glob("*.md"))
SOURCE_FILE = re.compile(r"`([\w./-]+\.(?:py|js|css|po|toml|yaml|lock|sh))`")
FOLDERS = sorted(str(path.parent.relative_to(PACKAGE)) for path in PACKAGE.glob("*/**/__init__.py"))  # and rooms
PATH = re.compile(r"`((?:src|tests|docs|benchmarks|tools)/[\w./-]+)`")


@cache
def names_of_files() -> frozenset[str]:
    """The name of every file in the folders of the project."""
    folders = ("src", "tests", "docs", "benchmarks", "tools")
    return frozenset(path.name for folder in folders for path in (ROOT / folder).rglob("*.*"))


def exists(name: str, *folders: Path) -> bool:
    """Is there a file of this path below the root, the package or these folders; or of this name where it is a name?"""
    bases = (ROOT, PACKAGE, *folders)
    if any((base / name).exists() for base in bases):
        return True
    return name in names_of_files()


def first_files(room: str) -> list[str]:
    """The files that the docstring of a room says to open first, in its order."""
    docstring = ast.get_docstring(tree_of(PACKAGE / room / "__init__.py")) or ""
    return SOURCE_FILE.findall(docstring.partition("Open first:")[2])


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(path):
    for link in re.findall(r"\]\(([^)\s]+)\)", text_of(path)):
        if link.startswith("https://"):
            continue
        target, _, anchor = link.partition("#")
        file = (path.parent / target).resolve() if target else path
        assert file.exists(), link
        if anchor:
            headings = re.findall(r"^#+ (.+)$", text_of(file), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w\- ]", "", h).strip().lower().replace(" ", "-") for h in headings}, link


def test_every_file_that_a_page_names_exists():
    missing = [
        f"{page_path.relative_to(ROOT)}: {name}"
        for page_path in PAGES
        if page_path.name != "CHANGELOG.md"
        for name in {*SOURCE_FILE.findall(text_of(page_path)), *PATH.findall(text_of(page_path))}
        if not exists(name, *(PACKAGE / room for room in ROOMS))
    ]

    assert sorted(missing) == []


@pytest.mark.parametrize("room", FOLDERS)
def test_the_files_that_a_folder_says_to_open_first_are_in_it(room):
    named = first_files(room)

    assert named, "its docstring needs a line 'Open first: `file.py`'"
    assert [name for name in named if not (PACKAGE / room / name).is_file()] == []


@pytest.mark.parametrize("room", [*ROOMS, *(folder for folder in FOLDERS if folder.startswith("ingest/"))])
def test_the_architecture_and_the_room_agree_on_the_file_to_open_first(room):
    cell = table_row(page("architecture.md"), f"`{room}`").rsplit("|", 2)[1]

    assert SOURCE_FILE.findall(cell)[:1] == first_files(room)[:1]


def test_the_readme_leads_to_every_page():
    readme = text_of(ROOT / "README.md")

    for path in DOCS.rglob("*.md"):
        if path.parent.name != "decisions":
            assert f"({path.relative_to(ROOT)})" in readme


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_has_its_number_and_the_five_headings(path):
    text = text_of(path)

    assert text.startswith(f"# {path.stem[:4]} · ")
    headings = re.findall(r"^\*\*(\w[\w ]*)\.?\*\*", text, re.MULTILINE)
    assert headings == ["Context", "Decision", "Consequences", "Alternatives", "Enforced"]


def test_decisions_are_numbered_without_a_gap():
    assert [int(path.stem[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))


def test_every_target_of_make_that_the_help_lists_is_in_the_readme():
    described = re.findall(r"^([a-z-]+):.*## \w", text_of(ROOT / "Makefile"), re.MULTILINE)
    named = re.findall(r"^\| `make ([a-z-]+)", text_of(ROOT / "README.md"), re.MULTILINE)

    assert sorted(named) == sorted(described)
