"""What a batch has published, looked into: files to download, and its series one by one."""

from __future__ import annotations

import csv
import hashlib
import re
import shutil
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from batchcast.app.service.answers import Download, NoSuchFile, RejectedPage, ResultNotReady, SeriesDetail
from batchcast.app.service.kept import Kept
from batchcast.domain.accuracy import Overview, PeriodTotal
from batchcast.domain.batch import Batch, BatchState, ResultFile, Source, StoredFile
from batchcast.domain.calendar import Calendar, date_of
from batchcast.domain.codec import encode
from batchcast.domain.errors import N_, BatchcastError, InternalError, Message, UnknownSeries
from batchcast.ingest.history import read_series
from batchcast.publish.kinds import CSV, DOWNLOADS, FORECAST, FORMATS, KINDS, PARQUET, REJECTED, SERIES
from batchcast.results.series import SeriesIndex, SeriesPage, SeriesQuery, read_forecast_of
from batchcast.run.job import Ending, Job, WorkerPool
from batchcast.store.artifacts.artifacts import Artifacts
from batchcast.store.store import Store

_INDICES_REMEMBERED = 4
_CONVERSION_SECONDS = 1800
_SECONDS_COPIES_STAY = 3600
_CONVERSION_MEMORY_MB = 2048


class Results:
    """Finds and opens what batches have published."""

    def __init__(self, store: Store, artifacts: Artifacts, pool: WorkerPool, folder: Path) -> None:
        self._store = store
        self._artifacts = artifacts
        self._pool = pool
        self._folder = folder  # for copies of what is kept elsewhere
        self._lock = threading.Lock()
        self._indices: OrderedDict[str, SeriesIndex] = OrderedDict()  # the latest used last
        self._kept = Kept(self.path_of)

    def download(self, batch: Batch, kind: str, file_format: str | None) -> Download:
        """A published file, its bytes checked; one of another format is made when it is first asked for.

        Raises:
            ResultNotReady: while the batch is not COMPLETED.
            NoSuchFile: if there is none of that kind or format.
            ArtifactMissing, ArtifactDamaged: if what is kept is not what was published.
        """
        known = next((one.formats for one in DOWNLOADS if one.name == kind), ())
        chosen = file_format or next(iter(known), CSV)
        if chosen not in known:
            raise NoSuchFile(kind, chosen)
        stored = self._stored(batch, kind, chosen)
        path = self._artifacts.fetch(stored, self._folder)
        return Download(
            path=path,
            name=name_of(batch, kind, chosen),
            media_type=FORMATS[chosen].media_type,
            sha256=stored.sha256,
            size=stored.size,
        )

    def rejected(self, batch: Batch, offset: int, limit: int) -> RejectedPage:
        """Refused rows, as rejected.csv has them; none where none were refused."""
        try:
            path = self.download(batch, REJECTED, CSV).path
        except NoSuchFile:
            return RejectedPage(rows=(), total=0)
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            rows = tuple(_texts(row) for row in islice(reader, offset, offset + limit))
            rest = sum(1 for _ in reader)
        total = offset + len(rows) + rest if rows else self._count(path)
        return RejectedPage(rows=rows, total=total)

    def series(self, batch: Batch, query: SeriesQuery) -> SeriesPage:
        """Some series of a COMPLETED batch."""
        return self._index(batch).page(query)

    def one_series(self, batch: Batch, site_code: str, partnumber: str) -> SeriesDetail:
        """Everything that is known of one series.

        Raises:
            ResultNotReady: while the batch is not COMPLETED.
            UnknownSeries: if there is none of that site and part.
        """
        index = self._index(batch)
        position = _position(index, site_code, partnumber)
        row = index.row(position)
        forecast = self._artifacts.fetch(self._published(batch, FORECAST, PARQUET).file, self._folder)
        before, after = index.neighbours(position)
        return SeriesDetail(
            series=row,
            history=self._history(batch, site_code, partnumber),
            forecast=read_forecast_of(forecast, site_code, partnumber),
            previous=before,
            next=after,
            scores=self._kept.scores(batch, row),
            backtest=self._kept.backtest(batch, row),
        )

    def stock_at(self, batch: Batch, site_code: str, partnumber: str, service_level: float) -> Mapping[str, Any]:
        """Stock figures of one series at another service level; raises as `one_series` and `Kept.stock_at`."""
        index = self._index(batch)
        return self._kept.stock_at(batch, index.row(_position(index, site_code, partnumber)), service_level)

    def overview(self, batch: Batch) -> Overview:
        """The result in totals; raises as `Kept.overview`."""
        return self._kept.overview(batch)

    def periods_of(self, batch: Batch, site_code: str) -> tuple[PeriodTotal, ...]:
        """Demand and forecast of one site by period; raises as `overview`."""
        return self._kept.periods_of(batch, site_code)

    def prune(self) -> None:
        """Let go of copies that nobody has read for a while."""
        oldest = time.time() - _SECONDS_COPIES_STAY
        for path in self._folder.iterdir():
            used = path.stat()
            if path.is_file() and max(used.st_atime, used.st_mtime) < oldest:
                path.unlink(missing_ok=True)

    def forget(self, batch_id: str) -> None:
        """The batch is gone."""
        with self._lock:
            self._indices.pop(batch_id, None)
        self._kept.forget(batch_id)

    def _history(self, batch: Batch, site_code: str, partnumber: str) -> list[tuple[str, float]]:
        if batch.source is None:
            return []
        path = self._artifacts.fetch(batch.source.history, self._folder)
        days, quantities, first_day = read_series(path, site_code, partnumber)
        calendar, last = batch.plan.request.calendar, batch.plan.request.last_period
        return _by_period(calendar, np.asarray(days), np.asarray(quantities), first_day, last)

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

    def _published(self, batch: Batch, kind: str, file_format: str) -> ResultFile:
        found = _find(_require_result(batch), kind, file_format)
        if found is None:
            raise NoSuchFile(kind, file_format)
        return found

    def upload_of(self, source: Source) -> Path:
        """The file that a batch was submitted with, on this machine."""
        return self._artifacts.fetch(source.upload, self._folder)

    def path_of(self, batch: Batch, kind: str, file_format: str) -> Path | None:
        """A published file on this machine; None where the batch was published without it."""
        found = _find(_require_result(batch), kind, file_format)
        return None if found is None else self._artifacts.fetch(found.file, self._folder)

    def _convert(self, batch: Batch, kind: str, file_format: str) -> ResultFile:
        source = self._artifacts.fetch(self._published(batch, kind, PARQUET).file, self._folder)
        with self._scratch() as folder:
            into = folder / f"{kind}.{file_format}"
            job = Job(
                function="batchcast.run.jobs:convert_job",
                arguments=encode({"source": source, "into": into}),
                timeout_seconds=_CONVERSION_SECONDS,
                memory_limit_mb=_CONVERSION_MEMORY_MB,
            )
            outcome = self._pool.submit(job).wait()
            if outcome.ending is not Ending.DONE:
                raise outcome.error or _conversion_failed(kind, file_format, outcome.ended_by or outcome.ending.value)
            # The same bytes whoever makes it, so that of two at once, here or on another server, either may stay.
            stored = self._artifacts.put(into, f"batches/{batch.batch_id}/converted/{kind}.{file_format}", move=True)
        return self._store.add_file(batch.batch_id, ResultFile(kind=kind, format=file_format, file=stored))

    def _index(self, batch: Batch) -> SeriesIndex:
        with self._lock:
            found = self._indices.pop(batch.batch_id, None)
            if found is not None:
                self._indices[batch.batch_id] = found
                return found
        path = self._artifacts.fetch(self._published(batch, SERIES, PARQUET).file, self._folder)
        index = SeriesIndex.load(path)
        with self._lock:
            self._indices[batch.batch_id] = index
            while len(self._indices) > _INDICES_REMEMBERED:
                self._indices.popitem(last=False)
        return index

    @staticmethod
    def _count(path: Path) -> int:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return sum(1 for _ in csv.DictReader(file))

    @contextmanager
    def _scratch(self) -> Iterator[Path]:
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _position(index: SeriesIndex, site_code: str, partnumber: str) -> int:
    position = index.find(site_code, partnumber)
    if position is None:
        raise UnknownSeries(site_code, partnumber)
    return position


def downloaded(path: Path, kind: str, file_name: str) -> Download:
    """A CSV file that was made for one person, by the name of the file it comes from."""
    content = path.read_bytes()
    return Download(
        path=path,
        name="-".join(part for part in (kind, _plain_stem(file_name)) if part) + ".csv",
        media_type=FORMATS[CSV].media_type,
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
    return "-".join(part for part in (kind, plain, batch.batch_id[:8]) if part) + f".{file_format}"


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
