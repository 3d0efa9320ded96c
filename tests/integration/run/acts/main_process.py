"""A program with a pool, for tests that kill it: prints a line when all its workers are at work."""

import json
import logging
import sys
from pathlib import Path

from batchcast.domain.codec import decode
from batchcast.domain.settings import BatchSettings
from batchcast.run.job import Job
from batchcast.run.local_pool import LocalPool
from batchcast.run.one_batch import OneBatch, Placement
from batchcast.run.steps import Steps

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
    plan, source = decode(json.loads((folder / "batch.json").read_text()))
    with LocalPool(2, allowed=("acts",)) as pool:
        placement = Placement(arguments={"out": folder / "out"}, commit=print)
        one = OneBatch("b", pool, folder / "work", placement, steps=STEPS)
        (folder / "history.parquet").touch()
        one.artifacts.put(folder / "history.parquet", source.history.key)
        one.start(BatchSettings(), plan, source)
        try:
            batch = one.wait()
        except KeyboardInterrupt:
            one.cancel()
            batch = one.wait()
    sys.stdout.write(f"{batch.state}\n")


if __name__ == "__main__":
    {"hold_workers": hold_workers, "run_batch": run_batch}[sys.argv[1]](Path(sys.argv[2]))
