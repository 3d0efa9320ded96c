"""Rows that are there more than once: every row twice, or files of a folder or archive that overlap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.calendar import date_of
from batchcast.domain.errors import N_, Choice, Message, listed
from batchcast.domain.settings import Overlaps
from batchcast.ingest.common.names import shortened
from batchcast.ingest.common.problems import OverlappingFiles
from batchcast.ingest.history.accumulate import DAY_BITS, LIMB_BITS, Limbs, Totals, Whole, split
from batchcast.ingest.rows.numbered import Numbered

_MOST_NAMED = 5  # sites, parts or dates that a sentence lists
_LEAST_ROWS = 20  # that show that every row is there twice
_MOST_WAITING = 1 << 20  # rows of a file before equal ones are brought together
_TAKEN_ONCE = N_(
    "Files overlap: {first} and {second} have the same rows from {start} to {end}{more}. They are counted once: "
    "{rows:,} rows of {count:,} parts, sites and days are left out."
)
_DAY_MASK = (1 << DAY_BITS) - 1
_ODD = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xBF58476D1CE4E5B9)


class RowPairs:
    """Whether each row is there an even number of times: then the XOR of a hash of all rows is 0, and hardly else."""

    def __init__(self) -> None:
        self._all = np.uint64(0)
        self._rows = 0

    def add(
        self, series: NDArray[np.int32], days: NDArray[np.int32], quantities: NDArray[np.int64 | np.float64]
    ) -> None:
        """Add rows: shape (rows,) each, days by their number."""
        keys = (series.astype(np.uint64) << np.uint64(DAY_BITS)) | days.astype(np.uint64)
        mixed = keys * _ODD
        mixed ^= mixed >> np.uint64(29)
        mixed += quantities.astype(np.float64).view(np.uint64)
        mixed *= _MIX
        mixed ^= mixed >> np.uint64(32)
        mixed *= _ODD
        self._all ^= np.bitwise_xor.reduce(mixed)
        self._rows += len(mixed)

    def note(self) -> Message | None:
        """What a person should know."""
        if self._all or self._rows < _LEAST_ROWS:
            return None
        template = N_(
            "Every row is there twice or more, {count:,} rows in all, as where an export was appended to itself, and "
            "all of them are summed: if so, every quantity is doubled. Export the file again."
        )
        return Message(template, {"count": self._rows})


def evenly_repeated(rows: NDArray[Any], cells: NDArray[Any]) -> list[int]:
    """The groups whose values are all there two times or more, equally often, where all other groups repeat none.

    Args:
        rows: of each group, shape (groups,).
        cells: distinct values of each group, same shape.
    """
    held = cells > 0
    repeated = held & (rows > cells)
    if not repeated.any() or repeated[held].all() or (rows[held & ~repeated] != cells[held & ~repeated]).any():
        return []
    times = rows[repeated] / cells[repeated]
    is_even = bool((times == times[0]).all()) and float(times[0]).is_integer()
    found: list[int] = np.flatnonzero(repeated).tolist()
    return found if is_even and int(cells[repeated].sum()) >= _LEAST_ROWS else []


@dataclass(frozen=True, slots=True)
class _File:
    """What one file has of each series and day."""

    name: str
    keys: Whole  # series << DAY_BITS | number of the day; ascending, distinct
    limbs: Limbs  # of the sums
    rows: Whole


class FileOverlaps:
    """The rows of several files, compared once all are read."""

    ask = N_(
        "Files overlap: {first} and {second} differ from {start} to {end}{more}, for {count:,} parts, sites "
        "and days that are in both. Set {@overlaps=latest}, {@overlaps=earliest} or {@overlaps=sum}."
    )
    readings: ClassVar[Mapping[str, str]] = {
        "latest": N_("the last file by name counts, {total:,.15g} units in all"),
        "earliest": N_("the first file by name counts, {total:,.15g} units in all"),
        "sum": N_("they are summed, {total:,.15g} units in all"),
    }
    settled: ClassVar[Mapping[str, str]] = {
        "latest": N_(
            "Files overlap: {first} and {second} differ from {start} to {end}{more}. As asked for, the last file by "
            "name counts: {rows:,} rows of {count:,} parts, sites and days are left out."
        ),
        "earliest": N_(
            "Files overlap: {first} and {second} differ from {start} to {end}{more}. As asked for, the first file by "
            "name counts: {rows:,} rows of {count:,} parts, sites and days are left out."
        ),
        "sum": N_(
            "Files overlap: {first} and {second} differ from {start} to {end}{more}. As asked for, they are summed for "
            "{count:,} parts, sites and days."
        ),
    }

    def __init__(self) -> None:
        self._files: list[_File] = []
        self._name: str | None = None
        self._waiting: list[tuple[Whole, Limbs, Whole]] = []
        self._count = 0
        self.notes: list[Message] = []
        self.takes_equal_once = True  # else that is asked too
        self.also_set: Mapping[str, str] = {}  # settings that each choice needs besides
        self.taken_off: dict[str, Whole] = {}  # by file, ascending: series and days whose rows do not count

    def add(
        self,
        name: str,
        series: NDArray[np.int32],
        days: NDArray[np.int32],
        quantities: NDArray[np.int64 | np.float64],
    ) -> None:
        """Add rows of a file, all of which come before those of the next; days by their number."""
        if name != self._name:
            self._end_file()
            self._name = name
        keys = (series.astype(np.int64) << DAY_BITS) | days
        self._waiting.append((keys, split(quantities), np.ones(len(keys), dtype=np.int64)))
        self._count += len(keys)
        if self._count > _MOST_WAITING:
            self._waiting = [_together(self._waiting)]
            self._count = 0

    def settle(self, totals: Totals, sites: Whole, days: Sequence[int], asked: Overlaps) -> None:
        """Take off `totals` what counts in another file.

        Args:
            totals: of all files.
            sites: number of the site of each series.
            days: since 1970-01-01, by their number.
            asked: which file counts where several have the same series and day with other quantities.

        Raises:
            OverlappingFiles: a question, if that is not said.
        """
        self._end_file()
        files = self._files
        if len(files) < 2:
            return
        keys = np.concatenate([file.keys for file in files])
        owners = np.repeat(np.arange(len(files)), [len(file.keys) for file in files])
        order = np.argsort(keys, kind="stable")
        keys, owners = keys[order], owners[order]
        same = keys[1:] == keys[:-1]
        if not same.any():
            return
        pairs = np.unique(np.stack([owners[:-1][same], owners[1:][same]]), axis=1).T.tolist()
        shared = np.unique(keys[1:][same])
        is_exact = all(_is_exact(files[one], files[other], sites) for one, other in pairs)
        told = self.told(shared, pairs, days)
        first, last = np.append(True, ~same), np.append(~same, True)
        losing = {"latest": ~last, "earliest": ~first, "sum": np.zeros(len(keys), dtype=np.bool_)}
        if is_exact and self.takes_equal_once:
            asked, template = "earliest", _TAKEN_ONCE
        elif asked == "auto":
            raise self._question(told, losing, keys, owners)
        else:
            template = self.settled[asked]
        rows = self._take_off(totals, keys[losing[asked]], owners[losing[asked]])
        self.notes.append(Message(template, told | {"rows": rows}))

    def _end_file(self) -> None:
        if self._name is not None and self._waiting:
            self._files.append(_File(self._name, *_together(self._waiting)))
        self._waiting, self._count = [], 0

    def told(self, shared: Whole, pairs: list[list[int]], days: Sequence[int]) -> dict[str, object]:
        """What is said of the files: shared keys, pairs of files, and days since 1970-01-01 by their number."""
        of_days = [days[number] for number in np.unique(shared & _DAY_MASK).tolist()]
        one, other = pairs[0]
        more = Message(N_(", and {count} more pairs of files do"), {"count": len(pairs) - 1}) if len(pairs) > 1 else ""
        return {
            "first": self._files[one].name,
            "second": self._files[other].name,
            "more": more,
            "start": date_of(min(of_days)),
            "end": date_of(max(of_days)),
            "count": len(shared),
        }

    def _question(
        self, told: dict[str, object], losing: dict[str, NDArray[np.bool_]], keys: Whole, owners: Whole
    ) -> OverlappingFiles:
        every = sum(float(_as_float(file.limbs).sum()) for file in self._files)
        choices = []
        for asked, reading in self.readings.items():
            left_out = self._quantity(keys[losing[asked]], owners[losing[asked]])
            settings = {"overlaps": asked, **self.also_set}
            choices.append(Choice(settings=settings, reading=Message(reading, {"total": every - left_out})))
        return OverlappingFiles(Message(self.ask, told), setting="overlaps", choices=choices)

    def _quantity(self, keys: Whole, owners: Whole) -> float:
        return sum(
            float(_as_float(tuple(limb[at] for limb in file.limbs)).sum()) for file, at in self._places(keys, owners)
        )

    def _take_off(self, totals: Totals, keys: Whole, owners: Whole) -> int:
        """Subtract the sums of some keys of their files, exactly; returns their rows."""
        rows = 0
        for file, at in self._places(keys, owners):
            series, days = (file.keys[at] >> DAY_BITS).astype(np.int32), (file.keys[at] & _DAY_MASK).astype(np.int32)
            for i, limb in enumerate(file.limbs):
                totals.add(series, days, -limb[at] if i == 0 else np.float64(-(2.0 ** (-LIMB_BITS * i))) * limb[at])
            rows += int(file.rows[at].sum())
            self.taken_off[file.name] = file.keys[np.sort(at)]
        totals.finish()
        return rows

    def _places(self, keys: Whole, owners: Whole) -> list[tuple[_File, Whole]]:
        return [
            (self._files[owner], np.searchsorted(self._files[owner].keys, keys[owners == owner]))
            for owner in np.unique(owners).tolist()
        ]


def _together(parts: Sequence[tuple[Whole, Limbs, Whole]]) -> tuple[Whole, Limbs, Whole]:
    """Equal keys as one, with their sums."""
    keys = np.concatenate([one[0] for one in parts])
    depth = max(len(one[1]) for one in parts)
    sums = [
        np.concatenate([one[1][i] if i < len(one[1]) else np.zeros(len(one[0]), dtype=np.int64) for one in parts])
        for i in range(depth)
    ]
    rows = np.concatenate([one[2] for one in parts])
    if not len(keys):
        return keys, tuple(sums), rows
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    starts = np.flatnonzero(np.append(True, keys[1:] != keys[:-1]))
    return (
        keys[starts],
        tuple(np.add.reduceat(limb[order], starts) for limb in sums),
        np.add.reduceat(rows[order], starts),
    )


def _is_exact(one: _File, other: _File, sites: Whole) -> bool:
    """Whether two files have the same rows on all days and sites that are in both."""
    of_one, of_other = (_places_of(file.keys, sites) for file in (one, other))
    both = np.intersect1d(of_one, of_other)
    a, b = np.isin(of_one, both), np.isin(of_other, both)
    return (
        np.array_equal(one.keys[a], other.keys[b])
        and np.array_equal(one.rows[a], other.rows[b])
        and np.array_equal(
            _as_float(tuple(limb[a] for limb in one.limbs)), _as_float(tuple(limb[b] for limb in other.limbs))
        )
    )


def _places_of(keys: Whole, sites: Whole) -> Whole:
    """Site and day of each key, as one number."""
    places: Whole = (sites[keys >> DAY_BITS] << DAY_BITS) | (keys & _DAY_MASK)
    return places


def _as_float(limbs: Limbs) -> NDArray[np.float64]:
    total: NDArray[np.float64] = limbs[0].astype(np.float64)
    for i, limb in enumerate(limbs[1:], start=1):
        total = total + limb * 2.0 ** (-LIMB_BITS * i)
    return total


def note_even_repeats(numbered: Numbered, totals: Totals, rows_accepted: int) -> Message | None:
    """What to say of sites, parts or dates all of whose values are there equally often, where others are not."""
    count = len(numbered.series)
    cells = totals.cells_by_series(count)
    if not 0 < cells.sum() < rows_accepted:
        return None
    rows, sites, parts = numbered.series_rows, numbered.series.sites, numbered.series.parts
    days = np.array(numbered.days, dtype=np.int64)
    by_day = totals.count_days(np.zeros(count, dtype=np.int64), 1, len(days))[0]
    order = np.argsort(days)
    views = (
        (N_("site {names}"), numbered.sites.texts, np.bincount(sites, rows), np.bincount(sites, cells)),
        (N_("part {names}"), numbered.parts.texts, np.bincount(parts, rows), np.bincount(parts, cells)),
        (
            N_("the dates {names}"),
            [date_of(day) for day in days[order].tolist()],
            numbered.day_rows[order],
            by_day[order],
        ),
    )
    for template, names, of_rows, of_cells in views:
        found = evenly_repeated(of_rows, of_cells)
        if len(found):
            each = (names[i] for i in found[:_MOST_NAMED])
            ending = f", … ({len(found)})" if len(found) > _MOST_NAMED else ""
            shown = listed([shortened(one) if isinstance(one, str) else one for one in each], ending)
            said = N_(
                "Every value of {which} is there {times} times, and no other is repeated; all are summed. If these "
                "rows were exported twice, take them out."
            )
            times = int(of_rows[found[0]] // of_cells[found[0]])
            return Message(said, {"which": Message(template, {"names": shown}), "times": times})
    return None


def note_repeats(numbered: Numbered, totals: Totals, summed: int) -> Message:
    """What to say of so many rows with the keys of another, with an example of their part."""
    count = len(numbered.series)
    example = int(np.argmax(numbered.series_rows - totals.cells_by_series(count)))
    named = numbered.name_of(example)
    template = N_(
        "{count:,} values have the date, part and site of another, such as of part {part!r} ({site}), and are "
        "summed. If a row stands twice by mistake, take it out."
    )
    return Message(template, {"count": summed, "part": shortened(named["part"]), "site": shortened(named["site"])})
