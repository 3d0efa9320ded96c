"""A partition from its rows of the history to its result folder; and the same for a panel in memory."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from batchcast.domain.accuracy import SeasonUse
from batchcast.domain.errors import N_
from batchcast.domain.plan import ForecastRequest
from batchcast.forecast.forecaster import ChunkForecast, Task, chunks_of, forecast_chunk
from batchcast.forecast.knowledge import SharedKnowledge
from batchcast.forecast.models.table import FALLBACK_NAME
from batchcast.forecast.panel import Panel, read_panel
from batchcast.forecast.statistics import Tallies
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
        self._flagged += int(chunk.flagged.sum())
        names = zip(chunk.panel.site_codes, chunk.panel.partnumbers, strict=True)
        for (site, part), model, flagged in zip(names, chunk.models, chunk.flagged.tolist(), strict=True):
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
