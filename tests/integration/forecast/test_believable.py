"""Single parts whose forecast a planner can judge at sight: each in one file with sixty others, and some alone.

The bounds are what a person who looks at the history would accept, not what a model happens to say.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pytest

import batchcast

OTHERS, FIRST_MONTH = 60, 2021 * 12  # January
PERIODS = {"M": 60, "W": 156, "D": 420}
HORIZON = {"M": 12, "W": 13, "D": 28}
Draw = Callable[[np.random.Generator], Sequence[float]]


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part, and what its forecast may be."""

    draw: Draw  # its demand by period, the last one last
    least: float  # mean forecast of a period, and ...
    most: float
    stock: float  # reorder point over the horizon, in mean forecasts of a period and periods of it, at most
    frequency: str = "M"
    flag: str | None = None  # among its flags
    peak: float = 0.0  # its largest month of the forecast is at least so many times its smallest
    available: Callable[[int], bool] | None = None  # by period: was it in stock


def poisson(*levels: tuple[float, int]) -> Draw:
    """So much a period, for so many periods; one after the other."""
    return lambda rng: np.concatenate([rng.poisson(level, count) for level, count in levels]).astype(float)


def along(curve: Callable[[np.ndarray], np.ndarray], periods: int) -> Draw:
    return lambda rng: rng.poisson(np.maximum(curve(np.arange(periods)), 0.0)).astype(float)


def with_demand(draw: Draw, place: int, quantity: float) -> Draw:
    def drawn(rng):
        found = np.array(draw(rng), dtype=float)
        found[place] = quantity
        return found

    return drawn


def now_and_then(chance: float, sizes: Sequence[float], periods: int) -> Draw:
    def drawn(rng):
        found = rng.choice(sizes, periods) * (rng.random(periods) < chance)
        found[-1] = sizes[0]  # a file with nothing at its end is asked about
        return found

    return drawn


def year(months: np.ndarray, length: float = 12.0) -> np.ndarray:
    return 1.0 + 0.8 * np.cos(2 * np.pi * months / length)


PARTS: Mapping[str, Part] = {
    "steady": Part(draw=poisson((20, 60)), least=17, most=23, stock=1.7),
    "steady to a few percent": Part(
        draw=lambda rng: np.round(rng.normal(1000, 30, 60)), least=960, most=1040, stock=1.2
    ),
    "always the same": Part(draw=lambda rng: np.full(48, 12.0), least=11.5, most=12.5, stock=1.2),
    "up four times, four months ago": Part(
        draw=poisson((20, 32), (80, 4)), least=60, most=95, stock=2.0, flag="level_changed"
    ),
    "up four times, ten months ago": Part(
        draw=poisson((20, 38), (80, 10)), least=60, most=95, stock=2.0, flag="level_changed"
    ),
    "up four times, three months ago": Part(
        draw=poisson((20, 33), (80, 3)), least=40, most=90, stock=2.5, flag="level_changed"
    ),
    "down to a quarter, five months ago": Part(
        draw=poisson((80, 31), (20, 5)), least=16, most=32, stock=2.0, flag="level_changed"
    ),
    "two regimes": Part(draw=poisson((20, 24), (60, 24)), least=45, most=70, stock=2.2),
    "a trend": Part(draw=along(lambda t: 20 + 60 * t / 35, 36), least=62, most=95, stock=2.2),
    "growth": Part(draw=along(lambda t: 10 * 1.04**t, 48), least=45, most=90, stock=2.2),
    "a trend down": Part(draw=along(lambda t: 80 - 60 * t / 35, 36), least=5, most=40, stock=2.5),
    "fading to nothing": Part(
        draw=lambda rng: [*rng.poisson(20, 24), 15, 12, 9, 7, 5, 4, 3, 2, 2, 1, 1, 1],
        least=0.5,
        most=9,  # of demand that faded a fifth to a half came back on eight real sets
        stock=3.5,
        flag="level_changed",
    ),
    "ended half a year ago": Part(draw=poisson((20, 30), (0, 6)), least=0, most=10, stock=4.0),
    "ended long ago": Part(draw=poisson((20, 20), (0, 28)), least=0, most=2, stock=12.0),
    "seasonal": Part(draw=along(lambda t: 50 * year(t), 48), least=42, most=58, stock=2.2, peak=4),
    "lone extreme": Part(draw=with_demand(poisson((5, 36)), 20, 10_000), least=4, most=7, stock=2.5, flag="extreme"),
    "booked and reversed": Part(
        draw=with_demand(with_demand(poisson((10, 36)), 20, 1000), 21, -1000), least=8, most=12, stock=2.0
    ),
    "new": Part(draw=lambda rng: [12, 15, 14], least=5, most=18, stock=3.5),
    "seen once, two years ago": Part(draw=lambda rng: [40, *[0] * 23], least=0, most=4, stock=12.0),
    "lumpy": Part(draw=now_and_then(0.25, [8, 5, 40], 60), least=1.5, most=8, stock=5.0),
    "intermittent": Part(draw=now_and_then(0.3, [4, 3, 5], 60), least=0.7, most=2.5, stock=4.0),
    "once a year": Part(draw=now_and_then(0.08, [1], 60), least=0.03, most=0.3, stock=12.0),
    "out of stock for five months": Part(
        draw=poisson((20, 15), (0, 5), (20, 16)), least=16, most=25, stock=1.9, available=lambda t: not 15 <= t < 20
    ),
    "weekly, steady": Part(draw=poisson((30, 156)), least=27, most=33, stock=1.5, frequency="W"),
    "weekly, up three times": Part(
        draw=poisson((20, 130), (60, 24)), least=45, most=70, stock=2.0, frequency="W", flag="level_changed"
    ),
    "weekly, seasonal": Part(  # the last quarter has 25 a week, the next one 75
        draw=along(lambda t: 50 * year(t - 65, 52.0), 156), least=62, most=90, stock=1.7, frequency="W"
    ),
    "weekly, seldom": Part(draw=now_and_then(0.1, [2, 1, 3], 156), least=0.08, most=0.4, stock=8.0, frequency="W"),
    "daily, steady": Part(draw=poisson((6, 420)), least=5, most=7, stock=1.5, frequency="D"),
    "daily, weekdays alone": Part(
        draw=lambda rng: rng.poisson(8, 420) * (np.arange(420) % 7 < 5), least=4.9, most=6.6, stock=1.6, frequency="D"
    ),
    "daily, seldom": Part(draw=now_and_then(0.03, [1, 2], 420), least=0.01, most=0.12, stock=10.0, frequency="D"),
}
SEED = {name: place for place, name in enumerate(PARTS)}
ALONE = (
    *("steady", "steady to a few percent", "always the same", "up four times, four months ago"),
    *("down to a quarter, five months ago", "a trend", "growth", "seasonal", "lone extreme", "lumpy", "intermittent"),
    *("booked and reversed", "out of stock for five months", "weekly, steady", "daily, weekdays alone"),
)


def date_of(period: int, frequency: str) -> dt.date:
    """The date of a period, counted back from the last, which is -1."""
    if frequency == "M":
        month = FIRST_MONTH + PERIODS["M"] + period
        return dt.date(month // 12, month % 12 + 1, 1)
    return dt.date(2025, 6, 30) + dt.timedelta(days=(7 if frequency == "W" else 1) * (period + 1))


def rows_of(name: str, values: Sequence[float], frequency: str, available: Callable[[int], bool] | None = None):
    """A row a period from its first demand on; zeros are said where something else is known of them."""
    length = len(values)
    for t, quantity in enumerate(values):
        is_there = available is None or available(t)
        if quantity or t in {0, length - 1} or not is_there:
            yield date_of(t - length, frequency), name, float(quantity), "yes" if is_there else "no"


def others(frequency: str):
    rng = np.random.default_rng(5)
    for k in range(OTHERS):
        mean, length = rng.gamma(1.0, 15.0), PERIODS[frequency]
        values = rng.poisson(mean * rng.gamma(4.0, 0.25, length)) if k % 3 else rng.poisson(3 * mean, length)
        yield f"other {k}", values * (rng.random(length) < 0.3) if k % 3 == 0 else values


def forecast(rows, frequency: str, horizon: int | None = None):
    columns = zip(*rows, strict=True)
    table = dict(zip(("date", "partnumber", "demand_qty", "available"), map(list, columns), strict=True))
    import pyarrow as pa

    return batchcast.forecast(pa.table(table), horizon=horizon or HORIZON[frequency], frequency=frequency)


def drawn(name: str):
    part = PARTS[name]
    values = part.draw(np.random.default_rng(SEED[name]))
    return rows_of(name, values, part.frequency, part.available)


@pytest.fixture(scope="module")
def in_one_file():
    """The result of each frequency: its parts and sixty others."""
    results = {}

    def of(frequency: str):
        if frequency not in results:
            rows = [row for name, values in others(frequency) for row in rows_of(name, values, frequency)]
            rows += [row for name, part in PARTS.items() if part.frequency == frequency for row in drawn(name)]
            results[frequency] = forecast(rows, frequency)
        return results[frequency]

    return of


def assert_believable(name: str, result) -> None:
    part, periods = PARTS[name], HORIZON[PARTS[name].frequency]
    stock = next(row for row in result.stock.to_pylist() if row["partnumber"] == name)
    steps = [row["forecast_raw"] for row in result.forecasts.to_pylist() if row["partnumber"] == name]
    mean = sum(steps) / periods
    found = f"{mean:.2f} a period, reorder point {stock['reorder_point']:.0f}, flag {stock['flag']}"
    assert part.least <= mean <= part.most, found
    assert mean * periods * 0.9 - 1 <= stock["reorder_point"] <= part.stock * mean * periods + 1, found
    assert max(steps) >= part.peak * min(steps), found
    if part.flag:
        assert part.flag in (stock["flag"] or "").split("+"), found
    levels = [stock[column] for column in ("level_date", "level_before", "level_after")]
    assert all(value is not None for value in levels) == ("level_changed" in (stock["flag"] or "")), found


@pytest.mark.parametrize("frequency", ["M", "W", "D"])
def test_no_period_has_more_certain_demand_than_the_lead_time(frequency, in_one_file):
    result = in_one_file(frequency)
    sums = result.sums(windows=[HORIZON[frequency]], levels=[0.1, 0.5, 0.9]).to_pylist()
    last = {row["partnumber"]: row for row in sums}

    for row in result.forecasts.to_pylist():
        for level in ("p10", "p50", "p90"):
            assert row[level] == 0 or last[row["partnumber"]][level] > 0, row


@pytest.mark.parametrize("name", PARTS)
def test_a_part_among_sixty_others_is_forecast_as_a_planner_would(name, in_one_file):
    assert_believable(name, in_one_file(PARTS[name].frequency))


@pytest.mark.parametrize("name", ALONE)
def test_a_part_in_a_file_of_its_own_is_forecast_as_a_planner_would(name):
    assert_believable(name, forecast(drawn(name), PARTS[name].frequency))


@pytest.mark.parametrize("last", ["at its lowest", "at its highest"])
def test_a_part_with_the_only_season_of_its_file_is_forecast_by_it_within_a_horizon_of_half_a_year(last):
    phase = 6 if last == "at its lowest" else 0
    demand = np.random.default_rng(3).poisson(50 * year(np.arange(36) + phase)).astype(float)
    rows = [row for name, values in others("M") for row in rows_of(name, values, "M")]

    result = forecast([*rows, *rows_of("alone", demand, "M")], "M", 6)

    steps = [row["forecast_raw"] for row in result.forecasts.to_pylist() if row["partnumber"] == "alone"]
    truth = 50 * year(np.arange(36, 42) + phase)
    assert sum(steps) == pytest.approx(truth.sum(), rel=0.15), (steps, truth)
    assert np.abs(np.array(steps) - truth).sum() <= 0.25 * truth.sum(), (steps, truth)


def test_an_extreme_counts_as_usual_where_sites_end_further_apart_than_the_lead_time():
    months = [dt.date(2021 + m // 12, m % 12 + 1, 1) for m in range(36)]
    rng = np.random.default_rng(0)
    rows = [
        (month, f"p{k}", site, 5000.0 if (site, k, m) == ("A", 0, 20) else float(rng.poisson(5)))
        for site, length in (("A", 36), ("B", 22))
        for k in range(40)
        for m, month in enumerate(months[:length])
    ]
    import pyarrow as pa

    table = dict(
        zip(("date", "partnumber", "site_code", "demand_qty"), map(list, zip(*rows, strict=True)), strict=True)
    )

    result = batchcast.forecast(
        pa.table(table), horizon=1, frequency="M", closed_through=("A=2023-12-31", "B=2022-10-31")
    )

    assert result.stock.num_rows == 80
    extreme = next(r for r in result.stock.to_pylist() if (r["site_code"], r["partnumber"]) == ("A", "p0"))
    assert extreme["flag"] == "extreme"
    assert extreme["reorder_point"] < 30
