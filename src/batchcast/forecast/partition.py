"""A partition from its rows of the history to its result folder; and the same for a panel in memory."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from batchcast.domain import columns
from batchcast.domain.accuracy import SeasonUse
from batchcast.domain.calendar import Calendar, Frequency
from batchcast.domain.errors import N_
from batchcast.domain.plan import ForecastRequest
from batchcast.forecast.forecaster import ChunkForecast, Task, chunks_of, forecast_chunk
from batchcast.forecast.knowledge import SharedKnowledge
from batchcast.forecast.learned.features import warm_features
from batchcast.forecast.metrics import Tallies
from batchcast.forecast.models.table import FALLBACK_NAME
from batchcast.forecast.panel import Panel, read_panel, warm_reading
from batchcast.forecast.prepare import learn_knowledge
from batchcast.forecast.seasons.year import learn_year
from batchcast.forecast.seasons.year_choice import TRIED, judge_years
from batchcast.forecast.seasons.year_judge import warm_judging
from batchcast.forecast.tables import make_tables, result_writer, write_summary

AFTER_CUTOFF = N_("first seen after the last period of the history that is used")

log = logging.getLogger(__name__)

READ_SERIES = 4096  # series read from the history at a time: a row group


@dataclass(frozen=True, kw_only=True)
class PanelForecast:
    """The tables of a panel and the summary that accounts for each of its series."""

    forecast: pa.Table
    stock: pa.Table
    accuracy: pa.Table
    summary: dict[str, Any]


class Summary:
    """Accounts for every series seen: forecast or refused, flagged, fallen back; with statistics of the backtest."""

    def __init__(self, season: SeasonUse | None) -> None:
        self.tallies = Tallies()
        self._season = season
        self._series = self._forecast = self._flagged = 0
        self._refused: list[tuple[str, str, str]] = []
        self._fallbacks: Counter[str] = Counter()

    def count_panel(self, panel: Panel) -> None:
        """Count the series of a panel, those without any period as refused."""
        self._series += len(panel)
        for i in np.flatnonzero(panel.lengths == 0):
            self._refused.append((panel.site_codes[i], panel.partnumbers[i], AFTER_CUTOFF))

    def count_chunk(self, chunk: ChunkForecast) -> None:
        """Count the series of a chunk as forecast."""
        self._forecast += len(chunk.panel)
        limited = chunk.flags[columns.LIMITED]
        self._flagged += int(limited.sum())
        names = zip(chunk.panel.site_codes, chunk.panel.partnumbers, strict=True)
        for (site, part), model, flagged in zip(names, chunk.models, limited.tolist(), strict=True):
            if flagged:
                log.info("Quantiles of part %r at site %r were reduced to the plausible limit", part, site)
            if model == FALLBACK_NAME:
                self._fallbacks[FALLBACK_NAME] += 1
                log.info("No candidate could forecast part %r at site %r: %s stands in", part, site, FALLBACK_NAME)

    def as_json(self) -> dict[str, Any]:
        """Plain values; series = forecast + refused."""
        return {
            "series": self._series,
            "forecast": self._forecast,
            "refused": [list(entry) for entry in self._refused],
            "flagged": self._flagged,
            "fallbacks": dict(self._fallbacks),
            "statistics": self.tallies.as_json(),
            **({"season": asdict(self._season)} if self._season else {}),
        }


def forecast_partition(
    history_path: Path,
    ranges: Sequence[tuple[int, int]],
    request: ForecastRequest,
    knowledge: SharedKnowledge,
    *,
    into: Path,
    on_progress: Callable[[float], None],
) -> None:
    """Forecast some series of a history and write `summary.json` and the tables `tables.FILES`.

    Args:
        history_path: the checked history of the whole batch.
        ranges: [start, stop) rows of it, ascending and disjoint: the partition.
        request: what to forecast.
        knowledge: what was learned from the sample of the batch.
        into: an existing folder.
        on_progress: called after each chunk with the share of the series done.

    No number depends on which series share a partition.
    """
    summary = Summary(knowledge.season(request.occasions))
    total = sum(stop - start for start, stop in ranges)
    done = 0
    with result_writer(into) as writer:
        for part in _cut(ranges):
            panel = read_panel(history_path, part, request)
            for tables, size in _forecast_all(panel, request, knowledge, summary):
                writer.write(tables)
                done += size
                on_progress(done / total)
    write_summary(into, summary.as_json())


def forecast_panel(panel: Panel, request: ForecastRequest, knowledge: SharedKnowledge) -> PanelForecast:
    """Forecast a panel in memory: the same numbers as `forecast_partition` writes."""
    summary = Summary(knowledge.season(request.occasions))
    parts = [tables for tables, _ in _forecast_all(panel, request, knowledge, summary)]
    forecast, stock, accuracy, _ = (pa.concat_tables(kind).unify_dictionaries() for kind in zip(*parts, strict=True))
    return PanelForecast(forecast=forecast, stock=stock, accuracy=accuracy, summary=summary.as_json())


def _forecast_all(panel: Panel, request: ForecastRequest, knowledge: SharedKnowledge, summary: Summary) -> Any:
    """Tables and number of series of each chunk; at least one, perhaps empty, so that columns are known."""
    summary.count_panel(panel)
    task = Task(request=request, knowledge=knowledge, tallies=summary.tallies)
    for chunk in chunks_of(panel):
        forecast = forecast_chunk(_with_history(chunk), task)
        summary.count_chunk(forecast)
        yield make_tables(forecast, request), len(chunk)


def _with_history(panel: Panel) -> Panel:
    """The panel without its empty series."""
    kept = np.flatnonzero(panel.lengths > 0)
    if len(kept) == len(panel):
        return panel
    return replace(
        panel,
        offsets=np.append(panel.offsets[kept], panel.offsets[-1:]),
        site_codes=[panel.site_codes[i] for i in kept],
        partnumbers=[panel.partnumbers[i] for i in kept],
        last_demand=panel.last_demand[kept],
        ends=None if panel.ends is None else panel.ends[kept],
    )


def _cut(ranges: Sequence[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """The ranges in groups of at most READ_SERIES rows, cut where row groups of the file end."""
    pieces = [
        (max(start, block), min(stop, block + READ_SERIES))
        for start, stop in ranges
        for block in range(start - start % READ_SERIES, stop, READ_SERIES)
    ]
    groups: list[list[tuple[int, int]]] = []
    room = 0
    for start, stop in pieces:
        if stop - start > room:
            groups.append([])
            room = READ_SERIES
        groups[-1].append((start, stop))
        room -= stop - start
    return groups


# What a partition is made of: a digest of its rows, the same wherever in a history file they stand.

_LISTS = (columns.DAY, columns.QUANTITY, columns.LEARNED_QUANTITY, columns.OUT_DAY)  # the last two where it has them


class _RowDigest:
    """Takes rows in pieces; where they were cut makes no difference, for lengths and contents are digested apart."""

    def __init__(self) -> None:
        self._digests: dict[str, Any] = {}

    def add(self, rows: Any) -> None:
        """Take the next rows, a record batch of pyarrow."""
        for name in columns.SERIES:
            self._take_lists(name, rows.column(name).cast("large_binary"), width=1)
        self._take(columns.FIRST_DAY, rows.column(columns.FIRST_DAY).to_numpy())
        for name in (name for name in _LISTS if name in rows.schema.names):
            self._take_lists(name, rows.column(name))

    def hexdigest(self) -> str:
        """Of all rows so far."""
        whole = hashlib.sha256()
        for name in sorted(self._digests):
            whole.update(self._digests[name].digest())
        return whole.hexdigest()

    def _take_lists(self, name: str, lists: Any, width: int = 0) -> None:
        if width:
            offsets = np.frombuffer(lists.buffers()[1], dtype=np.int64)[lists.offset : lists.offset + len(lists) + 1]
            content = np.frombuffer(lists.buffers()[2] or b"", dtype=np.uint8)
        else:
            offsets, content = lists.offsets.to_numpy(), lists.values.to_numpy()
        self._take(f"{name} lengths", np.diff(offsets).astype(np.int64))
        self._take(name, content[offsets[0] : offsets[-1]])

    def _take(self, name: str, values: Any) -> None:
        self._digests.setdefault(name, hashlib.sha256()).update(np.ascontiguousarray(values))


def digest_rows(history_path: Path, partitions: Sequence[Sequence[tuple[int, int]]]) -> list[str]:
    """SHA-256 of the rows of each partition, in hexadecimal; the history is read once.

    Args:
        history_path: a checked history (`domain.history.DemandHistory`).
        partitions: of each its [start, stop) rows of the file, ascending and disjoint.
    """
    digests = [_RowDigest() for _ in partitions]
    ranges = sorted((start, stop, number) for number, mine in enumerate(partitions) for start, stop in mine)
    first = 0  # row of the file that the group begins with
    with pq.ParquetFile(history_path) as file:
        lists = [name for name in _LISTS if name in file.schema_arrow.names]
        for group in range(file.metadata.num_row_groups):
            rows = file.read_row_group(group, columns=[*columns.SERIES, columns.FIRST_DAY, *lists], use_threads=False)
            batch = rows.combine_chunks().to_batches()[0]
            last = first + rows.num_rows
            for start, stop, number in ranges:
                if start < last and stop > first:
                    piece = slice(max(start, first) - first, min(stop, last) - first)
                    digests[number].add(batch.slice(piece.start, piece.stop - piece.start))
            first = last
    return [digest.hexdigest() for digest in digests]


# Warming: every compiled kernel loaded, or compiled and cached the first time ever.


def warm() -> None:
    """Forecast a few invented days of a few series, which passes through every kernel."""
    request = ForecastRequest(
        calendar=Calendar(frequency=Frequency.DAILY),
        last_period=20_000,
        skip=0,
        horizon=2,
        lead_time=2,
        quantiles=(0.5, 0.9),
        models=(),
        service_level=0.95,
        rounding="none",
        zero_threshold=0.5,
        folds=3,
        seed=0,
    )
    length, count = 64, 6
    steps = np.arange(length * 4)
    few = np.where(np.arange(length * 2) % 30 == 0, 2.0, 0.0)
    panel = Panel(
        values=np.append((steps % 3 % 2 * (1.0 + steps % 7)) * np.repeat([1.0, 0.5, 1.0, 300.0], length), few),
        offsets=np.arange(0, length * count + 1, length),
        site_codes=["a"] * count,
        partnumbers=[str(k) for k in range(count)],
        last_demand=np.full(count, request.last_period, dtype=np.int32),
        last_period=request.last_period,
    )
    forecast_panel(panel, request, learn_knowledge(panel, request))
    judge_years(panel, request, (2, 4), TRIED)  # too short a history for a year of its own
    profile = learn_year(panel, request.calendar, 2, own=True)
    profile.flatten(panel, profile.of_panel(panel, request.calendar), request.calendar)
    warm_reading()
    warm_judging()
    warm_features()
