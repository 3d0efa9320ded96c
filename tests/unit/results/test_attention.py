"""Parts that need attention are found by what their demand, forecast and backtests are, and say so in words."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from batchcast.domain import attention as kinds
from batchcast.domain.attention import MOST_OF_A_KIND, Attention
from batchcast.domain.calendar import Calendar, Frequency
from batchcast.domain.codec import decode, encode
from batchcast.domain.plan import ForecastRequest
from batchcast.results.attention import find_attention, shape_of
from batchcast.results.overview import PeriodDemand

LAST = 20_300  # 2025-07-31
HORIZON = 30
NO_FOLDS: dict[str, list[Any]] = {"cutoff": [], "actual": [], "forecast": [], "stock": []}


def request_of(**changes: Any) -> ForecastRequest:
    values: dict[str, Any] = {
        "calendar": Calendar(frequency=Frequency.DAILY),
        "last_period": LAST,
        "skip": 0,
        "horizon": HORIZON,
        "lead_time": HORIZON,
        "quantiles": (0.5,),
        "models": (),
        "service_level": 0.95,
        "rounding": "none",
        "zero_threshold": 0.0,
        "folds": 1,
        "seed": 0,
    }
    return ForecastRequest(**(values | changes))


def look_at(*parts: dict[str, Any], **changes: Any) -> Attention:
    """What is found of parts: `demand` by days before the end, `forecast`, and whatever else differs."""
    owners, periods, quantities = [], [], []
    for place, part in enumerate(parts):
        for back, quantity in sorted(part["demand"].items(), reverse=True):
            owners.append(place)
            periods.append(LAST - back)
            quantities.append(float(quantity))
    request = request_of(**changes)
    sites = pa.array(["S"] * len(parts))
    demand = PeriodDemand(
        sites=sites,
        owners=np.array(owners, dtype=np.int64),
        periods=np.array(periods, dtype=np.int32),
        quantities=np.array(quantities),
    )
    plain = {"demand_class": "lumpy", "flag": None, "safety_stock": 5.0, "reorder_point": 7.0}
    plain |= {"extreme_qty": None, "reorder_point_with_extreme": None}
    plain |= {"level_date": None, "level_before": None, "level_after": None}
    rows = [
        plain
        | {"site_code": "S", "partnumber": f"P{place}", "history_total": float(sum(part["demand"].values()))}
        | {"forecast_total": float(part["forecast"])}
        | {name: part[name] for name in plain if name in part}
        for place, part in enumerate(parts)
    ]
    schema = pa.schema([(name, pa.string()) for name in ("site_code", "partnumber", "demand_class", "flag")])
    numbers = ("safety_stock", "reorder_point", "history_total", "forecast_total")
    for name in (*numbers, "extreme_qty", "reorder_point_with_extreme", "level_before", "level_after"):
        schema = schema.append(pa.field(name, pa.float64()))
    schema = schema.append(pa.field("level_date", pa.date32()))
    figures = pa.table(
        {
            name: pa.array(
                [part.get("folds", NO_FOLDS)[name] for part in parts],
                pa.list_(pa.int32() if name == "cutoff" else pa.float64()),
            )
            for name in NO_FOLDS
        }
    )
    return find_attention(pa.Table.from_pylist(rows, schema=schema), figures, shape_of(demand, request), request)


EVERY_TEN_DAYS = dict.fromkeys(range(0, 360, 10), 2)


@pytest.mark.parametrize(
    ("part", "kind", "units", "said"),
    [
        pytest.param(
            {"demand": {0: 16}, "forecast": 423, "demand_class": "new"},
            kinds.NEW,
            423.0,
            "One demand so far, 16 on 31 Jul 2025; 423 forecast for 30 days.",
            id="new, once",
        ),
        pytest.param(
            {"demand": {0: 9, 5: 7}, "forecast": 60, "flag": "above_history"},
            kinds.HELD,
            60.0,
            "60 forecast for 30 days, 16 demanded so far: nothing is ordered until it is released.",
            id="held, above all history",
        ),
        pytest.param(
            {"demand": {200: 900}, "forecast": 3, "flag": "unlike_others"},
            kinds.HELD,
            3.0,
            "900 demanded so far, far more at once than like parts: nothing is ordered until it is released. The "
            "reorder point is 7.",
            id="held, unlike others",
        ),
        pytest.param(
            {"demand": {200: 40}, "forecast": 3, "flag": "nothing_alike"},
            kinds.HELD,
            3.0,
            "40 demanded so far, and too few like parts to learn from: nothing is ordered until it is released. The "
            "reorder point is 7.",
            id="held, nothing alike",
        ),
        pytest.param(
            {"demand": {0: 16, 3: 4}, "forecast": 50, "demand_class": "new"},
            kinds.NEW,
            50.0,
            "2 demands so far, 20 in all; 50 forecast for 30 days.",
            id="new, twice",
        ),
        pytest.param(
            {"demand": dict.fromkeys(range(120, 360, 3), 3), "forecast": 20},
            kinds.SILENT,
            240 / 238 * 30,
            "Demand about every 3 days, last on 2 Apr 2025; none in the 120 days since. Was stock out?",
            id="silent",
        ),
        pytest.param(
            {"demand": EVERY_TEN_DAYS | {45: 400}, "forecast": 25},
            kinds.ONE_OFF,
            400 / 351 * 30,
            "400 on 16 Jun 2025, at most 2 in any other day. Does it come again?",
            id="one-off",
        ),
        pytest.param(
            {"demand": EVERY_TEN_DAYS | {355: 400}, "forecast": 6, "flag": "extreme"}
            | {"extreme_qty": 400.0, "reorder_point_with_extreme": 307.0},
            kinds.ONE_OFF,
            300.0,
            "400 on 10 Aug 2024, at most 2 in any other day: it hardly counts. Does it come again? "
            "The reorder point is 7, 307 with it.",
            id="one-off that hardly counts",
        ),
        pytest.param(
            {"demand": EVERY_TEN_DAYS, "forecast": 6, "flag": "level_changed", "level_date": dt.date(2025, 5, 1)}
            | {"level_before": 0.2, "level_after": 1.1},
            kinds.LEVEL,
            0.9 * 30,
            "0.2 a day before, 1.1 since a change on 1 May 2025; 6 forecast for 30 days.",
            id="level changed",
        ),
        pytest.param(
            {"demand": EVERY_TEN_DAYS, "forecast": 40},
            kinds.JUMP,
            40 - 72 / 351 * 30,
            "40 forecast for 30 days; the year's pace gives 6.2, the last quarter's 6.",
            id="far above",
        ),
        pytest.param(
            {"demand": EVERY_TEN_DAYS, "forecast": 1},
            kinds.JUMP,
            5.0,
            "1 forecast for 30 days; the year's pace gives 6.2, the last quarter's 6.",
            id="far below",
        ),
        pytest.param(
            {
                "demand": EVERY_TEN_DAYS,
                "forecast": 6,
                "folds": {
                    "cutoff": [LAST - 60, LAST - 30],
                    "actual": [9.0, 43.0],
                    "forecast": [6.0, 6.0],
                    "stock": [10.0, 13.0],
                },
            },
            kinds.BACKTEST,
            15.0,
            "43 wanted between 2 and 31 Jul 2025; the stock advised then was 13. Reorder point now 7.",
            id="backtest",
        ),
        pytest.param(
            {"demand": EVERY_TEN_DAYS, "forecast": 6, "flag": "fenced"},
            kinds.LIMITED,
            5.0,
            "Upper quantiles were held back at what the history makes plausible: reorder point 7.",
            id="limited",
        ),
    ],
)
def test_a_part_is_marked_with_its_reason_and_what_is_at_stake(part, kind, units, said):
    found = look_at({"demand": EVERY_TEN_DAYS, "forecast": 6}, part)

    assert found.counts == {kind: 1}
    assert [(one.partnumber, [mark.kind for mark in one.marks]) for one in found.named] == [("P1", [kind])]
    assert str(found.named[0].marks[0].reason) == said
    assert found.named[0].marks[0].units == pytest.approx(units, abs=0.1)


def test_an_ordinary_part_has_no_mark():
    assert look_at({"demand": EVERY_TEN_DAYS, "forecast": 6}) == Attention(parts=0, counts={}, named=())


def test_no_series_are_no_parts():
    assert look_at() == Attention(parts=0, counts={}, named=())


def test_what_was_dead_before_the_year_is_not_asked_about_again():
    assert look_at({"demand": dict.fromkeys(range(500, 800, 3), 3), "forecast": 0, "demand_class": "dead"}).parts == 0


def test_a_large_share_counts_among_many_series_only_and_after_every_other_reason():
    small = {"demand": EVERY_TEN_DAYS, "forecast": 6}
    large = {"demand": dict.fromkeys(range(0, 360, 10), 40), "forecast": 120, "flag": "fenced"}

    assert look_at(*[small] * 10, large).counts == {kinds.LIMITED: 1}
    among_many = look_at(*[small] * 60, large)

    assert [mark.kind for mark in among_many.named[0].marks] == [kinds.LIMITED, kinds.LARGE]
    assert str(among_many.named[0].marks[1].reason).startswith("25.0% of all units forecast: 120 for 30 days")


def test_the_most_units_at_stake_come_first_and_a_kind_is_ranked_by_itself():
    found = look_at(
        {"demand": {0: 1}, "forecast": 50, "demand_class": "new"},
        {"demand": dict.fromkeys(range(120, 360, 3), 30), "forecast": 20},
        {"demand": {0: 1}, "forecast": 70, "demand_class": "new", "flag": "fenced", "safety_stock": 90.0},
    )

    assert [part.partnumber for part in found.of_kind("")] == ["P1", "P2", "P0"]
    assert [part.partnumber for part in found.of_kind(kinds.NEW)] == ["P2", "P0"]
    assert found.of_kind(kinds.NEW)[0].marks[0].kind == kinds.NEW
    assert found.of_kind(kinds.LARGE) == ()


def test_all_are_counted_and_the_first_of_each_kind_named():
    parts = [{"demand": {0: 1}, "forecast": 100 + k, "demand_class": "new"} for k in range(80)]

    found = look_at(*parts)

    assert (found.parts, found.counts, len(found.named)) == (80, {kinds.NEW: 80}, MOST_OF_A_KIND)
    assert found.named[0].partnumber == "P79"


def test_its_twelfths_and_the_forecast_have_one_pace():
    found = look_at({"demand": {0: 16, 35: 4, 400: 9}, "forecast": 7, "demand_class": "new"}, horizon=7)

    assert found.named[0].recent == (*[0.0] * 10, 4.0, 16.0)
    assert found.named[0].forecast == 30.0


def test_it_is_kept_to_the_bit():
    found = look_at({"demand": {0: 16}, "forecast": 423, "demand_class": "new"})

    assert decode(encode(found)) == found
