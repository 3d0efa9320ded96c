"""The kernels without the compiler: Python runs every line of them and comes to the same numbers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from batchcast.forecast.models.points import forecast_points
from batchcast.forecast.models.table import POINT_MODELS
from batchcast.forecast.panel import NO_DEMAND, Panel

STEPS = 5
CUTOFFS = (0, 3, 6)

INTERPRETED = f"""
import sys
import numpy as np
from batchcast.forecast.models.table import POINT_MODELS
from batchcast.forecast.models.points import forecast_points
from batchcast.forecast.panel import NO_DEMAND, Panel

given = np.load(sys.argv[1])
count = len(given["offsets"]) - 1
panel = Panel(values=given["values"], offsets=given["offsets"], site_codes=[""] * count, partnumbers=[""] * count,
              last_demand=np.full(count, NO_DEMAND, dtype=np.int32), last_period=0)
with np.errstate(all="ignore"):
    points = {{
        season: forecast_points(
            panel, models=list(POINT_MODELS), cutoffs={CUTOFFS}, steps={STEPS}, season_length=season
        )
        for season in (4, 7)
    }}
np.savez(sys.argv[2], **{{f"{{what}}{{season}}": getattr(point, what)
                        for season, point in points.items() for what in ("mean", "valid")}})
"""


def nasty_panel() -> Panel:
    random = np.random.default_rng(5)
    months = np.arange(50)
    series = [
        random.poisson(0.4, 50),
        random.poisson(3.0, 61) * np.tile([1, 5, 1, 0, 2, 9, 1], 9)[:61],
        (10.0 + months) * np.where(months % 4 == 0, 1.5, 0.8),
        20.0 + np.tile([1.0, 8.0, -4.0, -5.0], 14) + random.random(56),
        np.r_[np.zeros(5), 1e12, np.zeros(90), 3.0],
        np.full(40, 4.0),
        np.zeros(20),
        [7.0],
        [],
        np.r_[0.0, 0.0, 6.0, 0.0, 5.0],
    ]
    return Panel(
        values=np.concatenate([np.asarray(y, dtype=np.float64) for y in series]),
        offsets=np.cumsum([0, *map(len, series)], dtype=np.int64),
        site_codes=[""] * len(series),
        partnumbers=[""] * len(series),
        last_demand=np.full(len(series), NO_DEMAND, dtype=np.int32),
        last_period=0,
    )


def test_compiled_and_interpreted_kernels_agree(tmp_path: Path) -> None:
    panel = nasty_panel()
    given, result = tmp_path / "given.npz", tmp_path / "result.npz"
    np.savez(given, values=panel.values, offsets=panel.offsets)
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    subprocess.run([sys.executable, "-c", INTERPRETED, given, result], check=True, env=environment)

    interpreted = np.load(result)
    largest = np.array([panel.series(i).max(initial=0.0) for i in range(len(panel))])
    for season in (4, 7):
        compiled = forecast_points(panel, models=list(POINT_MODELS), cutoffs=CUTOFFS, steps=STEPS, season_length=season)
        assert np.array_equal(compiled.valid, interpreted[f"valid{season}"])
        differences = np.abs(compiled.mean - interpreted[f"mean{season}"]).max(axis=(0, 1, 3))
        assert (differences <= 1e-9 * largest).all()


def test_the_panel_is_scattered_alike_without_the_compiler() -> None:
    from batchcast.forecast.kernels.periods import scatter_demand

    results = []
    for scatter in (scatter_demand, scatter_demand.py_func):  # type: ignore[attr-defined]
        values, last = np.zeros(7), np.full(2, NO_DEMAND, dtype=np.int32)
        periods = np.array([10, 12, 12, 99, 11], dtype=np.int32)
        scatter(
            periods,
            np.array([1.0, -3.0, 1.0, 8.0, 2.5]),
            np.array([0, 4, 5]),
            np.array([10, 9]),
            np.array([0, 3, 7]),
            values,
            last,
        )
        results.append((values.tolist(), last.tolist()))

    assert results[0] == results[1] == ([1.0, 0.0, 0.0, 0.0, 0.0, 2.5, 0.0], [10, 11])
