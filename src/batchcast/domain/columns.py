"""Names of the columns in every table that batchcast reads, keeps or publishes: set once, here."""

from __future__ import annotations

# A demand history as people send it.
DATE = "date"
PARTNUMBER = "partnumber"
SITE_CODE = "site_code"
DEMAND_QTY = "demand_qty"
AVAILABLE = "available"  # or its opposite: sales out of stock are below demand
STOCK_OUT = "stock_out"
EXCLUDE = "exclude"  # planned or project demand, say: in the history, but not learned from

# A checked history: one row a series, sorted by (site_code, partnumber) as UTF-8 bytes.
FIRST_DAY = "first_day"  # int32, days since 1970-01-01 of the first row of the series
ROWS = "rows"  # int32, accepted source rows of the series
DAY = "day"  # list<int32>, ascending days with a non-zero total
QUANTITY = "quantity"  # list<float64>, net total of each such day (negative where returns exceed demand)
LEARNED_QUANTITY = "learned_quantity"  # list<float64>, what of each is learned from; only where rows are excluded
OUT_DAY = "out_day"  # list<int32>, ascending days out of stock; only where the file has such a column
UNIT_COST = "unit_cost"  # float64, of a unit as the file has it; only where it has such a column
_ATTRIBUTE = "attribute:"  # what the name of a column of attributes begins with: `attribute:Family`, text

# The published forecast.
FORECAST_QTY = "forecast_qty"
FORECAST_RAW = "forecast_raw"
MODEL = "model"

# Stock and accuracy, beside it.
DEMAND_CLASS = "demand_class"
LAST_DEMAND = "last_demand"
LEAD_TIME = "lead_time"
LEAD_TIME_DAYS = "lead_time_days"  # of a stock file; a lead time is in periods elsewhere
SERVICE_LEVEL = "service_level"
LEAD_TIME_MEAN = "lead_time_mean"
LEAD_TIME_QUANTILE = "lead_time_quantile"
SAFETY_STOCK = "safety_stock"
REORDER_POINT = "reorder_point"
FILL_RATE = "expected_fill_rate"
FLAG = "flag"  # some of these, joined by +
LIMITED = "fenced"  # quantiles were reduced to the plausible limit
HAS_EXTREME = "extreme"
LEVEL_CHANGED = "level_changed"  # demand has for months been far above or below nearly all that was before
ABOVE_HISTORY = "above_history"  # more is forecast over the lead time than was ever demanded
UNLIKE_OTHERS = "unlike_others"  # few demands, far beyond all sizes of like parts
NOTHING_ALIKE = "nothing_alike"  # one or two demands, and too few like parts in the batch to learn from
HOLDS = (ABOVE_HISTORY, UNLIKE_OTHERS, NOTHING_ALIKE)  # with one, nothing is ordered until a person releases it
EXTREME_DATE = "extreme_date"
EXTREME_QTY = "extreme_qty"
REORDER_POINT_WITH_EXTREME = "reorder_point_with_extreme"
LEVEL_DATE = "level_date"  # first day of the first period at another level
LEVEL_BEFORE, LEVEL_AFTER = "level_before", "level_after"  # mean demand of a period up to it, and from it on
FOLDS = "folds"
PINBALL = "lead_time_pinball"
PINBALL_NAIVE = "lead_time_pinball_naive"
COVERED = "covered_at_service_level"
BIAS = "bias"
VALUE_ADDED = "value_added_vs_naive"
UNITS_SHORT = "units_short"
UNITS_OVER = "units_over"

# Both tables have a row a series: its key, and figures that the index of the series has too.
SERIES = (SITE_CODE, PARTNUMBER)
STOCK_FIGURES = (
    LAST_DEMAND,
    LEAD_TIME,
    SERVICE_LEVEL,
    LEAD_TIME_MEAN,
    LEAD_TIME_QUANTILE,
    SAFETY_STOCK,
    REORDER_POINT,
    FILL_RATE,
)
BACKTEST_IN_UNITS = (VALUE_ADDED, UNITS_SHORT, UNITS_OVER)  # partitions that an earlier version finished have none
ACCURACY_FIGURES = (FOLDS, PINBALL, PINBALL_NAIVE, COVERED, BIAS, *BACKTEST_IN_UNITS)
EXTREME = (EXTREME_DATE, EXTREME_QTY)  # empty where there is none; ...
EXTREME_FIGURES = (*EXTREME, REORDER_POINT_WITH_EXTREME)  # ... partitions of an earlier version have no such columns
LEVEL_FIGURES = (LEVEL_DATE, LEVEL_BEFORE, LEVEL_AFTER)  # the same
STOCK_TABLE = (*SERIES, DEMAND_CLASS, *STOCK_FIGURES, FLAG, *EXTREME_FIGURES, *LEVEL_FIGURES)
ACCURACY_TABLE = (
    *SERIES,
    DEMAND_CLASS,
    MODEL,
    *ACCURACY_FIGURES,
    FLAG,
    *EXTREME,
    *LEVEL_FIGURES,
)  # a score for each model follows

# The index of the series, which the API lists and searches.
HISTORY_TOTAL = "history_total"
DEMAND_PERIODS = "demand_periods"
FORECAST_TOTAL = "forecast_total"
RECENT = "recent"  # list<float32>, demand of the last twelfths of a year, the oldest first
YEAR_TOTAL = "year_total"  # the sum of these
YEAR_VALUE = "year_value"  # what these units cost; only where ABC counts value
ABC, XYZ = "abc", "xyz"  # ranks among all series of the result; an earlier version published an index without them

# What is kept beside the index: of each series ...
LEVELS = "levels"  # list<float64>, ascending
QUANTILES = "quantiles"  # list<float64>, of the lead-time demand at these levels
WINDOWS = "windows"  # list<int32>, periods from the end of history on, ascending, the lead time among them
WINDOW_MEANS = "window_means"  # list<float64>, mean of the demand summed over each
CUTOFF = "cutoff"  # list<int32>, of each fold that could be judged: the last period seen
ACTUAL = "actual"  # list<float64>, lead-time demand after each cutoff; then what was forecast of it
FORECAST = "forecast"
LOW, MEDIAN, HIGH = "low", "median", "high"  # quantiles at 0.1, 0.5, 0.9
STOCK = "stock"  # the quantile at the service level
FOLD_LISTS = (CUTOFF, ACTUAL, FORECAST, LOW, MEDIAN, HIGH, STOCK)  # of one length for each series
SUM_LISTS = (WINDOWS, WINDOW_MEANS)  # partitions that an earlier version finished have none
FIGURES_TABLE = (*SERIES, LEVELS, QUANTILES, *FOLD_LISTS, *SUM_LISTS)

# The demand summed over windows, which is told from these lists.
WINDOW = "window"  # periods
MEAN = "mean"
NO_DEMAND = "no_demand"  # chance of none

# ... and of each site and period.
TOTAL = "total"
IS_FORECAST = "is_forecast"

ALL_SITES = "ALL"  # the site of a history that has no site column


def held_by(flag: str | None) -> tuple[str, ...]:
    """Those of HOLDS that a flag has."""
    return tuple(name for name in (flag or "").split("+") if name in HOLDS)


def attribute_column(name: str) -> str:
    """The column of an attribute of parts, which is called so in the file that was sent."""
    return _ATTRIBUTE + name


def attribute_of(column: str) -> str | None:
    """The attribute whose column this is; None where it is of none."""
    return column[len(_ATTRIBUTE) :] if column.startswith(_ATTRIBUTE) else None


def is_of_part(column: str) -> bool:
    """Whether a column of a history holds what is known of a part besides its demand."""
    return column == UNIT_COST or attribute_of(column) is not None


def quantile_column(quantile: float) -> str:
    """Column of a quantile: 0.1 -> `p10`, 0.975 -> `p97.5`."""
    return f"p{quantile * 100:.10g}"


def score_column(model: str) -> str:
    """Column of a model's scaled lead-time pinball in the accuracy table."""
    return f"score_{model}"
