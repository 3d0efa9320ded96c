"""Runs every benchmark in turn, or those named, and writes what they print into `docs/benchmarks.md`."""

from __future__ import annotations

import argparse
import datetime as dt
import importlib.metadata
import platform
import re
import subprocess
import sys
from pathlib import Path

import psutil

FOLDER = Path(__file__).parent
PAGE = FOLDER.parent / "docs" / "benchmarks.md"
START = "<!-- figures: written by `make bench` -->"
NOT_BENCHMARKS = {"all", "measure", "pictures"}
ARGUMENTS = {
    "command_against_peers": [["--check"]],
    "ingest": [["--rows", "1000000"], ["--rows", "59000000"]],
    "scaling": [["--full"]],
    "service": [["--check"]],
    "page": [["--check"]],
    "table": [["--check"]],
    "estimates": [["--check"]],
    "two_years": [["--check"]],
}
PACKAGES = ("batchcast", "numpy", "numba", "pyarrow", "polars", "statsforecast")


def main() -> None:
    """Run them, or only those named, show what they print, and replace their figures on the page."""
    scripts = {path.stem: path for path in sorted(FOLDER.glob("*.py")) if path.stem not in NOT_BENCHMARKS}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="only these; the figures of the others stay")
    chosen = parser.parse_args().names
    if unknown := set(chosen) - set(scripts):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}, but {', '.join(scripts)}")
    kept, _, figures = PAGE.read_text(encoding="utf-8").partition(START)
    machine, sections = _parted(figures, list(scripts))
    for name in chosen or scripts:
        sections[name] = _measured(scripts[name])
        if chosen:  # the others were measured at another time
            sections[name] = f"{_machine()}\n\n{sections[name]}"
    written = [f"## {name}\n\n{sections[name]}" for name in scripts if name in sections]
    whole = "\n\n".join([machine if chosen else _machine(), *written])
    PAGE.write_text(f"{kept}{START}\n\n{whole}\n", encoding="utf-8")


def _measured(script: Path) -> str:
    """What a benchmark prints."""
    printed = []
    for arguments in ARGUMENTS.get(script.stem, [[]]):
        print("---", script.name, *arguments, flush=True)
        command = [sys.executable, str(script), *arguments]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        print(done.stdout, flush=True)
        printed.append(done.stdout.strip())
    return "\n\n".join(printed)


def _parted(figures: str, names: list[str]) -> tuple[str, dict[str, str]]:
    """The line of the machine, and the figures by benchmark."""
    heading = re.compile(rf"^## ({'|'.join(names)})$", re.MULTILINE)
    machine, *parts = heading.split(figures)
    return machine.strip(), {name: text.strip() for name, text in zip(parts[::2], parts[1::2], strict=True)}


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
