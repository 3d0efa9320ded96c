"""Why the stock of a part would have been too small: what its demand did, told from its history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from batchcast.domain import columns
from batchcast.domain.hindsight import HurtPart, in_units
from batchcast.domain.message import Message, mark
from batchcast.domain.plan import ForecastRequest
from batchcast.domain.spans import Span, each_period, length_in_words
from batchcast.publish.demand import Demand

Floats = NDArray[np.float64]

_JUMPED = mark("Demand jumped from at most {before:,} {each} to {peak:,} {when}.")
_WOKE = mark("No demand for {quiet}, then {actual:,} {when}.")
_ROSE = mark("Demand rose to {actual:,} {when}; before, it had been about {usual:,} in {length}.")
_GATHERED = mark("More demand than ever before came together {when}: {actual:,}, after at most {most:,} in {length}.")
_ORDINARY = mark("Demand of {actual:,} {when}: the stock was too small for what had been seen before, up to {most:,}.")
_QUIET = 2  # such spans without demand, after which any comes out of nothing
_MOST_OF_IT = 0.5  # share of the demand that makes one period the whole story
_LEAP = 1.5  # times the most of before
_RISE = 1.5  # times the mean of before


def give_reasons(parts: Sequence[HurtPart], history: Path, request: ForecastRequest) -> tuple[HurtPart, ...]:
    """The parts with what their demand did, read from the checked history."""
    if not parts:
        return ()
    keys = [(part.site_code, part.partnumber) for part in parts]
    wanted = pc.field(columns.SITE_CODE).isin([site for site, _ in keys])
    wanted &= pc.field(columns.PARTNUMBER).isin([part for _, part in keys])
    names = [columns.SITE_CODE, columns.PARTNUMBER, columns.FIRST_DAY, columns.DAY, columns.QUANTITY]
    table = pq.read_table(history, columns=names, filters=wanted, use_threads=False)
    demand = Demand.of(table, request)
    found = list(zip(*(table[name].to_pylist() for name in names[:2]), strict=True))
    first_days = table[columns.FIRST_DAY].to_pylist()
    reasons = []
    for part, key in zip(parts, keys, strict=True):
        place = found.index(key)
        first = request.calendar.period_of_day(first_days[place])
        values = np.zeros(max(request.last_period - first + 1, 0))
        mine = demand.owners == place
        values[demand.periods[mine] - first] = demand.quantities[mine]
        reasons.append(reason_of(part, values, first))
    return tuple(replace(part, reason=reason) for part, reason in zip(parts, reasons, strict=True))


def reason_of(part: HurtPart, values: Floats, first: int) -> Message:
    """What the demand of a part did in the backtest that was the most short.

    Args:
        part: with the span of that backtest and what was wanted in it.
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
    """The largest sum of so many neighbours, or of all values where they are fewer."""
    totals = np.concatenate([[0.0], np.cumsum(values)])
    length = min(length, len(values))
    return float((totals[length:] - totals[: len(totals) - length]).max(initial=0.0))
