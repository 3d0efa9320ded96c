"""Local copies of files in a bucket are removed when they have not been read for a while."""

from __future__ import annotations

import os
import time
from pathlib import Path

from batchcast.app.service.results import ResultFiles
from batchcast.run.local_pool import LocalPool
from batchcast.store.artifacts.opening import open_artifacts
from batchcast.store.memory import MemoryStore


def test_old_copies_go_and_fresh_ones_stay(tmp_path: Path) -> None:
    copies = tmp_path / "copies"
    copies.mkdir()
    for name, age in (("old", 7200), ("fresh", 60)):
        (copies / name).write_text(name)
        then = time.time() - age
        os.utime(copies / name, (then, then))
    with LocalPool(1) as pool:
        files = ResultFiles(MemoryStore(), open_artifacts(None, tmp_path / "artifacts"), pool, copies)

        files.prune()

    assert [path.name for path in copies.iterdir()] == ["fresh"]
