"""What the API answers of a result: series, sums, accuracy, orders and refused rows, one model a noun."""

from __future__ import annotations

import datetime as dt
from typing import Any

from pydantic import ConfigDict, Field

from batchcast.api.answers import Answer


class SeriesLine(Answer):
    """One series; beside these, a column for each stock and accuracy figure."""

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="null", extra="allow")

    site_code: str
    partnumber: str
    attributes: dict[str, str | None] = Field(
        description="What the file says of the part besides its demand, by the names of its columns; null: not known."
    )


class GroupTotals(Answer):
    """The series that match and share a value."""

    value: str | None = Field(description="Null: it is not known of them.")
    series: int
    sums: dict[str, float] = Field(description="By column; `year_value` is there where the file has costs.")


class SeriesList(Answer):
    """Some series of a batch."""

    series: list[SeriesLine]
    total: int
    offset: int
    limit: int
    groups: list[GroupTotals] | None = Field(
        description="Of all series that match, the most forecast first, at most 1,000; null without `group_by`."
    )


class HistoryPoint(Answer):
    """Demand of one period."""

    date: dt.date = Field(description="First day of the period.")
    demand_qty: float


class SeriesKey(Answer):
    """What names a series."""

    site_code: str
    partnumber: str


class ModelScore(Answer):
    """How one model did in the backtest of a series."""

    model: str
    lead_time_pinball: float = Field(description="Scaled; smaller is better.")


class SeriesFold(Answer):
    """What was forecast from a past cutoff for the lead-time demand, and what came."""

    cutoff: dt.date = Field(description="First day of the last period that the forecast had seen.")
    first: dt.date = Field(description="First day of the first period that was forecast.")
    last: dt.date = Field(description="First day of the last period that was forecast.")
    actual: float
    forecast: float
    low: float = Field(description="The quantile at 0.1.")
    median: float
    high: float = Field(description="The quantile at 0.9.")
    stock: float = Field(description="The quantile at the service level.")


class WholeSeries(Answer):
    """Everything that is known of one series."""

    series: SeriesLine
    history: list[HistoryPoint]
    forecast: list[dict[str, Any]] = Field(description="Rows as they were published.")
    previous: SeriesKey | None
    next: SeriesKey | None
    sentences: list[str] = Field(description="How it did in its backtests, in the language asked for.")
    scores: list[ModelScore] = Field(description="Of every model in the backtest, best first.")
    backtest: list[SeriesFold] | None = Field(description="Earliest first; null where an earlier version published it.")
    stock: dict[str, float] | None = Field(description="Stock figures at the `service_level` asked for, else null.")
    sums: list[dict[str, Any]] | None = Field(
        description="Demand summed over each `window`: mean, chance of none, quantiles; null where an earlier version "
        "published it."
    )


class SumsPage(Answer):
    """The demand of some series summed over windows."""

    rows: list[dict[str, Any]] = Field(description="A row a series and window.")
    total: int = Field(description="Series of the batch.")
    offset: int
    limit: int


class BacktestSpan(Answer):
    """The periods that one backtest forecast."""

    first: dt.date = Field(description="First day of the first period.")
    last: dt.date = Field(description="Last day of the last period.")


class ShortPart(Answer):
    """A part whose demand was beyond the stock in its backtests."""

    site_code: str
    partnumber: str
    demand_class: str
    folds: int = Field(description="Its backtests.")
    units_short: float = Field(description="Demand beyond the stock, over all of them.")
    units_over: float = Field(description="Stock beyond the demand, over all of them.")
    worst: BacktestSpan = Field(description="The backtest that was the most short; the next three are of it.")
    actual: float
    forecast: float
    stock: float
    reason: str = Field(description="What the demand did, in words.")


class BatchAccuracy(Answer):
    """How good the forecast of a batch is."""

    sentences: list[str] = Field(description="In the language asked for; or why nothing could be judged.")
    service_level: float
    series: int
    judged: int = Field(description="Series with a backtest at least.")
    cases: int = Field(description="Backtests of single series.")
    backtests: list[BacktestSpan] = Field(description="The latest first.")
    covered: float | None = Field(description="Share of the cases whose demand was at or under the stock.")
    value_added_vs_naive: float | None = Field(description="1 - lead-time pinball / that of the naive forecast.")
    bias: float | None = Field(description="Forecast / demand - 1; positive is over-forecast.")
    units_wanted: float
    units_short: float
    units_over: float
    worst_parts: list[ShortPart] = Field(description="The parts with the most units short, at most 20.")


class OrderedPart(Answer):
    """What to order of one part, in units."""

    site_code: str
    partnumber: str
    on_hand: float | None
    on_order: float | None
    pack_size: float
    lead_time: float = Field(description="Periods.")
    reorder_point: float
    safety_stock: float
    order_up_to: float
    order_qty: float | None = Field(description="0 where it is held.")
    hold: str | None = Field(description="Why nothing is ordered until the part is released.")
    held_qty: float | None = Field(description="What would be ordered then.")
    fill_rate_now: float | None = Field(description="Expected share of the lead-time demand that is served.")
    fill_rate_after: float | None = Field(description="With the order.")
    lead_time_mean: float | None = Field(description="Expected demand over the lead time, units.")
    order_cost: float | None = Field(description="Of the whole order; null where the cost of a unit is unknown.")
    supplier: str | None = Field(description="Of the stock file, else of the history; null where none is known.")


class RankedUnit(Answer):
    """One purchase: a pack of a part."""

    rank: int
    site_code: str
    partnumber: str
    units: float
    cost: float | None = Field(description="Of the pack.")
    cumulative_cost: float = Field(description="Of the list so far.")
    avoided_short: float = Field(description="Units of lead-time demand that it serves on average.")
    fill_rate_before: float
    fill_rate_after: float
    supplier: str | None = Field(description="As of the orders.")


class ServicePromise(Answer):
    """Service level and fill rate of all series: as promised, and as achieved in the backtests."""

    service_level: float
    achieved_level: float | None = Field(description="Share of the backtests of single series with no unit short.")
    fill_rate: float
    achieved_fill_rate: float | None
    folds: int = Field(description="Backtests of single series.")


class PlacedOrders(Answer):
    """The answer to a stock file."""

    sentences: list[str] = Field(description="What was promised and achieved, how stock was read, what was left out.")
    parts: int = Field(description="Of the stock file that have a forecast.")
    to_order: int = Field(description="Of them.")
    without_on_hand: int
    held: int = Field(description="Of them: held back until they are released.")
    held_back: list[OrderedPart] = Field(description="The first hundred of these.")
    unknown: int = Field(description="Parts of the stock file without a forecast.")
    unknown_named: list[tuple[str, str]] = Field(description="Site and part of the first hundred of them.")
    promise: ServicePromise | None
    orders: list[OrderedPart] = Field(description="The first hundred parts to order, by site and part.")
    next_units: list[RankedUnit] = Field(description="The first hundred units to buy next, the best first.")


class RejectedRows(Answer):
    """Some refused rows, a value by column of rejected.csv."""

    rows: list[dict[str, str]]
    total: int
    offset: int
    limit: int
