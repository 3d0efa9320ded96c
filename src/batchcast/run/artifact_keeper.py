"""The keeper of a server: whatever is finished is kept as an artifact, so that anybody can carry the batch on.

A row points at an artifact only when it is there for good; what no row points at is removed by whoever knows, or swept.
The fence of the lease is part of every name, so that a late server never writes where another one reads.
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from batchcast.domain.accuracy import LeaderboardRow
from batchcast.domain.batch import Batch, BatchResult, BatchState, PartitionState, ResultFile, Source
from batchcast.domain.codec import decode
from batchcast.domain.crash_points import CrashPoint, reach
from batchcast.domain.errors import N_, BatchcastError, InternalError, Message
from batchcast.domain.history import DemandHistory
from batchcast.domain.plan import Partition
from batchcast.run.job import Ending, Outcome
from batchcast.run.keeping import Failed, Standing, Stopped
from batchcast.run.leased_store import LeasedStore
from batchcast.run.steps import BatchWork, JobMaker, StepLimits, Steps, checkpoint_key
from batchcast.run.verdict import GIVEN_BACK, attempt_end, count_reason, publishing_problem, take_over
from batchcast.store.artifacts.artifacts import ArtifactMissing, Artifacts, ArtifactsUnavailable
from batchcast.store.errors import LeaseLost, StoreUnavailable
from batchcast.store.records import AttemptEnd, Lease

_log = logging.getLogger(__name__)
_OPEN, _DONE = PartitionState.PENDING, PartitionState.COMPLETED


class ArtifactKeeper:
    """Implements `Keeper` for the holder of a lease.

    Args:
        store: with the lease.
        artifacts: where files are kept.
        lease: on the batch.
        folder: scratch space for this run alone; made here, and removed.
        stopping: once set, nothing long is begun.
    """

    def __init__(
        self,
        store: LeasedStore,
        artifacts: Artifacts,
        lease: Lease,
        folder: Path,
        stopping: threading.Event,
        *,
        steps: Steps,
        limits: StepLimits,
    ) -> None:
        self._store = store
        self._artifacts = artifacts
        self._lease = lease
        self._batch_id = lease.batch_id
        self._folder = folder
        self._stopping = stopping
        self._steps = steps
        self._limits = limits
        self._maker: JobMaker  # once it has begun
        self._results: dict[int, str] = {}  # by partition: where the result is kept
        self._keys: dict[int, str] = {}  # by partition: of its checkpoint

    @property
    def _root(self) -> str:
        return f"batches/{self._batch_id}"

    @property
    def _result(self) -> str:
        return f"{self._root}/result-{self._lease.fence}"

    def begin(self) -> Standing:
        """See `Keeper.begin`."""
        batch = self._store.batch(self._batch_id)
        if batch.state is not BatchState.PROCESSING:
            raise Stopped
        self._results = {r.partition.number: r.result for r in batch.partitions if r.state is _DONE and r.result}
        take_over(self._store, self._lease, batch)
        self._remove_strays()
        self._maker = self._make_maker(batch)
        attempts = self._store.attempts(self._batch_id) if self._lease.is_takeover else ()
        return Standing(
            maker=self._maker,
            priority=int(batch.submitted_at.timestamp() * 1000) if batch.submitted_at else 0,
            attempts={record.partition.number: record.attempt for record in batch.partitions},
            crashes=count_reason(attempts, Ending.CRASH),
            completed=frozenset(self._results),
        )

    def take_checkpoints(self, prepared: object, partitions: Sequence[Partition]) -> Collection[int]:
        """See `Keeper.take_checkpoints`."""
        given: Any = prepared  # what `prepare_job` returned
        rows = dict(zip((p.number for p in self._maker.plan.partitions), given["partitions"], strict=True))
        request, knowledge = self._maker.plan.request, given["knowledge"]
        self._keys = {p.number: checkpoint_key(request, knowledge, rows[p.number]) for p in partitions}
        found = self._store.checkpoints(list(self._keys.values()))
        taken = []
        for partition in partitions:
            checkpoint = found.get(self._keys[partition.number])
            if checkpoint and self._take(partition, checkpoint.result, checkpoint.batch_id):
                taken.append(partition.number)
        return taken

    def complete(self, partition: Partition, attempt: int, outcome: Outcome) -> bool:
        """See `Keeper.complete`."""
        reach(CrashPoint.PARTITION_DONE)
        prefix = self._prefix(partition, attempt)
        self._artifacts.put_folder(self._maker.result_folder(partition, attempt), prefix, move=True)
        reach(CrashPoint.PARTITION_KEPT)
        end = attempt_end(outcome, result=prefix, checkpoint=self._keys[partition.number])
        return self._point_at(partition, PartitionState.PROCESSING, end)

    def discard(self, partition: Partition, attempt: int) -> None:
        """See `Keeper.discard`."""
        shutil.rmtree(self._maker.result_folder(partition, attempt), ignore_errors=True)

    def folders(self) -> list[Path]:
        """See `Keeper.folders`."""
        found = []
        for partition in self._maker.plan.partitions:
            prefix = self._results[partition.number]
            self._require_not_stopping()
            try:
                found.append(self._artifacts.fetch_folder(prefix, self._folder / "results" / Path(prefix).name))
            except (ArtifactMissing, ArtifactsUnavailable) as error:
                raise Failed(publishing_problem(error)) from error
        return found

    def commit(self, published: object) -> None:
        """See `Keeper.commit`."""
        given: Any = decode(published)  # what `publish_files_job` returned
        try:
            files = tuple(self._keep(kind, form, path) for kind, form, path in given["files"])
            reach(CrashPoint.RESULT_KEPT)
            result = BatchResult(
                files=files,
                counts=given["counts"],
                leaderboard=tuple(LeaderboardRow.from_json(row) for row in given["leaderboard"]),
            )
            states = BatchState.PROCESSING, BatchState.COMPLETED
            if not self._store.move_batch(self._batch_id, *states, result=result):
                raise Stopped
        except ArtifactsUnavailable as error:
            self._remove(self._result)
            raise Failed(publishing_problem(error)) from error
        except (LeaseLost, Stopped):
            self._remove(self._result)
            raise

    def tidy(self) -> None:
        """See `Keeper.tidy`."""
        self.remove_files()

    def remove_files(self) -> None:
        """See `Keeper.remove_files`: scratch alone, for what is finished is kept for whoever comes next."""
        try:
            if self._folder.exists():
                shutil.rmtree(self._folder)
        except OSError as error:
            _log.error("batch %s: its scratch files could not be removed: %s", self._batch_id, error)

    def let_go(self, at_work: Sequence[int]) -> None:
        """See `Keeper.let_go`: the batch is given back, to be carried on at once by whoever is free."""
        try:
            for number in at_work:
                end = AttemptEnd(seconds=0.0, peak_mb=0.0, reason=GIVEN_BACK)
                self._store.move_partition(self._batch_id, number, PartitionState.PROCESSING, _OPEN, end=end)
            if self._store.release():
                _log.info("batch %s is given back", self._batch_id)
        except (LeaseLost, StoreUnavailable) as error:  # it expires by itself
            _log.warning("batch %s could not be given back: %s", self._batch_id, error)

    # The beginning

    def _make_maker(self, batch: Batch) -> JobMaker:
        source = batch.source
        if source is None:
            template = N_("Batch {batch_id} was made without a file, and can't be run by a server.")
            raise InternalError(Message(template, {"batch_id": self._batch_id}))
        self._folder.mkdir(parents=True, exist_ok=True)
        work = BatchWork(
            history=self._fetch_history(source),
            folder=self._folder,
            publish={
                "input_name": source.file_name,
                "settings": batch.settings,
                "report": source.report,
                "rejected": self._artifacts.fetch(source.rejected, self._folder) if source.rejected else None,
                "into": self._folder / "result",
                "timings": {"ingest": round(source.ingest_seconds, 3)},
            },
            is_checkpointed=True,
        )
        return JobMaker(steps=self._steps, limits=self._limits, settings=batch.settings, plan=batch.plan, work=work)

    def _fetch_history(self, source: Source) -> DemandHistory:
        path = self._artifacts.fetch(source.history, self._folder)
        return DemandHistory(path=path, facts=source.facts, input_sha256=source.input_sha256)

    def _remove_strays(self) -> None:
        """Remove what earlier holders of the batch have left, and no row points at."""
        if not self._lease.is_takeover:
            return
        results = {Path(prefix).name for prefix in self._results.values()}
        for name in self._artifacts.names(f"{self._root}/partitions") - results:
            self._remove(f"{self._root}/partitions/{name}")
        for name in self._artifacts.names(self._root):
            if name.startswith("result-"):
                self._remove(f"{self._root}/{name}")

    # Results

    def _take(self, partition: Partition, checkpoint: str, batch_id: str) -> bool:
        """Complete a partition by what another batch has kept; False where that is gone."""
        self._require_not_stopping()
        prefix = self._prefix(partition, 0)
        try:
            self._artifacts.copy_folder(checkpoint, prefix)
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
            is_ours = self._store.move_partition(self._batch_id, partition.number, before, _DONE, end=end)
        except LeaseLost:
            self._remove(prefix)
            raise
        if not is_ours:
            self._remove(prefix)
            return False
        self._results[partition.number] = prefix
        reach(CrashPoint.PARTITION_COMPLETED)
        return True

    def _prefix(self, partition: Partition, attempt: int) -> str:
        return f"{self._root}/partitions/{partition.number:05}-{attempt}-{self._lease.fence}"

    def _keep(self, kind: str, form: str, path: Path) -> ResultFile:
        self._require_not_stopping()
        file = self._artifacts.put(path, f"{self._result}/{kind}.{form}", move=True)
        return ResultFile(kind=kind, format=form, file=file)

    def _remove(self, key: str) -> None:
        try:
            self._artifacts.remove(key)
        except BatchcastError as error:
            _log.warning("batch %s: %s is left to the next sweep: %s", self._batch_id, key, error)

    def _require_not_stopping(self) -> None:
        if self._stopping.is_set():
            raise Stopped
