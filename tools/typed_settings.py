"""Writes the types of the library's settings (`src/batchcast/app/library/typed_settings.py`) from their declarations.

    .venv/bin/python tools/typed_settings.py

A test holds the file equal to what this writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path

from batchcast.domain.settings import OF_STOCK_FILE, SETTINGS, BatchSettings, deciding

FILE = Path(__file__).parent.parent / "src/batchcast/app/library/typed_settings.py"
OF_FUNCTION = ("horizon", "batch_mode")  # an argument of its own, and what the library decides
_LISTS = {
    "numbers": "float | Sequence[float]",
    "mapping": "Mapping[str, str]",
    "event_lines": "str | Sequence[str] | Any",
}
_OF_TEXTS = "str | Sequence[str]"
_HEAD = '''"""The settings that the library takes, as types; written by tools/typed_settings.py, do not edit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from batchcast.domain.settings import (
{choices}
)
'''


def write() -> str:
    """The module."""
    by_name = {each.name: str(each.type) for each in fields(BatchSettings)}
    choices = sorted(
        f"    {by_name[name]},"
        for name, declared in SETTINGS.items()
        if declared.kind == "choice" and name not in OF_FUNCTION
    )
    reading = deciding("reading")
    others = [name for name in SETTINGS if name not in reading and name not in OF_FUNCTION]
    parts = [
        _HEAD.format(choices="\n".join(choices)),
        *_typed_dict("ReadingSettings", "Decide how a history is read.", "TypedDict, total=False", reading, by_name),
        *_typed_dict(
            "ForecastSettings",
            "Those, and all that decide the forecast.",
            "ReadingSettings, total=False",
            others,
            by_name,
        ),
        *_typed_dict(
            "StockSettings", "Decide how a stock file is read.", "TypedDict, total=False", OF_STOCK_FILE, by_name
        ),
    ]
    return "\n".join(parts)


def _typed_dict(name: str, says: str, bases: str, settings: Iterable[str], types: dict[str, str]) -> Iterator[str]:
    yield f'\nclass {name}({bases}):\n    """{says}"""\n'
    for setting in settings:
        yield f"    {setting}: {type_of(setting, types[setting])}"
    yield ""


def type_of(name: str, annotation: str) -> str:
    """What may be given for a setting: also one text in place of several, and a date as text."""
    if annotation.startswith("tuple") or SETTINGS[name].kind in _LISTS:
        return _LISTS.get(SETTINGS[name].kind, _OF_TEXTS)
    return annotation.replace("dt.date", "dt.date | str")


if __name__ == "__main__":
    FILE.write_text(write(), encoding="utf-8")
