"""Faults for the workers of a server under test; Python loads this file at its start because it is on its path.

Before each job a worker writes the job's name into the file `log` of the folder FAULTS and looks for a file of that
name there, or of its site where the job is a partition. What that file says is done before the job:

    hold    wait until the file is gone          crash   be killed by the system
    stuck   never come back from a loop in C     memory  take a gigabyte and keep it

Kernels are not loaded before a job needs them: every start of a server would pay for it.
"""

import itertools
import os
import signal
import sys
import time
from importlib.machinery import PathFinder
from pathlib import Path

JOBS = "batchcast.run.jobs"
FAULTS = os.environ.get("FAULTS")


def hold(file):
    while file.exists():
        time.sleep(0.01)


def stuck(file):
    sum(itertools.repeat(0))


def crash(file):
    os.kill(os.getpid(), signal.SIGKILL)


def memory(file):
    block = bytearray(b"x") * 2**30
    time.sleep(600)
    return block


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
        with (Path(FAULTS) / "log").open("a") as log:
            log.write(f"{name}\n")
        if file.exists():
            globals()[file.read_text()](file)
        return function(arguments, on_progress)

    return carry_out


class Finder(PathFinder):
    """Finds the module of the jobs, and makes them faulty once it is loaded."""

    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        if fullname != JOBS:
            return None
        spec = super().find_spec(fullname, path, target)
        load = spec.loader.exec_module

        def load_and_spoil(module):
            load(module)
            jobs = {name: found for name, found in vars(module).items() if name.endswith("_job")}
            vars(module).update({name: faulty(name, found) for name, found in jobs.items()})

        spec.loader.exec_module = load_and_spoil
        return spec


if FAULTS and "BATCHCAST_WORKER" in os.environ:
    sys.meta_path.insert(0, Finder)
