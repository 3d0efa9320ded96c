"""The keeper of a command: results stay in the work folder, and the result is put where the person wants it."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Collection, Sequence
from pathlib import Path

from batchcast.domain.batch import BatchState, PartitionState
from batchcast.domain.errors import BatchcastError
from batchcast.domain.plan import Partition
from batchcast.run.job import Outcome
from batchcast.run.keeping import Failed, RunStore, Standing, Stopped
from batchcast.run.steps import JobMaker
from batchcast.run.verdict import attempt_end, publishing_problem

_log = logging.getLogger(__name__)


class WorkKeeper:
    """Implements `Keeper` for a batch that one process sees through from PENDING to its end."""

    def __init__(self, store: RunStore, maker: JobMaker, batch_id: str) -> None:
        self._store = store
        self._maker = maker
        self._batch_id = batch_id
        self._folders: dict[int, Path] = {}

    def begin(self) -> Standing:
        """See `Keeper.begin`."""
        if not self._store.move_batch(self._batch_id, BatchState.PENDING, BatchState.PROCESSING):
            raise Stopped
        self._maker.work.folder.mkdir(parents=True, exist_ok=True)
        return Standing(maker=self._maker)

    def take_checkpoints(self, prepared: object, partitions: Sequence[Partition]) -> Collection[int]:
        """See `Keeper.take_checkpoints`; a command has none."""
        return ()

    def complete(self, partition: Partition, attempt: int, outcome: Outcome) -> bool:
        """See `Keeper.complete`."""
        self._folders[partition.number] = self._maker.result_folder(partition, attempt)
        states = PartitionState.PROCESSING, PartitionState.COMPLETED
        return self._store.move_partition(self._batch_id, partition.number, *states, end=attempt_end(outcome))

    def discard(self, partition: Partition, attempt: int) -> None:
        """See `Keeper.discard`: it goes with the work folder, and nothing is told to a disk."""

    def folders(self) -> list[Path]:
        """See `Keeper.folders`."""
        return [self._folders[partition.number] for partition in self._maker.plan.partitions]

    def commit(self, published: object) -> None:
        """See `Keeper.commit`."""
        if self._store.batch(self._batch_id).state is not BatchState.PROCESSING:
            raise Stopped
        commit = self._maker.work.commit
        if commit:
            try:
                commit(published)
            except (BatchcastError, OSError) as error:
                raise Failed(publishing_problem(error)) from error
        if not self._store.move_batch(self._batch_id, BatchState.PROCESSING, BatchState.COMPLETED):
            raise Stopped

    def tidy(self) -> None:
        """See `Keeper.tidy`: the folder belongs to whoever made the work."""

    def remove_files(self) -> None:
        """See `Keeper.remove_files`."""
        try:
            if self._maker.work.discard:
                self._maker.work.discard()
            if self._maker.work.folder.exists():
                shutil.rmtree(self._maker.work.folder)
        except OSError as error:
            _log.error("batch %s: its temporary files could not be removed: %s", self._batch_id, error)

    def let_go(self, at_work: Sequence[int]) -> None:
        """See `Keeper.let_go`: nobody else will carry it on."""
        self._store.move_batch(self._batch_id, BatchState.PROCESSING, BatchState.CANCELLED)
