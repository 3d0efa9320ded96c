"""What the API answers with: one model a noun, as `docs/reference/api.md` describes them."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from batchcast.domain.batch import BatchState, PartitionState


class Answer(BaseModel):
    """The shape of every answer: frozen, and NaN is null."""

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="null")


class RowError(Answer):
    """Why one row was refused."""

    line: int = Field(description="1-based; the header is line 1. The sheet's row for XLSX.")
    column: str = Field(description="Its name in the file.")
    letter: str = Field(description="Spreadsheet letter of the column.")
    value: str
    reason: str
    site_code: str | None = None
    partnumber: str | None = None
    partition: int | None = Field(None, description="The planned partition of its site, where there is one.")
    file: str | None = None
    sheet: str | None = None


class RowErrorsOfPartition(Answer):
    """How many rows of a partition were refused."""

    partition: int | None = Field(description="null: their site can't be read, or is in none or several.")
    count: int
    message: str | None = Field(None, description="Its first one in a sentence, where that is among the first hundred.")


class RowErrors(Answer):
    """The rows that were refused."""

    count: int = Field(description="All of them.")
    first: list[RowError] = Field(description="The first hundred.")
    by_partition: list[RowErrorsOfPartition]


class ReadingChoice(Answer):
    """One way to read a file that reads in several."""

    settings: dict[str, str] = Field(description="Form fields that choose it; send them with the same file.")
    reading: str = Field(description="What it gives, in the language of Accept-Language.")


class Problem(Answer):
    """RFC 9457 problem details."""

    type: str = Field(description="Where the code is explained.")
    title: str
    status: int
    detail: str = Field(description="The whole sentence, in the language of Accept-Language: English or Indonesian.")
    instance: str = Field(description="The path that was asked for.")
    code: str = Field(description="Stable; docs/errors.md has a paragraph for each.")
    problems: list[str] | None = Field(None, description="One sentence each, where there are several.")
    row_errors: RowErrors | None = None
    setting: str | None = Field(None, description="The setting that answers a question about how the file reads.")
    choices: list[ReadingChoice] | None = Field(None, description="The readings that fit, where it is a question.")


class KeptRecipe(Answer):
    """How the files of one header are read."""

    name: str
    source: str = Field(description="Name of the file it was made of.")
    kept_on: dt.date
    file_kind: Literal["history", "stock"] = Field(description="Of the file it was made of, and is used for.")
    settings: dict[str, Any] = Field(description="Those away from their defaults, by name.")


class AuditLine(Answer):
    """A request that changes something, and how it was answered."""

    number: int = Field(description="Later entries have higher ones.")
    at: dt.datetime
    name: str | None = Field(description="Of the person's token; null without tokens, or where it was not known.")
    role: str
    address: str = Field(description="Of the client.")
    action: str = Field(description="submit, retry, cancel, delete, delete_recipe, sign_in or sign_out.")
    status: int = Field(description="HTTP status of the answer; from 400 on, nothing was changed.")
    batch_id: str | None


class AuditLog(Answer):
    """Entries of the audit log, the newest first."""

    entries: list[AuditLine]


class Recipes(Answer):
    """The recipes that are kept, the newest first."""

    recipes: list[KeptRecipe]


class BatchProgress(Answer):
    """How far a batch is."""

    percent: float = Field(description="Of the work, 0 to 100: partitions weigh by what they take, not by number.")
    completed: int = Field(description="Partitions that are COMPLETED.")
    total: int = Field(description="Partitions.")


class Report(Answer):
    """Accounts for every row of the file."""

    source: str
    format: str
    columns: dict[str, str] = Field(description="Our column -> the file's.")
    columns_left_alone: list[str]
    columns_unnamed: dict[str, int] = Field(
        description="Letter of a column without a name, which is not read -> the values in it."
    )
    stock_columns: dict[str, str] = Field(description="Of what is held, for orders: ours -> the file's.")
    rows_read: int
    rows_kept: int
    rows_summed: int
    rows_ignored: int
    rows_filtered: int = Field(description="Left out by only_rows.")
    rows_refused: int
    returns_netted: int = Field(description="Rows that take demand back.")
    notes: list[str]
    problems: list[RowError] = Field(description="The first hundred of rows_refused.")


class PlanOfBatch(Answer):
    """What is forecast, how it is partitioned, and how long it should take."""

    batch_mode: bool
    frequency: Literal["D", "W", "M"]
    horizon: int = Field(description="In periods.")
    rows: int
    sites: int
    parts: int
    series: int
    first_date: dt.date
    last_date: dt.date
    forecast_start_date: dt.date
    partitions: int
    estimate_seconds: float
    single_job_seconds: float = Field(description="The same work as one job on one core.")
    speed_up: float
    hints: list[str]
    notes: list[str]


class AnalysisOfFile(Answer):
    """What a file holds and how it is to be forecast."""

    report: Report
    plan: PlanOfBatch | None


class PlannedPartition(Answer):
    """A partition before it is at work."""

    number: int
    sites: list[str]
    rows: int
    parts: int
    series: int


class Analyzed(Answer):
    """The answer to `analyze`: nothing is queued or stored."""

    analysis: AnalysisOfFile
    partitions: list[PlannedPartition]


class ColumnOfFile(Answer):
    """A column of a file, by its first rows."""

    name: str
    letter: str = Field(description="Spreadsheet letter of the column.")
    samples: list[str] = Field(description="The first different values, at most three, shortened.")
    values: dict[str, int] = Field(description="All values with their rows; empty where there are many.")
    target: str = Field(description="What a mapping calls it: its name, or `Qty (column D)` where that is not enough.")
    is_unique: bool = Field(description="No other column has its name.")
    has_numbers: bool
    ours: str | None = Field(description="Our column that is read from it.")
    period: dt.date | None = Field(description="Of a wide table: the first day of the period whose demand it holds.")
    is_ignored: bool = Field(description="Left out by `ignore_columns`.")


class PreviewedRow(Answer):
    """One row as it would be read; of a wide table, one cell. null: it can't be read."""

    line: int
    date: dt.date | None
    partnumber: str | None
    site_code: str | None
    demand_qty: float | None = Field(description="Demand is above zero.")
    reason: str | None = Field(description="Why it is refused; null: it is read.")
    column: str = Field(description="Of the file: the period of a wide table, or where the reason is.")
    value: str = Field(description="What stands there, where it is refused.")


class PreviewedStock(Answer):
    """What a stock file says of one part."""

    site_code: str
    partnumber: str
    lead_time: float | None = Field(description="Periods.")
    unit_cost: float | None
    on_hand: float | None
    on_order: float | None
    pack_size: float | None


class CountsOfPreview(Answer):
    """What the rows amount to that were read for a preview."""

    rows_read: int
    rows_refused: int
    rows_filtered: int = Field(description="Left out by `only_rows`.")
    parts: int
    sites: int
    first_date: dt.date | None
    last_date: dt.date | None
    total: float = Field(description="Demand; of a stock file, units on hand.")
    on_order: float = Field(description="Units, of a stock file.")


class RefusedReading(Answer):
    """Why a file can't be read with the settings that were sent."""

    slug: str = Field(description="As `code` of a problem.")
    message: str
    setting: str = Field(description="Of a question: the setting that answers it; else empty.")
    choices: list[ReadingChoice] = Field(description="Of a question: the readings that fit.")


class Previewed(Answer):
    """The answer to `preview`: the columns of a file, and its first rows as they would be read."""

    kind: Literal["history", "stock"]
    settings: dict[str, Any] = Field(description="That it was read with: those of a recipe filled in.")
    columns: list[ColumnOfFile]
    missing: list[str] = Field(description="Our columns that are needed and not found.")
    found: dict[str, str] = Field(description="Our columns, and what each is read from.")
    rows: list[PreviewedRow] = Field(description="Of a demand history; the first ten, and five that are refused below.")
    items: list[PreviewedStock] = Field(description="Of a stock file.")
    counts: CountsOfPreview | None = Field(description="null: the rows can't be read at all.")
    is_whole: bool = Field(description="The file has no further rows than those that were read.")
    refusal: RefusedReading | None
    notes: list[str]


class Submitted(Answer):
    """The answer to `submit` and `retry`: the batch is queued and will not be lost."""

    batch_id: str
    status: BatchState
    queue_place: int | None
    is_new: bool = Field(description="false: the Idempotency-Key was sent before, and this is its batch.")
    retry_of: str | None
    analysis: AnalysisOfFile
    partitions: list[PlannedPartition]
    links: dict[str, str]


class Failure(Answer):
    """Why a batch or partition did not end well."""

    code: str = Field(description="error, timeout, out-of-memory or crash; of a batch, that of its partition.")
    message: str
    way_out: str | None = Field(None, description="What to do about it.")


class BatchFailure(Failure):
    """Why a batch was rolled back."""

    partition: int | None = Field(None, description="The one that failed, where one did.")


class PartitionStatus(Answer):
    """A partition as it stands."""

    number: int
    status: PartitionState
    sites: list[str]
    rows: int
    parts: int
    series: int
    percent: float
    seconds: float | None
    attempt: int
    reused: bool = Field(description="Taken from the checkpoint of an earlier run.")
    reused_from: str | None
    error: Failure | None


class FileToDownload(Answer):
    """A file to download."""

    kind: str
    format: str
    size: int
    sha256: str
    url: str


class Result(Answer):
    """What a COMPLETED batch has published."""

    files: list[FileToDownload]
    counts: dict[str, int]
    leaderboard: list[dict[str, Any]] = Field(description="Accuracy by model in the backtest, best first.")


class Status(Answer):
    """A batch as it stands."""

    batch_id: str
    status: BatchState
    file_name: str | None
    progress: BatchProgress
    seconds_left: float | None
    queue_place: int | None = Field(description="1 is the next; null unless PENDING.")
    error: BatchFailure | None
    settings: dict[str, Any]
    analysis: AnalysisOfFile
    partitions: list[PartitionStatus]
    result: Result | None
    submitted_at: dt.datetime | None
    started_at: dt.datetime | None
    ended_at: dt.datetime | None
    submitted_by: str | None
    retry_of: str | None
    last_event: int


class Change(Answer):
    """One change of a batch: the data of an event."""

    number: int = Field(description="1 is the first of the batch; also the id of the event.")
    batch_id: str
    kind: str = Field(description="batch, partition, progress or step; also the name of the event.")
    partition: int | None
    state: str | None
    detail: dict[str, Any]
    at: dt.datetime | None


class Cancelled(Answer):
    """The answer to `cancel`."""

    batch_id: str
    status: BatchState


class HistoryLine(Answer):
    """A batch in the history."""

    batch_id: str
    status: BatchState
    file_name: str | None
    rows: int
    sites: int
    parts: int
    series: int
    progress: BatchProgress
    queue_place: int | None
    estimate_seconds: float
    error: str | None
    submitted_at: dt.datetime
    started_at: dt.datetime | None
    ended_at: dt.datetime | None
    submitted_by: str | None
    retry_of: str | None


class History(Answer):
    """Some batches, the newest first."""

    batches: list[HistoryLine]
    total: int = Field(description="Batches that match, on this page or not.")
    offset: int
    limit: int


class SeriesLine(Answer):
    """One series; beside these, a column for each stock and accuracy figure."""

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="null", extra="allow")

    site_code: str
    partnumber: str


class SeriesList(Answer):
    """Some series of a batch."""

    series: list[SeriesLine]
    total: int
    offset: int
    limit: int


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


class Health(Answer):
    """The process answers."""

    status: Literal["ok"] = "ok"


class ReadinessAnswer(Answer):
    """Whether this server can take work."""

    status: Literal["ready", "not ready"]
    problems: list[str]
