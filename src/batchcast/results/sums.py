"""The demand of a result summed over any windows: means, chances of no demand and quantiles, one joint answer.

The library, the API and the page ask here, so that the same part has the same figures everywhere; at the lead time they
are those of the stock table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from batchcast.domain import columns
from batchcast.domain.accuracy import in_units
from batchcast.domain.errors import N_, InvalidSettings, Message
from batchcast.domain.plan import ForecastRequest
from batchcast.domain.stock import LEVELS, raise_to_whole, round_figures
from batchcast.results.inventory import PublishedDemand
from batchcast.results.ordering import demand_of, read_figures, read_stock

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Rows = list[dict[str, float]]

DEFAULT_LEVELS = (0.1, 0.5, 0.8, 0.9, 0.95, 0.99)
MOST_DEFAULT_WINDOWS = 12
MOST_ASKED = 100  # windows, or levels, at once


@dataclass(frozen=True, kw_only=True, slots=True)
class Sums:
    """The demand of some series summed over one window; arrays of shape (series, ...)."""

    periods: float  # of the window, from the end of history on
    mean: Floats
    none: Floats  # chance of no demand
    quantiles: Floats  # at the levels asked for, shape (series, levels)


def default_windows(request: ForecastRequest) -> tuple[int, ...]:
    """One, two, ... lead times, as far as the forecast reaches; at least one, and at most MOST_DEFAULT_WINDOWS."""
    times = max(longest_window(request) // request.lead_time, 1)
    return tuple(request.lead_time * k for k in range(1, min(times, MOST_DEFAULT_WINDOWS) + 1))


def longest_window(request: ForecastRequest) -> int:
    """Periods from the end of history to that of the forecast, or of the lead time where that is longer."""
    return max(request.skip + request.horizon, request.lead_time)


def check_sums(windows: Sequence[float], levels: Sequence[float], request: ForecastRequest) -> None:
    """Refuse windows and levels that sums can't be told of.

    Raises:
        InvalidSettings: with each of them that is out of its range.
    """
    longest, found = longest_window(request), []
    for periods in windows:
        if not 0 < periods <= longest:
            template = N_("A window of {periods} periods; windows can be up to {longest}, as far as the forecast goes.")
            found.append(Message(template, {"periods": in_units(periods), "longest": longest}))
    for level in levels:
        if not LEVELS[0] <= level <= LEVELS[-1]:
            template = N_("A level of {found}; sums can be asked at levels from {least} to {most}.")
            found.append(Message(template, {"found": level, "least": LEVELS[0], "most": LEVELS[-1]}))
    if not windows or not levels or max(len(windows), len(levels)) > MOST_ASKED:
        template = N_("Sums need one window and one level, and take at most {most} of each.")
        found.append(Message(template, {"most": MOST_ASKED}))
    if found:
        raise InvalidSettings(found)


def sum_up(demand: PublishedDemand, windows: Sequence[float], levels: Sequence[float], is_whole: Mask) -> list[Sums]:
    """The demand summed over each window; quantiles never fall as windows grow.

    Args:
        demand: of the series.
        windows: periods from the end of history on.
        levels: of the quantiles, in (0, 1).
        is_whole: of each series, whether its demand is in whole units: quantiles are raised to them.
    """
    sums = []
    for periods in windows:
        over = np.full(len(demand.mean), float(periods))
        found = demand.over(over)
        quantiles = np.stack([found.quantile(level) for level in levels], axis=1)
        whole = np.where(is_whole[:, None], raise_to_whole(quantiles), quantiles)
        mean, none = round_figures(demand.mean_over(over)), round_figures(found.none)
        sums.append(Sums(periods=periods, mean=mean, none=none, quantiles=round_figures(whole)))
    return sums


def sums_of_series(demand: PublishedDemand, windows: Sequence[float], levels: Sequence[float], quantile: float) -> Rows:
    """The sums of one series, a row a window: figures by column.

    Args:
        demand: of the series.
        windows: as `sum_up` takes them.
        levels: same.
        quantile: that is published for the service level: where it is a whole number, so are all.
    """
    sums = sum_up(demand, windows, levels, _is_whole(np.array([quantile])))
    names, figures = zip(*_by_column(sums, levels), strict=True)
    return [dict(zip(names, row, strict=True)) for row in np.stack(figures, axis=1).tolist()]


def sums_table(
    stock: Path, figures: Path, windows: Sequence[float], levels: Sequence[float], part: slice = slice(None)
) -> pa.Table:
    """A row a series and window, in the order of the series.

    Args:
        stock: the stock table of a result, or its index as Parquet.
        figures: what is kept of the same series.
        windows: as `sum_up` takes them.
        levels: same.
        part: of the series.
    """
    table, kept = read_stock(stock), read_figures(figures)
    first, last, _ = part.indices(len(kept))
    table, kept = (one.slice(first, max(last - first, 0)) for one in (table, kept))
    whole = _is_whole(table[columns.LEAD_TIME_QUANTILE].to_numpy())
    sums = sum_up(demand_of(table, kept), windows, levels, whole)
    places = np.repeat(np.arange(len(kept)), len(sums))
    rows: dict[str, object] = {name: kept[name].take(pa.array(places)) for name in columns.SERIES}
    return pa.table(rows | dict(_by_column(sums, levels)))


def _is_whole(quantile: Floats) -> Mask:
    """Whether the demand of each series is in whole units, by its published quantile."""
    return np.asarray(np.floor(quantile) == quantile)


def _by_column(sums: Sequence[Sums], levels: Sequence[float]) -> Iterator[tuple[str, Floats]]:
    """Figures of all windows, series by series."""
    count = len(sums[0].mean)
    yield columns.WINDOW, np.tile([one.periods for one in sums], count)
    yield columns.MEAN, np.stack([one.mean for one in sums], axis=1).ravel()
    yield columns.NO_DEMAND, np.stack([one.none for one in sums], axis=1).ravel()
    for k, level in enumerate(levels):
        yield columns.quantile_column(level), np.stack([one.quantiles[:, k] for one in sums], axis=1).ravel()
