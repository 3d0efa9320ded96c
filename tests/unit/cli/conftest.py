"""A batch that can be told what to do, and a screen that can be read."""

from __future__ import annotations

import datetime as dt
import io
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from rich.console import Console

from batchcast.app.batchcast import Listener, RunResult
from batchcast.app.intake import Analysis
from batchcast.app.recipes import NO_CHOICE, RecipeChoice
from batchcast.cli.command import call
from batchcast.cli.session import Screen, ScreenConsole
from batchcast.domain.accuracy import Hindsight, LeaderboardRow, WorstPart
from batchcast.domain.batch import Batch, BatchState, PartitionRecord, PartitionState
from batchcast.domain.calendar import Calendar, Frequency, Span
from batchcast.domain.errors import Message
from batchcast.domain.history import IngestReport, RowProblem
from batchcast.domain.inventory import Orders
from batchcast.domain.plan import ForecastRequest, Partition, Plan
from batchcast.domain.settings import BatchSettings
from batchcast.run.ray.choice import PoolChoice


@pytest.fixture(autouse=True)
def logger() -> Iterator[logging.Logger]:
    """The logger of the package, put back as it was when the test is over: a command sets it up for its process."""
    logger = logging.getLogger("batchcast")
    before = list(logger.handlers), logger.propagate, logger.level
    yield logger
    logger.handlers[:], logger.propagate, logger.level = before


def make_partition(number: int, *, site: str = "Kendari", rows: int = 100) -> Partition:
    return Partition(number=number, ranges=((0, 1),), sites=(site,), rows=rows, parts=7, series=7, cells=rows)


def make_plan(*partitions: Partition, hints: tuple[Message, ...] = (), notes: tuple[Message, ...] = ()) -> Plan:
    request = ForecastRequest(
        calendar=Calendar(frequency=Frequency.DAILY),
        last_period=20_000,
        skip=0,
        horizon=7,
        lead_time=7,
        quantiles=(0.1, 0.5, 0.9),
        models=(),
        service_level=0.95,
        rounding="keep_total",
        zero_threshold=0.5,
        folds=3,
        seed=0,
    )
    return Plan(
        request=request,
        partitions=partitions or (make_partition(0), make_partition(1, site="Sorowako", rows=50)),
        batch_mode=True,
        rows=11_919,
        sites=13,
        parts=2_070,
        series=2_917,
        first_date=dt.date(2024, 8, 1),
        last_date=dt.date(2024, 10, 3),
        estimate_seconds=12.0,
        single_job_seconds=48.0,
        hints=hints,
        notes=notes,
    )


def make_report(**changes: object) -> IngestReport:
    report = IngestReport(
        source="demand.csv",
        format=Message("CSV, UTF-8"),
        columns={"date": "Tgl", "demand_qty": "Qty"},
        columns_left_alone=(),
        rows_read=12_000,
        rows_kept=11_919,
        rows_summed=81,
        rows_refused=0,
    )
    return replace(report, **changes)  # type: ignore[arg-type]


def make_batch(*records: PartitionRecord, state: BatchState = BatchState.PROCESSING) -> Batch:
    plan = make_plan(*(record.partition for record in records))
    return Batch(batch_id="b1", settings=BatchSettings(), plan=plan, state=state, partitions=records)


def make_row(model: str, pinball: float, **changes: object) -> LeaderboardRow:
    row = LeaderboardRow(
        model=model,
        cases=1_234,
        lead_time_pinball=pinball,
        pinball={0.5: pinball, 0.95: pinball},
        coverage={0.5: 0.51, 0.95: 0.942},
        bias=0.02,
        rmsse=0.9,
        fill_rate=0.97,
        mae=1.5,
        wape=0.8,
        mase=1.1,
    )
    return replace(row, **changes)  # type: ignore[arg-type]


def make_hindsight(**changes: object) -> Hindsight:
    calendar = Calendar(frequency=Frequency.DAILY)
    span = Span(calendar=calendar, first=19_994, last=20_000)
    worst_parts = WorstPart(
        site_code="Kendari",
        partnumber="P-1",
        demand_class="lumpy",
        folds=1,
        units_short=6.0,
        units_over=0.0,
        span=span,
        actual=10.0,
        forecast=2.5,
        stock=4.0,
        reason=Message("Demand jumped."),
    )
    hindsight = Hindsight(
        calendar=calendar,
        service_level=0.95,
        horizon=7,
        series=1_240,
        judged=1_234,
        cases=1_234,
        spans=(span,),
        covered=0.948,
        pinball=0.242,
        pinball_naive=0.391,
        actual=500.0,
        forecast=520.0,
        units_short=6.0,
        units_over=240.0,
        worst_parts=(worst_parts,),
    )
    return replace(hindsight, **changes)  # type: ignore[arg-type]


@dataclass
class FakeBatchcast:
    """Stands in for `app`: tells a listener of a whole batch and returns what it was given to return."""

    error: BaseException | None = None
    calls: list[tuple[str, BatchSettings, Path | None]] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)
    cancelled: bool = False
    leaderboard: tuple[LeaderboardRow, ...] = ()
    hindsight: Hindsight | None = field(default_factory=make_hindsight)
    stock: Path | None = None  # of the last run
    orders: Orders | None = None
    recipe_choice: RecipeChoice = NO_CHOICE  # of the last call
    files: dict[str, Path] = field(default_factory=dict)  # beside those of every result

    def analyze(self, file: Path, settings: BatchSettings, recipes: RecipeChoice = NO_CHOICE) -> Analysis:
        self.recipe_choice = recipes
        self.calls.append((str(file), settings, None))
        self._raise()
        return self._analysis()

    def run(
        self,
        file: Path,
        settings: BatchSettings,
        *,
        out: Path | None,
        listener: Listener,
        stock: Path | None = None,
        recipes: RecipeChoice = NO_CHOICE,
        pool: PoolChoice | None = None,
    ) -> RunResult:
        self.pool = pool
        self.recipe_choice = recipes
        self.calls.append((str(file), settings, out))
        self.stock = stock
        listener.on_step("ingest")
        listener.on_analysis(self._analysis())
        listener.on_step("forecast")
        waiting = PartitionRecord(partition=make_partition(0))
        at_work = replace(waiting, state=PartitionState.PROCESSING, attempt=1, progress=0.5)
        done = replace(at_work, state=PartitionState.COMPLETED, progress=1.0, seconds=1.25)
        for record in (waiting, at_work, done):
            listener.on_batch(make_batch(record))
        self._raise()
        return RunResult(
            batch=make_batch(done, state=BatchState.COMPLETED),
            analysis=self._analysis(),
            files={"forecast": Path("out.csv"), "certificate": Path("certificate.json"), **self.files} if out else {},
            leaderboard=self.leaderboard,
            counts={"rows_read": 12_000},
            seconds=4.2,
            hindsight=self.hindsight,
            orders=self.orders,
        )

    def replay(
        self,
        certificate: Path,
        file: Path | None,
        *,
        out: Path,
        listener: Listener,
        stock: Path | None = None,
        pool: PoolChoice | None = None,
    ) -> RunResult:
        settings = BatchSettings(seed=99)
        return self.run(file or certificate, settings, out=out, listener=listener, stock=stock, pool=pool)

    def backtest(self, file: Path, settings: BatchSettings, *, out: Path | None, listener: Listener) -> RunResult:
        return self.run(file, settings, out=out, listener=listener)

    def warm(self) -> float:
        self._raise()
        return 0.5

    def cancel(self) -> None:
        self.cancelled = True

    def _raise(self) -> None:
        if self.error is not None:
            raise self.error

    def _analysis(self) -> Analysis:
        return Analysis(report=make_report(), plan=make_plan())


@dataclass
class Called:
    """What a call of the command left."""

    code: int
    out: str
    err: str


@pytest.fixture
def fake() -> FakeBatchcast:
    return FakeBatchcast(leaderboard=(make_row("auto", 0.242), make_row("naive", 0.391)))


@pytest.fixture
def batchcast(fake: FakeBatchcast, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Called]:
    """Calls the command with the fake behind it, in English unless `--lang` says otherwise."""
    monkeypatch.setenv("BATCHCAST_LANG", "en")
    monkeypatch.setattr("batchcast.cli.command.set_up_log", lambda *, shown: None)  # pytest has a log of its own

    def run(*arguments: str) -> Called:
        out, err = io.StringIO(), io.StringIO()
        screen = Screen(out=ScreenConsole(out), err=ScreenConsole(err))
        code = call(arguments, screen, lambda: fake)  # type: ignore[arg-type,return-value]
        return Called(code, out.getvalue(), err.getvalue())

    return run


def plain_console(file: io.StringIO, *, width: int = 200, height: int = 40, terminal: bool = False) -> Console:
    return Console(
        file=file, width=width, height=height, force_terminal=terminal, color_system=None, markup=False, emoji=False
    )


@pytest.fixture
def make() -> type[Make]:
    return Make


class Make:
    """Values that the tests vary."""

    partition = staticmethod(make_partition)
    plan = staticmethod(make_plan)
    report = staticmethod(make_report)
    batch = staticmethod(make_batch)
    row = staticmethod(make_row)
    hindsight = staticmethod(make_hindsight)
    console = staticmethod(plain_console)


@pytest.fixture
def problem() -> Callable[..., RowProblem]:
    """A refused row."""

    def make_problem(**changes: object) -> RowProblem:
        values: dict[str, object] = {
            "line": 2,
            "column": "Tgl",
            "letter": "A",
            "value": "31/02/2025",
            "reason": Message("is not a date"),
            "site_code": "Kendari",
            "partnumber": "P-1",
            "partition": 7,
        }
        return RowProblem(**(values | changes))  # type: ignore[arg-type]

    return make_problem
