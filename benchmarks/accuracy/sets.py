"""The data sets: which, at what horizon, how they become series, and where they are cut."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from batchcast.domain.calendar import Calendar, Frequency
from batchcast.domain.cutoffs import LEAST_PERIODS
from batchcast.forecast.moments import measure_history
from batchcast.forecast.panel import NO_DEMAND, Panel, series_keys

DATA = Path(os.environ.get("BATCHCAST_DATA", Path(__file__).parents[3] / "shared" / "data"))
ORIGINS = 2
FEWEST_DEMANDS = 2  # of a series that methods are compared on: peers have no answer to one
MOST_SERIES = 1500  # of each set, those with the smallest hashes: the slowest peers need hours for all
MOST_DAILY_SERIES = 500


@dataclass(frozen=True, kw_only=True)
class DataSet:
    """One data set and how it is judged."""

    name: str
    frequency: Frequency
    horizon: int  # periods that are summed
    intermittent: bool  # counts as such where intermittent sets are averaged
    last_date: str | None = None  # of what is used, where the last period of the file is not whole
    most_series: int = MOST_SERIES
    own_ends: bool = False  # its dates are made up: every series is taken as if it ended with the last of them


SETS = (
    DataSet(name="carparts", frequency=Frequency.MONTHLY, horizon=6, intermittent=True),
    DataSet(name="carparts_12", frequency=Frequency.MONTHLY, horizon=12, intermittent=True),
    DataSet(name="auto", frequency=Frequency.MONTHLY, horizon=6, intermittent=True),
    DataSet(name="man", frequency=Frequency.WEEKLY, horizon=13, intermittent=True),
    DataSet(name="contraceptive", frequency=Frequency.MONTHLY, horizon=3, intermittent=True),
    DataSet(name="vn1_short", frequency=Frequency.WEEKLY, horizon=6, intermittent=True),
    DataSet(
        name="online_retail_2",
        frequency=Frequency.MONTHLY,
        horizon=3,
        intermittent=False,
        last_date="2011-11-30",
    ),
    DataSet(name="m5_ca_dev", frequency=Frequency.DAILY, horizon=28, intermittent=False, most_series=MOST_DAILY_SERIES),
    DataSet(name="stallion", frequency=Frequency.MONTHLY, horizon=6, intermittent=False),
    DataSet(name="hospital", frequency=Frequency.MONTHLY, horizon=12, intermittent=False),
    DataSet(name="m3_monthly", frequency=Frequency.MONTHLY, horizon=18, intermittent=False, own_ends=True),
)


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What is known of a data set at one time, and what came."""

    panel: Panel  # the histories; every series has at least one period
    actuals: NDArray[np.float64]  # shape (series, horizon)


def read_set(chosen: DataSet) -> Panel:
    """Every series that lasts to the end of the set, demand summed by period, negative totals as 0.

    A series begins at its `first_date` in series.parquet, or with its first row where there is no such file.
    """
    folder = DATA / chosen.name.removesuffix("_12")
    rows = pl.read_parquet(folder / f"{folder.name}.parquet")
    if chosen.last_date is not None:
        rows = rows.filter(pl.col("date") <= pl.lit(chosen.last_date).str.to_date())
    names = ["site_code", "partnumber"]
    rows = rows.with_columns(pl.col(names).cast(pl.String), pl.col("date").cast(pl.Date))
    calendar = Calendar(frequency=chosen.frequency)
    last = calendar.period_of_day(int(rows["date"].max().toordinal()) - _EPOCH)  # type: ignore[union-attr]
    spans = rows.group_by(names).agg(first=pl.col("date").min()).sort(names)
    if (folder / "series.parquet").exists():
        listed = pl.read_parquet(folder / "series.parquet").with_columns(pl.col(names).cast(pl.String))
        ends = calendar.periods_of_days(_days(listed["last_date"]))
        if chosen.own_ends:
            spans = listed.select(*names, first="first_date")
            return _panel(rows, spans.with_row_index("series"), calendar, ends)
        spans = listed.filter(pl.Series(ends >= last)).select(*names, first="first_date").sort(names)
    keys = series_keys(spans["site_code"].to_arrow(), spans["partnumber"].to_arrow(), 0)
    spans = spans[np.sort(np.argsort(keys, kind="stable")[: chosen.most_series])]
    return _panel(rows, spans.with_row_index("series"), calendar, np.full(len(spans), last))


def cut(panel: Panel, horizon: int) -> Iterator[Origin]:
    """The panel at each origin, the latest first, with the horizon after it; origins are a horizon apart."""
    for k in range(ORIGINS):
        origin = cut_at(panel, horizon * (k + 1), horizon)
        if not len(origin.panel):
            return
        yield origin


def cut_at(panel: Panel, held: int, horizon: int, least_demands: int = FEWEST_DEMANDS) -> Origin:
    """The panel without its last `held` periods, and the horizon after them.

    Series are those with LEAST_PERIODS and so many demands by then; with one they may be as short as they are.
    """
    known = measure_history(panel.values, panel.offsets, np.array([held]), horizon)
    periods = LEAST_PERIODS if least_demands > 1 else 1
    kept = np.flatnonzero((known.periods[0] >= periods) & (known.demands[0] >= least_demands))
    starts, ends = panel.offsets[:-1][kept], panel.offsets[1:][kept] - held
    values = np.concatenate([np.zeros(0), *(panel.values[a:b] for a, b in zip(starts, ends, strict=True))])
    actuals = np.array([panel.values[b : b + horizon] for b in ends])
    past = replace(
        panel,
        values=values,
        offsets=np.concatenate([[0], np.cumsum(ends - starts)]).astype(np.int64),
        site_codes=[panel.site_codes[i] for i in kept],
        partnumbers=[panel.partnumbers[i] for i in kept],
        last_demand=np.full(len(kept), NO_DEMAND, dtype=np.int32),
        last_period=panel.last_period - held,
    )
    return Origin(panel=past, actuals=actuals)


_EPOCH = 719_163  # ordinal of 1970-01-01


def _days(dates: pl.Series) -> NDArray[np.int32]:
    return dates.cast(pl.Date).to_physical().to_numpy().astype(np.int32)


def _panel(rows: pl.DataFrame, spans: pl.DataFrame, calendar: Calendar, last: NDArray[Any]) -> Panel:
    starts = calendar.periods_of_days(_days(spans["first"])).astype(np.int64)
    offsets = np.concatenate([[0], np.cumsum(last - starts + 1)]).astype(np.int64)
    rows = rows.join(spans, on=["site_code", "partnumber"])
    periods = calendar.periods_of_days(_days(rows["date"])).astype(np.int64)
    series = rows["series"].to_numpy().astype(np.int64)
    places = offsets[series] + periods - starts[series]
    inside = periods >= starts[series]
    values = np.zeros(offsets[-1])
    np.add.at(values, places[inside], rows["demand_qty"].to_numpy().astype(np.float64)[inside])
    return Panel(
        values=np.maximum(values, 0.0),
        offsets=offsets,
        site_codes=spans["site_code"].to_list(),
        partnumbers=spans["partnumber"].to_list(),
        last_demand=np.full(len(spans), NO_DEMAND, dtype=np.int32),
        last_period=int(last.max()),
    )
