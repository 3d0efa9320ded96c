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

def history(step, count, orders=()):
    random, rows = np.random.default_rng(0), []
    for part in range(60):
        for k in range(count):
            quantity = 400 if (part, k) in orders else random.poisson(0.3 if part % 3 else 5)
            if quantity:
                day = dt.date(2015, 1, 1) + dt.timedelta(days=k * step)
                rows.append((day.replace(day=1) if step == 30 else day, f"P{part}", "AB"[part % 2], int(quantity)))
    return pa.table(dict(zip(("date", "partnumber", "site_code", "demand_qty"), zip(*rows))))

def tried():
    for step, count, horizon in ((1, 300, 7), (1, 1100, 28), (7, 160, 6), (30, 12, 2), (30, 60, 12)):
        yield f"{step} {count}", history(step, count), {"horizon": horizon}
    for step, count, horizon in ((1, 300, 7), (7, 160, 6), (30, 40, 4)):
        orders = {(1, count // 2), (2, count - 2), (4, 3)}
        yield f"{step} {count} with orders far beyond", history(step, count, orders), {"horizon": horizon}
    for models in ("ses", "wss", "lightgbm_quantile holt_damped", "theta conformal_ses", "linear_decay pooled"):
        yield f"by {models}", history(30, 48), {"horizon": 3, "models": models.split()}
    yield "a lead time", history(7, 160), {"horizon": 4, "lead_time": 9}
    yield "a part alone", history(30, 40).slice(0, 30), {"horizon": 2}

warm()
known = signatures()
for name, table, asked in tried():
    batchcast.forecast(table, **asked)
    print(name, sorted(signatures() - known))
"""


@pytest.mark.long
@pytest.mark.compiled
def test_batches_of_all_kinds_compile_nothing_that_was_not_warmed() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 15
    assert [line for line in lines if not line.endswith(" []")] == []
