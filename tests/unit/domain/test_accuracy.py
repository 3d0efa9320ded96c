"""A leaderboard survives JSON, what could not be scored included."""

from __future__ import annotations

import json
import math
from dataclasses import replace

from batchcast.domain.accuracy import LeaderboardRow

_ROW = LeaderboardRow(
    model="auto",
    cases=12,
    lead_time_pinball=0.25,
    pinball={0.5: 0.2, 0.95: 0.3},
    coverage={0.5: 0.5, 0.95: 0.94},
    bias=-0.01,
    rmsse=0.8,
    fill_rate=0.97,
    mae=1.0,
    wape=1.1,
    mase=0.9,
    beside_auto=1.0,
)


def test_a_row_survives_json() -> None:
    assert LeaderboardRow.from_json(json.loads(json.dumps(_ROW.as_json()))) == _ROW


def test_a_row_of_an_earlier_version_is_read() -> None:
    values = {name: value for name, value in _ROW.as_json().items() if name not in {"cases", "beside_auto"}}

    again = LeaderboardRow.from_json(values | {"series": 12})

    assert again.cases == 12
    assert math.isnan(again.beside_auto)


def test_what_could_not_be_scored_is_null_in_json_and_nan_here() -> None:
    row = replace(_ROW, bias=math.nan, coverage={0.5: math.nan})

    values = json.loads(json.dumps(row.as_json(), allow_nan=False))
    again = LeaderboardRow.from_json(values)

    assert values["bias"] is None
    assert values["coverage"] == {"0.5": None}
    assert math.isnan(again.bias)
    assert math.isnan(again.coverage[0.5])
