"""Every kind of file of a result stands in one table, which every face reads; nothing else lists them."""

from __future__ import annotations

import ast
import re
from importlib import import_module
from pathlib import Path

import pytest
from tests.plugins.sources import PACKAGE, ROOT, python_sources, text_of, tree_of

from batchcast.api.application import create_app
from batchcast.app.installation.configuration import ServiceConfig
from batchcast.cli.batches import _problems_of_choices
from batchcast.domain.batch import Batch, BatchResult, BatchState, ResultFile, StoredFile
from batchcast.domain.settings import BatchSettings
from batchcast.http.metrics import Metrics
from batchcast.http.threads import Threads
from batchcast.publish.kinds import DOWNLOAD_FORMATS, DOWNLOADS, FORMATS, KINDS, ORDER_FORMATS, ORDER_TABLES
from batchcast.web.results.downloads import files_of

pytestmark = pytest.mark.xdist_group("sources")

TABLE = PACKAGE / "publish" / "kinds.py"
SOURCES = [path for path in python_sources() if path != TABLE]
TEMPLATES = sorted((PACKAGE / "web").rglob("*.html"))
LISTED = {kind.name for kind in KINDS.values() if kind.use != "order"} - {"series"}  # "series" is a count as well
BESIDE_PUBLISH = {"ingest", "plan", "forecast", "store", "domain", "__init__.py"}  # they cannot import the table
USES = {"download": "download", "internal": "internal", "order": "a stock file"}


def names_listed_in(tree: ast.AST) -> set[str]:
    """Kinds that stand together in a collection, or files of theirs by name; values of a sentence are none."""
    values = {id(value) for node in ast.walk(tree) if is_message(node) for value in node.args}
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Dict(keys=members) | ast.Tuple(elts=members) | ast.List(elts=members) | ast.Set(elts=members):
                texts = {one.value for one in members if isinstance(one, ast.Constant) and isinstance(one.value, str)}
                if id(node) not in values and len(texts & LISTED) > 1:
                    found |= texts & LISTED
    return found


def is_message(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Message"


def test_no_module_lists_kinds_beside_the_table():
    listed = {path.relative_to(PACKAGE): names_listed_in(tree_of(path)) for path in SOURCES}

    assert {path: names for path, names in listed.items() if names} == {}


def test_no_module_above_the_table_names_a_file_of_a_kind():
    above = [path for path in SOURCES if path.relative_to(PACKAGE).parts[0] not in BESIDE_PUBLISH]
    files = [f'"{kind.beside}"' for kind in KINDS.values() if kind.beside and not kind.beside.endswith(".parquet")]

    assert [path for path in above if any(name in text_of(path) for name in files)] == []


def test_no_template_lists_kinds():
    keys = {path.name: re.findall(r"[\"'](\w+)[\"']\s*:", path.read_text(encoding="utf-8")) for path in TEMPLATES}

    assert [name for name, quoted in keys.items() if len(LISTED.intersection(quoted)) > 1] == []


def test_a_list_of_kinds_is_found():
    assert names_listed_in(ast.parse('x = {"stock": 1, "accuracy": 2}')) == {"stock", "accuracy"}
    assert names_listed_in(ast.parse('for kind in ("forecast", "figures", other): ...')) == {"forecast", "figures"}
    assert names_listed_in(ast.parse('Message(template, {"stock": 1, "figures": 2}); x = ["stock", "series"]')) == set()


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_every_kind_has_its_row_in_the_documentation(kind):
    module = import_module(f"batchcast.{kind.writer}")
    beside = f"`{kind.beside}`" if kind.beside else ""
    cells = (f"`{kind.name}`", ", ".join(kind.formats), beside, USES[kind.use], f"`{written_by(module)}`", kind.since)
    page = (ROOT / "docs/reference/files.md").read_text(encoding="utf-8")

    assert " ".join(f"| {' | '.join(cells)} |".split()) in [" ".join(line.split()) for line in page.splitlines()]


def written_by(module) -> str:
    return str(Path(module.__file__).relative_to(PACKAGE))


def test_the_documentation_has_no_other_kinds():
    page = (ROOT / "docs/reference/files.md").read_text(encoding="utf-8")
    table = page[page.index("| kind | formats |") :].split("\n\n")[0]

    assert re.findall(r"^\| `(\w+)`", table, re.MULTILINE) == [*KINDS]


def test_the_api_offers_the_kinds_of_the_table():
    paths = create_app(_NoService(), Threads(), Metrics(_NoService())).openapi()["paths"]

    download = {one["name"]: one["schema"] for one in paths["/api/batch/download/{batch_id}"]["get"]["parameters"]}
    orders = {one["name"]: one["schema"] for one in paths["/api/batch/orders/{batch_id}"]["post"]["parameters"]}
    assert download["kind"]["enum"] == [kind.name for kind in DOWNLOADS]
    assert download["format"]["anyOf"][0]["enum"] == [*DOWNLOAD_FORMATS]
    assert orders["kind"]["anyOf"][0]["enum"] == [*ORDER_TABLES]
    assert orders["format"]["enum"] == [*ORDER_FORMATS]


def test_the_page_about_the_api_names_them():
    page = (ROOT / "docs/reference/api.md").read_text(encoding="utf-8")
    row = next(line for line in page.splitlines() if line.startswith("| `kind` |"))

    assert re.findall(r"`(\w+)`", row)[1:] == [kind.name for kind in DOWNLOADS]


def test_the_command_takes_them_and_names_them_where_another_is_given():
    for kind in DOWNLOADS:
        assert _problems_of_choices({"kind": kind.name}) == []
    (problem,) = _problems_of_choices({"kind": "figures"})
    assert problem.values["choices"] == ", ".join(kind.name for kind in DOWNLOADS)


def test_the_page_of_results_offers_every_download_in_its_formats(make_plan):
    stored = StoredFile(key="k", size=1, sha256="0")
    files = tuple(
        ResultFile(kind=kind.name, format=name, file=stored) for kind in KINDS.values() for name in kind.stored
    )
    batch = Batch(
        batch_id="b1",
        settings=BatchSettings(),
        plan=make_plan([3]),
        state=BatchState.COMPLETED,
        result=BatchResult(files=files, counts={}, leaderboard=()),
    )

    offered = {links.label: [link.format for link in links.links] for links in files_of(batch)}

    assert offered == {kind.label: [FORMATS[name].label for name in kind.formats] for kind in DOWNLOADS}


class _NoService:
    """Stands in for a service whose endpoints are only described."""

    config = ServiceConfig(home=Path("unused"))

    def add_observer(self, observer: object) -> None:
        """No batch ends here."""
