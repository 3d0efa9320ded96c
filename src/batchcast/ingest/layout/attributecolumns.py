"""Which further columns of a file may say something of each part: its family, supplier, description, criticality."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from batchcast.domain import columns
from batchcast.domain.errors import N_, Message
from batchcast.domain.settings import NO_ATTRIBUTES, BatchSettings
from batchcast.ingest.common.names import named_columns, normal, placed_column
from batchcast.ingest.layout.sample import Sample
from batchcast.ingest.values.keys import key_text

MOST_FOUND = 8  # columns that are kept where none is asked for
MOST_ASKED = 20
_MOST_NUMBERS = 12  # distinct ones of a column that groups parts: further ones are figures
_MOST_DIFFERING = 0.5  # share of the parts with several of the first rows; all rows decide
_NOT_KEPT = frozenset(columns.SERIES)  # names that the tables give to something else


def attribute_columns(
    names: Sequence[str], settings: BatchSettings, sample: Sample, *, keys: Sequence[int], taken: Collection[int]
) -> tuple[tuple[int, ...], tuple[Message, ...]]:
    """The columns that are read as attributes, and what to say of those that were asked for and are not.

    Args:
        names: of all columns; empty where one is not to be read.
        settings: with the columns that were asked for.
        sample: the first rows.
        keys: columns of the part and the site.
        taken: columns that are read as something else.
    """
    asked = settings.attributes
    if not asked:
        found = [i for i in range(len(names)) if _may_be_kept(i, names, taken) and _is_alike(i, sample, keys)]
        return tuple(found[:MOST_FOUND]), ()
    chosen: dict[int, None] = {}
    lost = []
    for one in (name for name in asked if name != NO_ATTRIBUTES):
        index = _index_of(one, names)
        if index is None or not _may_be_kept(index, names, taken):
            lost.append(one)
        else:
            chosen[index] = None
    notes = []
    if lost:
        template = N_(
            "Columns that are not kept with the parts, as there is none of that name or it is read already: {names}."
        )
        notes.append(Message(template, {"names": named_columns(lost)}))
    if len(chosen) > MOST_ASKED:
        template = N_("Of {found} columns to keep with the parts the first {most} are kept.")
        notes.append(Message(template, {"found": len(chosen), "most": MOST_ASKED}))
    return tuple(list(chosen)[:MOST_ASKED]), tuple(notes)


def _index_of(name: str, names: Sequence[str]) -> int | None:
    exact = [i for i, one in enumerate(names) if one == name.strip()]
    matches = exact or [i for i, one in enumerate(names) if one and normal(one) == normal(name)]
    return matches[0] if matches else placed_column(name, names)


def _may_be_kept(index: int, names: Sequence[str], taken: Collection[int]) -> bool:
    """It has a name of its own, and nothing else reads it."""
    name = names[index]
    return bool(name) and index not in taken and names.count(name) == 1 and name not in _NOT_KEPT


def _is_alike(index: int, sample: Sample, keys: Sequence[int]) -> bool:
    """Whether the first rows of nearly each part agree in it, and it holds words, or numbers that name groups."""
    filled = sample.distinct(index)
    if not filled or sample.has_dates(index) or sample.has_keys(index):
        return False
    if sample.has_numbers(index) and (len(filled) > _MOST_NUMBERS or sample.has_decimals(index)):
        return False
    by_part: dict[tuple[str, ...], list[str]] = defaultdict(list)
    cells = [[key_text(cell).strip() for cell in sample.cells(one)] for one in (*keys, index)]
    for *key, value in zip(*cells, strict=True):
        if value:
            by_part[tuple(key)].append(value)
    several = [values for values in by_part.values() if len(values) > 1]
    differing = sum(len(set(values)) > 1 for values in several)
    return differing <= _MOST_DIFFERING * len(several)
