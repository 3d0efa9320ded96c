"""Months out of stock do not make a part look as if less was wanted."""

from __future__ import annotations

import polars as pl

import batchcast


def demand(*, tell: bool) -> pl.DataFrame:
    """Ten a month for three years; every third month nothing, because nothing was there."""
    months = [f"{2021 + m // 12}-{m % 12 + 1:02d}-01" for m in range(36)]
    out = [m % 3 == 2 for m in range(36)]
    frame = {"date": months, "partnumber": ["A"] * 36, "site_code": ["S"] * 36}
    frame |= {"demand_qty": [0 if gone else 10 for gone in out]}
    return pl.DataFrame(frame | ({"stock_out": [int(gone) for gone in out]} if tell else {}))


def test_the_forecast_is_of_what_was_wanted():
    told, untold = (batchcast.forecast(demand(tell=tell), horizon=3) for tell in (True, False))

    assert sum(told.forecasts["forecast_raw"].to_list()) > 29
    assert sum(untold.forecasts["forecast_raw"].to_list()) < 25
