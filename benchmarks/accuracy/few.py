"""`python -m accuracy.few [SET ...]`: parts with few demands; on all sets it writes their table into the tables page.

At each origin every series with one to five demands up to it is judged, as a batch would have forecast it then, and all
origins are pooled: one origin tells little of demand that comes so rarely.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from accuracy import sets
from accuracy.ours import forecast
from accuracy.report import replace_between
from accuracy.scores import LEVELS
from accuracy.sets import DATA, DataSet, cut_at, read_set
from batchcast.domain.calendar import Frequency
from batchcast.forecast.moments import measure_history
from batchcast.forecast.panel import Panel

Floats = NDArray[np.float64]

ORIGINS = 6
BEGIN, END = "<!-- few demands -->", "<!-- /few demands -->"
GROUPS = (("1", 1, 1), ("2", 2, 2), ("3-5", 3, 5))
RESAMPLES = 2000
LARGEST = 3  # orders that decide alone where they are half of what came


@dataclass(frozen=True, kw_only=True)
class FewSet:
    """A data set, and how much of its history is known at an origin."""

    chosen: DataSet
    window: int | None = None  # periods; None: all
    apart: int  # periods from one origin to the next


_JUDGED = {one.name: one for one in sets.SETS}

SETS = (
    FewSet(chosen=_JUDGED["man"], apart=13),
    FewSet(chosen=_JUDGED["online_retail_2"], apart=3),
    FewSet(
        chosen=DataSet(name="scms", frequency=Frequency.MONTHLY, horizon=6, intermittent=True, last_date="2015-08-31"),
        apart=6,
    ),
    FewSet(
        chosen=DataSet(
            name="completejourney",
            frequency=Frequency.WEEKLY,
            horizon=4,
            intermittent=True,
            last_date="2017-12-31",
        ),
        apart=4,
    ),
    FewSet(chosen=_JUDGED["carparts"], window=12, apart=4),
)


@dataclass(frozen=True, kw_only=True)
class Cases:
    """Series at origins; arrays of shape (cases,), but for the quantiles."""

    demands: Floats
    quiet: Floats  # periods since the last demand, in horizons
    size: Floats  # mean demand so far
    came: Floats
    expected: Floats
    quantiles: Floats  # shape (cases, levels)

    def where(self, mine: NDArray[np.bool_]) -> Cases:
        """Some of them."""
        return Cases(**{name: getattr(self, name)[mine] for name in self.__dataclass_fields__})


def main() -> None:
    """Judge the sets that are named, or all."""
    if not DATA.is_dir():
        sys.exit(f"The real data sets are not here ({DATA}); set BATCHCAST_DATA to their folder.")
    chosen = [one for one in SETS if not sys.argv[1:] or one.chosen.name in sys.argv[1:]]
    lines = [
        "| data set | demands | last one | cases | came | forecast | forecast / came | 95 % interval of what came "
        "| largest three | loss / zero's | / pooled mean's | no demand | P(0) |",
        "|---" * 13 + "|",
    ]
    print("\n".join(lines), flush=True)
    for one in chosen:
        rows = list(_rows(one, judge(one)))
        print("\n".join(rows), flush=True)
        lines += rows
    if len(chosen) == len(SETS):
        replace_between(Path(__file__).parents[2] / "docs" / "accuracy-tables.md", BEGIN, END, lines)


def judge(one: FewSet) -> Cases:
    """Every series with few demands at each origin."""
    whole, horizon = read_set(one.chosen), one.chosen.horizon
    parts = []
    for origin in range(ORIGINS):
        held = horizon + origin * one.apart
        found = cut_at(whole, held, horizon, least_demands=1)
        panel, actuals = _windowed(found.panel, found.actuals, one.window)
        known = measure_history(panel.values, panel.offsets, np.zeros(1, dtype=np.int64), horizon)
        said = forecast(panel, one.chosen)
        cases = Cases(
            demands=known.demands[0],
            quiet=(known.periods[0] - 1 - known.last[0]) / horizon,
            size=known.size_mean[0],
            came=actuals.sum(axis=1),
            expected=said.means.sum(axis=1),
            quantiles=said.quantiles,
        )
        parts.append(cases.where((cases.demands >= 1) & (cases.demands <= GROUPS[-1][2])))
    return Cases(**{name: np.concatenate([getattr(p, name) for p in parts]) for name in Cases.__dataclass_fields__})


def _windowed(panel: Panel, actuals: Floats, window: int | None) -> tuple[Panel, Floats]:
    """The panel from its last so many periods alone; series begin with the first demand among them."""
    if window is None:
        return panel, actuals
    keep, kept_values, lengths = [], [], []
    for i in range(len(panel)):
        recent = panel.series(i)[-window:]
        if recent.any():
            values = recent[int(np.argmax(recent > 0)) :]
            keep.append(i)
            kept_values.append(values)
            lengths.append(len(values))
    cut = replace(
        panel,
        values=np.concatenate(kept_values),
        offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        site_codes=[panel.site_codes[i] for i in keep],
        partnumbers=[panel.partnumbers[i] for i in keep],
        last_demand=panel.last_demand[keep],
    )
    return cut, actuals[keep]


def _rows(one: FewSet, cases: Cases) -> Iterator[str]:
    for name, least, most in GROUPS:
        for age, recent in (("within a horizon", True), ("older", False)):
            mine = (cases.demands >= least) & (cases.demands <= most) & ((cases.quiet < 1.0) == recent)
            if mine.sum() >= 20:
                yield _row(f"| {one.chosen.name} | {name} | {age} ", cases.where(mine))


def _row(begin: str, cases: Cases) -> str:
    came, expected = cases.came.sum(), cases.expected.sum()
    draws = np.random.default_rng(0).integers(0, len(cases.came), (RESAMPLES, len(cases.came)))
    low, high = np.quantile(cases.came[draws].sum(axis=1), [0.025, 0.975])
    largest = np.sort(cases.came)[-LARGEST:].sum() / max(came, 1e-9)
    relative = (cases.came / cases.size).mean() * cases.size
    losses = [
        (_pinball(cases, quantiles) / cases.size).mean()
        for quantiles in (cases.quantiles, np.zeros_like(cases.quantiles), np.repeat(relative[:, None], len(LEVELS), 1))
    ]
    nothing = (cases.came == 0).mean()
    return (
        f"{begin}| {len(cases.came):,} | {came:,.0f} | {expected:,.0f} | {expected / max(came, 1e-9):.2f} "
        f"| {low:,.0f} to {high:,.0f} | {largest:.0%} | {losses[0] / losses[1]:.3f} | {losses[0] / losses[2]:.3f} "
        f"| {nothing:.1%} | {(cases.quantiles[:, 0] == 0).mean():.1%} |"
    )


def _pinball(cases: Cases, quantiles: Floats) -> Floats:
    """Pinball loss of each case, the mean over the levels, in units."""
    error = cases.came[:, None] - quantiles
    return np.asarray(np.maximum(LEVELS * error, (LEVELS - 1.0) * error).mean(axis=1))


if __name__ == "__main__":
    main()
