"""What a batch has published: its files to download, and its series and totals to read."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import secrets
import shutil
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from batchcast.app.service.answers import (
    Download,
    NoSuchFile,
    RejectedPage,
    ResultNotKept,
    ResultNotReady,
    SeriesDetail,
)
from batchcast.domain import columns
from batchcast.domain.accuracy import Overview, PeriodTotal
from batchcast.domain.batch import Batch, BatchState, ResultFile, Source, StoredFile
from batchcast.domain.calendar import Calendar, date_of
from batchcast.domain.codec import decode, encode
from batchcast.domain.errors import N_, BatchcastError, InternalError, InvalidSettings, Message, UnknownSeries
from batchcast.ingest.history.stored import read_out_days, read_series
from batchcast.publish.kinds import (
    ACCURACY,
    CSV,
    DOWNLOADS,
    FIGURES,
    FORECAST,
    FORMATS,
    JSON,
    KINDS,
    OVERVIEW,
    PARQUET,
    PERIODS,
    REJECTED,
    SERIES,
    SERVED_FORMATS,
)
from batchcast.results.comparison import Changes, compare_results
from batchcast.results.inventory import PublishedDemand, lead_time_demand_of, stock_figures_at
from batchcast.results.overview import read_periods_of
from batchcast.results.series import (
    SeriesGroup,
    SeriesIndex,
    SeriesPage,
    SeriesQuery,
    folds_of,
    read_forecast_of,
    read_row_of,
    scores_of,
)
from batchcast.results.sums import check_sums, default_windows, sums_of_series, sums_table
from batchcast.run.asking import asker
from batchcast.run.job import Ending, Job, WorkerPool
from batchcast.store.artifacts.artifacts import Artifacts
from batchcast.store.store import Store

LEAST_LEVEL, MOST_LEVEL = 0.5, 0.9999  # service levels that stock figures can be asked at
_INDICES, _OVERVIEWS = 4, 8  # of the latest batches, in memory
_CONVERSION_SECONDS = 1800
_CONVERSION_MEMORY_MB = 2048
_SECONDS_COPIES_STAY = 3600

Value = TypeVar("Value")
Windows = Sequence[float] | None  # in periods; None: one, two, ... lead times
SumRows = list[dict[str, Any]]


class ResultFiles:
    """The files that batches have published, each copied to this machine when it is asked for."""

    def __init__(self, store: Store, artifacts: Artifacts, pool: WorkerPool, folder: Path) -> None:
        self._store = store
        self._artifacts = artifacts
        self._pool = pool
        self._folder = folder  # of the copies

    def download(self, batch: Batch, kind: str, file_format: str | None) -> Download:
        """A published file, its bytes checked; one of another format is made when it is first asked for.

        Raises:
            ResultNotReady: while the batch is not COMPLETED.
            NoSuchFile: if there is none of that kind or format.
            ArtifactMissing, ArtifactDamaged: if what is stored is not what was published.
        """
        known = next((one.formats for one in DOWNLOADS if one.name == kind), ())
        chosen = file_format or next(iter(known), CSV)
        if chosen not in known:
            raise NoSuchFile(kind, chosen)
        stored = self._stored(batch, kind, chosen)
        return Download(
            path=self._artifacts.fetch(stored, self._folder),
            name=name_of(batch, kind, chosen),
            media_type=FORMATS[chosen].media_type,
            sha256=stored.sha256,
            size=stored.size,
        )

    def made_of(self, table: pa.Table, batch: Batch, kind: str, file_format: str) -> Download:
        """A table that was put together for one person, as a file of a format; `kind` begins its name.

        Raises:
            NoSuchFile: if there is no such format.
        """
        if file_format not in SERVED_FORMATS:
            raise NoSuchFile(kind, file_format)
        with self._scratch() as folder:
            source, into = folder / f"{kind}.{PARQUET}", folder / f"{kind}.{file_format}"
            pq.write_table(table, source)
            if file_format != PARQUET:
                self._write_as(source, into, kind, file_format)
            path = into.replace(self._folder / f"{secrets.token_hex(16)}.{file_format}")
        return described(path, name_of(batch, kind, file_format), file_format)

    def rejected(self, batch: Batch, offset: int, limit: int) -> RejectedPage:
        """Refused rows, as rejected.csv has them; none where none were refused."""
        try:
            path = self.download(batch, REJECTED, CSV).path
        except NoSuchFile:
            return RejectedPage(rows=(), total=0)
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            skipped = sum(1 for _ in islice(reader, offset))
            rows = tuple(_texts(row) for row in islice(reader, limit))
            total = skipped + len(rows) + sum(1 for _ in reader)
        return RejectedPage(rows=rows, total=total)

    def upload_of(self, source: Source) -> Path:
        """The file that a batch was submitted with, on this machine."""
        return self._artifacts.fetch(source.upload, self._folder)

    def history_of(self, source: Source) -> Path:
        """The checked history of a batch, on this machine."""
        return self._artifacts.fetch(source.history, self._folder)

    def find(self, batch: Batch, kind: str, file_format: str) -> Path | None:
        """A published file on this machine; None where the batch was published without it.

        Raises:
            ResultNotReady: while the batch is not COMPLETED.
        """
        found = _find(_require_result(batch), kind, file_format)
        return None if found is None else self._artifacts.fetch(found.file, self._folder)

    def path_of(self, batch: Batch, kind: str, file_format: str) -> Path:
        """A published file on this machine; raises as `find`, and ResultNotKept where there is none."""
        path = self.find(batch, kind, file_format)
        if path is None:
            raise ResultNotKept(batch.batch_id)
        return path

    def prune(self) -> None:
        """Remove copies that have not been read for an hour."""
        oldest = time.time() - _SECONDS_COPIES_STAY
        for path in self._folder.iterdir():
            used = path.stat()
            if path.is_file() and max(used.st_atime, used.st_mtime) < oldest:
                path.unlink(missing_ok=True)

    def _stored(self, batch: Batch, kind: str, file_format: str) -> StoredFile:
        if kind == REJECTED and batch.state is not BatchState.COMPLETED and batch.source and batch.source.rejected:
            return batch.source.rejected  # known since it was submitted
        found = _find(_require_result(batch), kind, file_format)
        if found:
            return found.file
        if PARQUET not in KINDS[kind].formats:
            raise NoSuchFile(kind, file_format)
        made = _find(self._store.files(batch.batch_id), kind, file_format)
        return (made or self._convert(batch, kind, file_format)).file

    def _convert(self, batch: Batch, kind: str, file_format: str) -> ResultFile:
        source = self.find(batch, kind, PARQUET)
        if source is None:
            raise NoSuchFile(kind, file_format)
        with self._scratch() as folder:
            into = folder / f"{kind}.{file_format}"
            self._write_as(source, into, kind, file_format)
            # Every server makes the same bytes, so of two conversions at the same time either may stay.
            stored = self._artifacts.put(into, f"batches/{batch.batch_id}/converted/{kind}.{file_format}", move=True)
        return self._store.add_file(batch.batch_id, ResultFile(kind=kind, format=file_format, file=stored))

    def _write_as(self, source: Path, into: Path, kind: str, file_format: str) -> None:
        """Have a worker write a Parquet table in the format of a suffix."""
        job = Job(
            function="batchcast.run.jobs:convert_job",
            arguments=encode({"source": source, "into": into}),
            timeout_seconds=_CONVERSION_SECONDS,
            memory_limit_mb=_CONVERSION_MEMORY_MB,
        )
        outcome = self._pool.submit(replace(job, share=asker().share)).wait()  # others may wait for it too
        if outcome.ending is not Ending.DONE:
            raise outcome.error or _conversion_failed(kind, file_format, outcome.ended_by or outcome.ending.value)

    @contextmanager
    def _scratch(self) -> Iterator[Path]:
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


class ResultReader:
    """Reads the series and totals of published results; those of the latest batches stay in memory."""

    def __init__(self, files: ResultFiles) -> None:
        self._files = files
        self._indices: Latest[SeriesIndex] = Latest(_INDICES)
        self._overviews: Latest[Overview] = Latest(_OVERVIEWS)

    def series(self, batch: Batch, query: SeriesQuery) -> SeriesPage:
        """Some series of a COMPLETED batch."""
        return self._index(batch).page(query)

    def groups(self, batch: Batch, query: SeriesQuery, by: str) -> list[SeriesGroup]:
        """The series that match by their value in a column; raises as `series`."""
        return self._index(batch).groups(query, by)

    def attribute_choices(self, batch: Batch) -> dict[str, list[str]]:
        """What is known of each part besides its demand, and the values to choose from; raises as `series`."""
        return self._index(batch).choices()

    def series_file(self, batch: Batch, query: SeriesQuery, names: Sequence[str], file_format: str) -> Download:
        """These columns of all series that match, as a file; raises as `series`, and NoSuchFile."""
        return self._files.made_of(self._index(batch).table(query, names), batch, SERIES, file_format)

    def changes(self, before: Batch, after: Batch) -> Changes:
        """How one result differs from another of the same horizon; both COMPLETED."""
        return compare_results(self._index(before), self._index(after))

    def one_series(self, batch: Batch, site_code: str, partnumber: str) -> SeriesDetail:
        """Everything that is known of one series.

        Raises:
            ResultNotReady: while the batch is not COMPLETED.
            UnknownSeries: if there is none of that site and part.
        """
        index, key = self._index(batch), (site_code, partnumber)
        position = _position(index, *key)
        before, after = index.neighbours(position)
        accuracy, figures = self._row(batch, ACCURACY, key), self._row(batch, FIGURES, key)
        return SeriesDetail(
            series=index.row(position),
            history=self._history(batch, *key),
            forecast=read_forecast_of(self._files.path_of(batch, FORECAST, PARQUET), *key),
            out_of_stock=[date_of(day) for day in self._out_days(batch, *key)],
            previous=before,
            next=after,
            scores=scores_of(accuracy or {}),
            backtest=None if figures is None else folds_of(figures, batch.plan.request),
        )

    def stock_at(self, batch: Batch, site_code: str, partnumber: str, service_level: float) -> Mapping[str, Any]:
        """Stock figures of one series at another service level; raises as `one_series`.

        Raises:
            InvalidSettings: if the level is under LEAST_LEVEL or over MOST_LEVEL.
            ResultNotKept: if the batch was published by a version that stored no quantiles.
        """
        index = self._index(batch)
        published = index.row(_position(index, site_code, partnumber))
        if not LEAST_LEVEL <= service_level <= MOST_LEVEL:
            template = N_("{setting} is {found}; it must be a number from {low:g} to {high:g}.")
            values = {"setting": "service_level", "found": service_level, "low": LEAST_LEVEL, "high": MOST_LEVEL}
            raise InvalidSettings([Message(template, values)])
        row = self._row(batch, FIGURES, (site_code, partnumber))
        if row is None:
            raise ResultNotKept(batch.batch_id)
        return stock_figures_at(row, published, service_level)

    def lead_time_demand(self, batch: Batch, site_code: str, partnumber: str) -> PublishedDemand:
        """The demand of one series over its lead time; raises as `stock_at`."""
        index = self._index(batch)
        published = index.row(_position(index, site_code, partnumber))
        row = self._row(batch, FIGURES, (site_code, partnumber))
        if row is None:
            raise ResultNotKept(batch.batch_id)
        return lead_time_demand_of(row, published)

    def sums_of(self, batch: Batch, key: tuple[str, str], windows: Windows, levels: Sequence[float]) -> SumRows:
        """The demand of one series summed over windows; raises as `stock_at`."""
        chosen = _windows(batch, windows, levels)
        demand = self.lead_time_demand(batch, *key)
        index = self._index(batch)
        quantile = index.row(_position(index, *key))[columns.LEAD_TIME_QUANTILE]
        return sums_of_series(demand, chosen, levels, quantile)

    def sums(
        self, batch: Batch, windows: Windows, levels: Sequence[float], offset: int, limit: int
    ) -> tuple[SumRows, int]:
        """The same of some series, in their order, and how many there are; raises as `stock_at`."""
        chosen = _windows(batch, windows, levels)
        stock, figures = (self._files.path_of(batch, kind, PARQUET) for kind in (SERIES, FIGURES))
        table = sums_table(stock, figures, chosen, levels, slice(offset, offset + limit))
        return table.to_pylist(), len(self._index(batch))

    def overview(self, batch: Batch) -> Overview:
        """The result in totals.

        Raises:
            ResultNotReady: while the batch is not COMPLETED.
            ResultNotKept: if it was published by a version that made none.
        """

        def read() -> Overview:
            text = self._files.path_of(batch, OVERVIEW, JSON).read_text(encoding="utf-8")
            overview: Overview = decode(json.loads(text))
            return overview

        return self._overviews.get(batch.batch_id, read)

    def periods_of(self, batch: Batch, site_code: str) -> tuple[PeriodTotal, ...]:
        """Demand and forecast of one site by period; none where there is no such site. Raises as `overview`."""
        rows = read_periods_of(self._files.path_of(batch, PERIODS, PARQUET), site_code)
        return tuple(
            PeriodTotal(date=row[columns.DATE], total=row[columns.TOTAL], is_forecast=row[columns.IS_FORECAST])
            for row in rows
        )

    def forget(self, batch_id: str) -> None:
        """Drop what is in memory of a batch that is deleted."""
        self._indices.forget(batch_id)
        self._overviews.forget(batch_id)

    def _history(self, batch: Batch, site_code: str, partnumber: str) -> list[tuple[str, float]]:
        if batch.source is None:
            return []
        days, quantities, first_day = read_series(self._files.history_of(batch.source), site_code, partnumber)
        calendar, last = batch.plan.request.calendar, batch.plan.request.end_of(site_code)
        return _by_period(calendar, np.asarray(days), np.asarray(quantities), first_day, last)

    def _out_days(self, batch: Batch, site_code: str, partnumber: str) -> list[int]:
        if batch.source is None:
            return []
        days: list[int] = read_out_days(self._files.history_of(batch.source), site_code, partnumber).tolist()
        return days

    def _row(self, batch: Batch, kind: str, key: tuple[str, str]) -> Mapping[str, Any] | None:
        path = self._files.find(batch, kind, PARQUET)
        return None if path is None else read_row_of(path, *key)

    def _index(self, batch: Batch) -> SeriesIndex:
        return self._indices.get(batch.batch_id, lambda: SeriesIndex.load(self._files.path_of(batch, SERIES, PARQUET)))


class Latest(Generic[Value]):
    """The values of the batches that were asked for last, by batch id."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._values: OrderedDict[str, Value] = OrderedDict()  # the latest used last

    def get(self, batch_id: str, read: Callable[[], Value]) -> Value:
        """The value of a batch, read where it is not in memory."""
        with self._lock:
            if batch_id in self._values:
                self._values.move_to_end(batch_id)
                return self._values[batch_id]
        value = read()  # without the lock: other batches do not wait for it
        with self._lock:
            self._values[batch_id] = value
            while len(self._values) > self._most:
                self._values.popitem(last=False)
        return value

    def forget(self, batch_id: str) -> None:
        """Drop the value of a batch."""
        with self._lock:
            self._values.pop(batch_id, None)


def _windows(batch: Batch, windows: Windows, levels: Sequence[float]) -> Sequence[float]:
    """The windows asked for, or the usual ones.

    Raises:
        InvalidSettings: if one of them, or of the levels, is out of its range.
    """
    request = batch.plan.request
    chosen = default_windows(request) if windows is None else windows
    check_sums(chosen, levels, request)
    return chosen


def _position(index: SeriesIndex, site_code: str, partnumber: str) -> int:
    position = index.find(site_code, partnumber)
    if position is None:
        raise UnknownSeries(site_code, partnumber)
    return position


def downloaded(path: Path, kind: str, file_name: str) -> Download:
    """A CSV file that was made for one person, by the name of the file it comes from."""
    return described(path, "-".join(part for part in (kind, _plain_stem(file_name)) if part) + ".csv", CSV)


def described(path: Path, name: str, file_format: str) -> Download:
    """A file that was made for one person."""
    content = path.read_bytes()
    return Download(
        path=path,
        name=name,
        media_type=FORMATS[file_format].media_type,
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
    )


def _require_result(batch: Batch) -> tuple[ResultFile, ...]:
    if batch.state is not BatchState.COMPLETED or batch.result is None:
        raise ResultNotReady(batch)
    return batch.result.files


def _find(files: tuple[ResultFile, ...], kind: str, file_format: str) -> ResultFile | None:
    return next((file for file in files if (file.kind, file.format) == (kind, file_format)), None)


def name_of(batch: Batch, kind: str, file_format: str) -> str:
    """A name to save it under, of letters that every system takes: forecast-demand_2026-1a2b3c4d.csv."""
    plain = _plain_stem(batch.source.file_name if batch.source else "")
    return "-".join(part for part in (kind, plain, batch.batch_id[:8]) if part) + f".{FORMATS[file_format].suffix}"


def _plain_stem(file_name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "_", file_name.split(".", maxsplit=1)[0]).strip("_")[:60]


def _by_period(
    calendar: Calendar, days: np.ndarray, quantities: np.ndarray, first_day: int, last_period: int
) -> list[tuple[str, float]]:
    """Demand of every period from the first to the cutoff, as the models saw it."""
    first = calendar.period_of_day(first_day)
    demand = np.zeros(max(last_period - first + 1, 0))
    periods = calendar.periods_of_days(days.astype(np.int32)) - first
    inside = periods < len(demand)
    np.add.at(demand, periods[inside], quantities[inside])
    starts = calendar.first_days(np.arange(first, first + len(demand), dtype=np.int32))
    return [(date_of(day).isoformat(), float(max(q, 0.0))) for day, q in zip(starts, demand, strict=True)]


def _texts(row: dict[str | None, str | list[str] | None]) -> dict[str, str]:
    """A row of rejected.csv; cells beyond the header are one text."""
    return {
        str(name or "…"): "; ".join(value) if isinstance(value, list) else value or "" for name, value in row.items()
    }


def _conversion_failed(kind: str, file_format: str, how: str) -> BatchcastError:
    template = N_("{kind} could not be made as {format} ({how}); download it as csv, and send us the log.")
    return InternalError(Message(template, {"kind": kind, "format": file_format, "how": how}))
