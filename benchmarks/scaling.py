"""Time against size: series of 36 months, from a thousand to a hundred thousand, or a million with `--full`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np

from measure import BATCHCAST, measure, print_table

MONTHS = 36
SITES = 20
SIZES = (1_000, 10_000, 100_000)
LARGEST = 1_000_000


def main() -> None:
    """Run each size once and fit the exponent of its time."""
    sizes = (*SIZES, LARGEST) if "--full" in sys.argv[1:] else SIZES
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        measure([*BATCHCAST, "warm"])
        for series in sizes:
            path = folder / "demand.csv"
            written = write_history(path, series)
            command = [*BATCHCAST, "run", path, "-o", folder / "result", "--strategy", "auto", "--batch-mode", "on"]
            limits = ["--max-rows", str(max(written // 20, 2_000)), "--timeout", "3600"]
            taken = measure([*command, *limits], environment={"BATCHCAST_HOME": str(folder / "home")})
            rows.append((series, written, taken.wall_seconds, taken.cpu_seconds, taken.peak_mb))
    print(f"{MONTHS} months, {SITES} sites, two months in three without demand; the whole command.\n")
    print_table(("series", "rows", "wall s", "CPU s", "peak MB over all processes"), rows)
    sizes_and_times = np.log([[row[0], row[2], row[3]] for row in rows])
    wall, cpu = (np.polyfit(sizes_and_times[:, 0], sizes_and_times[:, column], 1)[0] for column in (1, 2))
    last = [np.diff(sizes_and_times[-2:, column])[0] / np.diff(sizes_and_times[-2:, 0])[0] for column in (1, 2)]
    print(
        f"Fitted exponent: {wall:.2f} (wall), {cpu:.2f} (CPU); between the largest two: {last[0]:.2f}, {last[1]:.2f}."
    )


def write_history(path: Path, series: int) -> int:
    """A sparse monthly history; returns its rows."""
    rng = np.random.default_rng(series)
    months = [f"{2022 + month // 12}-{month % 12 + 1:02}-01" for month in range(MONTHS)]
    rows = 0
    with path.open("w", encoding="utf-8") as file:
        file.write("date,partnumber,site_code,demand_qty\n")
        for number in range(series):
            sold = np.flatnonzero(rng.random(MONTHS) < 1 / 3)
            sold = np.union1d(sold, [0, MONTHS - 1])
            quantities = rng.geometric(0.3, len(sold))
            key = f",P-{number // SITES:06},S{number % SITES:02},"
            file.writelines(f"{months[m]}{key}{q}\n" for m, q in zip(sold.tolist(), quantities.tolist(), strict=True))
            rows += len(sold)
    return rows


if __name__ == "__main__":
    main()
