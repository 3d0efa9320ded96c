"""The whole command against libraries doing the same job, and against other versions of itself: CPU of whole processes.

Each side is a fresh process, measured over all that it starts, one after the other in every round: what else the
machine does falls on all of them alike. The ratio of a row is the median of those of its rounds. `--against` names
source trees of other versions, such as `git worktree add /tmp/before COMMIT` makes.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.csv
import pyarrow.parquet as pq

from measure import BATCHCAST, DATA, Measurement, measure, print_table
from scaling import write_history

ROUNDS = 5
HORIZON, FOLDS = 12, 3  # months of carparts, and cutoffs
SAMPLE, ANALYZE, CARPARTS, WIDE = "founding sample", "analyze of it", "carparts x 12 months", "series x 36 months"
MLFORECAST, STATSFORECAST, LOOP = "mlforecast", "statsforecast", "calibration loop"
PEERS = {MLFORECAST: "LightGBM, cross-validation, conformal", STATSFORECAST: "its 11 cheap models, cross-validation"}
# Times our CPU that theirs is at least. That of the loop guards against growth: it was LOOP_OVER_OURS when that was
# written down last, and a quarter more CPU of ours fails.
LOOP_OVER_OURS = 0.26
NEEDED = {(CARPARTS, MLFORECAST): 1.0, (CARPARTS, STATSFORECAST): 1.0, (SAMPLE, LOOP): LOOP_OVER_OURS / 1.25}
LOOP_CODE = """
import json, re
import numpy as np
for turn in range(12):
    rows = [{"part": f"P-{n % 997:05}", "quantity": n * 0.37} for n in range(40_000)]
    text = json.dumps(rows)
    assert len(json.loads(text)) == len(re.findall(r"P-\\d{5}", text)) == len(rows)
    table = np.random.default_rng(turn).random((400_000, 3))
    np.sort(table, axis=0).cumsum(axis=0)
"""


@dataclass(frozen=True, kw_only=True)
class Side:
    """A command that does a job, and what its processes are given."""

    name: str
    command: Sequence[str | Path]
    environment: dict[str, str] = field(default_factory=dict)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", type=Path, nargs="*", default=[], help="folders of other versions of src/")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--wide", type=int, default=0, help="also so many series of 36 months")
    parser.add_argument("--jobs", nargs="*", default=[SAMPLE, ANALYZE, CARPARTS], help="those of the table to measure")
    parser.add_argument("--check", action="store_true", help="fail where a bar is not held")
    parser.add_argument("--theirs", nargs=2, metavar=("PEER", "CSV"), help=argparse.SUPPRESS)  # this script as a peer
    asked = parser.parse_args()
    if asked.theirs:
        peer, path = asked.theirs
        {MLFORECAST: mlforecast, STATSFORECAST: statsforecast}[peer](Path(path))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        jobs = {job: sides for job, sides in _jobs(folder, asked.against, asked.wide).items() if job in asked.jobs}
        rows, broken = [], []
        for job, sides in jobs.items():
            measured = _rounds(sides, asked.rounds)
            for side, runs in measured.items():
                ratio = statistics.median(
                    other.cpu_seconds / ours.cpu_seconds for other, ours in zip(runs, measured["ours"], strict=True)
                )
                rows.append((job, side, *_medians(runs), ratio))
                if ratio < NEEDED.get((job, side), 0.0):
                    broken.append(f"{side} takes {ratio:.2f} times our CPU on {job}")
    print(f"CPU of all processes of a side, as medians of {asked.rounds} rounds in which the sides take turns;\n")
    print("the last column is its CPU over that of ours in the same round.\n")
    for peer, what in PEERS.items():
        print(f"{peer}: {what}.")
    print()
    print_table(("job", "side", "wall s", "CPU s", "peak MB", "times ours"), rows)
    if asked.check and broken:
        sys.exit("; ".join(broken))


def _jobs(folder: Path, others: Sequence[Path], wide: int) -> dict[str, list[Side]]:
    """The sides of each job, ours first."""
    sample, carparts = folder / "alldemand_augjul.csv", folder / "carparts.csv"
    measure([*BATCHCAST, "sample", "alldemand_augjul", sample])
    jobs = {
        SAMPLE: [
            *_versions(folder, others, ["run", sample, "-o", "OUT/forecast.csv", "--batch-mode", "on"]),
            Side(name=LOOP, command=[sys.executable, "-c", LOOP_CODE]),
        ],
        ANALYZE: _versions(folder, others, ["analyze", sample]),
    }
    if (DATA / "carparts").is_dir():
        pyarrow.csv.write_csv(pq.read_table(DATA / "carparts" / "carparts.parquet"), carparts)
        months = ["--frequency", "M", "--horizon", str(HORIZON)]
        peers = [Side(name=peer, command=[sys.executable, __file__, "--theirs", peer, carparts]) for peer in PEERS]
        jobs[CARPARTS] = [
            *_versions(folder, others, ["run", carparts, "-o", "OUT/forecast.csv", *months]),
            *filter(_is_there, peers),
        ]
    if wide:
        path = folder / "wide.csv"
        limits = ["--strategy", "auto", "--batch-mode", "on", "--timeout", "3600"]
        rows = ["--max-rows", str(max(write_history(path, wide) // 20, 2_000))]
        jobs[f"{wide:,} {WIDE}"] = _versions(folder, others, ["run", path, "-o", "OUT/forecast.csv", *limits, *rows])
    return jobs


def _versions(folder: Path, others: Sequence[Path], words: Sequence[str | Path]) -> list[Side]:
    """This version, called `ours`, and the others; each with a home and a place for results of its own."""
    sides = []
    for number, source in enumerate([None, *others]):
        place = folder / f"version-{number}"
        environment = {"BATCHCAST_HOME": str(place / "home")} | ({"PYTHONPATH": str(source)} if source else {})
        command = [*BATCHCAST, *(str(word).replace("OUT", str(place / "out"), 1) for word in words)]
        sides.append(Side(name=source.parent.name if source else "ours", command=command, environment=environment))
    return sides


def _is_there(side: Side) -> bool:
    import importlib.util

    return importlib.util.find_spec(side.name) is not None


def _rounds(sides: Sequence[Side], rounds: int) -> dict[str, list[Measurement]]:
    """The measurements of each side; each has run once before, with its code compiled."""
    written = {"PYTHONDONTWRITEBYTECODE": ""}  # as an installed package, which pip has compiled
    for side in sides:
        if side.command[: len(BATCHCAST)] == list(BATCHCAST):
            measure([*BATCHCAST, "warm"], environment=side.environment | written)
        measure(side.command, environment=side.environment | written)
    measured: dict[str, list[Measurement]] = {side.name: [] for side in sides}
    for _ in range(rounds):
        for side in sides:
            measured[side.name].append(measure(side.command, environment=side.environment | written))
    return measured


def _medians(runs: Sequence[Measurement]) -> tuple[float, ...]:
    columns = zip(*((run.wall_seconds, run.cpu_seconds, run.peak_mb) for run in runs), strict=True)
    return tuple(statistics.median(column) for column in columns)


# The peers, each in a process of its own: reads the file, does the job, and ends.


def mlforecast(path: Path) -> None:
    """One LightGBM over all parts, as its guides set it up; three cutoffs, and conformal intervals by two more."""
    import lightgbm
    from mlforecast import MLForecast
    from mlforecast.lag_transforms import ExpandingMean, RollingMean
    from mlforecast.utils import PredictionIntervals

    fitting = {"n_estimators": 200, "learning_rate": 0.05, "verbosity": -1, "n_jobs": 1, "seed": 0}
    averages = [*(RollingMean(n, min_samples=1) for n in (3, 6, 12)), ExpandingMean()]
    learner = MLForecast(
        models={"tweedie": lightgbm.LGBMRegressor(objective="tweedie", **fitting)},
        freq="MS",
        lags=[1, 2, 3, 6, 12],
        lag_transforms={1: averages},
        date_features=["month"],
    )
    table = _monthly(path)
    learner.cross_validation(table, n_windows=FOLDS, h=HORIZON, static_features=[], dropna=False)
    intervals = PredictionIntervals(n_windows=2, h=HORIZON)
    learner.fit(table, static_features=[], dropna=False, prediction_intervals=intervals)
    forecast = learner.predict(HORIZON, level=[80, 90])
    forecast.to_csv(path.with_name("mlforecast.csv"))


def statsforecast(path: Path) -> None:
    """The models that `kernels.py` calls cheap, refitted at three cutoffs and at the end, without intervals."""
    from statsforecast import StatsForecast
    from statsforecast import models as sf

    models = [
        sf.ZeroModel(),
        sf.Naive(),
        sf.SeasonalNaive(12),
        sf.HistoricAverage(),
        sf.WindowAverage(12),
        sf.SimpleExponentialSmoothingOptimized(),
        sf.CrostonOptimized(),
        sf.CrostonSBA(),
        sf.TSB(0.1, 0.1),
        sf.ADIDA(),
        sf.IMAPA(),
    ]
    learner = StatsForecast(models=models, freq="MS", n_jobs=1, fallback_model=sf.HistoricAverage())
    table = _monthly(path)
    learner.cross_validation(df=table, h=HORIZON, n_windows=FOLDS, step_size=HORIZON)
    learner.forecast(df=table, h=HORIZON).to_csv(path.with_name("statsforecast.csv"))


def _monthly(path: Path) -> Any:
    """The file as a table of pandas, every part with every month of the file."""
    import pandas as pd

    rows = pd.read_csv(path, dtype={"partnumber": str, "site_code": str}, parse_dates=["date"])
    rows["unique_id"] = rows["site_code"] + "/" + rows["partnumber"]
    months = rows["date"].dt.to_period("M").dt.to_timestamp()
    wide = rows.pivot_table(index=months, columns="unique_id", values="demand_qty", aggfunc="sum")
    every = pd.date_range(months.min(), months.max(), freq="MS")
    long = (
        wide.reindex(every).fillna(0.0).rename_axis("ds").reset_index().melt("ds", var_name="unique_id", value_name="y")
    )
    return long.sort_values(["unique_id", "ds"])[["unique_id", "ds", "y"]].reset_index(drop=True)


if __name__ == "__main__":
    main()
