"""Whether demand is written positive or negative, and whether receipts stand beside it: decided on the whole file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.errors import N_, Choice, Message
from batchcast.domain.settings import DemandSign
from batchcast.ingest.common.names import shortened
from batchcast.ingest.common.problems import AmbiguousSign, ReceiptsAndIssues
from batchcast.ingest.layout.movements import Role, are_opposites, is_of_states, names_kinds, roles_of
from batchcast.ingest.layout.rowfilter import counted_values, filter_text
from batchcast.ingest.values.cells import DistinctCells, date_text
from batchcast.ingest.values.numberstyle import Quantities

_CERTAIN_SHARE = 0.95  # of the rows of a movement that have one sign
_MOST_RETURNS = 0.2  # of all rows: more are no returns ...
_MOST_RETURNED = 0.5  # ... nor is more than this of the quantity
_FEWEST = 10  # rows that such a share is judged by
MOST_VALUES = 40  # of a column that can tell receipts from issues
MOST_COLUMNS = 30  # that are looked at for it
_MOST_KINDS = 200  # of a column of movements; one of more holds something else


@dataclass
class Signed:
    """Rows by the sign of their quantity, as it is written."""

    negative: int = 0
    zero: int = 0
    positive: int = 0

    @property
    def rows(self) -> int:
        """All of them."""
        return self.negative + self.zero + self.positive

    def add(self, counts: Sequence[int]) -> None:
        """More rows: those below zero, at it and above."""
        self.negative, self.zero, self.positive = (
            self.negative + counts[0],
            self.zero + counts[1],
            self.positive + counts[2],
        )


@dataclass
class SignReader:
    """Counts the signs of all quantities, block by block, and decides which of them is demand."""

    asked: DemandSign
    column: str = "demand_qty"  # its name in the file
    movements: tuple[str, ...] = ()  # names of the columns that may be one of movement types, the likeliest first
    filtered: tuple[str, ...] = ()  # names of the columns by which a person chose rows
    reason: Message | None = None  # why the negative quantities are demand, of an earlier pass
    all: Signed = field(default_factory=Signed)
    below: float = 0.0  # sum of the negative quantities, without their sign
    above: float = 0.0  # sum of the positive quantities
    kinds: dict[str, dict[str, Signed]] = field(default_factory=dict)  # rows by kind, of each of those columns
    _full: set[str] = field(default_factory=set)  # those of them that hold too many values

    @property
    def is_negative(self) -> bool:
        """The negative quantities are the demand."""
        return self.asked == "negative" or self.reason is not None

    def second_pass(self) -> SignReader:
        """A reader for a further pass over the rows, with what is decided."""
        return SignReader(self.asked, self.column, self.movements, self.filtered, self.reason)

    @property
    def is_chosen(self) -> bool:
        """A person chose the rows that are demand."""
        return bool(self.filtered)

    @property
    def movement(self) -> str | None:
        """The column of movement types by the rows so far: one that tells receipts from issues, or names issues."""
        known = [name for name in self.movements if self.kinds.get(name)]
        by_rank = (
            lambda name: self._is_ledger_by(name) and not is_of_states(name),
            self._is_ledger_by,
            lambda name: bool(self._roles(name)["issue"]),
            lambda _: True,
        )
        return next((name for rank in by_rank for name in known if rank(name)), None)

    @property
    def by_movement(self) -> Mapping[str, Signed]:
        """The rows by their kind."""
        return self.kinds.get(self.movement or "", {})

    def demand(
        self, quantities: Quantities, good: NDArray[np.bool_], movements: Sequence[DistinctCells] = ()
    ) -> Quantities:
        """The quantities with demand above zero; those of rows that can be read are counted, as they are written.

        Args:
            quantities: as written, NaN where a cell is none; shape (rows,).
            good: rows that count; shape (rows,).
            movements: of each column of `movements` the cells of the rows.
        """
        if self.asked == "auto" or self.is_chosen:
            self._count(quantities, good, movements)
        return np.negative(quantities) if self.is_negative else quantities

    def turns(self) -> bool:
        """Whether the rows show by themselves that the negative quantities are demand: then they are read again."""
        if self.asked != "auto" or self.reason is not None:
            return False
        self.reason = self._issues_are_negative()
        return self.reason is not None

    def notes(self) -> list[Message]:
        """What a person should know of the sign."""
        if self.asked == "negative":
            template = N_("Demand is the negative quantities of {column}, as asked for; positive ones are returns.")
            return [Message(template, {"column": self.column}), *self._kinds_that_count()]
        return [*([self.reason] if self.reason is not None else []), *self._kinds_that_count()]

    def _kinds_that_count(self) -> list[Message]:
        """What to say of kinds of movements that nothing tells demand by, and that all count."""
        if self.reason is not None:
            return []
        still = [name for name in self.movements if self.is_chosen and self._is_ledger_by(name)]
        unknown = [name for name in self.movements if names_kinds(name) and self._are_unknown(name)]
        template = N_(
            "All rows count as demand, whatever column {column!r} says: {kinds}. If some are none, choose the others "
            "with {@only_rows}."
        )
        return [
            Message(template, {"column": name, "kinds": counted_values({kind: one.rows for kind, one in by.items()})})
            for name in (still or ([] if self.is_chosen else unknown))[:1]
            for by in [self.kinds[name]]
        ]

    def _are_unknown(self, movement: str) -> bool:
        """Whether a column has several kinds, none of them known, of which several have demand of one sign."""
        roles, by_kind = self._roles(movement), self.kinds.get(movement, {})
        positive = [kind for kind in roles[""] if by_kind[kind].positive]
        return len(positive) > 1 and not any(roles[role] for role in ("issue", "reversal", "receipt"))

    def needs_answer(self, *, refuses_returns: bool) -> bool:
        """Whether a person has to say which rows and which sign are demand.

        Args:
            refuses_returns: negative quantities are refused as rows that can't be read, so that none is lost unseen.
        """
        if self.asked != "auto" or self.reason is not None:
            return False
        return self._is_ledger() or (self._is_doubtful() and not refuses_returns)

    def question(self, columns: Mapping[str, Mapping[str, Signed]]) -> AmbiguousSign | ReceiptsAndIssues:
        """The question, once `needs_answer`.

        Args:
            columns: of further columns of the file, the rows by the values of each.
        """
        known: dict[str, Mapping[str, Signed]] = {}
        if self.movement is not None and self._is_ledger():
            known[self.movement] = self.by_movement
        telling = known or {name: by for name, by in columns.items() if _tells(by)}
        is_mixed = min(self.all.negative, self.all.positive) > (1 - _CERTAIN_SHARE) * self.all.rows
        if telling and (known or is_mixed):
            return self._ledger_question(telling)
        return self._sign_question()

    def _count(self, quantities: Quantities, good: NDArray[np.bool_], movements: Sequence[DistinctCells]) -> None:
        if not movements and len(quantities) and quantities.min() >= 0:  # most files: no look at each row
            above_zero = int(np.count_nonzero(quantities))
            self.all.add((0, len(quantities) - above_zero, above_zero))
            self.above += float(quantities.sum())
            return
        if quantities.dtype == np.float64:
            good = good & ~np.isnan(quantities)
        below, above = (quantities < 0) & good, (quantities > 0) & good
        negative, positive, rows = (int(np.count_nonzero(mask)) for mask in (below, above, good))
        self.all.add((negative, rows - negative - positive, positive))
        self.below -= float(quantities[below].sum())
        self.above += float(quantities[above].sum())
        for name, cells in zip(self.movements, movements, strict=False):
            by_kind = self.kinds.setdefault(name, {})
            if name not in self._full and len(cells.cells) <= _MOST_KINDS:
                add_signs(by_kind, cells, below, above, good)
            if max(len(cells.cells), len(by_kind)) > _MOST_KINDS:
                self._full.add(name)
                by_kind.clear()

    def _roles(self, movement: str | None) -> dict[Role, list[str]]:
        roles: dict[Role, list[str]] = {"issue": [], "reversal": [], "receipt": [], "": []}
        by_kind = self.kinds.get(movement or "", {})
        moved = [kind for kind, signed in by_kind.items() if signed.negative or signed.positive]
        for kind, role in roles_of(moved, movement or "").items():
            roles[role].append(kind)
        return roles

    def _is_ledger(self) -> bool:
        """The kinds of movement say that some rows are demand and others are not."""
        is_chosen = not set(self.filtered).isdisjoint(self.movements)
        return not is_chosen and any(map(self._is_ledger_by, self.movements))

    def tells_ledger(self, column: str) -> bool:
        """Whether one of the columns that may be of movements tells demand from other rows: then it is asked about."""
        return column in self.movements and self._is_ledger_by(column)

    def _is_ledger_by(self, movement: str) -> bool:
        """The same by one of the columns that may tell it."""
        roles, by_kind = self._roles(movement), self.kinds.get(movement, {})
        issues = [by_kind[kind] for kind in roles["issue"]]
        if not issues:
            return are_opposites(movement, by_kind)
        backwards = [by_kind[kind] for kind in roles["reversal"]]
        same_sign = bool(sum(one.positive for one in issues)) and bool(sum(one.positive for one in backwards))
        return bool(roles["receipt"]) or same_sign

    def _is_doubtful(self) -> bool:
        """More quantities are negative than returns are."""
        negative, positive = self.all.negative, self.all.positive
        if negative > positive:
            return True
        many = negative > _MOST_RETURNS * (negative + positive) or self.below > _MOST_RETURNED * self.above
        return negative >= _FEWEST and many

    def _issues_are_negative(self) -> Message | None:
        roles = self._roles(self.movement)
        issues = [self.by_movement[kind] for kind in roles["issue"]]
        negative, rows = sum(one.negative for one in issues), sum(one.negative + one.positive for one in issues)
        if not issues and self.is_chosen and self.all.negative and not self.all.positive:
            template = N_("Demand is the negative quantities of {column}: all rows that were chosen are negative.")
            return Message(template, {"column": self.column})
        if not rows or negative < _CERTAIN_SHARE * rows or self._is_ledger() or (roles[""] and not self.is_chosen):
            return None
        kinds = {kind: self.by_movement[kind].rows for kind in roles["issue"]}
        backwards = {kind: self.by_movement[kind].rows for kind in roles["reversal"]}
        template = N_("Demand is the negative quantities of {column}: {movement} {issues} are goods issues.")
        if backwards:
            template = N_(
                "Demand is the negative quantities of {column}: {movement} {issues} are goods issues, and {backwards} "
                "take them back."
            )
        values = {"column": self.column, "movement": self.movement, "issues": counted_values(kinds)}
        return Message(template, values | {"backwards": counted_values(backwards)})

    def _sign_question(self) -> AmbiguousSign:
        negative, positive = self.all.negative, self.all.positive
        template = N_(
            "{negative:,} quantities of column {column} are negative and {positive:,} positive: are the "
            "negative ones goods issues, which are the demand, or returns? Set {@demand_sign=negative} or "
            "{@demand_sign=positive}; or set {@only_rows} to the rows that are demand."
        )
        issued = N_(
            "the {negative:,} negative quantities are the demand, {below:.15g} in all; {positive:,} are returns"
        )
        returned = N_("the {negative:,} negative quantities are returns, and taken off the demand")
        values: dict[str, Any] = {"column": self.column, "negative": negative, "positive": positive}
        values |= {"below": self.below, "above": self.above}
        choices = [
            Choice(settings={"demand_sign": "negative"}, reading=Message(issued, values)),
            Choice(settings={"demand_sign": "positive"}, reading=Message(returned, values)),
        ]
        if positive:
            only_issued = N_("only the {negative:,} negative quantities are demand; the others are left out")
            only_positive = N_("only the {positive:,} positive quantities are demand; the others are left out")
            for sign, left in (("negative", only_issued), ("positive", only_positive)):
                settings = {"demand_sign": sign, "returns": "ignore"}
                choices.append(Choice(settings=settings, reading=Message(left, values)))
        return AmbiguousSign(Message(template, values), setting="demand_sign", choices=choices)

    def _ledger_question(self, telling: Mapping[str, Mapping[str, Signed]]) -> ReceiptsAndIssues:
        kinds = [counted_values({kind: one.rows for kind, one in by.items()}) for by in telling.values()]
        listed = "; ".join(f"{{column{i}}} {{kinds{i}}}" for i in range(len(kinds)))
        named = {f"column{i}": name for i, name in enumerate(telling)}
        found = Message(listed, named | {f"kinds{i}": one for i, one in enumerate(kinds)})
        template = N_(
            "Column {column} has {negative:,} negative and {positive:,} positive quantities, of receipts and "
            "issues together: {found}. Set {@only_rows} to the rows that are demand, and {@demand_sign} to "
            "their sign."
        )
        if not self.all.negative:
            template = N_(
                "Column {column} has rows of several kinds together, and not all of them are demand: {found}. Set "
                "{@only_rows} to the rows that are."
            )
        values = {"column": self.column, "negative": self.all.negative, "positive": self.all.positive, "found": found}
        choices = [choice for name, by in telling.items() for choice in _choices_of(name, by)]
        every = Message(N_("all rows, and negative quantities are returns"))
        if not self.all.negative:
            every = Message(N_("all rows are demand, and are summed"))
        choices.append(Choice(settings={"demand_sign": "positive"}, reading=every))
        return ReceiptsAndIssues(Message(template, values), setting="only_rows", choices=choices)


def add_signs(
    by_value: dict[str, Signed],
    cells: DistinctCells,
    below: NDArray[np.bool_],
    above: NDArray[np.bool_],
    good: NDArray[np.bool_],
) -> None:
    """Count the rows of a block by the value of a column and the sign of their quantity."""
    place = cells.index.astype(np.int64) * 3 + 1 + above.astype(np.int64) - below.astype(np.int64)
    counts = np.bincount(place[good], minlength=3 * len(cells.cells)).reshape(-1, 3)
    for cell, signs in zip(cells.cells, counts.tolist(), strict=True):
        if any(signs):
            by_value.setdefault(date_text(cell).strip(), Signed()).add(signs)


def _tells(by_value: Mapping[str, Signed]) -> bool:
    """Whether the values of a column tell the negative quantities from the positive ones."""
    kept = [one for one in by_value.values() if one.negative or one.positive]
    signs, rows = {_sign_of(one) for one in kept}, sum(one.rows for one in kept)
    if rows < 2 * len(kept):  # numbers of vouchers tell nothing
        return False
    return 1 < len(kept) <= MOST_VALUES and {"negative", "positive"} <= signs and "" not in signs


def _sign_of(one: Signed) -> DemandSign | Literal[""]:
    moved = one.negative + one.positive
    if one.negative >= _CERTAIN_SHARE * moved:
        return "negative"
    return "positive" if one.positive >= _CERTAIN_SHARE * moved else ""


def _choices_of(name: str, by_value: Mapping[str, Signed]) -> Iterator[Choice]:
    """The rows of issues, with what takes them back where its sign is the other; else those of each sign."""
    roles = roles_of(by_value, name)
    issues, backwards = ([kind for kind, role in roles.items() if role == one] for one in ("issue", "reversal"))
    groups = [issues]
    if not issues:
        groups = [
            [kind for kind, one in by_value.items() if _sign_of(one) == sign] for sign in ("negative", "positive")
        ]
        groups = groups if all(groups) else [[kind] for kind in by_value]
    elif {_sign_of(by_value[kind]) for kind in issues}.isdisjoint(_sign_of(by_value[kind]) for kind in backwards):
        groups = [[*issues, *backwards]]
    template = N_("only the {count:,} rows with {name} {values}; their {sign} quantities are the demand")
    for kinds in groups:
        rows = [by_value[kind] for kind in kinds]
        decisive = [by_value[kind] for kind in kinds if kind in issues] or rows
        is_negative = sum(one.negative for one in decisive) > sum(one.positive for one in decisive)
        sign = "negative" if is_negative else "positive"
        words = Message(N_("negative")) if sign == "negative" else Message(N_("positive"))
        said = {"count": sum(one.rows for one in rows), "name": name, "sign": words}
        said |= {"values": ", ".join(repr(shortened(kind)) for kind in kinds)}
        settings = {"only_rows": filter_text(name, kinds), "demand_sign": sign}
        yield Choice(settings=settings, reading=Message(template, said))
