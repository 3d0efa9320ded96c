"""Every use case of a batch, one method each; here the rooms are put together."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from batchcast.app.analysis import Analysis
from batchcast.app.environment import Environment
from batchcast.app.errand import Errand, check_out, find_input, refuse_input
from batchcast.app.intake import Intake, take_in
from batchcast.app.listener import Listener, NoListener, tell
from batchcast.app.ordering import place_orders, read_stock_beside
from batchcast.app.stopper import Stopper
from batchcast.app.timings import Timings
from batchcast.app.workspace import new_batch_id, open_workspace
from batchcast.domain.accuracy import LeaderboardRow
from batchcast.domain.batch import Batch
from batchcast.domain.codec import decode
from batchcast.domain.hindsight import Hindsight
from batchcast.domain.inventory import Orders
from batchcast.domain.settings import BatchSettings
from batchcast.domain.timing import Timing
from batchcast.ingest import read_series_keys
from batchcast.publish import (
    Certificate,
    commit_result,
    engine_versions,
    find_result,
    lay_out,
    place_accuracy,
    recover,
    refuse_strangers,
)
from batchcast.run import BatchRun, BatchWork, Coordinator, Job, LocalPool, Steps, check_completed, sweep_orphans
from batchcast.store import MemoryStore

_WARM_UP = Job(function="batchcast.run.jobs:warm_job", timeout_seconds=600)


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """A batch at its end, published."""

    batch: Batch
    analysis: Analysis
    files: dict[str, Path]  # by kind: forecast, stock, accuracy, rejected where there is one, certificate, orders
    leaderboard: tuple[LeaderboardRow, ...]  # accuracy by model, best first
    counts: dict[str, int]  # rows and series, accounted for
    seconds: float  # of the whole, reading included
    hindsight: Hindsight | None = None  # the backtest in units
    orders: Orders | None = None  # where they were asked for


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where a batch is at work."""

    folder: Path
    pool: LocalPool
    batch_id: str
    started: float


class Batchcast:
    """Batches on this machine: worker processes, and a memory for as long as the process lives.

    One batch at a time; `cancel` may be called from any thread and from a signal handler.
    """

    def __init__(self, environment: Environment | None = None) -> None:
        self._environment = environment or Environment.read()
        self._timings = Timings(self._environment.home / "timings.jsonl")
        self._stopper = Stopper()
        self._version = engine_versions()["batchcast"]

    def analyze(self, file: Path, settings: BatchSettings) -> Analysis:
        """What a file holds and how it would be forecast; nothing runs.

        Raises:
            InvalidInput, InvalidSettings: as `run`.
        """
        with self._place(settings, workers=1, warm=False) as place:
            return self._take_in(file, settings, place).analysis

    def run(
        self,
        file: Path,
        settings: BatchSettings,
        *,
        out: Path,
        listener: Listener | None = None,
        stock: Path | None = None,
    ) -> RunResult:
        """Forecast a file and publish one result at `out`, whole or not at all; then its orders for a stock file.

        Raises:
            InvalidInput: if the file can't be a demand history, or rows were refused (RowsRefused); or if the stock
                file can't be read or is of other parts, which is seen before anything runs.
            InvalidSettings: if a setting is out of its range or does not fit the history, or `out` is taken.
            BatchFailed: if the batch was rolled back; PartitionFailed, one of its kinds, says which partition and why.
            BatchCancelled: if a person stopped it.
        """
        check_out(file, out, stock)
        return self._run(Errand(file=file, settings=settings, out=out, listener=listener or NoListener(), stock=stock))

    def replay(
        self,
        certificate: Path,
        file: Path | None,
        *,
        out: Path,
        listener: Listener | None = None,
        stock: Path | None = None,
    ) -> RunResult:
        """Run a batch again from its certificate: the same bytes, or an error that says why they can't be had.

        Without a file, one of the input's name is taken from beside the certificate, else from the current folder.

        Raises:
            InvalidCertificate: if it is none.
            CertificateMismatch: if the file or the engine is not that of the certificate, or the bytes differ.
            As `run` otherwise.
        """
        original = Certificate.read(certificate)
        original.require_engine()
        file = file or find_input(original, certificate)
        check_out(file, out, stock)
        settings = replace(original.settings, max_parallel=None)  # another machine may have fewer cores
        errand = Errand(file=file, settings=settings, out=out, listener=listener or NoListener(), original=original)
        return self._run(replace(errand, stock=stock))

    def backtest(
        self, file: Path, settings: BatchSettings, *, out: Path | None = None, listener: Listener | None = None
    ) -> RunResult:
        """Judge every model on the past of a file; publishes the accuracy of every series where `out` is given.

        Raises:
            As `run`.
        """
        if out is not None:
            refuse_input(file, place_accuracy(out))
        steps = Steps(publish="batchcast.run.jobs:publish_accuracy_job")
        return self._run(Errand(file=file, settings=settings, out=out, listener=listener or NoListener(), steps=steps))

    def warm(self) -> float:
        """Compile every kernel and keep it on the disk, so that no batch waits for a compiler; returns the seconds."""
        started = time.perf_counter()
        from batchcast.forecast import warm

        warm()
        return time.perf_counter() - started

    def cancel(self) -> None:
        """Stop what is at work; returns at once, and the use case raises BatchCancelled unless it was faster."""
        self._stopper.ask()

    def _run(self, errand: Errand) -> RunResult:
        settings, stock = errand.settings, errand.stock
        held = None if stock is None else read_stock_beside(stock, errand.file, settings)
        with self._place(settings, workers=settings.parallel, warm=True) as place:
            errand.listener.on_step("ingest")
            intake = self._take_in(errand.file, settings, place)
            if errand.original is not None:
                errand.original.require_input(intake.history.input_sha256)
            errand.listener.on_analysis(intake.analysis)
            if held is not None:
                refuse_strangers(held, read_series_keys(intake.history))
            running, batch = self._carry_out(errand, intake, place)
            check_completed(batch)
            self._remember(batch, place)
            result = _result_of(running, batch, intake, place)
        if held is None or errand.out is None:
            return result
        orders, files = place_orders(held, find_result(errand.out))
        return replace(result, orders=orders, files=result.files | files)

    @contextmanager
    def _place(self, settings: BatchSettings, *, workers: int, warm: bool) -> Iterator[_Place]:
        """A folder and workers for one batch; all gone on leaving."""
        started = time.perf_counter()
        batch_id = new_batch_id()
        sweep_orphans()
        with ExitStack() as stack:
            stack.enter_context(self._stopper.listening())
            folder = stack.enter_context(open_workspace(self._environment.home, batch_id))
            pool = stack.enter_context(LocalPool(workers, warm_up=_WARM_UP if warm else None))
            yield _Place(folder=folder, pool=pool, batch_id=batch_id, started=started)

    def _take_in(self, file: Path, settings: BatchSettings, place: _Place) -> Intake:
        pace = self._timings.pace(self._version)
        return take_in(file, settings, folder=place.folder, pool=place.pool, pace=pace, stopper=self._stopper)

    def _carry_out(self, errand: Errand, intake: Intake, place: _Place) -> tuple[BatchRun, Batch]:
        store = MemoryStore()
        store.add_batch(place.batch_id, errand.settings, intake.plan)
        coordinator = Coordinator(store, place.pool, steps=errand.steps)
        running = coordinator.start(place.batch_id, _work_of(errand, intake, place))
        with self._stopper.stopping(partial(coordinator.cancel, place.batch_id)):
            try:
                tell(store, place.batch_id, errand.listener)
            except BaseException:  # Ctrl-C without a handler, or a listener that failed
                coordinator.cancel(place.batch_id)
                running.wait()
                raise
            return running, running.wait()

    def _remember(self, batch: Batch, place: _Place) -> None:
        work = sum(record.seconds or 0.0 for record in batch.partitions)
        wall = time.perf_counter() - place.started
        timing = Timing(
            version=self._version,
            cells=sum(record.partition.cells for record in batch.partitions),
            series=batch.plan.series,
            work_seconds=work,
            start_seconds=max(wall - work / min(place.pool.size, len(batch.partitions)), 0.0),
            partitions=len(batch.partitions),
            cases=batch.plan.cases,
        )
        self._timings.add(timing)


def _work_of(errand: Errand, intake: Intake, place: _Place) -> BatchWork:
    out, original = errand.out, errand.original
    layout = lay_out(out.absolute()) if out else None
    return BatchWork(
        history=intake.history,
        folder=place.folder / "work",
        publish={
            "input_name": errand.file.name,
            "settings": errand.settings,
            "report": intake.analysis.report,
            "out": out.absolute() if out else None,
            "timings": {"ingest": round(intake.seconds, 3)},
            "expected": {kind: file.sha256 for kind, file in original.files.items()} if original else None,
        },
        commit=_commit,
        discard=partial(recover, layout.folder, layout.names["forecast"]) if layout else None,
    )


def _commit(published: object) -> None:
    """Put what the publish step staged in its place; a backtest stages nothing."""
    if isinstance(published, dict) and "stage" in published:
        commit_result(Path(published["stage"]))


def _result_of(running: BatchRun, batch: Batch, intake: Intake, place: _Place) -> RunResult:
    published: Any = running.published
    return RunResult(
        batch=batch,
        analysis=intake.analysis,
        files={kind: Path(path) for kind, path in published["files"].items()},
        leaderboard=tuple(LeaderboardRow.from_json(row) for row in published["leaderboard"]),
        counts=published["counts"],
        seconds=time.perf_counter() - place.started,
        hindsight=decode(published.get("hindsight")),
    )
