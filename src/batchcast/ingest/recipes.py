"""Reads a file by the recipe that is kept for its header, where its settings leave that open."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from batchcast.domain.errors import N_, InvalidInput, Message
from batchcast.domain.recipe import Recipe, use_of
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.header import Layout, find_columns
from batchcast.ingest.reader import Ingested, ingest_file

_LEAST_PERIODS = 3  # names with digits that may be the periods of a wide table


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadFile:
    """What became of a file, and what another of its header can be read by."""

    ingested: Ingested
    settings: BatchSettings  # that it was read with
    signature: str  # of its header
    columns: Mapping[str, str]  # those that a mapping can name: ours -> the file's


class _KnownHeader(Exception):
    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        super().__init__(recipe.name)


def read_file(source: Path, *, into: Path, settings: BatchSettings, recipes: Sequence[Recipe] = ()) -> ReadFile:
    """Read a file as `ingest_file`; by the first recipe of its header, where that changes the settings.

    Raises:
        InvalidInput: if it can't be a demand history; the sentence says so where a recipe was used.
    """
    known = {recipe.signature: recipe for recipe in reversed(recipes)}

    def find(
        header: Sequence[str],
        settings: BatchSettings,
        *,
        where: Message | None = None,
        sample: Sequence[Sequence[Any]] = (),
    ) -> Layout:
        for signature in _signatures(header):
            recipe = known.get(signature)
            if recipe is not None and recipe.applied_to(settings) != settings:
                raise _KnownHeader(recipe)
        return find_columns(header, settings, where=where, sample=sample)

    try:
        return _read(ingest_file(source, into=into, settings=settings, find=find), settings)
    except _KnownHeader as found:
        recipe = found.recipe
    before, settings = settings, recipe.applied_to(settings)
    used = use_of(recipe, before, settings)
    try:
        ingested = ingest_file(source, into=into, settings=settings)
    except InvalidInput as error:
        error.message = Message(N_("{reason} {recipe}"), {"reason": error.message, "recipe": used})
        error.args = (str(error.message),)
        raise
    report = replace(ingested.report, notes=(used, *ingested.report.notes))
    return _read(replace(ingested, report=report), settings)


def _read(ingested: Ingested, settings: BatchSettings) -> ReadFile:
    header, names = ingested.layout.header, ingested.report.columns
    columns = {ours: name for ours, name in names.items() if header.count(name) == 1}
    signature = list(_signatures(header))[-1 if ingested.layout.periods else 0]
    return ReadFile(ingested=ingested, settings=settings, signature=signature, columns=columns)


def _signatures(header: Sequence[str]) -> Iterator[str]:
    """Of a header whose columns are all the same, and of a wide table with other periods."""
    names = [name.strip() for name in header]
    yield _digest(names)
    lasting = [name for name in names if not any(map(str.isdigit, name))]
    if len(names) - len(lasting) >= _LEAST_PERIODS:
        yield _digest([*lasting, "…"])


def _digest(names: Sequence[str]) -> str:
    return hashlib.sha256(json.dumps(names).encode()).hexdigest()[:32]
