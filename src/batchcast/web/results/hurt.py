"""The parts that hurt most, each with the way to its page."""

from __future__ import annotations

from dataclasses import dataclass

from batchcast.domain.hindsight import Hindsight, HurtPart
from batchcast.web.results.table import TableState


@dataclass(frozen=True, kw_only=True, slots=True)
class HurtRow:
    """A part of the list."""

    part: HurtPart
    url: str  # of its page


def hurt_parts(hindsight: Hindsight, batch_id: str) -> tuple[HurtRow, ...]:
    """The parts, the most units short first."""
    return tuple(
        HurtRow(
            part=part,
            url=TableState().url_of_series(batch_id, part.site_code, part.partnumber),
        )
        for part in hindsight.hurt
    )
