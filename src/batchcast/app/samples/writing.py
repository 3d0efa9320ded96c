"""Writes a sample to a file."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Iterator
from pathlib import Path

from batchcast.app.samples.histories import DAYS, SERIES, SHAPES, Generator, m5, spare_parts
from batchcast.domain.errors import N_, InvalidSettings, Message
from batchcast.publish.writers import Column, joined_bytes

SMALL_SAMPLES = tuple(SHAPES)  # made in a moment, to try a page
SAMPLE_NAMES = (*SMALL_SAMPLES, "m5")
_HEADER = b"date,partnumber,site_code,demand_qty\n"


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
    pieces = _pieces(name, seed, rows, series)
    written = 0
    partial = out.with_name(out.name + ".part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            file.write(_HEADER)
            for lines in pieces:
                file.write(joined_bytes(lines))
                written += len(lines)
        partial.replace(out)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink()
        template = N_("The sample can't be written to {out}: {reason}. Choose another place.")
        values = {"out": str(out), "reason": error.strerror or str(error)}
        raise InvalidSettings([Message(template, values)]) from error
    return written


def sample_lines(name: str, *, seed: int = 0) -> Iterator[bytes]:
    """The bytes of the file that `write_sample` writes, piece by piece.

    Raises:
        InvalidSettings: if there is no such sample.
    """
    _check(name, None, None)
    yield _HEADER
    for lines in _pieces(name, seed, None, None):
        yield bytes(joined_bytes(lines))


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
