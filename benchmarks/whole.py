"""A file of M5's shape, 59 million rows of text, to the published forecast, stock and accuracy."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from batchcast.app.samples.writing import write_sample
from measure import BATCHCAST, measure, print_table

ALL_ROWS = 59_181_090


def main() -> None:
    """Make the file, run it, print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ALL_ROWS, help="stop the file after so many rows")
    parser.add_argument("--runs", type=int, default=2)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "m5.csv"
        rows = write_sample("m5", path, rows=asked.rows)
        size = path.stat().st_size / 1e6
        measure([*BATCHCAST, "warm"])
        command = [*BATCHCAST, "run", path, "-o", folder / "result", "--horizon", "28"]
        limits = ["--max-rows", "10000000", "--timeout", "3600"]
        home = {"BATCHCAST_HOME": str(folder / "home")}
        runs = [measure([*command, *limits], environment=home) for _ in range(asked.runs)]
    print(f"{rows:,} rows, {size:,.0f} MB of CSV; 28 days, 3 quantiles, local models, 3 cutoffs, stock figures.\n")
    measured = [(n, run.wall_seconds, run.cpu_seconds, run.peak_mb) for n, run in enumerate(runs, start=1)]
    print_table(("run", "wall s", "CPU s", "peak MB over all processes"), measured)


if __name__ == "__main__":
    main()
