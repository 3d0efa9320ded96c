"""Runs every benchmark in turn and writes what they print into `docs/benchmarks.md`."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import platform
import subprocess
import sys
from pathlib import Path

import psutil

FOLDER = Path(__file__).parent
PAGE = FOLDER.parent / "docs" / "benchmarks.md"
START = "<!-- figures: written by `make bench` -->"
NOT_BENCHMARKS = {"all", "measure", "accuracy"}
ARGUMENTS = {"ingest": [["--rows", "1000000"], ["--rows", "59000000"]], "scaling": [["--full"]]}
PACKAGES = ("batchcast", "numpy", "numba", "pyarrow", "polars", "statsforecast")


def main() -> None:
    """Run them, show what they print, and replace the figures of the page."""
    figures = [_machine()]
    scripts = [path for path in sorted(FOLDER.glob("*.py")) if path.stem not in NOT_BENCHMARKS]
    for script in scripts:
        figures.append(f"## {script.stem}")
        for arguments in ARGUMENTS.get(script.stem, [[]]):
            print("---", script.name, *arguments, flush=True)
            command = [sys.executable, str(script), *arguments]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            print(done.stdout, flush=True)
            figures.append(done.stdout.strip())
    kept = PAGE.read_text(encoding="utf-8").split(START)[0]
    PAGE.write_text(kept + START + "\n\n" + "\n\n".join(figures) + "\n", encoding="utf-8")


def _machine() -> str:
    cores = psutil.cpu_count()
    memory = psutil.virtual_memory().total / 2**30
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
    return (
        f"Measured on {dt.datetime.now(dt.UTC).date()}: {platform.system()} {platform.machine()}, "
        f"{_processor()}, {cores} cores, {memory:.0f} GB; Python {platform.python_version()}, {versions}."
    )


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    lines = described.read_text(encoding="utf-8").splitlines() if described.exists() else []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown processor")


if __name__ == "__main__":
    main()
