"""The histories of the samples: spare parts at a few sites, and one with the shape of the M5 competition."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from batchcast.publish.cells import Column, joined

# Random numbers from the raw stream of the generator, which numpy keeps the same for ever.

Generator = np.random.PCG64
Numbers = NDArray[np.int64]
Reals = NDArray[np.float64]


def uniform(generator: Generator, count: int) -> Reals:
    """Numbers in (0, 1)."""
    bits: NDArray[np.uint64] = generator.random_raw(count) >> np.uint64(11)
    return (bits.astype(np.float64) + 0.5) * 2.0**-53


def draw(generator: Generator, weights: Reals, count: int) -> Numbers:
    """Places in `weights`, each as often as it weighs."""
    edges = np.cumsum(weights)
    places: Numbers = np.searchsorted(edges, uniform(generator, count) * edges[-1]).astype(np.int64)
    return places


def distinct(values: Numbers) -> Numbers:
    """The values without repetition, in the order of their first place."""
    first: Numbers = np.unique(values, return_index=True)[1]
    return values[np.sort(first)]


# Histories of spare parts: few rows a part, most quantities small, some large, sites of very different sizes.


@dataclass(frozen=True, kw_only=True, slots=True)
class PartsShape:
    """A history of spare parts."""

    site_rows: Mapping[str, int]  # rows of each site, largest first
    parts: int
    first_date: dt.date
    days: int
    date_format: str

    @property
    def rows(self) -> int:
        """Rows of all sites."""
        return sum(self.site_rows.values())


SHAPES = {
    "sample_optimal": PartsShape(
        site_rows={"IEL-ST-KDI": 420, "Sofifi": 330, "Kendari": 250},
        parts=40,
        first_date=dt.date(2025, 1, 1),
        days=181,
        date_format="%Y-%m-%d",
    ),
    "alldemand_augjul": PartsShape(
        site_rows={
            "IEL-ST-KDI": 3_336,  # the first four as the founding document has them
            "Sofifi": 2_291,
            "Kendari": 1_295,
            "IEL-TMSB2": 1_163,
            "Morowali": 905,
            "Pomalaa": 742,
            "Sorowako": 598,
            "Weda Bay": 487,
            "Balikpapan": 391,
            "Sangatta": 288,
            "Bontang": 202,
            "Timika": 138,
            "Tarakan": 83,
        },
        parts=2_070,
        first_date=dt.date(2024, 8, 1),
        days=365,
        date_format="%d/%m/%Y",  # as an ERP in Indonesia writes it; the days after the 12th tell the order
    ),
}
_MOST_HOMES = 4  # sites that use a part
_WEEKDAY_WEIGHTS = np.array([1.0, 1.0, 1.0, 1.0, 0.9, 0.5, 0.15])  # Monday first


def spare_parts(generator: Generator, shape: PartsShape) -> Column:
    """The lines: exactly `site_rows` of each site, with different (date, part, site); every part has one."""
    keys = _choose_keys(generator, shape)
    days, sites, parts = np.unravel_index(keys, (shape.days, len(shape.site_rows), shape.parts))
    quantities = _choose_quantities(generator, parts, shape.parts)
    dates = pa.array([(shape.first_date + dt.timedelta(days=n)).strftime(shape.date_format) for n in range(shape.days)])
    numbers = pa.array(_part_numbers(generator, shape.parts))
    cells = (dates.take(days), numbers.take(parts), pa.array(shape.site_rows).take(sites))
    return joined(*cells, joined(pa.array(quantities), "\n"), separator=",")


def _choose_keys(generator: Generator, shape: PartsShape) -> Numbers:
    """Different places in a (day, site, part) cube, ascending: one row for each part first, the rest by popularity."""
    popularity = 1 / (5 + np.arange(shape.parts)) ** 0.9
    quotas: Numbers = np.array(list(shape.site_rows.values()), dtype=np.int64)
    homes = _choose_homes(generator, shape, quotas)
    span = _choose_spans(generator, shape)
    chosen = np.empty(0, dtype=np.int64)
    wanted: Numbers = np.arange(shape.parts)
    while len(chosen) < shape.rows:
        count = len(wanted)
        home = homes[wanted, (uniform(generator, count) ** 2 * _MOST_HOMES).astype(np.int64)]
        day = (span[0][wanted] + uniform(generator, count) * (span[1] - span[0])[wanted]).astype(np.int64)
        weekday = (day + shape.first_date.weekday()) % 7
        worked = uniform(generator, count) < _WEEKDAY_WEIGHTS[weekday]
        day = np.where(worked, day, np.maximum(day - weekday % 4, 0))  # what falls on a day off is booked earlier
        keys = distinct(np.concatenate((chosen, (day * len(quotas) + home) * shape.parts + wanted)))
        chosen = _within_quotas(keys, keys // shape.parts % len(quotas), quotas)
        wanted = draw(generator, popularity, shape.rows)
    return np.sort(chosen)


def _within_quotas(keys: Numbers, sites: Numbers, quotas: Numbers) -> Numbers:
    """The first keys of each site, in the order given, as many as its quota."""
    by_site = np.argsort(sites, kind="stable")
    first = np.searchsorted(sites[by_site], np.arange(len(quotas)))
    rank = np.empty_like(keys)
    rank[by_site] = np.arange(len(keys)) - first[sites[by_site]]
    return keys[rank < quotas[sites]]


def _choose_homes(generator: Generator, shape: PartsShape, quotas: Numbers) -> Numbers:
    """Sites of each part, shape (parts, homes), most used first."""
    homes = draw(generator, quotas / shape.rows, shape.parts * _MOST_HOMES).reshape(shape.parts, _MOST_HOMES)
    alone = uniform(generator, shape.parts) < 0.6
    homes[alone] = homes[alone, :1]
    homes[-len(quotas) :] = np.arange(len(quotas))[:, None]  # so that each site has a part
    return homes


def _choose_spans(generator: Generator, shape: PartsShape) -> tuple[Numbers, Numbers]:
    """First day and day after the last of each part: some are new, some are running out."""
    first = np.zeros(shape.parts, dtype=np.int64)
    last = np.full(shape.parts, shape.days, dtype=np.int64)
    kind = uniform(generator, shape.parts)
    middle = (shape.days * (0.3 + 0.4 * uniform(generator, shape.parts))).astype(np.int64)
    first[kind < 0.1] = middle[kind < 0.1]
    last[kind > 0.9] = middle[kind > 0.9]
    return first, last


def _choose_quantities(generator: Generator, parts: Numbers, count: int) -> Numbers:
    """Most demands are one or two pieces; a part that is used up comes in larger lots."""
    lot = np.where(uniform(generator, count) < 0.15, 24.0, 1.5)[parts]
    return 1 + (-np.log1p(-uniform(generator, len(parts))) * lot).astype(np.int64)


def _part_numbers(generator: Generator, count: int) -> list[str]:
    """Different part numbers as ERPs have them: with leading zeros, dashes, and some that a spreadsheet would spoil."""
    digits = distinct((uniform(generator, count * 2) * 10**8).astype(np.int64))[:count].tolist()
    kinds: Sequence[Callable[[int], str]] = (
        lambda n: f"{n:08}",
        lambda n: f"{n // 10**6:02}-{n % 10**6:06}",
        lambda n: f"{n // 10**7}R-{n % 10**7:07}",
        lambda n: f"HYD-{n:08}",
        lambda n: f"{n}E7",
    )
    return [kinds[place % len(kinds)](number) for place, number in enumerate(digits)]


# A history with the shape of the M5 competition: 30,490 series, 1,941 days, zeros included, 59 million rows.

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
