"""The reference describes what there is: every command, option, setting, column, slug, endpoint and event."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from pathlib import Path

import pytest
from pydantic_core import PydanticUndefined
from tests.plugins.sources import PACKAGE, page, python_sources, table_row, text_of, tree_of

import batchcast
from batchcast.api.application import create_app
from batchcast.app.installation.configuration import PREFIX, ServiceConfig, service_options
from batchcast.cli.batches import ACTIONS
from batchcast.cli.command import COMMANDS
from batchcast.domain import columns
from batchcast.domain.calendar import Frequency
from batchcast.domain.errors import BatchcastError
from batchcast.domain.settings import MOST_QUANTILES, SETTINGS, BatchSettings, Setting
from batchcast.forecast.models.table import MODELS
from batchcast.http import metrics
from batchcast.http.metrics import Metrics
from batchcast.http.threads import Threads
from batchcast.ingest.common.names import ACCEPTED_NAMES, FLAG_NAMES, STOCK_NAMES

pytestmark = pytest.mark.xdist_group("sources")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_its_section(command):
    assert f"\n## batchcast {command}\n" in page("reference/commands.md")


@pytest.mark.parametrize("command", ACTIONS)
def test_every_command_about_batches_has_its_row(command):
    assert re.search(rf"^\| `batchcast batches {command}[ `]", page("reference/commands.md"), re.MULTILINE)


@pytest.mark.parametrize(
    "option",
    [
        *("--out", "-o", "--replay", "--seed", "--json", "--lang", "--debug", "--version"),
        *("--url", "--wait", "--key", "--status", "--search", "--offset", "--limit", "--kind", "--format", "--role"),
    ],
)
def test_every_other_option_is_described(option):
    assert f"`{option}`" in page("reference/commands.md")


@pytest.mark.parametrize("field", list(ServiceConfig.model_fields))
def test_every_setting_of_a_server_is_described_with_its_options_and_default(field):
    row = table_row(page("reference/service.md"), f"`{PREFIX}{field.upper()}`")

    names = service_options()[field][0].options(field) if field in service_options() else ()
    assert all(f"`{name}`" in row for name in names)
    default = ServiceConfig.model_fields[field].default
    if default not in (None, "", PydanticUndefined):
        assert str(default).lower() in row


def test_every_setting_of_a_server_has_an_option_unless_it_is_a_secret_or_a_hook():
    assert set(service_options()) == set(ServiceConfig.model_fields) - {"tokens", "session_key", "oidc_client_secret"}


def test_no_variable_is_described_that_is_not_read():
    described = re.findall(r"^\| `BATCHCAST_(\w+)` \|", page("reference/service.md"), re.MULTILINE)

    assert sorted(described) == sorted([*map(str.upper, ServiceConfig.model_fields), "URL", "TOKEN"])


def test_the_endpoints_are_those_that_are_described():
    described = re.findall(r"^\| `([A-Z]+)` \| `(/\S*)` \|", page("reference/api.md"), re.MULTILINE)

    paths = create_app(NoService(), Threads(), Metrics(NoService())).openapi()["paths"]
    there = [(method.upper(), path) for path, methods in paths.items() for method in methods]
    assert sorted(described) == sorted(there)


class NoService:
    """Answers nothing: a description needs no server behind it."""

    config = ServiceConfig(home=Path("unused"))

    def add_observer(self, observer: object) -> None:
        """Nothing ever ends here."""


@pytest.mark.parametrize("source", [metrics], ids=["metrics"])
def test_every_figure_is_described(source):
    text = text_of(Path(source.__file__))
    for kind, name in re.findall(r'(\w+)\(\s*"(batchcast_\w+)"', text):
        told = name + {"_counter": "_total", "CounterMetricFamily": "_total", "InfoMetricFamily": "_info"}.get(kind, "")
        table_row(page("reference/api.md"), f"`{told}`")


@pytest.mark.parametrize("declared", SETTINGS.values(), ids=lambda declared: declared.name)
def test_the_row_of_every_setting_says_what_is_declared(declared):
    row = table_row(page("reference/settings.md"), f"`{declared.name}`")

    cells = [cell.strip() for cell in row.strip("|").split(" | ")]
    options = ", ".join(f"`{option}`" for option in declared.options)
    assert cells[:-1] == [f"`{declared.name}`", options, default_of(declared), values_of(declared), declared.decides]


def default_of(declared: Setting) -> str:
    if declared.choices:
        return f"`{declared.default}`"
    return declared.default_text.replace(",", ", ") or declared.default_words


def values_of(declared: Setting) -> str:
    """What the page says of the values a setting can have."""
    if declared.choices:
        return ", ".join(f"`{choice}`" for choice in declared.choices)
    if declared.unit == "periods":
        named = {"daily": Frequency.DAILY, "weekly": Frequency.WEEKLY, "monthly": Frequency.MONTHLY}
        return ", ".join(f"1..{frequency.longest_horizon} ({name})" for name, frequency in named.items())
    if declared.low is not None and declared.high is not None:
        low, high = (f"{end:,.10g}" for end in (declared.low, declared.high))
        return f"{low}..{high} {declared.unit}".strip()
    return {
        "whole": "whole number",
        "date": "date",
        "numbers": f"up to {MOST_QUANTILES} in (0, 1), separated by commas",
        "model_names": "names, separated by commas",
        "text": "text",
        "texts": "text, repeated",
        "words": "words, separated by commas",
        "filters": "`column=value,value`, repeated",
        "mapping": "`column=name`, repeated",
        "ends": "date, SITE=date, repeated",
        "mark_lines": "`first..last exclude part @ site`, or with `stock_out`, repeated",
        "event_lines": "`date..until name @ site`, repeated; a file for the command",
    }[declared.kind]


def test_no_setting_is_described_that_is_not_there():
    described = re.findall(r"^\| `(\w+)` \|", page("reference/settings.md"), re.MULTILINE)

    assert sorted(described) == sorted(BatchSettings.__dataclass_fields__)


def test_every_slug_has_its_paragraph_and_every_paragraph_its_slug():
    for module in pkgutil.walk_packages(batchcast.__path__, "batchcast."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    slugs = {kind.slug for kind in _family_of(BatchcastError)}

    described = re.findall(r"^### (.+)$", page("errors.md"), re.MULTILINE)

    assert sorted(described) == sorted(slugs)


def _family_of(kind: type[BatchcastError]) -> set[type[BatchcastError]]:
    ours = {kind} if kind.__module__.startswith("batchcast.") else set()
    return ours.union(*(_family_of(child) for child in kind.__subclasses__()))


def test_every_accepted_column_name_is_described():
    for ours, names in {**ACCEPTED_NAMES, **FLAG_NAMES, **STOCK_NAMES}.items():
        assert table_row(page("reference/files.md"), f"`{ours}`").endswith(f"| {', '.join(names)} |")


@pytest.mark.parametrize(
    "column",
    [
        value
        for name, value in vars(columns).items()
        if name.isupper()
        and isinstance(value, str)
        and value not in {"day", "quantity", "learned_quantity", "rows", "out_day"}
    ],
)
def test_every_column_of_a_result_is_described(column):
    if column in {columns.FIRST_DAY}:
        return  # of our own files, not of a result
    assert f"`{column}`" in page("reference/files.md")


@pytest.mark.parametrize("model", MODELS)
def test_every_model_is_described(model):
    assert f"`{model}`" in page("explanation/README.md")


@pytest.mark.parametrize("source", sorted((PACKAGE / "cli").rglob("*.py")), ids=lambda path: path.stem)
def test_every_kind_of_event_is_described(source):
    kinds = re.findall(r'"kind": "(\w+)"|_write\("(\w+)"', text_of(source))

    for kind in (one or other for one, other in kinds):
        table_row(page("reference/events.md"), f"`{kind}`")


@pytest.mark.parametrize("name", [*batchcast.__all__])
def test_every_name_of_the_library_is_described(name):
    assert f"`batchcast.{name}" in page("reference/library.md")


def test_every_action_of_the_log_is_described_with_its_fields():
    calls = [
        {one.arg: one.value for one in node.keywords}
        for path in python_sources()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and getattr(getattr(node.func, "value", None), "id", "") == "_log"
    ]
    table = page("reference/service.md").partition("## The log")[2]
    told = [call for call in calls if "action" in call]

    assert len(told) == 6
    for fields in told:
        row = table_row(table, f"`{fields['action'].value}`")
        assert [name for name in fields if name not in ("action", "exc_info", None) and f"`{name}`" not in row] == []
