"""Every use case of a batch, one method each; here the rooms are put together."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from batchcast.app.installation.kernels import NOT_COMPILED, are_compiled, keep_kernels, note_compiled
from batchcast.app.installation.pools import pool_of_batch
from batchcast.app.installation.timings import Timings
from batchcast.app.installation.workspace import RECIPES_FOLDER, Environment, new_batch_id, open_workspace
from batchcast.app.intake import Analysis, Intake, keep_source, take_in
from batchcast.app.ordering import place_orders, read_stock_beside
from batchcast.app.recipes import NO_CHOICE, Chosen, FolderRecipes, RecipeChoice, chosen_recipes, keep_reading
from batchcast.domain.accuracy import Hindsight, LeaderboardRow
from batchcast.domain.batch import Batch, Event
from batchcast.domain.errors import N_, Message
from batchcast.domain.inventory import Orders
from batchcast.domain.plan import Pace
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.history.stored import read_series_keys
from batchcast.plan.planner import useful_workers
from batchcast.publish.certificate import Certificate, CertificateMismatch, OutputTaken, engine_versions
from batchcast.publish.kinds import FORECAST
from batchcast.publish.publisher import check_place, commit_result, lay_out, place_accuracy
from batchcast.publish.staging import recover
from batchcast.run.asking import CancelToken
from batchcast.run.job import WorkerPool
from batchcast.run.local_pool import LocalPool
from batchcast.run.one_batch import OneBatch, Placement
from batchcast.run.process_tree import sweep_orphans
from batchcast.run.ray.choice import PoolChoice, read_pool_choice
from batchcast.run.steps import WARM_UP
from batchcast.run.verdict import check_completed
from batchcast.store.artifacts.artifacts import Artifacts
from batchcast.store.store import Store

# A listener is called with the progress of a batch.

_BETWEEN_LOOKS_SECONDS = 0.1  # a listener is told at most this often


class Listener:
    """Called from the thread that called the use case; what a subclass does not want to know it leaves as it is."""

    def on_step(self, step: str) -> None:
        """A step has begun: ingest, plan, prepare, forecast, publish."""

    def on_note(self, note: Message) -> None:
        """Something to know before the batch begins."""

    def on_analysis(self, analysis: Analysis) -> None:
        """The file has been read and the batch planned."""

    def on_batch(self, batch: Batch) -> None:
        """The batch as it stands after a change."""


def tell(store: Store, batch_id: str, listener: Listener) -> None:
    """Tell the listener of every change until the batch has ended; changes that come close together are one."""
    after = 0
    while True:
        events = store.events_after(batch_id, after, wait_seconds=60)
        after = events[-1].number if events else after
        for event in events:
            if step := _step_begun(event):
                listener.on_step(step)
        batch = store.batch(batch_id)
        listener.on_batch(batch)
        if batch.state.is_final:
            return
        time.sleep(_BETWEEN_LOOKS_SECONDS)


def _step_begun(event: Event) -> str | None:
    """The step that an event tells the beginning of; the partitions follow on the preparation."""
    if event.kind != "step":
        return None
    step, state = event.detail["step"], event.detail["state"]
    if state == "started":
        return str(step)
    return "forecast" if (step, state) == ("prepare", "done") else None


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
    wide: tuple[WorkerPool, Artifacts | None]  # does the partitions; with where it finds files, if not in `folder`


class Batchcast:
    """Batches on this machine: worker processes, and a memory for as long as the process lives.

    One batch at a time; `cancel` may be called from any thread and from a signal handler.
    """

    def __init__(self, environment: Environment | None = None) -> None:
        self._environment = environment or Environment.read()
        self._timings = Timings(self._environment.home / "timings.jsonl")
        self.recipes = FolderRecipes(self._environment.home / RECIPES_FOLDER)
        self._cancel_token = CancelToken()
        self._version = engine_versions()["batchcast"]

    def analyze(self, file: Path, settings: BatchSettings, recipes: RecipeChoice = NO_CHOICE) -> Analysis:
        """What a file holds and how it would be forecast; nothing runs.

        Raises:
            InvalidInput, InvalidSettings: as `run`.
        """
        with self._place(warm=False) as place:
            return self._take_in(file, settings, place, recipes).analysis

    def run(
        self,
        file: Path,
        settings: BatchSettings,
        *,
        out: Path,
        listener: Listener | None = None,
        stock: Path | None = None,
        recipes: RecipeChoice = NO_CHOICE,
        pool: PoolChoice | None = None,
    ) -> RunResult:
        """Forecast a file and publish one result at `out`, whole or not at all; then its orders for a stock file.

        `pool`: where its partitions are forecast; None: where the environment says.

        Raises:
            PoolUnavailable: if that is a Ray that can't be used.
            InvalidInput: if the file can't be a demand history, or rows were refused (RowsRefused); or if the stock
                file can't be read or is of other parts, which is seen before anything runs.
            InvalidSettings: if a setting is out of its range or does not fit the history, or `out` is taken.
            UnknownRecipe: if there is no recipe of the name that is chosen.
            BatchFailed: if the batch was rolled back; PartitionFailed, one of its kinds, says which partition and why.
            BatchCancelled: if a person stopped it.
        """
        check_out(file, out, stock)
        run_request = RunRequest(file=file, settings=settings, out=out, listener=listener or Listener(), stock=stock)
        return self._run(replace(run_request, recipes=recipes, pool=pool or run_request.pool))

    def replay(
        self,
        certificate: Path,
        file: Path | None,
        *,
        out: Path,
        listener: Listener | None = None,
        stock: Path | None = None,
        pool: PoolChoice | None = None,
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
        run_request = RunRequest(
            file=file, settings=settings, out=out, listener=listener or Listener(), original=original
        )
        return self._run(replace(run_request, stock=stock, recipes=None, pool=pool or run_request.pool))

    def backtest(
        self, file: Path, settings: BatchSettings, *, out: Path | None = None, listener: Listener | None = None
    ) -> RunResult:
        """Judge every model on the past of a file; publishes the accuracy of every series where `out` is given.

        Raises:
            As `run`.
        """
        if out is not None:
            refuse_input(file, place_accuracy(out))
        return self._run(
            RunRequest(file=file, settings=settings, out=out, listener=listener or Listener(), accuracy_alone=True)
        )

    def warm(self) -> float:
        """Compile every kernel and keep it on the disk, so that no batch waits for a compiler; returns the seconds."""
        started = time.perf_counter()
        keep_kernels(self._environment.home)  # before numba is imported
        from batchcast.forecast.partition import warm

        warm()
        note_compiled()
        return time.perf_counter() - started

    def cancel(self) -> None:
        """Stop what is at work; returns at once, and the use case raises BatchCancelled unless it was faster."""
        self._cancel_token.ask()

    def _run(self, run_request: RunRequest) -> RunResult:
        settings, stock = run_request.settings, run_request.stock
        recipes = () if run_request.recipes is None else self.recipes.recipes()
        on_hand = None if stock is None else read_stock_beside(stock, run_request.file, settings, recipes)
        # Chosen models need few of the kernels that warming loads: each is loaded when it is called.
        with self._place(warm=not settings.models) as place:
            is_compiled = are_compiled()
            if not is_compiled:
                run_request.listener.on_note(NOT_COMPILED)
            run_request.listener.on_step("ingest")
            intake = self._take_in(run_request.file, settings, place, run_request.recipes)
            run_request = replace(run_request, settings=intake.settings)
            if run_request.original is not None:
                run_request.original.require_input(intake.history.input_sha256)
            run_request.listener.on_analysis(intake.analysis)
            if on_hand is not None:
                from batchcast.results.ordering import refuse_unknown_parts

                refuse_unknown_parts(on_hand, read_series_keys(intake.history))
            work = place.folder / "work"
            with pool_of_batch(run_request.pool, place.pool, work, place.batch_id) as (pool, artifacts):
                place = replace(place, wide=(pool, artifacts))  # noqa: PLW2901 the same place, with more hands
                result = self._carry_out(run_request, intake, place, is_compiled)
        if on_hand is None or run_request.out is None:
            return result
        from batchcast.results.ordering import find_result

        orders, files = place_orders(on_hand, find_result(run_request.out))
        return replace(result, orders=orders, files=result.files | files)

    @contextmanager
    def _place(self, *, warm: bool) -> Iterator[_Place]:
        """A folder and a first worker for one batch; all gone on leaving."""
        started = time.perf_counter()
        batch_id = new_batch_id()
        sweep_orphans()
        keep_kernels(self._environment.home)
        with ExitStack() as stack:
            stack.enter_context(self._cancel_token.listening())
            folder = stack.enter_context(open_workspace(self._environment.home, batch_id))
            pool = stack.enter_context(LocalPool(1, warm_up=WARM_UP if warm else None))
            yield _Place(folder=folder, pool=pool, batch_id=batch_id, started=started, wide=(pool, None))

    def _take_in(self, file: Path, settings: BatchSettings, place: _Place, choice: RecipeChoice | None) -> Intake:
        """Read a file and plan its batch; without a choice, by its settings alone."""
        chosen = Chosen(settings=settings) if choice is None else chosen_recipes(self.recipes, choice, settings)
        intake = take_in(
            file,
            chosen.settings,
            folder=place.folder,
            pool=place.pool,
            pace=self._pace(),
            cancel_token=self._cancel_token,
            recipes=chosen.recipes,
        )
        return intake if choice is None else keep_reading(self.recipes, intake, choice, file.name)

    def _pace(self) -> Pace:
        return self._timings.pace(self._version)

    def _carry_out(self, run_request: RunRequest, intake: Intake, place: _Place, is_compiled: bool) -> RunResult:
        output = _Output(run_request)
        pool, artifacts = place.wide
        one = OneBatch(place.batch_id, pool, place.folder / "work", output.placement(), shared=artifacts)
        if run_request.pool.is_local:
            place.pool.grow(useful_workers(intake.plan.partitions, run_request.settings, self._pace()))
        source = keep_source(intake, one.artifacts, place.batch_id, run_request.file.name, None)
        seconds_before = time.perf_counter() - place.started
        one.start(run_request.settings, intake.plan, source)
        with self._cancel_token.stopping(one.cancel):
            try:
                tell(one.store, place.batch_id, run_request.listener)
            except BaseException:  # Ctrl-C without a handler, or a listener that failed
                one.cancel()
                one.wait()
                raise
            batch = one.wait()
        check_completed(batch)
        if not is_compiled:  # what compiled is no measure of the next
            note_compiled()
        elif one.timing and run_request.pool.is_local:  # the next command starts its workers and reads its file as well
            self._timings.add(replace(one.timing, start_seconds=one.timing.start_seconds + seconds_before))
        return RunResult(
            batch=batch,
            analysis=intake.analysis,
            files=output.files,
            leaderboard=tuple(LeaderboardRow.from_json(row) for row in output.published["leaderboard"]),
            counts=output.published["counts"],
            seconds=time.perf_counter() - place.started,
            hindsight=output.published["hindsight"],
        )


class _Output:
    """What a command publishes, and where."""

    def __init__(self, run_request: RunRequest) -> None:
        self._request = run_request
        self._out = run_request.out.absolute() if run_request.out else None
        self.files: dict[str, Path] = {}  # by kind, once they are in their place
        self.published: Mapping[str, Any] = {}  # what the publishing step returned

    def placement(self) -> Placement:
        """What the publishing step is told, and what is done with what it has staged."""
        if self._request.accuracy_alone:
            arguments: dict[str, Any] = {"accuracy_out": self._out}
        else:
            original = self._request.original
            expected = {kind: file.sha256 for kind, file in original.files.items()} if original else None
            arguments = {"out": self._out, "expected": expected}
        return Placement(arguments=arguments, commit=self._commit, discard=self._discard)

    def _commit(self, published: Mapping[str, Any]) -> None:
        self.published = published
        if published["stage"] is not None:
            self.files = commit_result(published["stage"])

    def _discard(self) -> None:
        if self._out is not None:
            layout = lay_out(self._out)
            recover(layout.folder, layout.names[FORECAST])


# What a person asked for: a file, settings, a place for the result; and whether that can be.


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """What a person asked for."""

    file: Path
    settings: BatchSettings
    out: Path | None
    listener: Listener
    accuracy_alone: bool = False
    original: Certificate | None = None  # of the run that is to be repeated
    stock: Path | None = None  # the stock file to order for, once it is published
    recipes: RecipeChoice | None = NO_CHOICE  # None: the settings alone count
    pool: PoolChoice = field(default_factory=read_pool_choice)


def check_out(file: Path, out: Path, stock: Path | None = None) -> None:
    """Refuse a place that is taken, before any work.

    Raises:
        OutputTaken: if something else is there, or it is the input itself or the stock file.
    """
    layout = lay_out(out)
    places = [layout.path(kind) for kind in layout.names]
    if stock is not None:
        from batchcast.results.ordering import order_files

        places += order_files(layout.folder, Path(layout.names[FORECAST]).stem).values()
    for path in places:
        refuse_input(file, path)
        if stock is not None and path.exists() and stock.exists() and path.samefile(stock):
            template = N_("{out} is the stock file itself; the result must go somewhere else.")
            raise OutputTaken([Message(template, {"out": str(path)})])
    check_place(layout)


def find_input(original: Certificate, certificate: Path) -> Path:
    """The input of a certified run, by its name; its content is checked when it has been read.

    Raises:
        CertificateMismatch: if there is none of that name.
    """
    name = Path(original.input_name).name  # a certificate may come from anyone: no path in it is followed
    for folder in (certificate.parent, Path()):
        if (folder / name).exists():
            return folder / name
    template = N_(
        "{name}, of which {certificate} is the certificate, is neither beside it nor in the current folder; name it: "
        "batchcast run FILE --replay {certificate}."
    )
    raise CertificateMismatch(Message(template, {"name": name, "certificate": certificate}))


def refuse_input(file: Path, out: Path) -> None:
    """Refuse to write over the input.

    Raises:
        OutputTaken: if `out` is the file itself.
    """
    if out.exists() and file.exists() and out.samefile(file):
        template = N_("{out} is the demand history itself; the result must go somewhere else.")
        raise OutputTaken([Message(template, {"out": str(out)})])
