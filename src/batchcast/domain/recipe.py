"""How a file was read, kept by a name for the next file that has the same header."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from batchcast.domain.errors import N_, Choice, Message
from batchcast.domain.inventory import StockItem
from batchcast.domain.settings import OF_STOCK_FILE, SETTINGS, BatchSettings

# The kinds of file that a demand history or a stock file comes in, as a person calls them, each with the ends of names
# that it has; and the kinds that a CSV file is packed in. What a file is, its content says, not its name.
FILE_KINDS: Mapping[str, tuple[str, ...]] = {
    "CSV": (".csv", ".tsv", ".txt", ".tab"),
    "XLSX": (".xlsx", ".xlsm"),
    "XLS": (".xls",),
    "XLSB": (".xlsb",),
    "ODS": (".ods",),
    "Parquet": (".parquet",),
    "HTML": (".html", ".htm", ".mhtml", ".mht", ".xml"),
}
PACKED_KINDS: Mapping[str, tuple[str, ...]] = {"gz": (".gz",), "zip": (".zip",)}

FileKind = Literal["history", "stock"]
MAPPING = "column_mapping"
FILTERS = "only_rows"
ANY_HEADER = ""  # in place of the signature of a recipe that a person has named
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
    def column_names(self) -> tuple[str, ...]:
        """The columns of the file that it reads, by their names in the header it was kept for."""
        mapped = [name for of in self.settings.get(MAPPING, {}).values() if of[:1] != "=" for name in of.split("+")]
        filtered = [filter_of.partition("=")[0] for filter_of in self.settings.get(FILTERS, ())]
        return tuple(dict.fromkeys(name.strip() for name in (*mapped, *filtered)))

    @property
    def texts(self) -> dict[str, list[str]]:
        """Its settings as they are typed, by setting."""
        return {name: _texts(value) for name, value in self.settings.items()}

    @property
    def reading(self) -> Message:
        """Its settings, as the readers of a face choose them."""
        return _said(self.texts)


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


FORGETTING = N_('`batchcast recipes delete "{name}"`, or the page Recipes')  # the page says the latter alone


def use_of(recipe: Recipe, before: BatchSettings, after: BatchSettings) -> Message:
    """What the report of a file says where a recipe has changed its settings."""
    template = N_("Read by the recipe {name!r}, kept from {source} on {day}: {settings}. To forget it: {way}.")
    return Message(template, said_of(recipe, before, after))


def said_of(recipe: Recipe, before: BatchSettings, after: BatchSettings) -> dict[str, object]:
    """Its name, where it is from, the settings that it changes and the way to forget it, as values of a sentence."""
    was, now = before.as_json(), after.as_json()
    now[MAPPING] = {ours: of for ours, of in now[MAPPING].items() if ours not in was[MAPPING]}
    used = {name: _texts(now[name]) for name in recipe.settings if now.get(name) and now[name] != was[name]}
    values = {"name": recipe.name, "source": recipe.source, "day": recipe.kept_on}
    return {**values, "settings": _said(used), "way": Message(FORGETTING, {"name": recipe.name})}


def _said(used: Mapping[str, Sequence[str]]) -> Message:
    """Settings with their values, each as the readers of a face choose it; columns with those of the file."""
    places = {f"{name}_{place}": text for name, texts in used.items() for place, text in enumerate(texts)}
    parts: list[str] = []
    values: dict[str, object] = {}
    for place, text in places.items():
        name = place.rpartition("_")[0]
        ours, _, column = text.partition("=")
        is_column = name == MAPPING and bool(column)
        values[place] = Message("{ours}={column}", {"ours": ours, "column": column}) if is_column else text
        parts.append(f"{{{place}}}" if is_column else f"{{@{name}=${place}}}")
    return Message(", ".join(parts), values)


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
    values: dict[str, object] = {"first": now.first_date, "last": now.last_date}
    values |= {"source": past.source, "day": past.read_on}
    values |= {"past_first": past.first_date, "past_last": past.last_date}
    return Message(template, values)


# The first rows of a file as they would be read: what a person sees who says which column is which.

MOST_PREVIEWED = 1000  # rows of a file that a preview reads


@dataclass(frozen=True, kw_only=True, slots=True)
class FileColumn:
    """A column of the file, by its first rows."""

    name: str
    letter: str  # a spreadsheet's: A, B, ... AA
    samples: tuple[str, ...]  # the first different values, at most three, shortened
    values: Mapping[str, int]  # all of them with their rows, the most frequent first; empty where they are many
    target: str  # what a mapping calls it: its name, with its letter where others have the same, or it has none
    is_unique: bool  # no other column has its name
    has_numbers: bool  # most cells are numbers
    ours: str | None = None  # our column that is read from it
    period: dt.date | None = None  # of a wide table: the first day of the period whose demand it holds
    is_ignored: bool = False  # left out, as asked for
    is_kept: bool = False  # its values are kept with the parts


@dataclass(frozen=True, kw_only=True, slots=True)
class PreviewRow:
    """One row as it would be read, or why it is refused; of a wide table, one cell."""

    line: int
    date: dt.date | None = None  # None, as the others: it can't be read
    partnumber: str | None = None
    site_code: str | None = None
    demand_qty: float | None = None  # demand is above zero
    reason: Message | None = None  # why it is refused; None where it is read
    column: str = ""  # of the file, where the reason is
    value: str = ""  # found there


@dataclass(frozen=True, kw_only=True, slots=True)
class PreviewCounts:
    """What the rows amount to that were read for a preview."""

    rows_read: int
    rows_refused: int
    rows_filtered: int  # left out by `only_rows`
    parts: int
    sites: int
    first_date: dt.date | None = None  # None where no row was accepted, and of a stock file
    last_date: dt.date | None = None
    total: float = 0.0  # demand, or units on hand
    on_order: float = 0.0  # units, of a stock file


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """Why the file can't be read so, as the error would say it."""

    slug: str
    message: Message
    setting: str = ""  # of a question: the setting that answers it
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class FilePreview:
    """A file by its first rows, under some settings."""

    kind: FileKind
    settings: BatchSettings  # that it was read with: those of a recipe filled in
    columns: tuple[FileColumn, ...]
    missing: tuple[str, ...]  # our columns that are needed and not found
    found: Mapping[str, str]  # our columns, and what each is read from
    rows: tuple[PreviewRow, ...] = ()  # of a demand history
    items: tuple[StockItem, ...] = ()  # of a stock file
    counts: PreviewCounts | None = None  # None where the rows can't be read at all
    is_whole: bool = True  # the file has no further rows
    refusal: Refusal | None = None
    notes: tuple[Message, ...] = field(default_factory=tuple)

    @property
    def is_wide(self) -> bool:
        """Each period has a column of its own."""
        return any(column.period for column in self.columns)
