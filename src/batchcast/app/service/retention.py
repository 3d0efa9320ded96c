"""What is removed: artifacts that nothing points at, and batches that are kept no longer."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from batchcast.app.installation.configuration import MEGABYTE, ServiceConfig
from batchcast.domain.batch import MOST_A_PAGE, Batch, BatchQuery, BatchState, BatchSummary, StoredFile
from batchcast.run.result_sink import KNOWLEDGE
from batchcast.store.artifacts.artifacts import Artifacts
from batchcast.store.errors import UnknownBatch
from batchcast.store.store import Store

_log = logging.getLogger(__name__)


def kept_files(batch: Batch, store: Store) -> list[StoredFile]:
    """What was submitted, what was published, and what was made of that since; without the results of partitions."""
    source, result = batch.source, batch.result
    submitted = [source.upload, source.history, source.rejected] if source else []
    published = [*(result.files if result else ()), *store.files(batch.batch_id)]
    found = [file for file in submitted if file and file.key] + [one.file for one in published]
    return list({file.key: file for file in found}.values())


# What no row points at is removed: what dead servers, lost attempts and interrupted deletions left behind.


def sweep_artifacts(store: Store, artifacts: Artifacts) -> int:
    """Remove files of ids without a batch and without a claim of a live server, and strays of batches that have ended.

    Returns how many files or folders were removed. The ids are listed first and asked for afterwards, so that what a
    submission claims in between is spared.
    """
    ids = artifacts.batch_ids()
    known = store.known(ids)
    removed = 0
    for batch_id in sorted(ids - known):
        artifacts.remove(f"batches/{batch_id}")
        removed += 1
    for batch_id in sorted(known):
        try:
            batch = store.batch(batch_id)
        except UnknownBatch:  # claimed, or deleted meanwhile
            continue
        if batch.state.is_final:
            removed += _sweep_batch(batch, artifacts)
    if removed:
        _log.info("swept %d artifacts that nothing points at", removed)
    return removed


def _sweep_batch(batch: Batch, artifacts: Artifacts) -> int:
    kept = _kept_by(batch)
    root = f"batches/{batch.batch_id}"
    # What was converted may be pointed at in a moment, and is the same whichever draft made it: it goes with the batch.
    found = {f"{root}/{name}" for name in artifacts.names(root) if name != "converted"}
    if f"{root}/partitions" in found:
        found.remove(f"{root}/partitions")
        partitions = (name for name in artifacts.names(f"{root}/partitions") if not name.startswith(KNOWLEDGE))
        found |= {f"{root}/partitions/{name}" for name in partitions}
    strays = [key for key in found if not any(one == key or one.startswith(f"{key}/") for one in kept)]
    for key in strays:
        artifacts.remove(key)
    return len(strays)


def _kept_by(batch: Batch) -> set[str]:
    """Keys that the rows of a batch point at."""
    source, result = batch.source, batch.result
    stored = [source.upload, source.history, source.rejected] if source else []
    kept = {file.key for file in stored if file}
    kept |= {file.file.key for file in result.files} if result else set()
    return kept | {record.result for record in batch.partitions if record.result}


# How long batches are kept: as long as the settings of the server say, which is for ever unless they say otherwise.

_FINAL = frozenset(state for state in BatchState if state.is_final)


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """What the batches of a server take."""

    batches: int
    size: int  # bytes of their files


def retire_batches(
    store: Store, artifacts: Artifacts, config: ServiceConfig, delete: Callable[[str], None], now: dt.datetime
) -> Usage:
    """Delete the batches that have ended and are beyond an age, a number or a size; drop the partitions of others.

    Args:
        store: where the batches are.
        artifacts: where their files are.
        config: says what is kept: `keep_days`, `keep_batches`, `keep_mb`, `keep_partitions_days`.
        delete: forgets one batch that has ended, with its files.
        now: on the clock of the store.

    Returns what is left.
    """
    kept = size = 0
    for batch in list(_ended(store)):  # the newest first, as a whole: deleting moves the pages
        age = now - (batch.ended_at or now)
        if age >= dt.timedelta(days=config.keep_partitions_days):
            artifacts.remove(f"batches/{batch.batch_id}/partitions")  # kept until then to be taken by a retry
        size_of_it = artifacts.size_of(f"batches/{batch.batch_id}")
        if _is_beyond(config, age, kept + 1, size + size_of_it):
            delete(batch.batch_id)
            _log.info("batch %s was deleted: it ended %d days ago", batch.batch_id, age.days)
            continue
        kept, size = kept + 1, size + size_of_it
    return Usage(batches=kept, size=size)


def _ended(store: Store) -> Iterator[BatchSummary]:
    offset = 0
    while page := store.batches(BatchQuery(states=_FINAL, offset=offset, limit=MOST_A_PAGE)).batches:
        yield from page
        offset += len(page)


def _is_beyond(config: ServiceConfig, age: dt.timedelta, number: int, size: int) -> bool:
    limits = (
        (age.total_seconds() / 86_400, config.keep_days),
        (number, config.keep_batches),
        (size / MEGABYTE, config.keep_mb),
    )
    return any(most is not None and found > most for found, most in limits)
