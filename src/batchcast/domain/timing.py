"""How long one batch really took: what the next estimate is made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Timing:
    """The seconds of one finished batch."""

    version: str  # of batchcast
    cells: int  # periods over all series that were forecast, those from a checkpoint left out
    series: int  # of the same partitions
    work_seconds: float  # sum over its partitions, each in its worker
    start_seconds: float  # wall time of everything that is not a partition at work
    partitions: int = 0  # that were forecast
    cases: int | None = None  # that were learned from across series; None: not told
    prepare_seconds: float = 0.0
    publish_seconds: float = 0.0
    wall_seconds: float = 0.0  # from its start to its end
