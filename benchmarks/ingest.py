"""Ingest against `polars.scan_csv` merely parsing the same file: wall, CPU and peak memory, each in its own process.

    python benchmarks/ingest.py --rows 1000000
    python benchmarks/ingest.py --rows 59000000     # M5's shape: 30,490 series of 1,941 days; needs 2 GB of disk

    python benchmarks/ingest.py --before ../earlier   # a checkout of an earlier commit with its own .venv

The polars side reads every column as its own type and takes one number from each, so that nothing is left unparsed.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

DAYS = 1_941  # of M5, from 2011-01-29
ITEMS = 3_049
SITES = ("CA_1", "CA_2", "CA_3", "CA_4", "TX_1", "TX_2", "TX_3", "WI_1", "WI_2", "WI_3")
ROUNDS = 3  # each side, interleaved; the best counts


def write_file(path: Path, rows: int) -> None:
    """A long CSV of M5's shape, series after series: mostly zeros, whole quantities."""
    rng = np.random.default_rng(5)
    start = dt.date(2011, 1, 29)
    dates = [(start + dt.timedelta(days=i)).isoformat() for i in range(DAYS)]
    left = rows
    with path.open("w", encoding="utf-8") as file:
        file.write("date,partnumber,site_code,demand_qty\n")
        for item in range(ITEMS):
            for site in SITES:
                quantities = rng.negative_binomial(0.5, 0.3, DAYS)[:left].tolist()
                middle = f",FOODS_{item % 3 + 1}_{item:04d},{site},"
                lines = zip(dates, quantities, strict=False)
                file.write("".join([f"{date}{middle}{quantity}\n" for date, quantity in lines]))
                left -= len(quantities)
                if not left:
                    return


def run_ours(path: Path, into: Path) -> int:
    """Read, check and write the history."""
    from batchcast.domain.settings import BatchSettings
    from batchcast.ingest.reader import ingest_file

    return ingest_file(path, into=into, settings=BatchSettings()).report.rows_accepted


def run_polars(path: Path, into: Path) -> int:
    """Parse every cell and nothing more."""
    import polars as pl

    dates, parts, sites = (pl.col(name) for name in ("date", "partnumber", "site_code"))
    numbers = [pl.len(), pl.col("demand_qty").sum(), dates.max(), parts.last(), sites.last()]
    return int(pl.scan_csv(path, try_parse_dates=True).select(numbers).collect(engine="streaming")["len"][0])


def measure(side: str, path: Path) -> dict[str, float]:
    """Wall and CPU seconds and peak MB of a fresh process."""
    with tempfile.TemporaryDirectory() as into:
        command = [sys.executable, __file__, "--side", side, "--file", str(path), "--into", into]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def run_side(side: str, path: Path, into: Path) -> None:
    """What `measure` starts."""
    start = time.perf_counter()
    rows = {"ours": run_ours, "polars": run_polars}[side](path, into)
    used = resource.getrusage(resource.RUSAGE_SELF)
    found = {"wall": time.perf_counter() - start, "cpu": used.ru_utime + used.ru_stime, "peak": used.ru_maxrss / 1024}
    print(json.dumps(found | {"rows": rows}))


def compare(before: Path, path: Path, rounds: int) -> None:
    """CPU seconds of `analyze` as a whole process, of an earlier checkout and of this one in turns; medians."""
    runs: dict[Path, list[float]] = {before.resolve(): [], Path(__file__).resolve().parents[1]: []}
    for turn in range(rounds + 1):
        for checkout, found in runs.items():
            start = resource.getrusage(resource.RUSAGE_CHILDREN)
            command = [checkout / ".venv/bin/python", "-m", "batchcast", "analyze", path]
            with tempfile.TemporaryDirectory() as home:
                environment = os.environ | {"BATCHCAST_HOME": home}
                subprocess.run(command, check=True, capture_output=True, env=environment, cwd=path.parent)
            end = resource.getrusage(resource.RUSAGE_CHILDREN)
            if turn:  # the first fills caches
                found.append(end.ru_utime - start.ru_utime + end.ru_stime - start.ru_stime)
    earlier, now = (statistics.median(found) for found in runs.values())
    print(f"analyze: {earlier:.2f} CPU s before, {now:.2f} now: {now / earlier:.2f} times")


def main() -> None:
    """Make the file, measure both sides, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--before", type=Path, help="a checkout of an earlier commit, with its .venv")
    parser.add_argument("--side", choices=("ours", "polars"), help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--into", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.side:
        run_side(asked.side, asked.file, asked.into)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "demand.csv"
        write_file(path, asked.rows)
        print(f"{asked.rows:,} rows, {path.stat().st_size / 1e6:,.0f} MB, {os.cpu_count()} cores")
        if asked.before:
            compare(asked.before, path, asked.rounds)
            return
        runs: dict[str, list[dict[str, float]]] = {"polars": [], "ours": []}
        for _ in range(asked.rounds):
            for side, found in runs.items():
                found.append(measure(side, path))
    print("| side | wall s | CPU s | peak MB |\n|---|---|---|---|")
    best = {side: min(found, key=lambda run: run["cpu"]) for side, found in runs.items()}
    for side, run in best.items():
        print(f"| {side} | {run['wall']:.2f} | {run['cpu']:.2f} | {run['peak']:,.0f} |")
    print(f"CPU of ours to polars: {best['ours']['cpu'] / best['polars']['cpu']:.2f}")


if __name__ == "__main__":
    main()
