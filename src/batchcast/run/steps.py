"""The steps of a batch: which function does each, what it is told, and what it may take.

    prepare ──► partition, partition, ... (at once) ──► publish

A step's function is called in a worker as `function(arguments, on_progress)`; `jobs.py` has those of the product.
The arguments, here as domain values, arrive through `codec`:

    prepare     history (path), request, series (number of them in the history), into (path of the knowledge to write),
                partitions (those of the plan, where their results are to be checkpoints; else None); returns None, or
                {"knowledge": SHA-256 of it, "partitions": SHA-256 of the rows of each}
    partition   history (path), request, partition, knowledge (path), into (folder to write its result to);
                returns {"series": n, "forecast": n, "refused": n}
    publish     history (DemandHistory), plan, folders (of the partitions' results, in the order of the plan),
                timings (seconds of the steps so far), input_name, settings, report, rejected (CSV of the refused rows,
                or None), and what the destination of the result adds: see `publish_job`; returns {"files", "counts",
                "leaderboard"} and what the destination needs
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from batchcast.domain.batch import Batch, BatchState, Timing
from batchcast.domain.codec import encode
from batchcast.domain.history import DemandHistory
from batchcast.domain.plan import ForecastRequest, Partition, Plan
from batchcast.domain.settings import BatchSettings
from batchcast.publish.certificate import engine_versions
from batchcast.run.job import Job, JobFiles

WARM_UP = Job(function="batchcast.run.jobs:warm_job", timeout_seconds=600)  # loads and compiles what all steps need


@dataclass(frozen=True, kw_only=True, slots=True)
class Steps:
    """The functions of a batch's steps, by name."""

    prepare: str = "batchcast.run.jobs:prepare_job"
    partition: str = "batchcast.run.jobs:partition_job"
    publish: str = "batchcast.run.jobs:publish_job"


@dataclass(frozen=True, kw_only=True, slots=True)
class StepLimits:
    """What the steps that are no partition may take.

    Their work is bounded by design: a sample of the series is learned from, and a result is written piece by piece. A
    limit that is set low for partitions is not theirs, so that it is the partition over its limit that fails, by name.
    """

    prepare_seconds: float = 1800
    publish_seconds: float = 7200
    least_memory_mb: int = 2048  # even where that of a partition is lower


@dataclass(frozen=True, kw_only=True)
class JobMaker:
    """Makes the jobs of one batch."""

    steps: Steps
    limits: StepLimits
    settings: BatchSettings
    plan: Plan
    history: DemandHistory
    folder: Path  # scratch of this run alone
    publish_arguments: Mapping[str, Any]  # what the publishing step is told beside results and timings: domain values
    has_checkpoints: bool  # later batches may take the results of its partitions: the rows of each are digested

    def prepare(self, *, is_known: bool) -> Job:
        """The job of the preparation step; where it is known what it learns, that stands at `knowledge`."""
        arguments = {
            "history": self.history.path,
            "request": self.plan.request,
            "series": self.history.facts.series,
            "into": self.knowledge,
            "is_known": is_known,
            "partitions": self.plan.partitions if self.has_checkpoints else None,
        }
        return self._job(self.steps.prepare, arguments, self.limits.prepare_seconds, self.limits.least_memory_mb)

    def partition(self, partition: Partition, attempt: int, files: JobFiles | None = None) -> Job:
        """The job of one attempt of a partition; `files`: where other machines find what it needs."""
        arguments = {
            "history": self.history.path,
            "request": self.plan.request,
            "partition": partition,
            "knowledge": self.knowledge,
            "into": self.result_folder(partition, attempt),
        }
        return replace(self._job(self.steps.partition, arguments, self.settings.max_execution_time), files=files)

    def publish(self, folders: list[Path], timings: Mapping[str, float]) -> Job:
        """The job of the publishing step."""
        given = {"history": self.history, "plan": self.plan, "folders": folders}
        arguments = {**self.publish_arguments, **given, "timings": {**self.publish_arguments["timings"], **timings}}
        return self._job(self.steps.publish, arguments, self.limits.publish_seconds, self.limits.least_memory_mb)

    def result_folder(self, partition: Partition, attempt: int) -> Path:
        """Where an attempt of a partition writes to: what a crashed one left never mixes with the next."""
        return self.folder / "partitions" / f"{partition.number:05}-{attempt}"

    @property
    def knowledge(self) -> Path:
        """Where what the preparation learned is written."""
        return self.folder / "knowledge.json"

    def _job(self, function: str, arguments: Mapping[str, Any], seconds: float, least_memory_mb: int = 0) -> Job:
        return Job(
            function=function,
            arguments=encode(arguments),
            timeout_seconds=seconds,
            memory_limit_mb=max(self.settings.memory_limit_mb, least_memory_mb),
        )


# Under which key the result of a partition is kept, so that a later batch can take it instead of forecasting again.

_CODE = tuple(Path(__file__).parents[1] / room for room in ("forecast", "domain", "publish"))  # from rows to lines


def checkpoint_key(request: ForecastRequest, knowledge: str, rows: str) -> str:
    """The same key where, and only where, the numbers must be the same.

    Args:
        request: what is to be forecast.
        knowledge: SHA-256 of what the preparation step learned.
        rows: SHA-256 of the partition's rows of the history, wherever in the file they are.
    """
    given = [engine_versions(), code_digest(), encode(request), knowledge, rows]
    return hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()


def knowledge_key(request: ForecastRequest, history: str) -> str:
    """The same key where, and only where, the preparation step must learn the same; `history` is its SHA-256."""
    given = [engine_versions(), code_digest(), encode(request), history]
    return hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()


@cache  # it changes with the version, and between versions where someone works on it
def code_digest() -> str:
    """SHA-256 of the code that forecasts."""
    digest = hashlib.sha256()
    for folder in _CODE:
        for path in sorted(folder.rglob("*.py")):
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


# What a batch really took, for the estimates of those to come.


def timing_of(batch: Batch, steps: Mapping[str, float], workers: int) -> Timing | None:
    """The timing of a batch that one server saw through alone; None where it says nothing of the next one.

    Args:
        batch: as it ended.
        steps: seconds by step: prepare, forecast, publish.
        workers: partitions that were at work at once.
    """
    forecast = [record for record in batch.partitions if record.reused_from is None]
    if batch.state is not BatchState.COMPLETED or not forecast or not (batch.started_at and batch.ended_at):
        return None
    work = sum(record.seconds or 0.0 for record in forecast)
    wall = (batch.ended_at - batch.started_at).total_seconds()
    return Timing(
        version=engine_versions()["batchcast"],
        cells=sum(record.partition.cells for record in forecast),
        series=sum(record.partition.series for record in forecast),
        work_seconds=work,
        start_seconds=max(wall - work / min(workers, len(forecast)), 0.0),
        partitions=len(forecast),
        cases=batch.plan.cases,
        prepare_seconds=steps.get("prepare", 0.0),
        publish_seconds=steps.get("publish", 0.0),
    )
