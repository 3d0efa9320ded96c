"""Accuracy on real demand: our backtest on every data set that is here, against naive and the best single family.

The measure is the lead-time pinball loss of `docs/explanation.md`, over rolling origins, each set at its usual horizon.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from measure import BATCHCAST, DATA, measure, print_table

HORIZONS = {  # periods, by data set
    "carparts": 6,
    "auto": 6,
    "man": 13,
    "stallion": 6,
    "hospital": 12,
    "contraceptive": 3,
    "m3_monthly": 18,
    "online_retail_2": 28,
    "m5_ca_dev": 28,
}
OURS, NAIVE, ZERO = "auto", "naive", "zero"


def main() -> None:
    """Backtest each set and print a row for it."""
    if not DATA.is_dir():
        sys.exit(f"The real data sets are not here ({DATA}); set BATCHCAST_DATA to their folder.")
    chosen = sys.argv[1:] or [name for name in HORIZONS if (DATA / name).is_dir()]
    with tempfile.TemporaryDirectory() as folder:
        rows = [judge(name, Path(folder)) for name in chosen]
    header = ("data set", "h", "cases", "auto", "best family", "its loss", "naive", "zero")
    print_table((*header, "coverage at 0.95", "bias", "RMSSE", "fill rate"), rows)


def judge(name: str, home: Path) -> list[object]:
    """One row of the table."""
    command = [*BATCHCAST, "backtest", DATA / name / f"{name}.parquet", "--json", "--timeout", "3600"]
    horizon = HORIZONS[name]
    limits = ["--horizon", str(horizon), "--strategy", "auto", "--max-rows", "500000", "--memory-limit", "8192"]
    done = measure([*command, *limits], environment={"BATCHCAST_HOME": str(home)})
    board = {row["model"]: row for row in json.loads(done.output.splitlines()[-1])["leaderboard"]}
    ours = board[OURS]
    scored = [row for row in board.values() if row["model"] != OURS and row["lead_time_pinball"] is not None]
    best = min(scored, key=lambda row: row["lead_time_pinball"])
    losses = [best["lead_time_pinball"], *(board[model]["lead_time_pinball"] for model in (NAIVE, ZERO))]
    found = [ours["coverage"]["0.95"], ours["bias"], ours["rmsse"], ours["fill_rate"]]
    return [name, horizon, ours["series"], ours["lead_time_pinball"], best["model"], *losses, *found]


if __name__ == "__main__":
    main()
