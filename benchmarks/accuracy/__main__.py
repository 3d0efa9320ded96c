"""`python -m accuracy [SET ...]`: every contestant on the data sets; on all of them it writes `docs/accuracy.md`
and `docs/accuracy-tables.md`.

What a peer said is kept in `build/accuracy` and used again: its versions are pinned and it is deterministic. Remove
that folder to measure everything anew; batchcast is always measured anew.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from accuracy.contestants import CONTESTANTS, Cost
from accuracy.ours import OURS
from accuracy.report import SetResult, print_set, write_report
from accuracy.scores import Forecast, score
from accuracy.sets import DATA, SETS, DataSet, cut, read_set

ROOT = Path(__file__).parents[2]
KEPT = Path(os.environ.get("BATCHCAST_ACCURACY_KEPT", ROOT / "build" / "accuracy"))


def main() -> None:
    """Judge the sets that are named, or all."""
    if not DATA.is_dir():
        sys.exit(f"The real data sets are not here ({DATA}); set BATCHCAST_DATA to their folder.")
    known = [entry.name for entry in SETS]
    wrong = [name for name in sys.argv[1:] if name not in known]
    if wrong:
        sys.exit(f"There is no data set {wrong[0]!r}; there are {', '.join(known)}.")
    chosen = [entry for entry in SETS if not sys.argv[1:] or entry.name in sys.argv[1:]]
    results = []
    for entry in chosen:
        results.append(judge(entry))
        print_set(results[-1])
    if len(chosen) == len(SETS):
        write_report(results, ROOT / "docs")


def judge(chosen: DataSet) -> SetResult:
    """Every contestant on one data set."""
    origins = list(cut(read_set(chosen), chosen.horizon))
    panels, actuals = [origin.panel for origin in origins], [origin.actuals for origin in origins]
    scores, costs, failed = {}, {}, {}
    for contestant in CONTESTANTS:
        folder = KEPT / chosen.name / contestant
        cost = _run(contestant, chosen, folder)
        if isinstance(cost, str):
            failed[contestant] = cost
            continue
        for first in sorted(folder.glob("*@0.npz")):
            method = first.name.removesuffix("@0.npz")
            files = [folder / f"{method}@{k}.npz" for k in range(len(origins))]
            if not all(file.exists() for file in files):
                failed[method] = "history is too short for its intervals at the earlier origin"
                continue
            said = [_read(file) for file in files]
            scores[method], costs[method] = score(panels, actuals, said), cost
    cases = sum(len(panel) for panel in panels)
    return SetResult(chosen=chosen, cases=cases, scores=scores, costs=costs, failed=failed)


def _run(contestant: str, chosen: DataSet, folder: Path) -> Cost | str:
    """What it took, or the last line of its words where it failed."""
    kept = folder / "cost.json"
    if contestant in OURS or not kept.exists():
        command = [sys.executable, "-W", "ignore", "-m", "accuracy.contestants", contestant, chosen.name, str(folder)]
        done = subprocess.run(command, cwd=ROOT / "benchmarks", capture_output=True, text=True, check=False)
        if done.returncode:
            return done.stderr.strip().splitlines()[-1]
    return Cost(**json.loads(kept.read_text()))


def _read(path: Path) -> Forecast:
    with np.load(path) as arrays:
        return Forecast(quantiles=arrays["quantiles"], means=arrays["means"])


if __name__ == "__main__":
    main()
