"""Writes what was accepted as a checked history, and reads the facts off it that planning needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from batchcast.domain import columns
from batchcast.domain.calendar import date_of
from batchcast.domain.errors import Message
from batchcast.domain.history import MOST_RECENT, HistoryFacts, SiteFacts
from batchcast.ingest.common.arrow import list_array, number_array, text_array
from batchcast.ingest.history.accumulate import DAY_BITS, SeriesTotals, Totals
from batchcast.ingest.history.attributes import Attributes
from batchcast.ingest.history.coverage import Coverage, find_coverage
from batchcast.ingest.history.frequency import Decision, decide_frequency
from batchcast.ingest.history.marks import MarkedDays, find_marked
from batchcast.ingest.history.patterns import DateCounts, PartDates
from batchcast.ingest.history.stockouts import StockOuts

HISTORY_FILE = "history.parquet"
_ROW_GROUP = 4096  # series
_MOST_OUT_DAYS = 93  # from a day out of stock to the end of the history, that may explain why little was sold
_SAMPLED_PARTS = 200  # of a site: they show whether its parts are dated alike
_FIELDS: Any = {
    columns.SITE_CODE: pa.string(),
    columns.PARTNUMBER: pa.string(),
    columns.FIRST_DAY: pa.int32(),
    columns.ROWS: pa.int32(),
    columns.DAY: pa.list_(pa.int32()),
    columns.QUANTITY: pa.list_(pa.float64()),
}
_SCHEMA = pa.schema(_FIELDS)
_NO_SERIES = np.empty(0, dtype=np.int64)
_QUICK: dict[str, Any] = {  # to write and to read; a third of the size would cost twice the time
    "compression": "lz4",
    "use_dictionary": [columns.SITE_CODE],
    "column_encoding": {f"{columns.DAY}.list.element": "DELTA_BINARY_PACKED"},
    "write_statistics": False,
    "store_schema": False,
}


@dataclass(frozen=True)
class AcceptedDemand:
    """Everything that was accepted: series as numbers of sites and parts, days as numbers of dates."""

    sites: Sequence[str]
    parts: Sequence[str]
    series_site: NDArray[np.int64]  # (series,), into sites
    series_part: NDArray[np.int64]  # (series,), into parts
    series_rows: NDArray[np.int64]  # (series,), accepted rows
    days: NDArray[np.int32]  # days since 1970-01-01, by their number
    totals: Totals
    stock_outs: StockOuts
    dates_are_months: bool  # some date was written without a day
    learned: Totals | None = None  # what of the totals is learned from; None: all
    attributes: Attributes = field(default_factory=Attributes)
    left_out: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))  # series
    marked: MarkedDays = field(default_factory=MarkedDays)

    @cached_property
    def written(self) -> NDArray[np.int64]:
        """Numbers of the series that are written, ascending."""
        return np.setdiff1d(np.arange(len(self.series_site)), self.left_out)

    @cached_property
    def written_of_sites(self) -> list[NDArray[np.int64]]:
        """Of each site the numbers of its series that are written, ascending."""
        site = self.series_site[self.written]
        by_site = np.argsort(site, kind="stable")
        return np.split(self.written[by_site], np.searchsorted(site[by_site], np.arange(1, len(self.sites))))

    @cached_property
    def day_order(self) -> NDArray[np.int64]:
        """Numbers of the days, in ascending order of day."""
        return np.argsort(self.days)


class Written(NamedTuple):
    """A history that was written."""

    facts: HistoryFacts
    marked: MarkedDays  # what planners marked of it
    missing: tuple[Message, ...]  # what a person should know first: stretches that it does not cover
    notes: tuple[Message, ...]  # and of its frequency


def write_history(
    accepted: AcceptedDemand, path: Path, *, frequency_is_asked: bool, marks: Sequence[str] = ()
) -> Written:
    """Write the history, one row a series in the order of site and part; the same bytes for the same demand.

    Raises:
        ReadingQuestion: if its dates leave the frequency open; see `decide_frequency`.
    """
    dates = _date_counts(accepted)
    decided = decide_frequency(dates, is_asked=frequency_is_asked)
    accepted, dates = replace(accepted, days=decided.days), replace(dates, days=decided.days)
    span = (int(accepted.days.min()), int(accepted.days.max()))
    accepted = replace(accepted, marked=find_marked(marks, partial(_numbers_of, accepted), span, decided.frequency))
    covered = find_coverage(dates, decided.frequency)
    order = _series_order(accepted)
    schema = _schema_of(accepted)
    with pq.ParquetWriter(path, schema, **_QUICK) as writer:
        for start in range(0, len(order), _ROW_GROUP):
            chosen = order[start : start + _ROW_GROUP]
            writer.write_table(_row_group(accepted, chosen, schema), row_group_size=_ROW_GROUP)
    return Written(_facts(accepted, decided, covered, dates), accepted.marked, covered.notes, decided.notes)


def _numbers_of(accepted: AcceptedDemand) -> dict[tuple[str, str], int]:
    """The number of each series that is written, by site and part."""
    sites, parts = accepted.series_site.tolist(), accepted.series_part.tolist()
    return {(accepted.sites[sites[k]], accepted.parts[parts[k]]): k for k in accepted.written.tolist()}


def _schema_of(accepted: AcceptedDemand) -> Any:
    schema = _SCHEMA
    if accepted.learned is not None or accepted.marked.excludes:
        schema = schema.append(pa.field(columns.LEARNED_QUANTITY, pa.list_(pa.float64())))
    if accepted.stock_outs.any() or accepted.marked:
        schema = schema.append(pa.field(columns.OUT_DAY, pa.list_(pa.int32())))
    for name, kind, _ in accepted.attributes.tables(_NO_SERIES):
        schema = schema.append(pa.field(name, pa.string() if kind == "text" else pa.float64()))
    return schema


def _series_order(accepted: AcceptedDemand) -> NDArray[np.int64]:
    """Numbers of the series, sorted by the UTF-8 bytes of site and part."""
    site_rank, part_rank = _ranks(accepted.sites), _ranks(accepted.parts)
    written = accepted.written
    return written[np.lexsort((part_rank[accepted.series_part[written]], site_rank[accepted.series_site[written]]))]


def _ranks(texts: Sequence[str]) -> NDArray[np.int64]:
    encoded = [text.encode() for text in texts]
    ranks = np.empty(len(texts), dtype=np.int64)
    ranks[sorted(range(len(texts)), key=encoded.__getitem__)] = np.arange(len(texts))
    return ranks


def _recent(of_sites: NDArray[Any], days: NDArray[np.int32], last_day: int) -> list[float]:
    """The sum over all sites on each of the last days."""
    age = last_day - days
    is_recent = (age >= 0) & (age < MOST_RECENT)
    sums: list[float] = np.bincount(age[is_recent], weights=of_sites[:, is_recent].sum(axis=0)).tolist()
    return [round(one, 6) for one in reversed(sums)]


def _row_group(accepted: AcceptedDemand, chosen: NDArray[np.int64], schema: Any) -> Any:
    totals = accepted.totals.of_series(chosen, accepted.day_order)
    days = accepted.days[accepted.day_order]
    learned = None
    if accepted.learned is not None:
        totals, learned = _side_by_side(totals, accepted.learned.of_series(chosen, accepted.day_order))
    if accepted.marked.excludes:
        known = totals.total if learned is None else learned
        learned = accepted.marked.learned(chosen, totals.position, days[totals.rank], known)
    bounds = np.zeros(len(chosen) + 1, dtype=np.int32)
    np.cumsum(np.bincount(totals.position, minlength=len(chosen)), out=bounds[1:])
    sites = [accepted.sites[i] for i in accepted.series_site[chosen]]
    parts = [accepted.parts[i] for i in accepted.series_part[chosen]]
    arrays = [
        text_array(sites),
        text_array(parts),
        number_array(days[totals.first]),
        number_array(accepted.series_rows[chosen].astype(np.int32)),
        list_array(bounds, days[totals.rank]),
        list_array(bounds, totals.total),
    ]
    if learned is not None:
        arrays.append(list_array(bounds, learned))
    if accepted.stock_outs.any() or accepted.marked:
        out = accepted.stock_outs.of_series(chosen, accepted.days)
        arrays.append(list_array(*accepted.marked.beside(chosen, *out)))
    for name, _, values in accepted.attributes.tables(chosen):
        arrays.append(pa.array(values, schema.field(name).type))
    return pa.table(arrays, schema=schema)


def _side_by_side(totals: SeriesTotals, learned: SeriesTotals) -> tuple[SeriesTotals, NDArray[np.float64]]:
    """The totals on every day on which they or what is learned from are not 0, and the latter on these days."""
    own, others = ((one.position.astype(np.int64) << DAY_BITS) | one.rank for one in (totals, learned))
    every = np.union1d(own, others)
    all_of_it, of_learned = np.zeros(len(every)), np.zeros(len(every))
    all_of_it[np.searchsorted(every, own)] = totals.total
    of_learned[np.searchsorted(every, others)] = learned.total
    return SeriesTotals(totals.first, every >> DAY_BITS, every & ((1 << DAY_BITS) - 1), all_of_it), of_learned


def _date_counts(accepted: AcceptedDemand) -> DateCounts:
    return DateCounts(
        days=accepted.days,
        sites=accepted.sites,
        of_sites=accepted.totals.count_days(accepted.series_site, len(accepted.sites), len(accepted.days)),
        dates_are_months=accepted.dates_are_months,
        of_parts=partial(_dates_of_parts, accepted),
        quantities=None if accepted.stock_outs.since(accepted.days, _MOST_OUT_DAYS) else _recent_quantities(accepted),
    )


def _recent_quantities(accepted: AcceptedDemand) -> NDArray[np.float64]:
    """The sum of the series of each site that are written, on the last days; 0 on those before: (sites, days)."""
    groups = np.full(len(accepted.series_site), len(accepted.sites))
    groups[accepted.written] = accepted.series_site[accepted.written]
    recent = np.flatnonzero(accepted.days > accepted.days.max() - MOST_RECENT)
    sums = np.zeros((len(accepted.sites), len(accepted.days)))
    sums[:, recent] = accepted.totals.sum_days(groups, len(accepted.sites), recent)
    return sums


def _dates_of_parts(accepted: AcceptedDemand, site: int) -> PartDates:
    """The dates of some parts of a site, spread over all of them."""
    mine = accepted.written_of_sites[site]
    chosen = mine[:: max(len(mine) // _SAMPLED_PARTS, 1)]
    totals = accepted.totals.of_series(chosen, accepted.day_order)
    parts = [accepted.parts[part] for part in accepted.series_part[chosen]]
    return PartDates(parts=parts, position=totals.position, days=accepted.days[accepted.day_order][totals.rank])


def _facts(accepted: AcceptedDemand, decided: Decision, covered: Coverage, dates: DateCounts) -> HistoryFacts:
    count = len(accepted.sites)
    written = accepted.written
    site, series_rows = accepted.series_site[written], accepted.series_rows[written]
    rows = np.bincount(site, weights=series_rows, minlength=count)
    series = np.bincount(site, minlength=count)
    sites = (
        SiteFacts(
            site_code=site,
            rows=int(rows[number]),
            series=int(series[number]),
            last_date=known.last_date,
            ends_early=known.ends_early,
            end_is_doubtful=known.end_is_doubtful,
            recent=known.recent,
            recent_quantities=known.recent_quantities,
        )
        for number, (site, known) in enumerate(zip(accepted.sites, covered.sites, strict=True))
        if known is not None
    )
    quantities = dates.quantities
    days = np.sort(accepted.days[decided.usual])
    weekdays = set(((days + 3) % 7).tolist())  # 1970-01-01 was a Thursday
    return HistoryFacts(
        rows=int(series_rows.sum()),
        series=len(written),
        parts=len(np.unique(accepted.series_part[written])),
        sites=tuple(sorted((s for s in sites if s.series), key=lambda s: s.site_code.encode())),
        first_date=date_of(int(days[0])),
        last_date=date_of(int(days[-1])),
        frequency=decided.frequency,
        weekdays=tuple(day in weekdays for day in range(7)),
        is_integer=accepted.totals.is_integer,
        longest_gap=int(np.diff(days).max(initial=1)) - 1,
        gaps=covered.gaps,
        recent=tuple(map(int, _recent(dates.of_sites, dates.days, int(days[-1])))),
        recent_quantities=() if quantities is None else tuple(_recent(quantities, dates.days, int(days[-1]))),
    )
