"""What is warm: no batch compiles what `batchcast warm` and a worker's first idle moment have compiled."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import datetime as dt, importlib, pkgutil, sys
import numpy as np, pyarrow as pa
from numba.core.dispatcher import Dispatcher
import batchcast
from batchcast.forecast.partition import warm

room = sys.modules["batchcast.forecast"]
for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
    importlib.import_module(module.name)

def signatures():
    modules = [module for name, module in list(sys.modules.items()) if name.startswith(room.__name__)]
    found = {id(value): value for module in modules for value in vars(module).values() if isinstance(value, Dispatcher)}
    return {(one.py_func.__name__, str(each)) for one in found.values() for each in one.signatures}

def history(step, count):
    random, rows = np.random.default_rng(0), []
    for part in range(60):
        for k in range(count):
            if quantity := random.poisson(0.3 if part % 3 else 5):
                day = dt.date(2015, 1, 1) + dt.timedelta(days=k * step)
                rows.append((day.replace(day=1) if step == 30 else day, f"P{part}", "AB"[part % 2], int(quantity)))
    return pa.table(dict(zip(("date", "partnumber", "site_code", "demand_qty"), zip(*rows))))

warm()
known = signatures()
for step, count, horizon in ((1, 300, 7), (1, 1100, 28), (7, 160, 6), (30, 12, 2), (30, 60, 12)):
    batchcast.forecast(history(step, count), horizon=horizon)
    print(step, count, sorted(signatures() - known))
"""


@pytest.mark.long
@pytest.mark.compiled
def test_batches_of_all_frequencies_compile_nothing_that_was_not_warmed() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["1 300 []", "1 1100 []", "7 160 []", "30 12 []", "30 60 []"]
