"""The settings that the library takes, as types; written by tools/typed_settings.py, do not edit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from batchcast.domain.settings import (
    BadRows,
    DateOrder,
    DemandSign,
    Encoding,
    Era,
    FiscalYearNamed,
    FiscalYearStart,
    FrequencyChoice,
    FutureRows,
    NumberStyle,
    Overlaps,
    PartitionStrategy,
    Returns,
    Rounding,
    UseMarks,
    UseRecipes,
    WeekStart,
)


class ReadingSettings(TypedDict, total=False):
    """Decide how a history is read."""

    date_order: DateOrder
    era: Era
    fiscal_year_start: FiscalYearStart
    fiscal_year_named: FiscalYearNamed
    first_year: int | None
    today: dt.date | str | None
    timezone: str
    future_rows: FutureRows
    encoding: Encoding
    number_style: NumberStyle
    quantity_units: str | Sequence[str]
    demand_sign: DemandSign
    only_rows: str | Sequence[str]
    returns: Returns
    overlaps: Overlaps
    bad_rows: BadRows
    max_refused_share: float
    column_mapping: Mapping[str, str]
    ignore_columns: str | Sequence[str]
    history_marks: str | Sequence[str]
    use_marks: UseMarks
    use_recipes: UseRecipes
    attributes: str | Sequence[str]


class ForecastSettings(ReadingSettings, total=False):
    """Those, and all that decide the forecast."""

    frequency: FrequencyChoice
    week_start: WeekStart
    site_codes: str | Sequence[str]
    partition_strategy: PartitionStrategy
    max_rows_per_partition: int
    max_execution_time: float
    max_partitions: int
    max_parallel: int | None
    memory_limit_mb: int
    forecast_start_date: dt.date | str | None
    closed_through: str | Sequence[str]
    release: str | Sequence[str]
    rounding: Rounding
    zero_threshold: float
    quantiles: float | Sequence[float]
    models: str | Sequence[str]
    service_level: float
    lead_time: int | None
    holidays: str
    events: str | Sequence[str] | Any
    seed: int


class StockSettings(TypedDict, total=False):
    """Decide how a stock file is read."""

    date_order: DateOrder
    era: Era
    today: dt.date | str | None
    timezone: str
    encoding: Encoding
    number_style: NumberStyle
    quantity_units: str | Sequence[str]
    only_rows: str | Sequence[str]
    bad_rows: BadRows
    max_refused_share: float
    column_mapping: Mapping[str, str]
    ignore_columns: str | Sequence[str]
    use_recipes: UseRecipes
    release: str | Sequence[str]
