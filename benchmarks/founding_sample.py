"""The founding sample, whole command from start to result file: after an installation, and from then on."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from measure import BATCHCAST, Measurement, measure, print_table

RUNS = 5


def main() -> None:
    """Once with an empty cache of kernels, then warm; the median of the warm runs counts."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sample = folder / "alldemand_augjul.csv"
        measure([*BATCHCAST, "sample", "alldemand_augjul", sample])
        environment = {"NUMBA_CACHE_DIR": str(folder / "kernels"), "BATCHCAST_HOME": str(folder / "home")}
        command = [*BATCHCAST, "run", sample, "-o", folder / "result" / "forecast.csv", "--batch-mode", "on"]
        cold = measure(command, environment=environment)
        measure([*BATCHCAST, "warm"], environment=environment)
        warm = [measure(command, environment=environment) for _ in range(RUNS)]
        analyzed = [measure([*BATCHCAST, "analyze", sample], environment=environment) for _ in range(RUNS)]
        started = [measure([*BATCHCAST, "--version"]) for _ in range(RUNS)]
    print(
        "11,919 rows, 13 sites, 2,070 parts, 13 partitions; the median of", RUNS, "runs where there is more than one.\n"
    )
    rows = [
        _row("run, the first ever: kernels are compiled", [cold]),
        _row("run", warm),
        _row("analyze: checked and planned", analyzed),
        _row("--version", started),
    ]
    print_table(("command", "wall s", "CPU s", "peak MB over all processes"), rows)


def _row(what: str, runs: list[Measurement]) -> list[object]:
    measured = [(m.wall_seconds, m.cpu_seconds, m.peak_mb) for m in runs]
    median = [statistics.median(values) for values in zip(*measured, strict=True)]
    return [what, *median]


if __name__ == "__main__":
    main()
