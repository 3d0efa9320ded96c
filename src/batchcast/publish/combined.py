"""The results of all partitions as one stream in the order of the history, verified on the way.

The ranges of the partitions give the order: they are read in ascending order, and each partition's files are read
from first row to last. Memory does not grow with the number of series.
"""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from batchcast.domain import columns
from batchcast.domain.accuracy import SeasonUse
from batchcast.domain.history import DemandHistory
from batchcast.domain.plan import (
    ACCURACY_FILE,
    FIGURES_FILE,
    FORECAST_FILE,
    STOCK_FILE,
    SUMMARY_FILE,
    ForecastRequest,
    Partition,
)
from batchcast.publish import verify
from batchcast.publish.cells import harmless_text
from batchcast.publish.certificate import Certificate
from batchcast.publish.kinds import ACCURACY, FORECAST, STOCK
from batchcast.publish.rows import RowReader, RowReaders
from batchcast.publish.verify import rejected

# What one partition gave: a folder with three tables and a summary that accounts for every series.


@dataclass(frozen=True, slots=True)
class Refused:
    """A series that has no forecast."""

    site_code: str
    partnumber: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PartitionResult:
    """What one partition gave."""

    partition: Partition
    folder: Path
    refused: dict[tuple[str, str], str] = field(default_factory=dict)  # (site_code, partnumber) -> reason
    season: SeasonUse | None = None  # the same of each partition

    @classmethod
    def open(cls, partition: Partition, folder: Path) -> PartitionResult:
        """The result in a folder.

        Raises:
            ResultRejected: if its summary is missing or does not account for every series.
        """
        summary = read_summary(partition, folder)
        try:
            refused = {(site, part): str(reason) for site, part, reason in summary["refused"]}
            counted = int(summary["series"]), int(summary["forecast"])
            season = SeasonUse.from_json(summary["season"]) if summary.get("season") else None
        except (ValueError, TypeError, KeyError) as error:
            raise rejected(partition.number, "its summary lacks something, or holds what it must not") from error
        if counted != (partition.series, partition.series - len(refused)):
            what = f"{counted[0]} series, {counted[1]} forecast and {len(refused)} refused, of {partition.series}"
            raise rejected(partition.number, f"its series don't add up: {what}")
        return cls(partition=partition, folder=folder, refused=refused, season=season)


def read_summary(partition: Partition, folder: Path) -> dict[str, Any]:
    """The summary in the folder of a result.

    Raises:
        ResultRejected: if it is missing, or is cut off or damaged.
    """
    try:
        summary = json.loads((folder / SUMMARY_FILE).read_text(encoding="utf-8"))
    except OSError as error:
        raise rejected(partition.number, f"its summary can't be read ({error.strerror})") from error
    except ValueError as error:
        raise rejected(partition.number, "its summary is cut off or damaged") from error
    if not isinstance(summary, dict):
        raise rejected(partition.number, "its summary is cut off or damaged")
    return summary


_PIECE_ROWS = 65_536  # of a table, at a time
_MOST_KEYS_KEPT = 131_072  # series; some 10 MB
_HISTORY_ROWS = 1024  # of the history, at a time: each is a whole series


_LATER_STOCK: Mapping[str, pa.DataType] = {
    columns.EXTREME_DATE: pa.date32(),
    columns.EXTREME_QTY: pa.float64(),
    columns.REORDER_POINT_WITH_EXTREME: pa.float64(),
    columns.LEVEL_DATE: pa.date32(),
    columns.LEVEL_BEFORE: pa.float64(),
    columns.LEVEL_AFTER: pa.float64(),
}
_LATER_ACCURACY: Mapping[str, pa.DataType] = {
    **dict.fromkeys(columns.BACKTEST_IN_UNITS, pa.float64()),
    columns.FLAG: pa.string(),
    **{name: _LATER_STOCK[name] for name in (*columns.EXTREME, *columns.LEVEL_FIGURES)},
}

_LATER_FIGURES: Mapping[str, pa.DataType] = {
    columns.WINDOWS: pa.list_(pa.int32()),
    columns.WINDOW_MEANS: pa.list_(pa.float64()),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Kind:
    """One of the tables that every partition gives."""

    file: str
    columns: tuple[str, ...]
    check: Callable[[pa.Table, int], None]  # the figures of a piece, with the number of its partition
    rows_each: int = 1  # of a series
    has_scores: bool = False  # further columns may follow: a score for each model
    later: Mapping[str, pa.DataType] = field(default_factory=dict)  # an earlier version had none: there they are empty

    def open_checked(self, readers: RowReaders, result: PartitionResult) -> RowReader:
        """The partition's file, its columns checked."""
        reader = readers[result.folder / self.file]
        names = reader.schema.names
        expected = [name for name in self.columns if name in names or name not in self.later]
        if names[: len(expected)] != expected or not (self.has_scores or len(names) == len(expected)):
            what = f"{self.file} has the columns {', '.join(names)}, expected {', '.join(expected)}"
            raise verify.rejected(result.partition.number, what)
        return reader

    def take_checked(self, readers: RowReaders, result: PartitionResult, keys: pa.Table) -> pa.Table:
        """The next rows of a partition, which must be those of the series in `keys`."""
        number = result.partition.number
        try:
            reader = self.open_checked(readers, result)
            table = self._whole(_plain(reader.take(len(keys) * self.rows_each)))
        except (OSError, pa.ArrowException) as error:
            raise verify.rejected(number, f"{self.file} can't be read ({error})") from error
        verify.check_keys(table, keys, rows_each=self.rows_each, partition=number)
        self.check(table, number)
        return table

    def _whole(self, table: pa.Table) -> pa.Table:
        for place, name in enumerate(self.columns):
            if name not in table.column_names:
                table = table.add_column(place, name, pa.nulls(len(table), self.later[name]))
        return table


class CombinedResult:
    """All partitions' results, in the order of the history."""

    TABLES = (FORECAST, STOCK, ACCURACY)  # that every partition gives, as people download them

    def __init__(
        self, partitions: Sequence[tuple[Partition, Path]], *, request: ForecastRequest, history_path: Path
    ) -> None:
        self.results = [PartitionResult.open(partition, folder) for partition, folder in partitions]
        self.request = request
        self._history_path = history_path

    @classmethod
    def of_plan(
        cls, partitions: Sequence[tuple[Partition, Path]], certificate: Certificate, history: DemandHistory
    ) -> CombinedResult:
        """The results of every partition of the certificate's plan.

        Raises:
            ResultRejected: if one is missing, or its summary does not account for every series.
        """
        given = {partition.number: partition for partition, _ in partitions}
        for partition in certificate.partitions:
            if given.get(partition.number) != partition:
                raise rejected(partition.number, "it is not the one of the plan, or there is none")
        return cls(partitions, request=certificate.request, history_path=history.path)

    @property
    def season(self) -> SeasonUse | None:
        """Which times of the year the forecast tells apart; None: none."""
        return next((result.season for result in self.results), None)

    @property
    def counts(self) -> dict[str, int]:
        """How every series of the input is accounted for."""
        series, refused = sum(result.partition.series for result in self.results), len(self.refused)
        return {"series": series, "forecast": series - refused, "refused": refused}

    @cached_property
    def refused(self) -> tuple[Refused, ...]:
        """Series without a forecast, in the order of the history."""
        found = [Refused(site, part, reason) for r in self.results for (site, part), reason in r.refused.items()]
        return tuple(sorted(found, key=lambda refused: (refused.site_code.encode(), refused.partnumber.encode())))

    def table(self, kind: str) -> Iterator[pa.Table]:
        """The rows of one of the `TABLES`, checked, in pieces: `rows_each` of a series."""
        return self._stream(self._kinds[kind])

    def rows_each(self, kind: str) -> int:
        """How many rows of a series one of the `TABLES` has."""
        return self._kinds[kind].rows_each

    @cached_property
    def _kinds(self) -> Mapping[str, _Kind]:
        request = self.request
        first = request.first_period
        dates = request.calendar.first_days(np.arange(first, first + request.horizon, dtype=np.int32))
        quantiles = tuple(columns.quantile_column(level) for level in request.quantiles)
        keys = (columns.DATE, columns.PARTNUMBER, columns.SITE_CODE)
        forecast = _Kind(
            file=FORECAST_FILE,
            columns=(*keys, columns.FORECAST_QTY, columns.FORECAST_RAW, *quantiles, columns.MODEL),
            check=lambda table, p: verify.check_forecast(table, dates=dates, quantiles=quantiles, partition=p),
            rows_each=request.horizon,
        )
        stock = _Kind(file=STOCK_FILE, columns=columns.STOCK_TABLE, check=verify.check_stock, later=_LATER_STOCK)
        accuracy = _Kind(
            file=ACCURACY_FILE,
            columns=columns.ACCURACY_TABLE,
            check=verify.check_accuracy,
            has_scores=True,
            later=_LATER_ACCURACY,
        )
        return {FORECAST: forecast, STOCK: stock, ACCURACY: accuracy}

    @property
    def has_figures(self) -> bool:
        """Every partition has the figures for a page; those that an earlier version finished have none."""
        return all((result.folder / FIGURES_FILE).exists() for result in self.results)

    def figures(self) -> Iterator[pa.Table]:
        """The figures for a page in pieces: a row a series."""
        return self._stream(
            _Kind(file=FIGURES_FILE, columns=columns.FIGURES_TABLE, check=verify.check_lists, later=_LATER_FIGURES)
        )

    def history(self) -> Iterator[pa.Table]:
        """Keys, days and quantities of the series that have a forecast, in pieces: a row a series."""
        for _, table in self._walk(_HISTORY_ROWS, (*columns.SERIES, columns.DAY, columns.QUANTITY)):
            yield table

    @property
    def has_attributes(self) -> bool:
        """The history holds more of each part than its demand."""
        return bool(attribute_columns(self._history_path))

    def attributes(self) -> Iterator[pa.Table]:
        """What is known of each series besides its demand, in pieces: a row a series."""
        for _, table in self._walk(_PIECE_ROWS, (*columns.SERIES, *attribute_columns(self._history_path))):
            yield table

    @cached_property
    def ranges(self) -> Sequence[tuple[int, int, PartitionResult]]:
        """The ranges of rows of the history in their order, with the result that has them."""
        ranges = [(start, stop, result) for result in self.results for start, stop in result.partition.ranges]
        return sorted(ranges, key=lambda item: item[0])

    def has_forecast(self) -> NDArray[np.bool_]:
        """Of every series in the order of the history, whether it has a forecast."""
        if not self.refused:
            return np.ones(self.counts["series"], dtype=np.bool_)
        kept = [_kept(keys, result) for result, keys in self._read(_PIECE_ROWS, columns.SERIES)]
        return np.concatenate(kept)

    def _stream(self, kind: _Kind) -> Iterator[pa.Table]:
        waiting: list[pa.Table] = []
        rows = 0
        with RowReaders() as readers:
            for result, keys in self._walk(max(1, _PIECE_ROWS // kind.rows_each)):
                waiting.append(kind.take_checked(readers, result, keys))
                rows += waiting[-1].num_rows
                check_one_schema(describe_schema(waiting[-1].schema), describe_schema(waiting[0].schema), result)
                if rows >= _PIECE_ROWS:
                    yield pa.concat_tables(waiting)
                    waiting, rows = [waiting[0].slice(0, 0)], 0  # without rows, for its schema
            yield pa.concat_tables(waiting)
            self._check_all_read(readers, kind)

    def _walk(
        self, series_at_once: int, names: Sequence[str] = columns.SERIES
    ) -> Iterator[tuple[PartitionResult, pa.Table]]:
        """Columns of every forecast series in pieces, in the order of the history, with the result they are in."""
        for result, piece in self._read(series_at_once, names):
            yield result, piece.filter(pa.array(_kept(piece, result))) if result.refused else piece

    def _read(self, series_at_once: int, names: Sequence[str]) -> Iterator[tuple[PartitionResult, pa.Table]]:
        """As `_walk`, with the series that are refused."""
        if names == columns.SERIES and self.counts["series"] <= _MOST_KEYS_KEPT:
            for result, keys in self._keys:
                for at in range(0, len(keys), series_at_once):
                    yield result, keys.slice(at, series_at_once)
            return
        yield from self._read_history(series_at_once, names)

    @cached_property
    def _keys(self) -> Sequence[tuple[PartitionResult, pa.Table]]:
        """The keys of the series of each range, which are read for one table after the other."""
        return list(self._read_history(_MOST_KEYS_KEPT, columns.SERIES))

    def _read_history(self, series_at_once: int, names: Sequence[str]) -> Iterator[tuple[PartitionResult, pa.Table]]:
        history = RowReader(self._history_path, names, most_at_once=series_at_once)
        position = 0
        for start, stop, result in self.ranges:
            history.skip(start - position)
            position = stop
            for at in range(start, stop, series_at_once):
                yield result, history.take(min(series_at_once, stop - at))
        history.close()

    def _check_all_read(self, readers: RowReaders, kind: _Kind) -> None:
        for result in self.results:
            left = readers[result.folder / kind.file].rows_left
            if left:
                what = f"{kind.file} has {left} rows more than its series need"
                raise verify.rejected(result.partition.number, what)


def attribute_columns(history: Path) -> tuple[str, ...]:
    """The columns of a history file that hold what is known of each part besides its demand."""
    return tuple(name for name in pq.read_schema(history).names if columns.is_of_part(name))


def named_as_sent(pieces: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """The attributes under the names that their columns have in the file that was sent."""
    for table in pieces:
        yield table.rename_columns([columns.attribute_of(name) or name for name in table.column_names])


def _kept(keys: pa.Table, result: PartitionResult) -> NDArray[np.bool_]:
    """Of each series, whether it has a forecast."""
    pairs = zip(*(keys[name].to_pylist() for name in columns.SERIES), strict=True)
    return np.array([pair not in result.refused for pair in pairs], dtype=np.bool_)


def _plain(table: pa.Table) -> pa.Table:
    """The table with its dictionaries resolved, so that the pieces of all partitions have one schema."""
    fields = [pa.field(f.name, f.type.value_type if pa.types.is_dictionary(f.type) else f.type) for f in table.schema]
    return table.cast(pa.schema(fields))


def check_one_schema(found: str, expected: str, result: PartitionResult) -> None:
    """Check that the columns of a table, in words, are those that the partitions before had.

    Raises:
        ResultRejected: if not.
    """
    if found != expected:
        what = f"its columns are {found}, and those of the partitions before {expected}"
        raise verify.rejected(result.partition.number, what)


def describe_schema(schema: pa.Schema) -> str:
    """The columns in words."""
    return ", ".join(f"{field.name} ({field.type})" for field in schema)


# `rejected.csv`: every row that was refused when the history was read, and every series without a forecast.

_REJECTED_COLUMNS = ("line", "column", "value", "reason")  # of refused rows; the columns of the input follow them


def write_rejected(path: Path, *, rows: Path | None, series: Sequence[Refused]) -> None:
    """Write the file, where anything was refused.

    Args:
        path: the file to write.
        rows: the CSV of refused rows, whose columns come first; None where no row was refused.
        series: series without a forecast. Each is a row without a line: the part number, and why.
    """
    if rows is None and not series:
        return
    header = _header(rows) if rows else list(_REJECTED_COLUMNS)
    with path.open("w", encoding="utf-8", newline="") as file:
        if rows:
            with rows.open(encoding="utf-8", newline="") as source:
                shutil.copyfileobj(source, file)
        writer = csv.writer(file, lineterminator="\n")
        if not rows:
            writer.writerow(header)
        for refused in series:
            writer.writerow(_series_row(header, refused))


def _header(rows: Path) -> list[str]:
    with rows.open(encoding="utf-8", newline="") as source:
        return next(csv.reader(source))


def _series_row(header: Sequence[str], refused: Refused) -> list[str]:
    """The refused series in the columns of refused rows; those of the input stay empty."""
    reason = f"no forecast for this part of site {refused.site_code!r}: {refused.reason}"
    said = {"column": columns.PARTNUMBER, "value": _harmless(refused.partnumber), "reason": reason}
    row = [""] * len(header)
    for name, text in said.items():
        row[header.index(name)] = text
    return row


def _harmless(text: str) -> str:
    return str(harmless_text(pa.array([text]))[0].as_py())
