"""Faults for a server under test and its workers; Python loads this file at its start because it is on its path.

Before each job a worker writes the job's name into the file `log` of the folder FAULTS and looks for a file of that
name there, or of its site where the job is a partition. What that file says is done before the job:

    hold    wait until the file is gone          crash   be killed by the system
    stuck   never come back from a loop in C     memory  take a gigabyte and keep it

The server itself looks for the file `kill-at` at every named point of a batch's life. Where it names that point, as
`point:n`, the server kills itself when the point is reached for the n-th time since then, and the file goes with it.

Kernels are not loaded before a job needs them: every start of a server would pay for it.
"""

import contextlib
import itertools
import os
import signal
import sys
import threading
import time
from importlib.machinery import PathFinder
from pathlib import Path

JOBS = "batchcast.run.jobs"
POINTS = "batchcast.domain.crash_points"
FAULTS = os.environ.get("FAULTS")


def hold(file):
    # The log tells who is held, and not only who has begun.
    note(f"{file.name}-held")
    while file.exists():
        threading.Event().wait(0.01)  # under libfaketime a sleep is an invalid argument


def stuck(file):
    sum(itertools.repeat(0))


def crash(file):
    os.kill(os.getpid(), signal.SIGKILL)


def memory(file):
    block = bytearray(b"x") * 2**30
    time.sleep(600)
    return block


def note(text):
    """A line more in the log."""
    with (Path(FAULTS) / "log").open("a") as log:
        log.write(f"{text}\n")


def name_of(job, arguments):
    """The site of a partition, or the job's own name."""
    return arguments["partition"]["sites"]["value"][0] if job == "partition_job" else job


def faulty(job, function):
    """The job's function, with the fault before it."""

    def carry_out(arguments, on_progress):
        if job == "warm_job":
            return None
        name = name_of(job, arguments)
        file = Path(FAULTS) / name
        note(name)
        if file.exists():
            globals()[file.read_text()](file)
        return function(arguments, on_progress)

    return carry_out


def spoil_jobs(module):
    jobs = {name: found for name, found in vars(module).items() if name.endswith("_job")}
    vars(module).update({name: faulty(name, found) for name, found in jobs.items()})


def watch_points(module):
    file = Path(FAULTS) / "kill-at"
    reached = []

    def die_where_told(point):
        with contextlib.suppress(FileNotFoundError):
            name, _, times = file.read_text().partition(":")
            reached.extend([point] if point == name else [])
            if len(reached) == int(times):
                file.unlink()
                os.kill(os.getpid(), signal.SIGKILL)

    module.watch(die_where_told)


class Finder(PathFinder):
    """Finds one module, and does something to it once it is loaded."""

    def __init__(self, name, change):
        self.name = name
        self.change = change

    def find_spec(self, fullname, path=None, target=None):
        if fullname != self.name:
            return None
        spec = super().find_spec(fullname, path, target)
        load = spec.loader.exec_module

        def load_and_change(module):
            load(module)
            self.change(module)

        spec.loader.exec_module = load_and_change
        return spec


if FAULTS:
    is_worker = "BATCHCAST_WORKER" in os.environ
    sys.meta_path.insert(0, Finder(JOBS, spoil_jobs) if is_worker else Finder(POINTS, watch_points))
