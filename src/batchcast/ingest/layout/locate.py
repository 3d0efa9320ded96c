"""Where one of our columns stands in a header: by the mapping, else by its accepted names."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from batchcast.domain import columns
from batchcast.domain.errors import N_, Message
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.common.limits import MOST_COLUMNS
from batchcast.ingest.common.names import (
    ACCEPTED_NAMES,
    ENTRY_NAMES,
    FALLBACK_DATES,
    FALLBACK_QUANTITIES,
    FLAG_NAMES,
    LONGEST_NAME,
    MONEY_NAMES,
    SHEET,
    STOCK_NAMES,
    lead_time_of,
    named_columns,
    nearest,
    normal,
    placed_column,
    shortened,
    target_of,
)
from batchcast.ingest.common.problems import OverTheLimit, UnknownMapping
from batchcast.ingest.common.source import ColumnSource
from batchcast.ingest.layout.candidates import narrowed, of_one_name, question
from batchcast.ingest.layout.sample import NOTHING, Sample

_LAST = {  # names that are looked for where there is none of the others, in ranks
    columns.DATE: (FALLBACK_DATES,),
    columns.DEMAND_QTY: (FALLBACK_QUANTITIES, ENTRY_NAMES, MONEY_NAMES),
}
_JOIN = "+"  # joins columns in a mapping: site_code=Client+Warehouse
_LITERAL = "="  # a mapping that starts with it is one value for every row: demand_qty==1


def check_mapping(mapping: Mapping[str, str], also: Sequence[str] = ()) -> None:
    """Refuse a mapping of what is none of ours, in a demand history or, with some columns `also`, a stock file.

    Raises:
        UnknownMapping: if there is one.
    """
    known = (*ACCEPTED_NAMES, *FLAG_NAMES, *STOCK_NAMES, *also)
    for ours in mapping:
        if ours not in known and ours != SHEET:
            template = N_("The column mapping names {name!r}, which is none of {ours}.")
            raise UnknownMapping(Message(template, {"name": ours, "ours": ", ".join(known)}))


@dataclass(frozen=True, kw_only=True, slots=True)
class VisibleNames:
    """The names of the columns of a header, without those that are to be ignored."""

    every: tuple[str, ...]  # of all columns
    names: tuple[str, ...]  # with nothing in place of those that are to be ignored
    ignored: frozenset[int]  # the numbers of those
    notes: tuple[Message, ...]


def visible_names(header: Sequence[str], settings: BatchSettings) -> VisibleNames:
    """The names of a header, and what to say of the columns that are to be ignored."""
    every = tuple(shortened(name.strip(), LONGEST_NAME) for name in header)
    asked = dict.fromkeys(name.strip() for name in settings.ignore_columns)
    ignored = {one: [i for i, name in enumerate(every) if one and name == one] for one in asked}
    for one in asked:
        placed = placed_column(one, every)
        if not ignored[one] and placed is not None:
            ignored[one] = [placed]
    left = [one for one in asked if ignored[one]]
    lost = sorted(one for one in asked if not ignored[one])
    notes = []
    if left:
        template = N_("Columns that are left out, as asked for: {columns}.")
        notes.append(Message(template, {"columns": named_columns(left)}))
    if lost:
        template = N_("{@ignore_columns} names {names}, which no column is called.")
        notes.append(Message(template, {"names": named_columns(lost)}))
    out = frozenset(i for indices in ignored.values() for i in indices)
    names = tuple("" if i in out else name for i, name in enumerate(every))
    return VisibleNames(every=every, names=names, ignored=out, notes=tuple(notes))


def locate(
    ours: str, names: Sequence[str], mapping: Mapping[str, str], sample: Sample = NOTHING
) -> ColumnSource | None:
    """A column that a history or a stock file needs; None where there is none, or it is mapped to none (`date==`).

    Raises:
        UnknownMapping: if it is mapped to a column that isn't there.
        AmbiguousColumn: if two could be it.
    """
    target = mapping.get(ours)
    if target is None:
        return _by_name(ours, names, sample)
    if target == _LITERAL:
        return None
    index = _index_of(target, names, ours, sample)
    if index is not None:
        return ColumnSource(target_of(index, names), (index,))
    if target.startswith(_LITERAL):
        return ColumnSource(target, (), target[len(_LITERAL) :])
    pieces = [piece.strip() for piece in target.split(_JOIN)]
    indices = [_index_of(piece, names, ours, sample) for piece in pieces]
    if len(pieces) < 2 or None in indices:
        lost = pieces[indices.index(None)]
        raise UnknownMapping(_unknown_column(ours, lost, names))
    chosen = tuple(i for i in indices if i is not None)
    return ColumnSource(_JOIN.join(target_of(i, names) for i in chosen), chosen)


def locate_flags(
    ours: str, names: Sequence[str], mapping: Mapping[str, str], taken: Collection[int]
) -> ColumnSource | None:
    """The column that is mapped or named so, unless it is one of ours already."""
    if ours in mapping:
        return locate(ours, names, mapping)
    matches = _named(FLAG_NAMES[ours], names, taken)
    return ColumnSource(names[matches[0]], (matches[0],)) if matches else None


def locate_stock_columns(
    names: Sequence[str], mapping: Mapping[str, str], taken: Collection[int]
) -> dict[str, ColumnSource]:
    """The columns of the stock of each part, unless they are some of ours already; all that could be one of them."""
    found: dict[str, ColumnSource] = {}
    for ours, accepted in STOCK_NAMES.items():
        cells: ColumnSource | None
        if mapping.get(ours) == _LITERAL:
            cells = ColumnSource(_LITERAL, (), "")
        elif ours in mapping:
            cells = locate(ours, names, mapping)
        else:
            matches = _named([ours], names, taken) or _named(accepted, names, taken)
            if ours == columns.LEAD_TIME_DAYS:
                matches = matches or [
                    i for i, name in enumerate(names) if i not in taken and (lead_time_of(name) or 0) > 0
                ]
            cells = ColumnSource(", ".join(names[i] for i in matches), tuple(matches)) if matches else None
        if cells is not None:
            found[ours] = cells
    if {columns.LEAD_TIME, columns.LEAD_TIME_DAYS} <= set(found):  # the one that names its unit, unless asked for
        del found[columns.LEAD_TIME if columns.LEAD_TIME not in mapping else columns.LEAD_TIME_DAYS]
    return found


def _named(accepted: Sequence[str], names: Sequence[str], taken: Collection[int]) -> list[int]:
    wanted = {normal(name) for name in accepted}
    return [i for i, name in enumerate(names) if normal(name) in wanted and i not in taken]


def _index_of(target: str, names: Sequence[str], ours: str, sample: Sample) -> int | None:
    exact = [i for i, name in enumerate(names) if name == target]
    matches = exact or [i for i, name in enumerate(names) if normal(name) == normal(target)]
    if len(matches) > 1:
        raise of_one_name(ours, matches, names, sample)
    return matches[0] if matches else placed_column(target, names)


def _by_name(ours: str, names: Sequence[str], sample: Sample) -> ColumnSource | None:
    """The column with an accepted name: our own name first, those of money last; two of a rank are a question."""
    last = _LAST.get(ours, ())
    others = [name for name in ACCEPTED_NAMES[ours] if not any(name in names_of_rank for names_of_rank in last)]
    for accepted in ([ours], others, *last):
        every = matches = _named(accepted, names, ())
        if len(matches) > 1:
            matches = narrowed(ours, matches, names, sample)
        if len(matches) == 1:
            rivals = tuple(i for i in every if i not in matches and not sample.filled(i))
            return ColumnSource(names[matches[0]], (matches[0],), rivals=rivals)
        if matches:
            raise question(ours, matches, names, sample)
    return None


def _unknown_column(ours: str, target: str, names: Sequence[str]) -> Message:
    guess = nearest(target, names)
    values = {"ours": ours, "target": target, "found": named_columns(names)}
    if guess:
        template = N_(
            "{ours} is mapped to {target!r}, which is not a column; did you mean {guess!r}? The columns are {found}."
        )
        return Message(template, values | {"guess": guess})
    return Message(N_("{ours} is mapped to {target!r}, which is not a column; the columns are {found}."), values)


def check_width(header: Sequence[str]) -> None:
    """Refuse a header of more columns than are read; raises OverTheLimit."""
    if len(header) > MOST_COLUMNS:
        template = N_(
            "The header has {found:,} columns; at most {most:,} are read. Send a row for each demand, or fewer periods."
        )
        raise OverTheLimit(Message(template, {"found": len(header), "most": MOST_COLUMNS}))
