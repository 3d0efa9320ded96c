"""How well a model did in the backtest of a batch, over all its series."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

MEASURED_QUANTILES = (0.5, 0.8, 0.9, 0.95, 0.99)  # of the lead-time demand: what is judged
_BY_QUANTILE = ("pinball", "coverage")
_OLD_CASES = "series"  # as an earlier version wrote them


@dataclass(frozen=True, kw_only=True, slots=True)
class LeaderboardRow:
    """The measures of one model; a smaller lead-time pinball is better. NaN where nothing could be scored."""

    model: str
    cases: int  # scored: (fold, series) pairs
    lead_time_pinball: float  # scaled by each series' own variation, mean over the measured quantiles and cases
    pinball: Mapping[float, float]  # the same, by quantile
    coverage: Mapping[float, float]  # by quantile: share of sums at or under it
    bias: float  # sum of forecast / sum of actual - 1; positive is over-forecast
    rmsse: float  # pooled: root of mean squared error over mean squared in-sample naive step
    fill_rate: float  # share of demand served from a stock of the quantile at the service level
    mae: float  # for information, never to choose by: mean absolute error of a step
    wape: float  # for information, never to choose by: sum of absolute errors / sum of actuals
    mase: float  # for information, never to choose by: mean over series
    beside_auto: float = math.nan  # its pinball divided by that of auto on the same cases: what rows are ranked by

    def as_json(self) -> dict[str, Any]:
        """The row as plain values, NaN as null; `from_json` reads it back."""
        values = {f.name: _plain(getattr(self, f.name)) for f in fields(self)}
        return values | {
            name: {f"{q:g}": _plain(value) for q, value in getattr(self, name).items()} for name in _BY_QUANTILE
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The row that `as_json` gave."""
        read: dict[str, Any] = {name: math.nan if value is None else value for name, value in values.items()}
        if _OLD_CASES in read:
            read["cases"] = read.pop(_OLD_CASES)
        for name in _BY_QUANTILE:
            read[name] = {float(q): math.nan if value is None else value for q, value in values[name].items()}
        return cls(**read)


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
