"""Where one of our columns stands in a header: by the mapping, else by its accepted names."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from batchcast.domain.errors import N_, Message
from batchcast.ingest.names import ACCEPTED_NAMES, HELD_NAMES, SHEET, STOCK_NAMES, letter_of, named_columns, normal
from batchcast.ingest.problems import AmbiguousColumn, UnknownMapping

_JOIN = "+"  # joins columns in a mapping: site_code=Client+Warehouse
_LITERAL = "="  # a mapping that starts with it is one value for every row: demand_qty==1


@dataclass(frozen=True, slots=True)
class Cells:
    """Where one of our columns comes from: a column, several joined with `-`, or one value for every row."""

    name: str  # as a person would say it
    indices: tuple[int, ...] = ()
    literal: str | None = None


def check_mapping(mapping: Mapping[str, str]) -> None:
    """Refuse a mapping of what is none of ours.

    Raises:
        UnknownMapping: if there is one.
    """
    known = (*ACCEPTED_NAMES, *STOCK_NAMES, *HELD_NAMES)
    for ours in mapping:
        if ours not in known and ours != SHEET:
            template = N_("The column mapping names {name!r}, which is none of {ours}.")
            raise UnknownMapping(Message(template, {"name": ours, "ours": ", ".join(known)}))


def locate(ours: str, names: Sequence[str], mapping: Mapping[str, str]) -> Cells | None:
    """A column that a history or a stock file needs; None where there is none.

    Raises:
        UnknownMapping: if it is mapped to a column that isn't there.
        AmbiguousColumn: if two could be it.
    """
    target = mapping.get(ours)
    if target is None:
        return _by_name(ours, names)
    index = _index_of(target, names, ours)
    if index is not None:
        return Cells(names[index], (index,))
    if target.startswith(_LITERAL):
        return Cells(target, (), target[len(_LITERAL) :])
    pieces = [piece.strip() for piece in target.split(_JOIN)]
    indices = [_index_of(piece, names, ours) for piece in pieces]
    if len(pieces) < 2 or None in indices:
        lost = pieces[indices.index(None)]
        raise UnknownMapping(_unknown_column(ours, lost, names))
    chosen = tuple(i for i in indices if i is not None)
    return Cells(_JOIN.join(names[i] for i in chosen), chosen)


def locate_out(ours: str, names: Sequence[str], mapping: Mapping[str, str], taken: Collection[int]) -> Cells | None:
    """The column that is mapped or named so, unless it is one of ours already."""
    if ours in mapping:
        return locate(ours, names, mapping)
    matches = _named(STOCK_NAMES[ours], names, taken)
    return Cells(names[matches[0]], (matches[0],)) if matches else None


def locate_held(names: Sequence[str], mapping: Mapping[str, str], taken: Collection[int]) -> dict[str, Cells]:
    """The columns of what is held of each part, unless they are some of ours already; all that could be one of them."""
    found: dict[str, Cells] = {}
    for ours, accepted in HELD_NAMES.items():
        if ours in mapping:
            cells = locate(ours, names, mapping)
        else:
            matches = _named([ours], names, taken) or _named(accepted, names, taken)
            cells = Cells(", ".join(names[i] for i in matches), tuple(matches)) if matches else None
        if cells is not None:
            found[ours] = cells
    return found


def _named(accepted: Sequence[str], names: Sequence[str], taken: Collection[int]) -> list[int]:
    wanted = {normal(name) for name in accepted}
    return [i for i, name in enumerate(names) if normal(name) in wanted and i not in taken]


def _index_of(target: str, names: Sequence[str], ours: str) -> int | None:
    exact = [i for i, name in enumerate(names) if name == target]
    matches = exact or [i for i, name in enumerate(names) if normal(name) == normal(target)]
    if len(matches) > 1:
        template = N_(
            "Columns {letters} are all named {name!r}, so {ours} can't be mapped to that name; rename them in the file."
        )
        letters = ", ".join(letter_of(i) for i in matches)
        raise AmbiguousColumn(Message(template, {"letters": letters, "name": target, "ours": ours}))
    return matches[0] if matches else None


def _by_name(ours: str, names: Sequence[str]) -> Cells | None:
    """The column with an accepted name; our own name wins over its synonyms, two of a rank are refused."""
    for accepted in ([ours], ACCEPTED_NAMES[ours]):
        matches = _named(accepted, names, ())
        if len(matches) == 1:
            return Cells(names[matches[0]], (matches[0],))
        if matches:
            raise AmbiguousColumn(_two_columns(ours, matches, names))
    return None


def _two_columns(ours: str, matches: Sequence[int], names: Sequence[str]) -> Message:
    found = ", ".join(f"{names[i]!r} ({letter_of(i)})" for i in matches)
    if len({names[i] for i in matches}) < len(matches):
        template = N_(
            "Several columns have the same name and could be {ours}: {found}. Rename them in the file, so that one is "
            "named {ours}."
        )
        return Message(template, {"ours": ours, "found": found})
    template = N_("Several columns could be {ours}: {found}. Say which with a mapping, such as {ours}={first}.")
    return Message(template, {"ours": ours, "found": found, "first": names[matches[0]]})


def _unknown_column(ours: str, target: str, names: Sequence[str]) -> Message:
    near = difflib.get_close_matches(normal(target), [normal(name) for name in names if name], n=1)
    values = {"ours": ours, "target": target, "found": named_columns(names)}
    if near:
        guess = next(name for name in names if normal(name) == near[0])
        template = N_(
            "{ours} is mapped to {target!r}, which is not a column; did you mean {guess!r}? The columns are {found}."
        )
        return Message(template, values | {"guess": guess})
    return Message(N_("{ours} is mapped to {target!r}, which is not a column; the columns are {found}."), values)
