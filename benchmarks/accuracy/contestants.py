"""Who competes, and one of them at work on one data set, in a process of its own that is measured."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from accuracy.learned_peers import LEARNED
from accuracy.local_peers import LOCAL, Method
from accuracy.ours import OURS
from accuracy.sets import SETS, cut, read_set
from accuracy.simple_peers import SIMPLE

CONTESTANTS: Mapping[str, Method] = {**OURS, **SIMPLE, **LEARNED, **LOCAL}
WARM_SERIES = 60


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a contestant took for all origins of a data set, after a first small run that compiles and imports."""

    cpu_seconds: float
    peak_mb: float


def work(contestant: str, name: str, folder: Path) -> None:
    """Forecast one data set at every origin; writes a file for each method and origin, and `cost.json`."""
    chosen = next(entry for entry in SETS if entry.name == name)
    origins = list(cut(read_set(chosen), chosen.horizon))
    run = CONTESTANTS[contestant]
    run(origins[0].panel.chunk(0, WARM_SERIES), chosen)
    started = time.process_time()
    answers = [run(origin.panel, chosen) for origin in origins]
    cost = Cost(
        cpu_seconds=time.process_time() - started,
        peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )
    folder.mkdir(parents=True, exist_ok=True)
    for k, answer in enumerate(answers):
        for method, forecast in answer.items():
            np.savez(folder / f"{method}@{k}.npz", quantiles=forecast.quantiles, means=forecast.means)
    (folder / "cost.json").write_text(json.dumps(asdict(cost)))


if __name__ == "__main__":
    work(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
