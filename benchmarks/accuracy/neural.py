"""`python -m accuracy.neural PYTHON SET ...`: a neural peer, by an interpreter that has neuralforecast and polars.

It is no part of `make accuracy`: torch is larger than all other peers, and its versions are not pinned. What it said is
kept in `build/neural` and used again; remove that folder to measure anew.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl

from accuracy.scores import LEVELS, Forecast, score
from accuracy.sets import SETS, DataSet, cut, read_set
from batchcast.forecast.panel import Panel

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "build" / "neural"
LAST = 1000  # number of the last period known


def main() -> None:
    """Judge it on the sets that are named."""
    python, *names = sys.argv[1:]
    for chosen in (entry for entry in SETS if entry.name in names):
        origins = list(cut(read_set(chosen), chosen.horizon))
        said = [forecast(origin.panel, chosen, python, f"{chosen.name}@{k}") for k, origin in enumerate(origins)]
        found = score([origin.panel for origin in origins], [origin.actuals for origin in origins], said)
        coverage = " ".join(f"{share:.3f}" for share in found.coverage[2:])
        print(f"| {chosen.name} | {found.pinball:.4f} | {found.bias:+.1%} | {coverage} |", flush=True)


def forecast(panel: Panel, chosen: DataSet, python: str, name: str) -> Forecast:
    """What it says at one origin."""
    KEPT.mkdir(parents=True, exist_ok=True)
    source, out = KEPT / f"{name}.parquet", KEPT / f"{name}.out.parquet"
    if not out.exists():
        periods = np.concatenate([np.arange(LAST - length, LAST) + 1 for length in panel.lengths])
        series = np.repeat(np.arange(len(panel)), panel.lengths)
        pl.DataFrame({"unique_id": series, "ds": periods, "y": panel.values}).write_parquet(source)
        script = Path(__file__).with_name("neural_fit.py")
        levels = map(str, LEVELS.tolist())
        subprocess.run([python, script, source, out, str(chosen.horizon), *levels], check=True)
    table = pl.read_parquet(out).sort("unique_id")
    names = ["TiDE-median", *(name for name in table.columns if name.startswith("TiDE-hi-"))]
    quantiles = np.maximum(table.select(names).to_numpy().astype(float) - 1.0, 0.0)
    total = np.maximum(table["TiDE"].to_numpy().astype(float) - 1.0, 0.0)
    means = np.repeat(total[:, None] / chosen.horizon, chosen.horizon, axis=1)
    return Forecast(quantiles=np.maximum.accumulate(quantiles, axis=1), means=means)


if __name__ == "__main__":
    main()
