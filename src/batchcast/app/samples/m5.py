"""A history with the shape of the M5 competition: 30,490 series, 1,941 days, zeros included, 59 million rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from batchcast.app.samples.draws import Generator, uniform
from batchcast.publish.writers import Column, joined

STORES = ("CA_1", "CA_2", "CA_3", "CA_4", "TX_1", "TX_2", "TX_3", "WI_1", "WI_2", "WI_3")
_DEPARTMENTS = {
    "FOODS_1": 216,
    "FOODS_2": 398,
    "FOODS_3": 823,
    "HOBBIES_1": 416,
    "HOBBIES_2": 149,
    "HOUSEHOLD_1": 532,
    "HOUSEHOLD_2": 515,
}
DAYS = 1_941
_FIRST_DATE = dt.date(2011, 1, 29)
_WEEKDAYS = np.array([0.95, 0.85, 0.85, 0.88, 1.0, 1.25, 1.22])

SERIES = len(STORES) * sum(_DEPARTMENTS.values())


def m5(generator: Generator, *, rows: int, series: int) -> Iterator[Column]:
    """The lines of the file, a day at a time: a row a day and series, in the order of the days, zeros included."""
    items = [f"{name}_{number:03}" for name, count in _DEPARTMENTS.items() for number in range(1, count + 1)]
    chosen = np.linspace(0, SERIES - 1, min(series, SERIES)).astype(np.int64)[:rows]
    store, item = np.divmod(chosen, len(items))
    keys = joined(",", pa.array(items).take(item), ",", pa.array(STORES).take(store), ",")
    return _days(generator, keys, min(rows, len(chosen) * DAYS))


def _days(generator: Generator, keys: Column, rows: int) -> Iterator[Column]:
    count = len(keys)
    mean = np.exp(-0.75 - 0.7 * np.log(-np.log(uniform(generator, count))))  # skewed: most items sell little
    launch = np.maximum(uniform(generator, count) * 2 - 1, 0) * DAYS * 0.8  # half are there from the first day
    for day in range(-(-rows // count)):
        date = _FIRST_DATE + dt.timedelta(days=day)
        level = mean * _WEEKDAYS[date.weekday()] * (1 + 0.15 * np.sin(2 * np.pi * day / 365.25))
        sold = np.log(uniform(generator, count)) / np.log(level / (1 + level))  # geometric with this mean
        quantity = np.where(day < launch, 0, np.minimum(sold, 999)).astype(np.int64)
        lines = joined(date.isoformat(), keys, pa.array(quantity), "\n")
        yield lines[: rows - day * count]
