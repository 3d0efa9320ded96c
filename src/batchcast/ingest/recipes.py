"""Reads a file by the recipe that is kept for its header, where its settings leave that open."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Generic, TypeVar

from batchcast.domain import columns as ours_are
from batchcast.domain.errors import N_, InvalidInput, Message
from batchcast.domain.inventory import StockOnHand
from batchcast.domain.recipe import MAPPING, FileKind, Recipe, use_of
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.common.source import FindLayout, LayoutT
from batchcast.ingest.layout.header import find_columns
from batchcast.ingest.reader import Ingested, ingest_file
from batchcast.ingest.stock.stockcolumns import ON_HAND, StockLayout, find_stock_columns
from batchcast.ingest.stock.stockfile import read_stock_by

_LEAST_PERIODS = 3  # names with digits that may be the periods of a wide table
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
        InvalidInput: if it can't be a demand history; the sentence says so where a recipe was used.
    """

    def read(settings: BatchSettings, find: FindLayout[Any]) -> Ingested:
        return ingest_file(source, into=into, settings=settings, find=find)

    ingested, settings, used = by_recipe(read, find_columns, settings, by_signature(recipes, "history"))
    report = replace(ingested.report, notes=(*used, *ingested.report.notes))
    layout = ingested.layout
    signature = list(_signatures(layout.header))[-1 if layout.periods else 0]
    named = _nameable(ingested.report.columns, layout.header)
    return ReadFile(ingested=replace(ingested, report=report), settings=settings, signature=signature, columns=named)


def read_stock_file(source: Path, *, settings: BatchSettings, recipes: Sequence[Recipe] = ()) -> ReadStockFile:
    """Read a stock file as `read_stock`; by the first recipe of its header, where that changes the settings.

    Raises:
        InvalidInput: if it can't be read as one; the sentence says so where a recipe was used.
    """
    find = partial(find_stock_columns, source.name)
    known = by_signature(recipes, "stock")
    (on_hand, layout), settings, used = by_recipe(partial(read_stock_by, source), find, settings, known)
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
        for signature in _signatures(header):
            recipe = self._known.get(signature)
            if recipe is not None and recipe.applied_to(settings) != settings:
                raise _KnownHeader(recipe)
        return self._find(header, settings, where=where, sample=sample)


def by_recipe(
    read: Callable[[BatchSettings, FindLayout[LayoutT]], _Result],
    find: FindLayout[LayoutT],
    settings: BatchSettings,
    known: Mapping[str, Recipe],
) -> tuple[_Result, BatchSettings, tuple[Message, ...]]:
    """What reading a file gives, the settings it was read with, and what is to be said of the recipe that was used."""

    try:
        return read(settings, _FindByRecipe(find, known)), settings, ()
    except _KnownHeader as found:
        recipe = found.recipe
    after = recipe.applied_to(settings)
    used = use_of(recipe, settings, after)
    try:
        return read(after, find), after, (used,)
    except InvalidInput as error:
        error.message = Message(N_("{reason} {recipe}"), {"reason": error.message, "recipe": used})
        error.args = (str(error.message),)
        raise


def by_signature(recipes: Sequence[Recipe], kind: FileKind) -> dict[str, Recipe]:
    """The first recipe of each header for files of a kind."""
    return {recipe.signature: recipe for recipe in reversed(recipes) if recipe.kind == kind}


def _columns_of(layout: StockLayout) -> dict[str, str]:
    keys = {ours_are.PARTNUMBER: layout.part, ours_are.SITE_CODE: layout.site, ours_are.DATE: layout.date}
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
