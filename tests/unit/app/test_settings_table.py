"""Each setting is declared once, in `domain.settings`; all else about it follows from what is declared."""

from __future__ import annotations

import ast
import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, cast, get_args, get_type_hints

import pytest
from tests.plugins.sources import PACKAGE, ROOT, python_sources, tree_of
from tests.unit.plan.conftest import PACE, facts_of

from batchcast.api.description import changes_schema, form_body
from batchcast.app.service.submission import Submissions
from batchcast.app.words.settings_text import settings_of_texts
from batchcast.domain.batch import Batch
from batchcast.domain.settings import GROUPS, SETTINGS, BatchSettings, Setting, deciding
from batchcast.plan.request import resolve_request
from batchcast.run.steps import checkpoint_key
from batchcast.store.memory import MemoryStore
from batchcast.web.forms import FIELDS, form_of_settings

pytestmark = pytest.mark.xdist_group("sources")

# Where a face has to name a setting itself, with the reason.
NAMED_BY_FACES = {
    "api": {
        "encoding",  # the word of OpenAPI for how a field is sent
        "events",  # those of a batch: what has happened to it
        "attributes",  # of a part, in answers
    },
    "http": {"events"},  # those of a batch
    "cli": {
        *("batch_mode", "frequency", "horizon"),  # figures of a plan, in JSON
        "seed",  # of `batchcast sample`
        "max_parallel",  # of a server
    },
    "web": {
        *("batch_mode", "site_codes"),  # they have a place of their own on the page
        "frequency",  # a figure of a plan
        *("bad_rows", "max_refused_share"),  # the button that leaves refused rows out
        *("column_mapping", "only_rows", "ignore_columns", "attributes"),  # fields of the mapping step
        "lead_time",  # a column of a stock file, too
        "release",  # the button of a part that is held
        "first_year",  # a list of the mapping step, where the headers have no year
    },
}


def other_value(declared: Setting) -> Any:
    """A value that is allowed and not the default."""
    if declared.choices:
        return [choice for choice in declared.choices if choice != declared.default][-1]
    if declared.name == "max_parallel":
        return 1
    if declared.is_number:
        return 3 if declared.low is None else declared.low
    if declared.name == "holidays":
        return "MY"
    return {
        "date": dt.date(2025, 5, 15),
        "numbers": (0.2, 0.7),
        "model_names": ("naive",),
        "text": "Asia/Makassar",
        "texts": ("Kendari",),
        "words": ("EA", "PCS"),
        "filters": ("Type=a,b", "Plant=1"),
        "mapping": {"date": "Posted"},
        "ends": ("2025-05-09", "Kendari=2025-05-08"),
        "mark_lines": ("2025-05-09 stock_out P 1 @ Kendari", "2025-05-09..2025-05-12 exclude P @ 2 @ Kendari"),
        "event_lines": ("2025-05-09 Sale @ Kendari", "2025-05-09..2025-05-12 Sale; all; 1"),
    }[declared.kind]


def changed(name: str) -> BatchSettings:
    return BatchSettings(**{name: other_value(SETTINGS[name])})


def test_every_field_of_the_settings_is_declared():
    hints = get_type_hints(BatchSettings)

    assert list(SETTINGS) == list(BatchSettings.__dataclass_fields__)
    for name, declared in SETTINGS.items():
        assert declared.name == name
        assert declared.default == getattr(BatchSettings(), name)
        assert bool(declared.default_text) != bool(declared.default_words), name
        if declared.choices:
            assert tuple(declared.choices) == get_args(hints[name])
        assert (declared.low is None) == (declared.high is None)


@pytest.mark.parametrize("name", SETTINGS)
def test_what_a_setting_shows_is_read_back(name):
    """The texts of a form, of an option and of the API are read by the kind of the setting."""
    settings = changed(name)

    form = form_of_settings(settings)

    assert list(form.texts) == [name]
    assert form.readable == settings
    if SETTINGS[name].default_text:
        assert settings_of_texts({name: [SETTINGS[name].default_text]}) == BatchSettings()
    assert BatchSettings.from_json(settings.as_json()) == settings


def test_every_face_takes_every_setting():
    sent = form_body()["requestBody"]["content"]["multipart/form-data"]["schema"]["properties"]
    retried = changes_schema()["properties"]

    assert set(sent) - {"file", "recipe", "save_recipe"} == set(retried) == set(SETTINGS)
    assert {field.name for field in FIELDS} == {name for name, each in SETTINGS.items() if not each.has_own_place}
    assert {each.group for each in SETTINGS.values()} == set(GROUPS)


class ReadAgain(Exception):
    """The file of the batch was read again."""


class PlannedAgain(Exception):
    """The history of the batch was planned again as it is."""


class Watched(Submissions):
    """Tells what a retry does with the file of a batch."""

    def __init__(self) -> None:
        vars(self).update(artifacts=self, folder=None, store=MemoryStore())

    def fetch(self, *_: object) -> Path:
        return Path("upload")

    def take_in(self, *_: object, **__: object) -> Any:
        raise ReadAgain

    def _plan_again(self, *_: object) -> Any:
        raise PlannedAgain


class EndedBatch:
    """A batch that has ended, as far as a retry looks at it."""

    settings = BatchSettings()

    class source:  # noqa: N801 stands for a value
        upload, file_name, facts = "upload", "demand.csv", facts_of()


@pytest.mark.parametrize("name", SETTINGS)
def test_a_retry_reads_the_file_again_where_a_setting_decides_how_it_is_read(name):
    reads = SETTINGS[name].decides == "reading"

    with pytest.raises(ReadAgain if reads else PlannedAgain):
        Watched().analyze_again(cast(Batch, EndedBatch()), changed(name), PACE)


@pytest.mark.parametrize("name", SETTINGS)
def test_the_key_of_a_checkpoint_changes_where_a_setting_decides_numbers(name):
    """What decides the reading changes the rows, which have a key of their own."""

    def key(settings: BatchSettings) -> str:
        return checkpoint_key(resolve_request(facts_of(), settings)[0], "knowledge", "rows")

    assert (key(changed(name)) != key(BatchSettings())) == (SETTINGS[name].decides == "numbers")


def named(path: Path) -> Iterator[str]:
    """The settings that a module names: as a text, of a value called settings, or to make one."""
    for node in ast.walk(tree_of(path)):
        match node:
            case ast.Constant(value=str(name)) if name in SETTINGS:
                yield name
            case ast.Attribute(value=ast.Name(id=of) | ast.Attribute(attr=of), attr=name) if name in SETTINGS:
                if re.search("settings|chosen", of):
                    yield name
            case ast.Call(func=ast.Name(id="BatchSettings" | "replace"), keywords=keywords):
                yield from (str(keyword.arg) for keyword in keywords if keyword.arg in SETTINGS)
            case ast.AnnAssign(target=ast.Name(id=name)) if path.name == "settings.py" and name in SETTINGS:
                yield name


@cache
def naming() -> dict[str, set[str]]:
    """The modules that name a setting, by setting."""
    found = defaultdict(set)
    for path in python_sources():
        for name in named(path):
            found[name].add(path.relative_to(PACKAGE).as_posix())
    return found


def test_no_face_names_a_setting():
    elsewhere = {
        (path, name)
        for name, paths in naming().items()
        for path in paths
        for room in [path.split("/")[0]]
        if room in {"api", "web", "cli", "http", "server"} and name not in NAMED_BY_FACES.get(room, ())
    }

    assert elsewhere == set()


def test_what_ingest_looks_at_decides_how_a_file_is_read():
    looked_at = {
        name
        for path in (PACKAGE / "ingest").rglob("*.py")
        for name in re.findall(r"settings\.(\w+)", path.read_text(encoding="utf-8"))
        if name in SETTINGS
    }

    asked_alone = {"frequency"}  # whether a question about it was answered: the history is the same
    passed_on = {"release"}  # to the orders that are made of a stock file
    judged_after = {"max_refused_share"}  # once the file is read
    assert (looked_at - asked_alone - passed_on) | judged_after == set(deciding("reading"))


def test_the_list_of_files_of_a_setting_is_true():
    """docs/how-to.md shows how a setting is added by all files that name one that is there."""
    section = (ROOT / "docs" / "how-to.md").read_text(encoding="utf-8").split("## … add a setting")[1].split("\n## ")[0]
    listed = set(re.findall(r"^\| `([\w./-]+)` \|", section, re.MULTILINE))

    sources = {f"src/batchcast/{path}" for path in naming()["returns"]}
    texts = {
        "src/batchcast/app/words/locale/id.po": SETTINGS["returns"].help,
        "docs/reference/settings.md": "| `returns` |",
    }
    assert listed == sources | set(texts)
    for path, text in texts.items():
        assert text in (ROOT / path).read_text(encoding="utf-8")
