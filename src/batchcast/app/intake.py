"""From a file to a planned batch: read and checked in a worker, planned here."""

from __future__ import annotations

import datetime as dt
import shutil
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from batchcast.app.words.settings_text import check_models
from batchcast.domain.batch import Source, StoredFile
from batchcast.domain.codec import decode, encode
from batchcast.domain.errors import N_, BatchCancelled, BatchcastError, InvalidInput, Message
from batchcast.domain.history import DemandHistory, IngestReport
from batchcast.domain.plan import Pace, Plan, RowsRefused, check_refused
from batchcast.domain.recipe import FileKind, Recipe, kept_settings
from batchcast.domain.settings import BatchSettings
from batchcast.forecast.models.table import learns_across_series
from batchcast.ingest.history.stored import read_series_table
from batchcast.plan.partitioner import BATCH_ROWS, BATCH_SITES
from batchcast.plan.planner import plan_batch
from batchcast.run.asking import CancelToken, carry_out
from batchcast.run.job import Ending, Job, Outcome, WorkerPool
from batchcast.store.artifacts.artifacts import Artifacts

# What a file holds and how it would be forecast.


@dataclass(frozen=True, kw_only=True, slots=True)
class Analysis:
    """The account of every row, and the plan of the batch."""

    report: IngestReport
    plan: Plan | None  # None where no row could be accepted
    sites: tuple[str, ...] = ()  # of the file, whichever of them are forecast
    early_ends: Mapping[str, dt.date] = field(default_factory=dict)  # the last row of sites that end before the others

    @property
    def proposes_batch_mode(self) -> bool:
        """Whether a person should be offered partitions; `batch_mode: auto` by itself wants more."""
        return self.plan is not None and (self.plan.rows >= BATCH_ROWS or len(self.sites) >= BATCH_SITES)


def place_problems(report: IngestReport, plan: Plan | None) -> IngestReport:
    """The report with each refused row told the partition it belongs to, where its site is in one partition alone."""
    if plan is None:
        return report
    numbers: dict[str, set[int]] = defaultdict(set)
    for partition in plan.partitions:
        for site in partition.sites:
            numbers[site].add(partition.number)
    only = {site: next(iter(found)) for site, found in numbers.items() if len(found) == 1}
    problems = tuple(
        replace(problem, partition=only.get(problem.site_code)) if problem.site_code is not None else problem
        for problem in report.problems
    )
    return replace(report, problems=problems)


_KILLED = "signal SIGKILL"  # how a worker ends that others kill
_SECONDS = 3600.0  # for reading one file
_LEAST_MEMORY_MB = 2048  # reading needs as much for any file, however small the partitions are


class ReadingFailed(InvalidInput):
    """The file made its reader run out of time or memory, or crash; nothing of it was kept."""

    slug = "reading-failed"


class ReaderKilled(BatchcastError):
    """The process that read the file was killed twice, by another one or by the machine; the file may be good."""

    slug = "reader-killed"

    def __init__(self, file_name: str) -> None:
        template = N_(
            "The process that reads {file} was killed twice from outside, which a machine does that lacks memory. "
            "Nothing was kept; end other programs or wait, and send the file again."
        )
        super().__init__(Message(template, {"file": file_name}))


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """How a file was read: what a recipe keeps."""

    signature: str = ""  # of its header
    settings: Mapping[str, Any] = field(default_factory=dict)
    kind: FileKind = "history"


@dataclass(frozen=True, kw_only=True)
class Intake:
    """A history that has been read and planned."""

    settings: BatchSettings  # with the day it was read on
    history: DemandHistory
    plan: Plan
    analysis: Analysis
    seconds: float  # of reading and checking
    reading: Reading = Reading()

    def with_note(self, note: Message) -> Intake:
        """The same, with a first note in the report of the file."""
        report = replace(self.analysis.report, notes=(note, *self.analysis.report.notes))
        return replace(self, analysis=replace(self.analysis, report=report))


def take_in(
    file: Path,
    settings: BatchSettings,
    *,
    folder: Path,
    pool: WorkerPool,
    pace: Pace,
    cancel_token: CancelToken,
    recipes: Sequence[Recipe] = (),
    marks: Sequence[str] = (),
) -> Intake:
    """Read a file into `folder` and plan its batch; the first of the recipes for its header fills in the settings.

    Those of the `marks` that concern it are added to its settings.

    Raises:
        InvalidInput: if it can't be a demand history. RowsRefused, one of its kinds, if rows were refused and
            `bad_rows` is `fail`, or none is left; it carries the report and, where there is one, the plan.
        InvalidSettings: if a setting does not fit the history.
        BatchCancelled: if a person stopped it.
    """
    started = time.perf_counter()
    settings = dated(check_models(settings))
    asked = settings
    if settings.use_marks == "on":
        asked = replace(settings, history_marks=_united(settings.history_marks, marks))
    read = _read(file, asked, recipes, folder=folder, pool=pool, cancel_token=cancel_token)
    history, report = read["history"], with_unused_marks(read["report"], settings)
    settings = replace(read["settings"], history_marks=_united(settings.history_marks, report.marks))
    seconds = time.perf_counter() - started
    plan = plan_history(history, settings, pace) if history else None
    report = place_problems(report, plan)
    analysis = Analysis(report=report, plan=plan, sites=_sites_of(history), early_ends=_early_ends(history))
    if history is None or plan is None:
        raise RowsRefused(analysis.report, plan, analysis.sites)
    check_refused(analysis.report, settings, plan, analysis.sites)
    reading = Reading(signature=read["signature"], settings=kept_settings(settings, read["columns"]))
    return Intake(settings=settings, history=history, plan=plan, analysis=analysis, seconds=seconds, reading=reading)


def _united(some: Sequence[str], others: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*some, *others)))


def with_unused_marks(report: IngestReport, settings: BatchSettings) -> IngestReport:
    """The report, with a note where marks of the settings concern nothing in the file."""
    unused = [text for text in settings.history_marks if text not in report.marks]
    if not unused or settings.use_marks == "off":
        return report
    template = N_("Marks that name no part, site or day of this file, and change nothing: {count:,}, such as {mark}.")
    note = Message(template, {"count": len(unused), "mark": unused[0]})
    return replace(report, notes=(note, *report.notes))


def dated(settings: BatchSettings) -> BatchSettings:
    """The settings with the day of the calendar as today, where they name none."""
    return settings if settings.today else replace(settings, today=dt.date.today())


def plan_history(history: DemandHistory, settings: BatchSettings, pace: Pace) -> Plan:
    """The plan of a batch over a checked history.

    Raises:
        InvalidSettings: if a setting does not fit the history.
    """
    learns = learns_across_series(settings.models)
    return plan_batch(history.facts, read_series_table(history), settings, pace, learns=learns)


def keep_source(intake: Intake, artifacts: Artifacts, batch_id: str, name: str, upload: Path | None) -> Source:
    """Keep what a batch is run from as its artifacts: the checked history, the refused rows, and an upload.

    Raises:
        ArtifactsUnavailable: if they can't be kept.
    """
    report, sha256, place = intake.analysis.report, intake.history.input_sha256, f"batches/{batch_id}"
    return Source(
        file_name=name,
        upload=artifacts.put(upload, f"{place}/upload") if upload else StoredFile(key="", sha256=sha256, size=0),
        history=artifacts.put(intake.history.path, f"{place}/history.parquet"),
        rejected=artifacts.put(report.rejected_path, f"{place}/rejected.csv") if report.rejected_path else None,
        input_sha256=sha256,
        facts=intake.history.facts,
        report=replace(report, rejected_path=None),
        ingest_seconds=round(intake.seconds, 3),
    )


def _early_ends(history: DemandHistory | None) -> dict[str, dt.date]:
    sites = history.facts.sites if history else ()
    return {site.site_code: site.last_date for site in sites if site.ends_early and site.last_date}


def _sites_of(history: DemandHistory | None) -> tuple[str, ...]:
    return tuple(site.site_code for site in history.facts.sites) if history else ()


def _read(
    file: Path,
    settings: BatchSettings,
    recipes: Sequence[Recipe],
    *,
    folder: Path,
    pool: WorkerPool,
    cancel_token: CancelToken,
) -> dict[str, Any]:
    job = Job(
        function="batchcast.run.jobs:ingest_job",
        arguments=encode(
            {"source": file.absolute(), "into": folder / "ingest", "settings": settings, "recipes": list(recipes)}
        ),
        timeout_seconds=_SECONDS,
        memory_limit_mb=max(settings.memory_limit_mb, _LEAST_MEMORY_MB),
    )
    outcome = carry_out(pool, job, cancel_token, partial(shutil.rmtree, folder / "ingest", ignore_errors=True))
    if outcome.ending is Ending.DONE:
        read: dict[str, Any] = decode(outcome.result)
        return read
    raise error_of(file, outcome, job)


def error_of(file: Path, outcome: Outcome, job: Job) -> BatchcastError:
    """What to raise where a reader did not end well."""
    if outcome.ending is Ending.CANCELLED:
        return BatchCancelled(Message(N_("Stopped while the file was read; nothing was published.")))
    if outcome.ending is Ending.ERROR and outcome.error is not None:
        return outcome.error
    reasons = {
        Ending.TIMEOUT: Message(N_("it took more than {seconds:g} seconds"), {"seconds": job.timeout_seconds}),
        Ending.OUT_OF_MEMORY: Message(N_("it took more than {limit} MB of memory"), {"limit": job.memory_limit_mb}),
    }
    end = outcome.ended_by or outcome.ending.value
    if outcome.ending is Ending.CRASH and end == _KILLED:
        return ReaderKilled(file.name)
    crash = Message(N_("its reader ended with {end} in each of two attempts"), {"end": end})
    template = N_(
        "{file} could not be read: {reason}. It may be damaged, or made to do harm; export it again, or send it to us."
    )
    reason = reasons.get(outcome.ending, crash)
    return ReadingFailed(Message(template, {"file": file.name, "reason": reason}))


# Sentences about an upload name the file as its sender does, not as we keep it.


def renamed(message: Message, before: str, after: str) -> Message:
    """The sentence with one name for another wherever a value holds it."""
    return replace(message, values={name: _renamed(value, before, after) for name, value in message.values.items()})


def renamed_error(error: BatchcastError, before: str, after: str) -> BatchcastError:
    """The same error, its sentence changed."""
    error.message = renamed(error.message, before, after)
    error.args = (str(error.message),)
    return error


def renamed_report(report: IngestReport, before: str, after: str) -> IngestReport:
    """The report of a file, with one name for another."""
    return replace(
        report,
        source=report.source.replace(before, after),
        format=renamed(report.format, before, after),
        notes=tuple(renamed(note, before, after) for note in report.notes),
        problems=tuple(
            replace(
                problem,
                reason=renamed(problem.reason, before, after),
                file=problem.file.replace(before, after) if problem.file else problem.file,
            )
            for problem in report.problems
        ),
    )


def _renamed(value: object, before: str, after: str) -> object:
    match value:
        case str():
            return value.replace(before, after)
        case Message():
            return renamed(value, before, after)
        case Mapping():
            return {name: _renamed(item, before, after) for name, item in value.items()}
        case list() | tuple():
            return type(value)(_renamed(item, before, after) for item in value)
    return value
