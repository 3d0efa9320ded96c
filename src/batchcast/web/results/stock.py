"""The stock figures of one series at the service level that a person asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from batchcast.app.findings import in_percent
from batchcast.domain.columns import SERVICE_LEVEL
from batchcast.domain.message import Message


@dataclass(frozen=True, kw_only=True, slots=True)
class Stock:
    """Stock figures at one service level."""

    figures: Mapping[str, Any]  # by column of the stock table
    lead_time: int  # periods that they cover
    problem: Message | None = None  # why they are not at the level that was asked for

    @property
    def percent(self) -> float:
        """The service level that they are at: 95, not 0.95."""
        return in_percent(self.figures[SERVICE_LEVEL])
