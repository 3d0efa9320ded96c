"""What no row points at is removed: what dead servers, lost attempts and interrupted deletions left behind."""

from __future__ import annotations

import logging

from batchcast.domain.batch import Batch
from batchcast.store import Store, UnknownBatch
from batchcast.store.artifacts import Artifacts

_log = logging.getLogger(__name__)


def sweep_artifacts(store: Store, artifacts: Artifacts) -> int:
    """Remove files of ids that no batch and no claim of a living server knows, and strays of batches that have ended.

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
    # What was converted may be pointed at in a moment, and is the same whoever made it: it goes with the batch.
    found = {f"{root}/{name}" for name in artifacts.names(root) if name != "converted"}
    if f"{root}/partitions" in found:
        found.remove(f"{root}/partitions")
        found |= {f"{root}/partitions/{name}" for name in artifacts.names(f"{root}/partitions")}
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
