"""A program with a pool, for tests that kill it: prints a line when all its workers are at work."""

import json
import logging
import sys
from pathlib import Path

from batchcast.domain.codec import decode
from batchcast.domain.settings import BatchSettings
from batchcast.run.coordinator import Coordinator
from batchcast.run.job import Job
from batchcast.run.local_pool import LocalPool
from batchcast.run.steps import BatchWork, Steps
from batchcast.store.memory import MemoryStore

STEPS = Steps(prepare="acts:prepare", partition="acts:partition", publish="acts:publish")


def hold_workers(folder: Path) -> None:
    """Two workers stuck in C, and one with a grandchild."""
    with LocalPool(3, allowed=("acts",)) as pool:
        for name, number in (("loop_in_c", 1), ("pause_in_c", 2), ("leave_a_child", 3)):
            pool.submit(Job(function=f"acts:{name}", arguments={"tell": str(folder / str(number)), "hang": True}))
        sys.stdin.read()


def run_batch(folder: Path) -> None:
    """A batch, in the main thread, as a command does it."""
    logging.basicConfig()
    plan, history = decode(json.loads((folder / "batch.json").read_text()))
    store = MemoryStore()
    store.add_batch("b", BatchSettings(), plan)
    with LocalPool(2, allowed=("acts",)) as pool:
        work = BatchWork(history=history, folder=folder / "work", publish={"out": folder / "out"})
        batch = Coordinator(store, pool, steps=STEPS).run("b", work)
    sys.stdout.write(f"{batch.state}\n")


if __name__ == "__main__":
    {"hold_workers": hold_workers, "run_batch": run_batch}[sys.argv[1]](Path(sys.argv[2]))
