"""How a file was read, kept by a name for the next file that has the same header."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from batchcast.domain.errors import N_, Message
from batchcast.domain.settings import OF_STOCK_FILE, SETTINGS, BatchSettings

FileKind = Literal["history", "stock"]
MAPPING = "column_mapping"
_DEFAULTS = BatchSettings().as_json()


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """How the files of one header are read."""

    name: str
    signature: str  # of the header, by `ingest.recipes`
    settings: Mapping[str, Any]  # as `BatchSettings.as_json` has them, those that are not at their defaults
    source: str  # name of the file it was made of
    kept_on: dt.date
    kind: FileKind = "history"  # of that file: a demand history or a stock file

    def applied_to(self, settings: BatchSettings) -> BatchSettings:
        """The settings with those of the recipe where they stand at their defaults; columns one by one."""
        values = settings.as_json()
        for name, value in self.settings.items():
            if name == MAPPING:
                values[name] = {**value, **values[name]}
            elif values.get(name) == _DEFAULTS.get(name):
                values[name] = value
        return BatchSettings.from_json(values)

    @property
    def texts(self) -> dict[str, list[str]]:
        """Its settings as they are typed, by setting."""
        return {name: _texts(value) for name, value in self.settings.items()}


def kept_settings(settings: BatchSettings, columns: Mapping[str, str], kind: FileKind = "history") -> dict[str, Any]:
    """What a recipe keeps of the settings that a file was read with, and the columns that were chosen in it.

    The sheet is of one file and not kept, as are the settings that are not `is_of_form`.
    """
    mapping = {name: of for name, of in {**columns, **settings.column_mapping}.items() if name != "sheet"}
    values = replace(settings, column_mapping=mapping).as_json()
    decide = SETTINGS if kind == "history" else OF_STOCK_FILE
    return {name: values[name] for name in decide if is_kept(name) and values[name] != _DEFAULTS[name]}


def is_kept(setting: str) -> bool:
    """Whether a recipe keeps the value of a setting."""
    return SETTINGS[setting].is_of_form


def use_of(recipe: Recipe, before: BatchSettings, after: BatchSettings) -> Message:
    """What the report of a file says where a recipe has changed its settings."""
    template = N_(
        "Read by the recipe {name!r}, kept from {source} on {day}: {settings}. To forget it: "
        '`batchcast recipes delete "{name}"`, or the page Recipes.'
    )
    was, now = before.as_json(), after.as_json()
    now[MAPPING] = {ours: of for ours, of in now[MAPPING].items() if ours not in was[MAPPING]}
    used = {name: _texts(now[name]) for name in recipe.settings if now.get(name) and now[name] != was[name]}
    said = "; ".join(f"{name}: {', '.join(texts)}" for name, texts in used.items())
    values = {"name": recipe.name, "source": recipe.source, "day": recipe.kept_on.isoformat(), "settings": said}
    return Message(template, values)


def _texts(value: Any) -> list[str]:
    match value:
        case Mapping():
            return [f"{name}={of}" for name, of in value.items()]
        case list():
            return [str(item) for item in value]
    return [str(value)]


# What was read before of files with the same header.

LONG_DAYS = 365  # of a history
_SHORT_DAYS = 100  # of a file that is only its newest part: a month, or a quarter
MOST_SITES = 20  # that are kept
_NEAR_DAYS = 62  # between the end of one and the begin of the other


@dataclass(frozen=True, kw_only=True, slots=True)
class PastReading:
    """The last long history that was read of files with one header."""

    signature: str
    source: str  # name of the file
    rows: int
    first_date: dt.date
    last_date: dt.date
    read_on: dt.date
    sites: tuple[str, ...] = ()  # the first ones: a file without any of them is of something else

    @property
    def days(self) -> int:
        """Days that it spans."""
        return (self.last_date - self.first_date).days + 1

    def has_only_the_newest_of(self, past: PastReading) -> bool:
        """Whether this is a short stretch at the end of a long history of one of its sites, or after it."""
        is_next = abs((self.first_date - past.last_date).days) <= _NEAR_DAYS
        is_of_it = not past.sites or not set(past.sites).isdisjoint(self.sites)
        return is_next and is_of_it and past.days >= LONG_DAYS and self.days <= _SHORT_DAYS


def only_the_newest(now: PastReading, past: PastReading) -> Message:
    """What the report of a file says that has only the newest part of a longer history."""
    template = N_(
        "This file holds {first} to {last} alone, and {source} of {day}, which had the same header, {past_first} to "
        "{past_last}: it may be only the newest export. A forecast learns from what the file holds; put both into one "
        "folder or zip to forecast from all of it."
    )
    values: dict[str, object] = {"first": now.first_date.isoformat(), "last": now.last_date.isoformat()}
    values |= {"source": past.source, "day": past.read_on.isoformat()}
    values |= {"past_first": past.first_date.isoformat(), "past_last": past.last_date.isoformat()}
    return Message(template, values)
