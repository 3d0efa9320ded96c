"""Reads a file by the recipe that is kept for its header, where its settings leave that open."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Generic, TypeVar

from batchcast.domain import columns as ours_are
from batchcast.domain.errors import N_, Choice, InvalidInput, Message, ReadingQuestion
from batchcast.domain.history import IngestReport, row_location
from batchcast.domain.inventory import StockOnHand
from batchcast.domain.recipe import ANY_HEADER, MAPPING, FileKind, Recipe, said_of, use_of
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.common.names import SUPPLIER, named_columns
from batchcast.ingest.common.problems import RecipeDoesNotFit
from batchcast.ingest.common.source import FindLayout, LayoutT
from batchcast.ingest.layout.header import find_columns
from batchcast.ingest.reader import Ingested, ingest_file
from batchcast.ingest.stock.orderlists import ON_HAND
from batchcast.ingest.stock.stockcolumns import StockLayout, find_stock_columns
from batchcast.ingest.stock.stockfile import read_stock_by

_LEAST_COLUMNS = 2  # of a recipe that stand in a header much like its own
_LEAST_PERIODS = 3  # names with digits that may be the periods of a wide table
_MOST_REFUSED = 0.5  # share of the rows from which a recipe does not fit a file that is a question without it
# What a person has decided to have refused, so that it speaks against no recipe.
_REFUSES_ON_PURPOSE = ("returns", "quantity_units")
# How cells are written: the rest of a recipe, such as its columns, may be right where this is not.
_HOW_WRITTEN = frozenset(
    ("date_order", "era", "number_style", "encoding", "timezone", "fiscal_year_start", "fiscal_year_named")
)
_Result = TypeVar("_Result")


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadFile:
    """What became of a file, and what another of its header can be read by."""

    ingested: Ingested
    settings: BatchSettings  # that it was read with
    signature: str  # of its header
    columns: Mapping[str, str]  # those that a mapping can name: ours -> the file's


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadStockFile:
    """The same of a stock file."""

    on_hand: StockOnHand
    settings: BatchSettings
    signature: str
    columns: Mapping[str, str]


class _KnownHeader(Exception):
    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        super().__init__(recipe.name)


def read_file(source: Path, *, into: Path, settings: BatchSettings, recipes: Sequence[Recipe] = ()) -> ReadFile:
    """Read a file as `ingest_file`; by the first recipe of its header, where that changes the settings.

    Raises:
        RecipeDoesNotFit: if that recipe refuses what is read without it, and `use_recipes` is `auto`.
        InvalidInput: if it can't be a demand history; the sentence says so where a recipe was used.
    """

    def read(settings: BatchSettings, find: FindLayout[Any]) -> Ingested:
        return ingest_file(source, into=into, settings=settings, find=find)

    def read_beside(settings: BatchSettings) -> IngestReport:
        with tempfile.TemporaryDirectory(dir=into) as scratch:
            return ingest_file(source, into=Path(scratch), settings=settings).report

    fit = _Fit(source.name, settings, read_beside)
    known = by_signature(recipes, "history")
    ingested, settings, used = by_recipe(read, find_columns, settings, known, fit)
    report = replace(ingested.report, notes=(*used, *ingested.report.notes))
    layout = ingested.layout
    signature = list(_signatures(layout.header))[-1 if layout.periods else 0]
    named = _nameable(ingested.report.columns, layout.header)
    return ReadFile(ingested=replace(ingested, report=report), settings=settings, signature=signature, columns=named)


def read_stock_file(source: Path, *, settings: BatchSettings, recipes: Sequence[Recipe] = ()) -> ReadStockFile:
    """Read a stock file as `read_stock`; by the first recipe of its header, where that changes the settings.

    Raises:
        RecipeDoesNotFit: if that recipe refuses what is read without it, and `use_recipes` is `auto`.
        InvalidInput: if it can't be read as one; the sentence says so where a recipe was used.
    """
    find = partial(find_stock_columns, source.name)

    def read_beside(settings: BatchSettings) -> None:
        read_stock_by(source, settings, find)

    fit = _Fit(source.name, settings, read_beside)
    known = by_signature(recipes, "stock")
    read = partial(read_stock_by, source)
    (on_hand, layout), settings, used = by_recipe(read, find, settings, known, fit)
    return ReadStockFile(
        on_hand=replace(on_hand, notes=(*used, *on_hand.notes)),
        settings=settings,
        signature=next(_signatures(layout.header)),
        columns=_nameable(_columns_of(layout), layout.header),
    )


class _FindByRecipe(Generic[LayoutT]):
    """Finds our columns in a header, and stops at one that a recipe is known for."""

    def __init__(self, find: FindLayout[LayoutT], known: Mapping[str, Recipe]) -> None:
        self._find = find
        self._known = known
        self.unused: tuple[Message, ...] = ()  # what to say of a recipe that is kept for a header much like this
        mapped = [recipe.settings.get(MAPPING, {}).values() for recipe in known.values()]
        self.names = frozenset(chain.from_iterable(mapped))  # of columns that a header under titles is known by

    def __call__(
        self,
        header: Sequence[str],
        settings: BatchSettings,
        *,
        where: Message | None = None,
        sample: Sequence[Sequence[Any]] | None = (),
    ) -> LayoutT:
        """See `FindLayout`; raises `_KnownHeader` where a recipe changes the settings."""
        for signature in (*_signatures(header), ANY_HEADER):
            recipe = self._known.get(signature)
            if recipe is not None and recipe.applied_to(settings) != settings:
                raise _KnownHeader(recipe)
        if not self.unused and self._known.keys().isdisjoint(_signatures(header)):
            self.unused = _unused(self._known.values(), header, settings)
        return self._find(header, settings, where=where, sample=sample)


def _unused(recipes: Iterable[Recipe], header: Sequence[str], settings: BatchSettings) -> tuple[Message, ...]:
    """What to say of the recipe of another header that has most of its columns in this one, and lacks some."""
    names = {name.strip() for name in header}
    likest: tuple[int, Recipe, list[str]] | None = None
    for recipe in recipes:
        lost = [name for name in recipe.column_names if name not in names]
        there = len(recipe.column_names) - len(lost)
        is_like = lost and there >= max(len(lost), _LEAST_COLUMNS)
        if is_like and recipe.applied_to(settings) != settings and (likest is None or there > likest[0]):
            likest = there, recipe, lost
    if likest is None:
        return ()
    _, recipe, lost = likest
    template = N_(
        "The recipe {name!r}, kept from {source} on {day}, is not used: the file has no column {columns} now. See that "
        "it is read right. To forget the recipe: {way}."
    )
    values = said_of(recipe, settings, settings)
    return (Message(template, values | {"columns": named_columns(lost)}),)


_REFUSED_BY_IT = N_("as the recipe says: the file is refused")
_WITHOUT = Choice(settings={"use_recipes": "off"}, reading=Message(N_("read without the recipe")))


class _Fit:
    """Whether the recipe of a header fits a file: whether more of it is read without."""

    def __init__(
        self, file: str, settings: BatchSettings, read: Callable[[BatchSettings], IngestReport | None]
    ) -> None:
        self._file = file
        self._settings = settings  # before a recipe
        self._read = read  # the file by its settings alone; what became of its rows, of a demand history

    def check(self, recipe: Recipe, after: BatchSettings, report: IngestReport | None) -> None:
        """Ask where rows are refused that are read otherwise, or most of them are.

        Raises:
            RecipeDoesNotFit: if that is so.
        """
        if report is None or not report.rows_refused or after.use_recipes == "always":
            return
        best = self._fewest_refused(recipe, after)
        if best is None and report.refused_share < _MOST_REFUSED:
            return
        if best is not None and best >= report.rows_refused:
            return
        first = report.problems[0]
        counts: dict[str, object] = {"refused": report.rows_refused, "read": report.rows_judged}
        template = N_(
            "The recipe {name!r}, kept from {source} on {day}, does not fit {file}. It reads by {settings}, and "
            "{refused:,} of {read:,} rows can't be read so, the first at {place}, column {column}: {value!r} {reason}. "
            "{otherwise} To forget the recipe: {way}."
        )
        values = {"place": row_location(first.line, file=first.file, sheet=first.sheet), "column": first.column}
        values |= {"value": first.value, "reason": first.reason, "otherwise": self._otherwise(report, best)}
        as_it_says = N_("as the recipe says: {refused:,} of {read:,} rows are refused")
        choices = [_WITHOUT, Choice(settings={"use_recipes": "always"}, reading=Message(as_it_says, counts))]
        said = Message(template, {**said_of(recipe, self._settings, after), **counts, **values, "file": self._file})
        raise RecipeDoesNotFit(said, setting="use_recipes", choices=choices)

    def check_refusal(self, recipe: Recipe, after: BatchSettings, error: InvalidInput) -> None:
        """Ask where the file is refused, and not without the recipe.

        Raises:
            RecipeDoesNotFit: if that is so.
        """
        if isinstance(error, ReadingQuestion) or after.use_recipes == "always":
            return
        try:
            self._read(self._settings)
        except ReadingQuestion:
            pass
        except InvalidInput:
            return
        template = N_(
            "The recipe {name!r}, kept from {source} on {day}, does not fit {file}. It reads by {settings}, and so: "
            "{reason} To forget the recipe: {way}."
        )
        values = {"reason": error.message, "file": self._file}
        said = Message(template, {**said_of(recipe, self._settings, after), **values})
        refused = Choice(settings={"use_recipes": "always"}, reading=Message(_REFUSED_BY_IT))
        raise RecipeDoesNotFit(said, setting="use_recipes", choices=[_WITHOUT, refused]) from error

    @staticmethod
    def _otherwise(report: IngestReport, fewest: int | None) -> Message:
        if fewest is None:
            return Message(N_("Without it the file reads in several ways, which are asked about."))
        read = report.rows_refused - fewest
        return Message(N_("Read otherwise, {read:,} of them can be read."), {"read": read})

    def _fewest_refused(self, recipe: Recipe, after: BatchSettings) -> int | None:
        """The fewest rows that are refused without the recipe, or without what it says of how cells are written."""
        refused = []
        for kept in (_REFUSES_ON_PURPOSE, recipe.settings.keys() - _HOW_WRITTEN):
            rest = {name: value for name, value in recipe.settings.items() if name in kept}
            settings = replace(recipe, settings=rest).applied_to(self._settings)
            if settings == after:
                continue
            try:
                report = self._read(settings)
            except InvalidInput:
                continue
            if report is not None:
                refused.append(report.rows_refused)
        return min(refused, default=None)


def by_recipe(
    read: Callable[[BatchSettings, FindLayout[LayoutT]], _Result],
    find: FindLayout[LayoutT],
    settings: BatchSettings,
    known: Mapping[str, Recipe],
    fit: _Fit | None = None,
) -> tuple[_Result, BatchSettings, tuple[Message, ...]]:
    """What reading a file gives, the settings it was read with, and what is to be said of the recipe that was used.

    Raises:
        RecipeDoesNotFit: if it does not, by `fit`; without one it is not looked at.
    """
    if settings.use_recipes == "off":
        known = {}
    finder = _FindByRecipe(find, known)
    try:
        return read(settings, finder), settings, finder.unused
    except _KnownHeader as found:
        recipe = found.recipe
    except InvalidInput as error:
        for note in finder.unused:
            _also(error, note)
        raise
    after = recipe.applied_to(settings)
    used = use_of(recipe, settings, after)
    try:
        result = read(after, find)
        if fit is not None:
            fit.check(recipe, after, result.report if isinstance(result, Ingested) else None)
        return result, after, (used,)
    except RecipeDoesNotFit:
        raise
    except InvalidInput as error:
        if fit is not None:
            fit.check_refusal(recipe, after, error)
        _also(error, used)
        raise


def _also(error: InvalidInput, said: Message) -> None:
    """Have an error say something of a recipe too."""
    error.message = Message(N_("{reason} {recipe}"), {"reason": error.message, "recipe": said})
    error.args = (str(error.message),)


def by_signature(recipes: Sequence[Recipe], kind: FileKind) -> dict[str, Recipe]:
    """The first recipe of each header for files of a kind."""
    return {recipe.signature: recipe for recipe in reversed(recipes) if recipe.kind == kind}


def _columns_of(layout: StockLayout) -> dict[str, str]:
    keys = {ours_are.PARTNUMBER: layout.part, ours_are.SITE_CODE: layout.site, ours_are.DATE: layout.date}
    keys[SUPPLIER] = layout.supplier
    stock = {ours: cells for ours, cells in layout.stock_columns.items() if ours != ON_HAND or not layout.taken_off}
    return {ours: cells.name for ours, cells in {**keys, **stock}.items() if cells is not None}


def _nameable(columns: Mapping[str, str], header: Sequence[str]) -> dict[str, str]:
    """Those of the columns whose name no other column of the file has."""
    return {ours: name for ours, name in columns.items() if header.count(name) == 1}


def _signatures(header: Sequence[str]) -> Iterator[str]:
    """Of a header whose columns are all the same, and of a wide table with other periods."""
    names = [name.strip() for name in header]
    yield _digest(names)
    lasting = [name for name in names if not any(map(str.isdigit, name))]
    if len(names) - len(lasting) >= _LEAST_PERIODS:
        yield _digest([*lasting, "…"])


def _digest(names: Sequence[str]) -> str:
    return hashlib.sha256(json.dumps(names).encode()).hexdigest()[:32]
