"""Kept files are read again from time to time: a disk can change bytes that nobody asks for."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from batchcast.app.service.retention import kept_files
from batchcast.domain.batch import MOST_A_PAGE, BatchQuery, StoredFile
from batchcast.domain.disk import write_whole
from batchcast.domain.errors import Message
from batchcast.store.artifacts.artifacts import ArtifactMissing, Artifacts, ArtifactsUnavailable
from batchcast.store.errors import UnknownBatch
from batchcast.store.store import Store

_STATE = "checked.json"  # in the home folder

_log = logging.getLogger(__name__)


class Scrub:
    """Compares kept files with their SHA-256, some in each round, in the order of their keys and round and round.

    So the file that was compared longest ago is the next. Where it was, and which files are damaged, outlasts the
    server. Rounds are done by one thread; all else may be called from any.
    """

    def __init__(
        self, store: Store, artifacts: Artifacts, home: Path, most_bytes: int, is_stopping: Callable[[], bool]
    ) -> None:
        """`most_bytes`: that a round reads; the last file of it may exceed them. 0: no file is compared."""
        self._store = store
        self._artifacts = artifacts
        self._state = home / _STATE
        self._most_bytes = most_bytes
        self._is_stopping = is_stopping
        self._damaged: Mapping[str, Message] = {}  # by key; replaced, never changed
        self.checked = 0  # files that were compared since the server was started

    @property
    def damaged(self) -> int:
        """Number of files that are damaged or missing."""
        return len(self._damaged)

    @property
    def damaged_batches(self) -> tuple[str, ...]:
        """Ids of the batches that have such files."""
        return tuple(dict.fromkeys(_batch_of(key) for key in self._damaged))

    def damage_of(self, batch_id: str) -> tuple[Message, ...]:
        """What is wrong with the files of a batch, as far as they were compared."""
        return tuple(message for key, message in self._damaged.items() if _batch_of(key) == batch_id)

    def round(self) -> None:
        """Compare the files that were damaged, which may have been put back, and those whose turn it is.

        Raises:
            ArtifactsUnavailable: if the place as a whole can't be read.
        """
        if not self._most_bytes:
            return
        after, known = self._remembered()
        damaged: dict[str, Message] = {}
        found_again = (file for key in known for file in self._files_of(_batch_of(key)) if file.key == key)
        self._compare(list(found_again), damaged)
        left = self._most_bytes
        for file in self._in_turn(after):
            if left <= 0 or self._is_stopping():
                break
            if file.key not in damaged:
                self._compare([file], damaged)
            left -= file.size
            after = file.key
        self._damaged = damaged
        write_whole(self._state, json.dumps({"after": after, "damaged": sorted(damaged)}))

    def _compare(self, files: list[StoredFile], damaged: dict[str, Message]) -> None:
        for file in files:
            message = self._problem_of(file)
            self.checked += 1
            if message is not None and file in self._files_of(_batch_of(file.key)):  # else it was deleted meanwhile
                damaged[file.key] = message
                if file.key not in self._damaged:
                    _log.error("a kept file is damaged: %s", message)

    def _problem_of(self, file: StoredFile) -> Message | None:
        try:
            self._artifacts.verify(file)
        except ArtifactMissing as error:
            return error.message
        except ArtifactsUnavailable as error:
            self._artifacts.check()  # the place as a whole is there: it is this file that can't be read
            return error.message
        return None

    def _in_turn(self, after: str) -> Iterator[StoredFile]:
        """Every file once, that after a key first."""
        ids = sorted(self._ids())
        start = _batch_of(after)
        later, earlier = [one for one in ids if one >= start], [one for one in ids if one <= start]
        for batch_id in later:
            yield from (file for file in self._files_of(batch_id) if file.key > after)
        for batch_id in earlier:
            yield from (file for file in self._files_of(batch_id) if file.key <= after)

    def _ids(self) -> list[str]:
        ids: list[str] = []
        while page := self._store.batches(BatchQuery(offset=len(ids), limit=MOST_A_PAGE)).batches:
            ids += [batch.batch_id for batch in page]
        return ids

    def _files_of(self, batch_id: str) -> list[StoredFile]:
        try:
            return sorted(kept_files(self._store.batch(batch_id), self._store), key=lambda file: file.key)
        except UnknownBatch:  # deleted meanwhile
            return []

    def _remembered(self) -> tuple[str, list[str]]:
        """The key of the file that was compared last, and the keys of those that were damaged."""
        try:
            kept = json.loads(self._state.read_text(encoding="utf-8"))
            return str(kept["after"]), [str(key) for key in kept["damaged"]]
        except (OSError, ValueError, TypeError, KeyError):  # it begins anew
            return "", []


def _batch_of(key: str) -> str:
    """Id of the batch that a key belongs to: "batches/<batch_id>/…"; empty for the empty key."""
    return key.split("/")[1] if key else ""
