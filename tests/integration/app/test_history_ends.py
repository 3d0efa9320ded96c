"""A site that ends early, and a stretch that was not exported, from the file to the published figures."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

import batchcast

FIRST = dt.date(2024, 1, 1)
DAYS = 420
ASKED = {"models": ("ses",), "frequency": "D", "lead_time": 3}


def demand(**ends: int) -> pa.Table:
    """Poisson demand of five parts at each site, every day up to so many days before the last."""
    rng = np.random.default_rng(5)
    rows = []
    for site in ("Kendari", "Sofifi"):
        for part in "ABCDE":
            for k, quantity in enumerate(rng.poisson(4, DAYS).tolist()):
                if quantity and k < DAYS - ends.get(site, 0):
                    rows.append((FIRST + dt.timedelta(k), part, site, quantity))
    return pa.table(list(zip(*rows, strict=True)), names=["date", "partnumber", "site_code", "demand_qty"])


def of_site(table: pa.Table, site: str) -> list[dict[str, object]]:
    return [row for row in table.to_pylist() if row["site_code"] == site]


def test_a_site_that_ends_early_is_published_with_the_periods_of_all_and_not_lower() -> None:
    early, whole = demand(Sofifi=20), demand()

    ended = batchcast.forecast(early, horizon=7, **ASKED)
    usual = batchcast.forecast(whole, horizon=7, **ASKED)
    as_zeros = batchcast.forecast(early, horizon=7, closed_through="2025-02-23", **ASKED)

    dates = [[row["date"] for row in of_site(ended.forecasts, site)][:7] for site in ("Kendari", "Sofifi")]
    assert dates[0] == dates[1] == [dt.date(2025, 2, 24) + dt.timedelta(k) for k in range(7)]
    totals = [sum(row["forecast_raw"] for row in of_site(one.forecasts, "Sofifi")) for one in (usual, ended, as_zeros)]
    assert totals[1] == pytest.approx(totals[0], rel=0.15)
    assert totals[2] < 0.7 * totals[0]
    points = [of_site(one.stock, "Sofifi")[0]["reorder_point"] for one in (ended, usual)]
    assert points[0] >= 0.8 * points[1]


def test_a_stretch_that_was_not_exported_is_not_demand_of_zero() -> None:
    whole = demand()
    outside = np.array([not dt.date(2025, 1, 20) <= day <= dt.date(2025, 2, 16) for day in whole["date"].to_pylist()])

    found = batchcast.forecast(whole.filter(pa.array(outside)), horizon=7, **ASKED)
    usual = batchcast.forecast(whole, horizon=7, **ASKED)

    totals = [sum(one.forecasts["forecast_raw"].to_pylist()) for one in (found, usual)]
    assert totals[0] == pytest.approx(totals[1], rel=0.1)
    assert not found.accuracy.equals(usual.accuracy)  # no backtest judges a forecast by the stretch
