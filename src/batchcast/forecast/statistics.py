"""Statistics of a backtest: sums that merge exactly over partitions, and the leaderboard that follows from them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.accuracy import LeaderboardRow
from batchcast.forecast.metrics import (
    ACTUAL,
    CASES,
    COUNTS,
    ERRORS,
    FORECAST,
    LOSSES_OF_AUTO,
    MASE,
    MEASURED,
    NAIVE_SQUARES,
    NAIVE_STEPS,
    OWN_LOSSES,
    SCALED,
    SERVED,
    SQUARES,
    STEPS,
    SUMS,
    Limbs,
    add_all_exactly,
    empty_limbs,
    exact_total,
    nearest_float,
)


class ErrorTally:
    """Running statistics of one candidate within a partition."""

    def __init__(self) -> None:
        self.limbs: Limbs = empty_limbs(SUMS)
        self.counts: NDArray[np.int64] = np.zeros(COUNTS, dtype=np.int64)

    def set_beside(self, losses: NDArray[np.float64], of_auto: NDArray[np.float64]) -> None:
        """Count losses of the same shape, NaN where there is none, on the cases where both have one."""
        both = ~(np.isnan(losses) | np.isnan(of_auto))
        add_all_exactly(self.limbs[OWN_LOSSES], losses[both])
        add_all_exactly(self.limbs[LOSSES_OF_AUTO], of_auto[both])

    def as_json(self) -> dict[str, Any]:
        """Plain values that `merge_statistics` adds without rounding: sums in hexadecimal, counts as they are."""
        return {"sums": [hex(exact_total(row)) for row in self.limbs], "counts": [int(n) for n in self.counts]}


class Tallies:
    """Running statistics of every candidate within a partition."""

    def __init__(self) -> None:
        self._by_model: dict[str, ErrorTally] = {}

    def of(self, model: str) -> ErrorTally:
        """The statistics of one model, begun where there are none yet."""
        return self._by_model.setdefault(model, ErrorTally())

    def as_json(self) -> dict[str, Any]:
        """Plain values by model, for `merge_statistics`."""
        return {model: tally.as_json() for model, tally in self._by_model.items()}


def rank_models(statistics: Mapping[str, Any]) -> tuple[LeaderboardRow, ...]:
    """Every candidate, the baselines and `auto`, best first, from what `merge_statistics` gave.

    By the loss relative to that of `auto` on the same cases, so that a candidate with few cases is compared on those
    alone; where that is unknown by the loss itself, and without one last.
    """
    return tuple(sorted((_row(model, entry) for model, entry in statistics.items()), key=_rank))


def merge_statistics(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Add statistics of partitions, without rounding: the order and number of partitions changes nothing."""
    merged: dict[str, Any] = {}
    for part in parts:
        for model, entry in part.items():
            if model not in merged:
                merged[model] = {"sums": ["0x0"] * SUMS, "counts": [0] * COUNTS}
            mine = merged[model]
            sums = zip(mine["sums"], entry["sums"], strict=True)
            mine["sums"] = [hex(int(a, 16) + int(b, 16)) for a, b in sums]
            mine["counts"] = [a + b for a, b in zip(mine["counts"], entry["counts"], strict=True)]
    return {model: merged[model] for model in sorted(merged)}


def _rank(row: LeaderboardRow) -> tuple[float, float, str]:
    beside, loss = (math.inf if math.isnan(x) else x for x in (row.beside_auto, row.lead_time_pinball))
    return beside, loss, row.model


def _row(model: str, entry: Mapping[str, Any]) -> LeaderboardRow:
    counts: list[int] = entry["counts"]
    sums = [nearest_float(int(text, 16)) for text in entry["sums"]]
    cases = counts[CASES]
    at = [_ratio(total, cases) for total in sums[: len(MEASURED)]]
    squares = _ratio(sums[SQUARES], counts[STEPS])
    naive = _ratio(sums[NAIVE_SQUARES], counts[NAIVE_STEPS])
    return LeaderboardRow(
        model=model,
        cases=cases,
        lead_time_pinball=math.fsum(at) / len(at),
        pinball=dict(zip(MEASURED, at, strict=True)),
        coverage={level: _ratio(counts[k], cases) for k, level in enumerate(MEASURED)},
        bias=_ratio(sums[FORECAST], sums[ACTUAL]) - 1.0,
        rmsse=math.sqrt(_ratio(squares, naive)),
        fill_rate=_ratio(sums[SERVED], sums[ACTUAL]),
        mae=_ratio(sums[ERRORS], counts[STEPS]),
        wape=_ratio(sums[ERRORS], sums[ACTUAL]),
        mase=_ratio(sums[MASE], counts[SCALED]),
        beside_auto=_ratio(sums[OWN_LOSSES], sums[LOSSES_OF_AUTO]),
    )


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator > 0 else math.nan
