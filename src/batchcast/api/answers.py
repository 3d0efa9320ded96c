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


class FieldError(Answer):
    """What is wrong with one field or parameter of a request."""

    parameter: str | None = Field(description="Its name; null where the sentence is of none alone.")
    pointer: str | None = Field(description="JSON pointer to it, where it is of the body.")
    code: str
    detail: str


class Problem(Answer):
    """RFC 9457 problem details."""

    type: str = Field(description="Where the code is explained.")
    title: str
    status: int
    detail: str = Field(description="The whole sentence, in the language of Accept-Language: English or Indonesian.")
    instance: str = Field(description="The path that was asked for.")
    code: str = Field(description="Stable; docs/errors.md has a paragraph for each.")
    problems: list[str] | None = Field(None, description="One sentence each, where there are several.")
    errors: list[FieldError] | None = Field(None, description="The same with the field that each is about.")
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


class PlannerMark(Answer):
    """Days of a part that a planner knows better than the file."""

    number: int = Field(description="Later marks have higher ones.")
    kind: Literal["exclude", "stock_out"] = Field(
        description="Demand that is not learned from, or days out of stock, for which other demand stands in."
    )
    site_code: str
    partnumber: str
    first: dt.date
    last: dt.date
    reason: str
    name: str | None = Field(description="Of the person's token; null without tokens.")
    at: dt.datetime
    removed_by: str | None
    removed_at: dt.datetime | None = Field(description="Null: it is used by the next run.")


class PlannerMarks(Answer):
    """Marks on histories, the newest first."""

    marks: list[PlannerMark]


class LookAnswer(Answer):
    """Who has looked at a part."""

    name: str | None = Field(description="Of the person's token; null without tokens.")
    at: dt.datetime


class AttentionReason(Answer):
    """Why to look at a part."""

    kind: str
    units: float = Field(description="At stake over the horizon.")
    reason: str


class AttentionPart(Answer):
    """A part to look at."""

    site_code: str
    partnumber: str
    reasons: list[AttentionReason] = Field(description="The most units at stake first.")
    looked_at: LookAnswer | None = Field(description="Null: a reason of it is open.")


class AttentionParts(Answer):
    """The parts of a result to look at, the most units at stake first; of each kind at most fifty."""

    batch_id: str
    parts: list[AttentionPart]


class AuditLine(Answer):
    """A request that changes something, and how it was answered."""

    number: int = Field(description="Later entries have higher ones.")
    at: dt.datetime
    name: str | None = Field(description="Of the person's token; null without tokens, or where it was not known.")
    role: str
    address: str = Field(description="Of the client.")
    action: str = Field(
        description="submit, retry, cancel, delete, keep_recipe, delete_recipe, add_mark, remove_mark, look, "
        "undo_look, keep_view, sign_in, sign_out or end_session."
    )
    status: int = Field(description="HTTP status of the answer; from 400 on, nothing was changed.")
    batch_id: str | None
    about: str | None = Field(
        description="What it changed beside a batch: whose session, which recipe, part and site, mark or view."
    )


class AuditLog(Answer):
    """Entries of the audit log, the newest first."""

    entries: list[AuditLine]


class SessionLine(Answer):
    """A person who is signed in with a browser."""

    session: str = Field(description="To end it by; a digest of what the browser sends.")
    name: str
    role: str = Field(description="When the person signed in.")
    address: str = Field(description="Of the browser, when it was seen last.")
    browser: str = Field(description="In words.")
    began_at: dt.datetime
    seen_at: dt.datetime = Field(description="To a minute.")
    ends_at: dt.datetime = Field(description="At the latest.")


class SessionList(Answer):
    """Sessions, the one that was used last first."""

    sessions: list[SessionLine]


class SessionsEnded(Answer):
    """How many sessions were ended."""

    ended: int


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
    marks: list[str] = Field(description="Marks on the history that concern its parts and days.")
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
    is_kept: bool = Field(description="Its values are kept with the parts: `attributes`.")


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
    lead_time_days: float | None = Field(description="The same in days, where the file gives it so.")
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

    code: str = Field(description="error, timeout, out-of-memory, crash or lost; of a batch, that of its partition.")
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


class Health(Answer):
    """The process answers."""

    status: Literal["ok"] = "ok"


class ReadinessAnswer(Answer):
    """Whether this server can take work."""

    status: Literal["ready", "not ready"]
    problems: list[str]
