"""The backtests of a batch in units of demand, and the parts with the most units short.

Sums go over the series in the order of the history: how they were partitioned changes no bit of them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from batchcast.domain import columns
from batchcast.domain.accuracy import MOST_WORST_PARTS, ExtremePart, Hindsight, WorstPart, in_units
from batchcast.domain.calendar import Span, each_period, length_in_words, span_of_days
from batchcast.domain.errors import N_, Message
from batchcast.domain.history import DemandHistory
from batchcast.domain.plan import ForecastRequest, Partition
from batchcast.forecast.models.table import CANDIDATES, FALLBACK_NAME, POOLED, learns_across_series
from batchcast.publish.combined import CombinedResult
from batchcast.publish.kinds import ACCURACY
from batchcast.results.overview import PeriodDemand

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SUMS = ("folds", "losses", "naive", "covered", "actual", "forecast", "short", "over")  # of each series
_LEARNED = frozenset(name for name, model in CANDIDATES.items() if model.is_learned)
_NO_REASON = Message("")
_MEASURED = (columns.ACTUAL, columns.FORECAST, columns.STOCK)


@dataclass(frozen=True, kw_only=True, slots=True)
class Folds:
    """The backtests of some series; arrays of shape (cases,), series by series."""

    owners: Ints  # position of the series
    cutoffs: Ints
    actual: Floats
    forecast: Floats
    stock: Floats

    @classmethod
    def of(cls, figures: pa.Table) -> Folds:
        """From rows of the figures."""
        lists = {name: figures[name].combine_chunks() for name in (columns.CUTOFF, *_MEASURED)}
        actual, forecast, stock = (pc.list_flatten(lists[name]).to_numpy() for name in _MEASURED)
        return cls(
            owners=pc.list_parent_indices(lists[columns.CUTOFF]).to_numpy().astype(np.int64),
            cutoffs=pc.list_flatten(lists[columns.CUTOFF]).to_numpy().astype(np.int64),
            actual=actual,
            forecast=forecast,
            stock=stock,
        )

    @property
    def short(self) -> Floats:
        """Demand beyond the stock."""
        return np.maximum(self.actual - self.stock, 0.0)

    @property
    def over(self) -> Floats:
        """Stock beyond the demand."""
        return np.maximum(self.stock - self.actual, 0.0)

    def summed(self, values: Floats, series: int) -> Floats:
        """The sum over the backtests of each series, shape (series,)."""
        return np.bincount(self.owners, weights=values, minlength=series).astype(np.float64)


def look_back_at(
    partitions: Sequence[tuple[Partition, Path]], *, history: DemandHistory, request: ForecastRequest
) -> Hindsight | None:
    """`look_back` at the results of all partitions of a plan."""
    return look_back(CombinedResult(partitions, request=request, history_path=history.path), history.path)


def look_back(combined: CombinedResult, history: Path) -> Hindsight | None:
    """The backtest of a batch in units; None where partitions of an earlier version kept too little for it.

    Raises:
        ResultRejected: if a partition's result is incomplete or impossible.
    """
    if not combined.has_figures:
        return None
    request = combined.request
    sums: list[Floats] = []
    cutoffs: set[int] = set()
    worst_parts: list[WorstPart] = []
    models: set[str] = set()
    fallbacks = extremes = 0
    largest: ExtremePart | None = None
    for accuracy, figures in zip(combined.table(ACCURACY), combined.figures(), strict=True):
        folds = Folds.of(figures)
        sums.append(_sums_of(accuracy, folds))
        cutoffs.update(np.unique(folds.cutoffs).tolist())
        models.update(name for names in pc.unique(accuracy[columns.MODEL]).to_pylist() for name in names.split("+"))
        fallbacks += pc.sum(pc.equal(accuracy[columns.MODEL], FALLBACK_NAME)).as_py() or 0
        extremes += len(accuracy) - accuracy[columns.EXTREME_QTY].null_count
        largest = _larger(largest, _largest_extreme(accuracy, request))
        worst_parts = _worst_of([*worst_parts, *_worst_in(accuracy, folds, request)])
    total = dict(zip(_SUMS, np.concatenate(sums, axis=1), strict=True))
    cases = int(total["folds"].sum())
    return Hindsight(
        calendar=request.calendar,
        service_level=request.service_level,
        horizon=request.lead_time,
        series=len(total["folds"]),
        judged=int((total["folds"] > 0).sum()),
        cases=cases,
        spans=tuple(_span_after(cutoff, request) for cutoff in sorted(cutoffs, reverse=True)),
        covered=_mean(total["covered"], cases),
        pinball=_mean(total["losses"], cases),
        pinball_naive=_mean(total["naive"], cases),
        actual=float(total["actual"].sum()),
        forecast=float(total["forecast"].sum()),
        units_short=float(total["short"].sum()),
        units_over=float(total["over"].sum()),
        worst_parts=give_reasons(worst_parts, history, request),
        without_learned=learns_across_series(request.models) and cases > 0 and not models & {*_LEARNED, POOLED},
        learned_unjudged=cases == 0 and bool(models & _LEARNED),
        unused=request.models if fallbacks == len(total["folds"]) else (),
        extremes=extremes,
        largest_extreme=largest,
        season=combined.season,
    )


def _sums_of(accuracy: pa.Table, folds: Folds) -> Floats:
    """The sums of each series, shape (_SUMS, series)."""
    count = len(accuracy)
    known = accuracy[columns.FOLDS].to_numpy().astype(np.float64)
    means = (columns.PINBALL, columns.PINBALL_NAIVE, columns.COVERED)
    losses, naive, covered = (accuracy[name].fill_null(0.0).to_numpy() * known for name in means)
    each = (folds.actual, folds.forecast, folds.short, folds.over)
    return np.stack([known, losses, naive, covered, *(folds.summed(values, count) for values in each)])


def _largest_extreme(accuracy: pa.Table, request: ForecastRequest) -> ExtremePart | None:
    """The largest extreme of a piece, the first of equal ones; None where it has none."""
    sizes = accuracy[columns.EXTREME_QTY].fill_null(0.0).to_numpy()
    if not sizes.any():
        return None
    row: dict[str, Any] = accuracy.slice(int(sizes.argmax()), 1).to_pylist()[0]
    return ExtremePart(
        site_code=row[columns.SITE_CODE],
        partnumber=row[columns.PARTNUMBER],
        span=span_of_days(request.calendar, row[columns.EXTREME_DATE], row[columns.EXTREME_DATE]),
        quantity=row[columns.EXTREME_QTY],
    )


def _larger(one: ExtremePart | None, other: ExtremePart | None) -> ExtremePart | None:
    return other if one is None or (other is not None and other.quantity > one.quantity) else one


def _worst_in(accuracy: pa.Table, folds: Folds, request: ForecastRequest) -> Iterator[WorstPart]:
    """The parts of a piece with the most units short, without their reasons."""
    short, over = (folds.summed(values, len(accuracy)) for values in (folds.short, folds.over))
    order = np.lexsort((-over, -short))[:MOST_WORST_PARTS]
    names = [*columns.SERIES, columns.DEMAND_CLASS, *columns.EXTREME]
    for position in order[short[order] > 0].tolist():
        row: dict[str, Any] = accuracy.select(names).slice(position, 1).to_pylist()[0]
        day, quantity = (row.pop(name) for name in columns.EXTREME)
        mine = np.flatnonzero(folds.owners == position)
        worst = int(mine[np.argmax(folds.short[mine])])
        span = _span_after(int(folds.cutoffs[worst]), request)
        yield WorstPart(
            **row,
            folds=len(mine),
            units_short=float(short[position]),
            units_over=float(over[position]),
            span=span,
            actual=float(folds.actual[worst]),
            forecast=float(folds.forecast[worst]),
            stock=float(folds.stock[worst]),
            reason=_NO_REASON if quantity is None else _reason_of_extreme(day, quantity, span),
        )


def _reason_of_extreme(day: dt.date, quantity: float, span: Span) -> Message:
    """That an extreme came in the span; no reason where it did not."""
    period = span_of_days(span.calendar, day, day)
    if not span.first <= period.first <= span.last:
        return _NO_REASON
    return Message(_EXTREME, {"peak": in_units(quantity), "when": period.when})


def _worst_of(parts: list[WorstPart]) -> list[WorstPart]:
    """The first MOST_WORST_PARTS by units short, then units over; equal ones stay in their order."""
    return sorted(parts, key=lambda part: (-part.units_short, -part.units_over))[:MOST_WORST_PARTS]


def _span_after(cutoff: int, request: ForecastRequest) -> Span:
    first = cutoff + 1
    return Span(calendar=request.calendar, first=first, last=first + request.lead_time - 1)


def _mean(values: Floats, cases: int) -> float:
    return float(values.sum()) / cases if cases else float("nan")


# Why the stock of a part would have been too small: what its demand did in that backtest.

_EXTREME = N_("An order of {peak:,} came {when}, far beyond all other demand; it counts here as little more than that.")
_JUMPED = N_("Demand jumped from at most {before:,} {each} to {peak:,} {when}.")
_WOKE = N_("No demand for {quiet}, then {actual:,} {when}.")
_ROSE = N_("Demand rose to {actual:,} {when}; before, it had been about {usual:,} in {length}.")
_GATHERED = N_("More demand than ever before came together {when}: {actual:,}, after at most {most:,} in {length}.")
_ORDINARY = N_("Demand of {actual:,} {when}: the stock was too small for what had been seen before, up to {most:,}.")
_QUIET = 2  # spans without demand before it that make a demand come after none
_MOST_OF_IT = 0.5  # share of the demand in one period that makes it a jump
_LEAP = 1.5  # times the largest period before
_RISE = 1.5  # times the mean before


def give_reasons(parts: Sequence[WorstPart], history: Path, request: ForecastRequest) -> tuple[WorstPart, ...]:
    """The parts with their reasons, from the demand in the checked history."""
    if not parts:
        return ()
    keys = [(part.site_code, part.partnumber) for part in parts]
    wanted = pc.field(columns.SITE_CODE).isin([site for site, _ in keys])
    wanted &= pc.field(columns.PARTNUMBER).isin([part for _, part in keys])
    names = [*columns.SERIES, columns.FIRST_DAY, columns.DAY, columns.QUANTITY]
    table = pq.read_table(history, columns=names, filters=wanted, use_threads=False)
    demand = PeriodDemand.of(table, request)
    found = list(zip(*(table[name].to_pylist() for name in names[:2]), strict=True))
    first_days = table[columns.FIRST_DAY].to_pylist()
    reasons = []
    for part, key in zip(parts, keys, strict=True):
        if part.reason != _NO_REASON:
            reasons.append(part.reason)
            continue
        position = found.index(key)
        first = request.calendar.period_of_day(first_days[position])
        values = np.zeros(max(request.end_of(part.site_code) - first + 1, 0))
        mine = demand.owners == position
        values[demand.periods[mine] - first] = demand.quantities[mine]
        reasons.append(reason_of(part, values, first))
    return tuple(replace(part, reason=reason) for part, reason in zip(parts, reasons, strict=True))


def reason_of(part: WorstPart, values: Floats, first: int) -> Message:
    """What the demand of a part did in its backtest with the most units short.

    Args:
        part: with the span of that backtest and the demand in it.
        values: its demand by period.
        first: the period of the first value.
    """
    span, periods = part.span, part.span.last - part.span.first + 1
    start = max(span.first - first, 0)
    before, during = values[:start], values[start : span.last - first + 1]
    named = {
        "actual": in_units(part.actual),
        "when": span.when,
        "length": span.length,
        "each": each_period(span.calendar),
    }
    demanded = np.flatnonzero(before)
    quiet = len(before) - int(demanded[-1]) - 1 if len(demanded) else len(before)
    peak, most = float(during.max()), float(before.max(initial=0.0))
    if quiet >= max(_QUIET * periods, 2):
        return Message(_WOKE, named | {"quiet": length_in_words(span.calendar, quiet)})
    if peak >= _LEAP * most and peak >= _MOST_OF_IT * part.actual:
        period = first + start + int(during.argmax())
        at = Span(calendar=span.calendar, first=period, last=period)
        return Message(_JUMPED, named | {"before": in_units(most), "peak": in_units(peak), "when": at.when})
    usual, now = float(before.mean()), float(during.mean())
    if periods > 1 and now >= _RISE * usual:
        return Message(_ROSE, named | {"usual": in_units(round(usual * periods, 1))})
    highest = _highest_sum(before, periods)
    template = _GATHERED if part.actual > highest else _ORDINARY
    return Message(template, named | {"most": in_units(highest)})


def _highest_sum(values: Floats, length: int) -> float:
    """The largest sum of `length` neighbours, or of all values where they are fewer."""
    totals = np.concatenate([[0.0], np.cumsum(values)])
    length = min(length, len(values))
    return float((totals[length:] - totals[: len(totals) - length]).max(initial=0.0))
