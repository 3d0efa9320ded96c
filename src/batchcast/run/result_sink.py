"""Where the results of a batch go while it runs: each finished partition, and in the end what is published.

A row of the store points at an artifact only when the artifact is whole; what no row points at is removed here, or
swept later. The fence of the lease is part of every name, so that a late server never writes where another one reads.
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from batchcast.domain.accuracy import LeaderboardRow
from batchcast.domain.batch import Batch, BatchResult, BatchState, PartitionState, ResultFile, StoredFile
from batchcast.domain.codec import decode
from batchcast.domain.crash_points import CrashPoint, reach
from batchcast.domain.errors import N_, BatchcastError, InternalError, Message
from batchcast.domain.history import DemandHistory
from batchcast.domain.plan import Partition
from batchcast.run.job import Ending, JobFiles, NeededFile, Outcome
from batchcast.run.leased_store import GIVEN_BACK, LeasedStore, count_reason, take_over
from batchcast.run.steps import JobMaker, StepLimits, Steps, checkpoint_key, knowledge_key
from batchcast.run.verdict import Failed, Stopped, attempt_end, publishing_problem
from batchcast.store.artifacts.artifacts import ArtifactMissing, Artifacts, ArtifactsUnavailable
from batchcast.store.errors import LeaseLost, StoreUnavailable
from batchcast.store.records import AttemptEnd, Lease

if TYPE_CHECKING:
    from batchcast.run.ray.pieces import HistoryPieces

_log = logging.getLogger(__name__)
_OPEN, _DONE = PartitionState.PENDING, PartitionState.COMPLETED


@dataclass(frozen=True, kw_only=True)
class BatchStart:
    """How far a batch has come before its run begins."""

    maker: JobMaker
    priority: int  # of its jobs in the pool; lower goes first
    attempts: Mapping[int, int]  # tries started so far, by partition
    crashes: Mapping[int, int]  # of those, the ones whose worker crashed
    completed: Collection[int]  # partitions that are done already


class Destination(Protocol):
    """Where the published files of one batch go; all methods are for the thread of its run."""

    def arguments(self, folder: Path) -> Mapping[str, Any]:
        """What the publishing step is told of it; `folder` is the scratch folder of the run."""

    def placing(self, published: Mapping[str, Any]) -> AbstractContextManager[tuple[ResultFile, ...]]:
        """Put what the publishing step returned in its place; inside, the batch is moved to COMPLETED.

        Where that raises, nothing is left in the place.

        Raises:
            Stopped: if the batch has ended otherwise.
            Failed: if it can't be put there.
        """

    def discard(self) -> None:
        """Remove what a killed publishing step left outside the scratch folder.

        Raises:
            OSError: if that can't be done.
        """


class ArtifactDestination:
    """Keeps published files as artifacts, under a name with the fence of the lease: the row of the batch is the switch.

    Args:
        artifacts: where files are kept.
        lease: on the batch.
        stopping: once set, no further file is put.
    """

    def __init__(self, artifacts: Artifacts, lease: Lease, stopping: threading.Event) -> None:
        self._artifacts = artifacts
        self._root = f"batches/{lease.batch_id}/result-{lease.fence}"
        self._stopping = stopping

    def arguments(self, folder: Path) -> Mapping[str, Any]:
        """See `Destination.arguments`."""
        return {"into": folder / "result"}

    @contextmanager
    def placing(self, published: Mapping[str, Any]) -> Iterator[tuple[ResultFile, ...]]:
        """See `Destination.placing`."""
        try:
            files = tuple(self._put(kind, form, path) for kind, form, path in published["files"])
            reach(CrashPoint.RESULT_KEPT)
            yield files
        except ArtifactsUnavailable as error:
            _remove(self._artifacts, self._root)
            raise Failed(publishing_problem(error)) from error
        except (LeaseLost, Stopped):
            _remove(self._artifacts, self._root)
            raise

    def discard(self) -> None:
        """See `Destination.discard`; it writes to the scratch folder alone."""

    def _put(self, kind: str, form: str, path: Path) -> ResultFile:
        if self._stopping.is_set():
            raise Stopped
        file = self._artifacts.put(path, f"{self._root}/{kind}.{form}", move=True)
        return ResultFile(kind=kind, format=form, file=file)


KNOWLEDGE = "knowledge-"  # begins the name of the folder that keeps what a batch learned, beside its partitions


@dataclass(frozen=True)
class Shared:
    """What the partitions of a batch read, where other machines find it."""

    history: StoredFile
    pieces: HistoryPieces
    knowledge: StoredFile


@dataclass(kw_only=True, eq=False)
class ResultSink:
    """Keeps the results of one batch for the holder of its lease; all methods are for the thread of its run."""

    store: LeasedStore
    artifacts: Artifacts  # where the results of partitions are kept
    lease: Lease  # on the batch
    folder: Path  # scratch space for this run alone; made here, and removed
    stopping: threading.Event  # once set, nothing long is begun
    destination: Destination  # where the published files go
    has_checkpoints: bool  # later batches may take the results of its partitions, and it takes those of earlier ones
    is_wide: bool  # partitions may be forecast on machines that find files among the artifacts alone
    steps: Steps
    limits: StepLimits
    _shared: Shared | None = field(init=False, default=None)  # once there is something to forecast
    _maker: JobMaker = field(init=False)  # once it has begun
    _results: dict[int, str] = field(init=False, default_factory=dict)  # by partition: where the result is kept
    _batch: Batch = field(init=False)  # as it was then
    _knowledge_key: str = field(init=False)
    _keys: dict[int, str] = field(init=False, default_factory=dict)  # by partition: of its checkpoint

    def __post_init__(self) -> None:
        self._batch_id = self.lease.batch_id

    @property
    def _root(self) -> str:
        return f"batches/{self._batch_id}"

    def begin(self) -> BatchStart:
        """Fetch what the batch is made from, and tell how far it has come.

        Raises:
            Stopped: if it is no longer PROCESSING.
            Failed: if it can't be carried on.
        """
        batch = self.store.batch(self._batch_id)
        if batch.state is not BatchState.PROCESSING:
            raise Stopped
        self._results = {r.partition.number: r.result for r in batch.partitions if r.state is _DONE and r.result}
        take_over(self.store, self.lease, batch)
        self._remove_strays()
        self._maker = self._make_maker(batch)
        self._batch = batch
        history = batch.source.history.sha256 if batch.source else ""
        self._knowledge_key = knowledge_key(batch.plan.request, history)
        attempts = self.store.attempts(self._batch_id) if self.lease.is_takeover else ()
        return BatchStart(
            maker=self._maker,
            priority=int(batch.submitted_at.timestamp() * 1000) if batch.submitted_at else 0,
            attempts={record.partition.number: record.attempt for record in batch.partitions},
            crashes=count_reason(attempts, Ending.CRASH),
            completed=frozenset(self._results),
        )

    def take_knowledge(self) -> bool:
        """Bring what this batch, or the one that it repeats, has learned to where its jobs look; False: learn it."""
        if not self.has_checkpoints:
            return False
        mine = self._knowledge_of(self._batch_id)
        for batch_id in (self._batch_id, self._batch.retry_of):
            try:
                if batch_id not in (None, self._batch_id):
                    self.artifacts.copy_folder(self._knowledge_of(str(batch_id)), mine)
                folder = self.artifacts.fetch_folder(mine, self.folder / "learned")
                shutil.copyfile(folder / self._maker.knowledge.name, self._maker.knowledge)
                return True
            except (ArtifactMissing, ArtifactsUnavailable, FileNotFoundError):
                continue
        return False

    def keep_knowledge(self) -> None:
        """Keep what the preparation learned, for an attempt after this one and for a batch that repeats this one."""
        if not self.has_checkpoints or not self._maker.knowledge.exists():
            return
        folder = self.folder / "kept"
        folder.mkdir(exist_ok=True)
        shutil.copyfile(self._maker.knowledge, folder / self._maker.knowledge.name)
        try:
            self.artifacts.put_folder(folder, self._knowledge_of(self._batch_id), move=True)
        except ArtifactsUnavailable as error:
            _log.warning("batch %s: what it learned was not kept: %s", self._batch_id, error)

    def _knowledge_of(self, batch_id: str) -> str:
        return f"batches/{batch_id}/partitions/{KNOWLEDGE}{self._knowledge_key}"

    def take_checkpoints(self, prepared: object, partitions: Sequence[Partition]) -> Collection[int]:
        """Complete the partitions whose results an earlier batch has kept; returns their numbers.

        Args:
            prepared: what the preparation step returned.
            partitions: those that are still to be done.
        """
        if not self.has_checkpoints:
            return ()
        given: Any = prepared  # what `prepare_job` returned
        rows = dict(zip((p.number for p in self._maker.plan.partitions), given["partitions"], strict=True))
        request, knowledge = self._maker.plan.request, given["knowledge"]
        self._keys = {p.number: checkpoint_key(request, knowledge, rows[p.number]) for p in partitions}
        found = self.store.checkpoints(list(self._keys.values()))
        taken = []
        for partition in partitions:
            checkpoint = found.get(self._keys[partition.number])
            if checkpoint and self._take(partition, checkpoint.result, checkpoint.batch_id):
                taken.append(partition.number)
        return taken

    def share(self) -> None:
        """Put what partitions need to where other machines find it.

        Raises:
            Failed: if that can't be done.
        """
        history = self._batch.source.history if self._batch.source else None
        if not self.is_wide or history is None:
            return
        from batchcast.run.ray.pieces import HistoryPieces

        key = f"{self._root}/partitions/{KNOWLEDGE}shared-{self.lease.fence}/{self._maker.knowledge.name}"
        try:
            knowledge = self.artifacts.put(self._maker.knowledge, key)
        except ArtifactsUnavailable as error:
            raise Failed(error.message) from error
        self._shared = Shared(history, HistoryPieces(self._maker.history.path), knowledge)

    def files_of(self, partition: Partition, attempt: int) -> JobFiles | None:
        """What a partition reads and leaves, for another machine; None where it is to be forecast here."""
        if self._shared is None:
            return None
        shared = self._shared
        pieces = shared.pieces.of_rows(partition.ranges)
        reads = (
            NeededFile(argument="history", file=shared.history, pieces=pieces),
            NeededFile(argument="knowledge", file=shared.knowledge),
        )
        keep_as = self._prefix(partition, attempt)
        return JobFiles(batch_id=self._batch_id, reads=reads, writes="into", keep_as=keep_as)

    def complete(self, partition: Partition, attempt: int, outcome: Outcome) -> bool:
        """Keep what an attempt gave, and move its partition to COMPLETED; False where the batch has ended meanwhile.

        Raises:
            ArtifactsUnavailable: if it can't be kept.
        """
        reach(CrashPoint.PARTITION_DONE)
        prefix = outcome.kept or self._prefix(partition, attempt)
        if outcome.kept is None:  # else the machine that forecast it has kept it
            self.artifacts.put_folder(self._maker.result_folder(partition, attempt), prefix, move=True)
        reach(CrashPoint.PARTITION_KEPT)
        end = attempt_end(outcome, result=prefix, checkpoint=self._keys.get(partition.number))
        return self._point_at(partition, PartitionState.PROCESSING, end)

    def discard(self, partition: Partition, attempt: int) -> None:
        """Remove what a failed attempt has written, before its end is stored: the disk may be full of it."""
        shutil.rmtree(self._maker.result_folder(partition, attempt), ignore_errors=True)

    def folders(self) -> list[Path]:
        """Where the results of all partitions can be read, in the order of the plan.

        Raises:
            Failed: if one is no longer there.
        """
        found = []
        for partition in self._maker.plan.partitions:
            prefix = self._results[partition.number]
            self._require_not_stopping()
            try:
                found.append(self.artifacts.fetch_folder(prefix, self.folder / "results" / Path(prefix).name))
            except ArtifactMissing as error:
                self.throw_away(partition.number)
                raise Failed(publishing_problem(error)) from error
            except ArtifactsUnavailable as error:
                raise Failed(publishing_problem(error)) from error
        return found

    def throw_away(self, number: int) -> None:
        """Let no later batch take the result of a partition, for it is not what it must be."""
        if self.has_checkpoints:
            self.store.drop_checkpoint(self._batch_id, number)

    def commit(self, published: object) -> None:
        """Put what the publishing step returned in its place, and move the batch to COMPLETED.

        Raises:
            Stopped: if the batch has ended otherwise; then nothing is in its place.
            Failed: if it can't be put there.
        """
        given: Any = decode(published)  # what `publish_job` returned
        with self.destination.placing(given) as files:
            leaderboard = tuple(LeaderboardRow.from_json(row) for row in given["leaderboard"])
            result = BatchResult(files=files, counts=given["counts"], leaderboard=leaderboard)
            states = BatchState.PROCESSING, BatchState.COMPLETED
            if not self.store.move_batch(self._batch_id, *states, result=result):
                raise Stopped

    def remove_scratch(self) -> None:
        """Remove what was written on the way, once no job is at work; what is kept stays."""
        try:
            self.destination.discard()
            if self.folder.exists():
                shutil.rmtree(self.folder)
        except OSError as error:
            _log.error("batch %s: its scratch files could not be removed: %s", self._batch_id, error)

    def release(self, at_work: Sequence[int]) -> None:
        """Give a batch that was stopped back to the queue; `at_work`: its partitions that were being forecast."""
        try:
            for number in at_work:
                end = AttemptEnd(seconds=0.0, peak_mb=0.0, reason=GIVEN_BACK)
                self.store.move_partition(self._batch_id, number, PartitionState.PROCESSING, _OPEN, end=end)
            if self.store.release():
                _log.info("batch %s is given back", self._batch_id)
        except (LeaseLost, StoreUnavailable) as error:  # the lease expires by itself
            _log.warning("batch %s could not be given back: %s", self._batch_id, error)

    # The beginning

    def _make_maker(self, batch: Batch) -> JobMaker:
        source = batch.source
        if source is None:
            template = N_("Batch {batch_id} was made without a file, and can't be run by a server.")
            raise InternalError(Message(template, {"batch_id": self._batch_id}))
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.artifacts.fetch(source.history, self.folder)
        publish = {
            "input_name": source.file_name,
            "settings": batch.settings,
            "report": source.report,
            "rejected": self.artifacts.fetch(source.rejected, self.folder) if source.rejected else None,
            "timings": {"ingest": round(source.ingest_seconds, 3)},
            **self.destination.arguments(self.folder),
        }
        return JobMaker(
            steps=self.steps,
            limits=self.limits,
            settings=batch.settings,
            plan=batch.plan,
            history=DemandHistory(path=path, facts=source.facts, input_sha256=source.input_sha256),
            folder=self.folder,
            publish_arguments=publish,
            has_checkpoints=self.has_checkpoints,
        )

    def _remove_strays(self) -> None:
        """Remove what earlier holders of the batch have left, and no row points at."""
        if not self.lease.is_takeover:
            return
        results = {Path(prefix).name for prefix in self._results.values()}
        for name in self.artifacts.names(f"{self._root}/partitions") - results:
            if name.startswith(KNOWLEDGE):
                continue
            _remove(self.artifacts, f"{self._root}/partitions/{name}")
        for name in self.artifacts.names(self._root):
            if name.startswith("result-"):
                _remove(self.artifacts, f"{self._root}/{name}")

    # Results

    def _take(self, partition: Partition, checkpoint: str, batch_id: str) -> bool:
        """Complete a partition by what another batch has kept; False where that is gone."""
        self._require_not_stopping()
        prefix = self._prefix(partition, 0)
        try:
            self.artifacts.copy_folder(checkpoint, prefix)
        except ArtifactMissing:
            return False
        key = self._keys[partition.number]
        end = AttemptEnd(seconds=0.0, peak_mb=0.0, result=prefix, checkpoint=key, reused_from=batch_id)
        if not self._point_at(partition, _OPEN, end):
            raise Stopped
        return True

    def _point_at(self, partition: Partition, before: PartitionState, end: AttemptEnd) -> bool:
        """Have the row of a partition point at its result, which is removed where that is refused."""
        prefix = str(end.result)
        try:
            is_ours = self.store.move_partition(self._batch_id, partition.number, before, _DONE, end=end)
        except LeaseLost:
            _remove(self.artifacts, prefix)
            raise
        if not is_ours:
            _remove(self.artifacts, prefix)
            return False
        self._results[partition.number] = prefix
        reach(CrashPoint.PARTITION_COMPLETED)
        return True

    def _prefix(self, partition: Partition, attempt: int) -> str:
        return f"{self._root}/partitions/{partition.number:05}-{attempt}-{self.lease.fence}"

    def _require_not_stopping(self) -> None:
        if self.stopping.is_set():
            raise Stopped


def _remove(artifacts: Artifacts, key: str) -> None:
    """Remove what no row points at; where that fails it is left to the next sweep."""
    try:
        artifacts.remove(key)
    except BatchcastError as error:
        _log.warning("%s is left to the next sweep: %s", key, error)
