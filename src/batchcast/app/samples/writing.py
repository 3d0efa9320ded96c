"""Writes a sample to a file."""

from __future__ import annotations

import contextlib
import difflib
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from batchcast.app.samples.histories import DAYS, SERIES, SHAPES, Generator, m5, spare_parts
from batchcast.domain.errors import N_, InvalidSettings, Message
from batchcast.publish.cells import Column, joined_bytes

SMALL_SAMPLES = tuple(SHAPES)  # made in a moment, to try a page
SAMPLE_NAMES = (*SMALL_SAMPLES, "m5")
_MONTHS_HELD = (0.1, 0.4, 1, 2, 4)
_COSTS = (18_500, 42_000, 75_000, 126_000, 310_000, 875_000)  # rupiah
_HEADER = b"date,partnumber,site_code,demand_qty\n"
_STOCK_COLUMNS = b",on_hand,on_order,unit_cost\n"


def write_sample(name: str, out: Path, *, seed: int = 0, rows: int | None = None, series: int | None = None) -> int:
    """Write the sample of this name as CSV, and return the number of its rows.

    Args:
        name: one of `SAMPLE_NAMES`.
        out: the file to write; one that is there is replaced once the new one is whole.
        seed: another seed gives another history of the same shape.
        rows: of `m5` alone: stop after so many rows (None: all 59,181,090).
        series: of `m5` alone: only so many of its 30,490 series, evenly taken (None: all).

    Raises:
        InvalidSettings: if there is no such sample, a bound is out of its range, or the file can't be written.
    """
    _check(name, rows, series)
    return _write(out, _HEADER, ((joined_bytes(lines), len(lines)) for lines in _pieces(name, seed, rows, series)))


def write_sample_stock(name: str, out: Path, *, seed: int = 0) -> int:
    """Write a stock file of the parts of a small sample as CSV, and return the number of its rows.

    Raises:
        InvalidSettings: if there is no such sample, it is m5, which has no stock, or the file can't be written.
    """
    _check(name, None, None)
    if name not in SMALL_SAMPLES:
        template = N_("There is no stock of {name}; there is of {known}.")
        raise InvalidSettings([Message(template, {"name": name, "known": ", ".join(SMALL_SAMPLES)})])
    rows = [row for lines in _pieces(name, seed, None, None) for row in _rows_of(lines)]
    held = sorted(_stock_of(rows).items())
    lines = "".join(f"{part},{site},{stock}\n" for (part, site), stock in held)
    return _write(out, b"partnumber,site_code" + _STOCK_COLUMNS, [(lines.encode(), len(held))])


def _write(out: Path, header: bytes, pieces: Iterable[tuple[bytes | memoryview, int]]) -> int:
    """Write a header and pieces of so many rows, whole or not at all; returns the rows."""
    written = 0
    partial = out.with_name(out.name + ".part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            file.write(header)
            for lines, count in pieces:
                file.write(lines)
                written += count
        partial.replace(out)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink()
        template = N_("The sample can't be written to {out}: {reason}. Choose another place.")
        values = {"out": str(out), "reason": error.strerror or str(error)}
        raise InvalidSettings([Message(template, values)]) from error
    return written


def sample_lines(name: str, *, seed: int = 0) -> Iterator[bytes]:
    """A small sample with what is held, on order and paid of each part, piece by piece: to try the page down to orders.

    Raises:
        InvalidSettings: if there is no such sample.
    """
    _check(name, None, None)
    yield _HEADER.rstrip() + _STOCK_COLUMNS
    for lines in _pieces(name, seed, None, None):
        rows = _rows_of(lines)
        stock = _stock_of(rows)
        yield "".join(f"{','.join(row)},{stock[row[1], row[2]]}\n" for row in rows).encode()


def _rows_of(lines: Column) -> list[list[str]]:
    return [row.split(",") for row in bytes(joined_bytes(lines)).decode().splitlines()]


def _stock_of(rows: Iterable[Sequence[str]]) -> dict[tuple[str, str], str]:
    """Units held (never 0, which would read as a stock-out), units on order and cost of a unit, by part and site."""
    months: dict[tuple[str, str], float] = defaultdict(float)
    for _, part, site, quantity in rows:
        months[part, site] += float(quantity) / 12
    found = {}
    for (part, site), month in months.items():
        mark = zlib.crc32(f"{part}/{site}".encode())
        held = max(round(month * _MONTHS_HELD[mark % len(_MONTHS_HELD)]), 1)
        ordered = round(month) if mark % 7 == 0 else 0
        found[part, site] = f"{held},{ordered},{_COSTS[zlib.crc32(part.encode()) % len(_COSTS)]}"
    return found


def _pieces(name: str, seed: int, rows: int | None, series: int | None) -> Iterator[Column]:
    generator = Generator(seed)
    if name == "m5":
        return m5(generator, rows=rows or SERIES * DAYS, series=series or SERIES)
    return iter([spare_parts(generator, SHAPES[name])])


def _check(name: str, rows: int | None, series: int | None) -> None:
    if name not in SAMPLE_NAMES:
        near = difflib.get_close_matches(name, SAMPLE_NAMES, n=1)
        template = N_("There is no sample {name!r}; there are {known}.")
        if near:
            template = N_("There is no sample {name!r}; did you mean {near}? There are {known}.")
        values = {"name": name, "known": ", ".join(SAMPLE_NAMES), "near": near[0] if near else ""}
        raise InvalidSettings([Message(template, values)])
    for setting, bound in (("rows", rows), ("series", series)):
        if bound is not None and name != "m5":
            template = N_("{setting} bounds the sample m5 alone; {name} has one size.")
            raise InvalidSettings([Message(template, {"setting": setting, "name": name})])
        if bound is not None and bound < 1:
            template = N_("{setting} is {found}; it must be at least 1.")
            raise InvalidSettings([Message(template, {"setting": setting, "found": bound})])
