"""The plan of a batch: what is to be forecast, cut into partitions, with what it will take."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from batchcast.domain.calendar import Calendar
from batchcast.domain.errors import N_, InvalidInput, Message
from batchcast.domain.history import IngestReport, enough_share, row_location
from batchcast.domain.settings import BatchSettings, Rounding


@dataclass(frozen=True, kw_only=True, slots=True)
class Occasion:
    """Days around which demand may differ: one holiday of one year, or one event of the user's."""

    name: str  # the same for each time that it comes
    first_day: int
    last_day: int
    site_code: str | None = None  # None: it is one of all sites
    is_holiday: bool = False  # of the calendar; else an event of the user's


@dataclass(frozen=True, kw_only=True, slots=True)
class ForecastRequest:
    """What to forecast, with every `auto` that depends on the history resolved."""

    calendar: Calendar
    last_period: int  # the cutoff: the last period a model may see
    skip: int  # periods between the cutoff and the first that is published (0 unless forecast_start_date is later)
    horizon: int  # periods that are published
    lead_time: int  # periods whose summed demand the stock figures cover
    quantiles: tuple[float, ...]  # ascending
    models: tuple[str, ...]  # empty: auto
    service_level: float
    rounding: Rounding
    zero_threshold: float
    folds: int  # rolling origins of the backtest where history allows
    seed: int
    ends: Mapping[str, int] = field(default_factory=dict)  # last period of the sites that end before `last_period`
    unobserved: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # site -> periods before its end, no rows
    occasions: tuple[Occasion, ...] = ()  # by name, then by day; those before the history and after the forecast too

    @property
    def first_period(self) -> int:
        """The first period that is published, the same for every site."""
        return self.last_period + 1 + self.skip

    def end_of(self, site_code: str) -> int:
        """The last period that a model may see of a site."""
        return self.ends.get(site_code, self.last_period)

    def steps_from(self, last_period: int) -> int:
        """How many periods ahead the last published one is of the end of a history."""
        return self.first_period + self.horizon - 1 - last_period


# The files in the folder of a partition's result: four tables, and the summary that accounts for its series.
FORECAST_FILE, STOCK_FILE, ACCURACY_FILE = "forecast.parquet", "stock.parquet", "accuracy.parquet"
FIGURES_FILE = "figures.parquet"
SUMMARY_FILE = "summary.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Partition:
    """Series that are forecast together, by one worker, independently of all others."""

    number: int  # 0-based, P0 first
    ranges: tuple[tuple[int, int], ...]  # [start, stop) rows of the history file, ascending, disjoint
    sites: tuple[str, ...]
    rows: int  # accepted source rows
    parts: int  # distinct partnumbers
    series: int
    cells: int  # periods over all its series: what the work is measured in


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """The partitions of a batch and what a person should know before it runs."""

    request: ForecastRequest
    partitions: tuple[Partition, ...]
    batch_mode: bool
    rows: int
    sites: int
    parts: int
    series: int
    first_date: dt.date  # first period of the history
    last_date: dt.date  # last day of the history used
    estimate_seconds: float  # of the whole batch
    single_job_seconds: float  # the same work as one unpartitioned job on one core
    hints: tuple[Message, ...]  # where the plan is poor, and what to change
    notes: tuple[Message, ...]  # decisions taken for the planner: last month left out, site filter ignored, ...
    cases: int | None = None  # about how many are learned from across series; None: planned before that was told

    @property
    def speed_up(self) -> float:
        """How many times faster than one unpartitioned job on one core."""
        return self.single_job_seconds / self.estimate_seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """How fast this installation works, measured on the batches it has run."""

    seconds_per_cell: float  # CPU seconds a period of a series takes, every model and fold together
    seconds_per_series: float  # CPU seconds a series takes whatever its length
    start_seconds: float  # wall seconds a batch takes whatever its size
    seconds_per_partition: float = 0.0  # CPU seconds a partition takes whatever it holds
    step_seconds_per_series: float = 0.0  # wall seconds of publishing, a series
    step_seconds_per_sampled: float = 0.0  # wall seconds of the preparation, a series of its sample
    step_seconds_per_case: float = 0.0  # wall seconds of learning across series, a case
    step_seconds_per_partition: float = 0.0  # wall seconds of keeping results, a partition
    sampled_series: int = 2000  # the most that the preparation looks at
    worker_start_seconds: float = 0.0  # CPU seconds of one more worker before its first partition; 0: they are there


class RowsRefused(InvalidInput):
    """Some rows can't be read and `bad_rows` is `fail`; `report` has every count and the first hundred."""

    slug = "rows-refused"

    def __init__(self, report: IngestReport, plan: Plan | None = None, sites: tuple[str, ...] = ()) -> None:
        self.report = report
        self.plan = plan  # of the rows that can be read, where there are any
        self.sites = sites  # of those rows
        super().__init__(self._sentence(report))

    @staticmethod
    def _sentence(report: IngestReport) -> Message:
        first = report.problems[0]
        template = N_(
            "{refused} of {read} rows can't be read, the first at {place}, column {column}: {value!r} {reason}. "
            "Correct them, or leave them out with {@bad_rows=skip}."
        )
        values = {
            "refused": report.rows_refused,
            "read": report.rows_read,
            "place": row_location(first.line, file=first.file, sheet=first.sheet),
            "column": first.column,
            "value": first.value,
            "reason": first.reason,
        }
        return Message(template, values)


class TooManyRefused(RowsRefused):
    """More rows can't be read than may be left out."""

    slug = "too-many-refused"

    @staticmethod
    def _sentence(report: IngestReport) -> Message:
        template = N_(
            "{refused:,} of {read:,} rows can't be read, {share:.1%} of them: more than {@max_refused_share} "
            "allows. The first is at {place}, column {column}: {value!r} {reason}. Correct them, or set "
            "{@max_refused_share=$enough} to leave them out all the same."
        )
        first = report.problems[0]
        values: dict[str, object] = {"refused": report.rows_refused, "read": report.rows_judged}
        values |= {"share": report.refused_share, "enough": enough_share(report.refused_share)}
        values |= {"place": row_location(first.line, file=first.file, sheet=first.sheet)}
        return Message(template, values | {"column": first.column, "value": first.value, "reason": first.reason})


def check_refused(
    report: IngestReport, settings: BatchSettings, plan: Plan | None = None, sites: tuple[str, ...] = ()
) -> None:
    """Refuse a history whose rows may not be left out.

    Args:
        report: of its file.
        settings: what is to be done with rows that can't be read, and how many of them may be left out.
        plan: of the rows that can be read, where there are any.
        sites: of those rows.

    Raises:
        TooManyRefused: if more are to be left out than may be.
        RowsRefused: if there are any, and none is to be left out.
    """
    if report.rows_refused and settings.bad_rows == "fail":
        raise RowsRefused(report, plan, sites)
    if report.refused_share > settings.max_refused_share:
        raise TooManyRefused(report, plan, sites)
