"""The parts that hurt most, each with the way to its page."""

from __future__ import annotations

from dataclasses import dataclass

from batchcast.domain.hindsight import Hindsight, HurtPart, in_units
from batchcast.domain.message import Message, mark
from batchcast.web.results.table import TableState


@dataclass(frozen=True, kw_only=True, slots=True)
class HurtRow:
    """A part of the list."""

    part: HurtPart
    in_all: Message  # what was short and left over, over all its backtests
    url: str  # of its page


def hurt_parts(hindsight: Hindsight, batch_id: str) -> tuple[HurtRow, ...]:
    """The parts, the most units short first."""
    return tuple(
        HurtRow(
            part=part, in_all=_in_all(part), url=TableState().url_of_series(batch_id, part.site_code, part.partnumber)
        )
        for part in hindsight.hurt
    )


def _in_all(part: HurtPart) -> Message:
    one = mark("its only backtest")
    many = mark("in {folds:,} backtests {short:,} short, {over:,} left over")
    values = {"folds": part.folds, "short": in_units(part.units_short), "over": in_units(part.units_over)}
    return Message(one if part.folds == 1 else many, values)
