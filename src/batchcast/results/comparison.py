"""Two results beside each other: their totals, and the series whose forecast differs most, each with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from batchcast.domain import columns
from batchcast.domain.errors import N_, Message
from batchcast.results.series import SeriesIndex, SeriesQuery

MOST_CHANGES = 50  # series that are named
_BEFORE = "_before"  # suffix of the columns of the earlier result
_COMPARED = (columns.FORECAST_TOTAL, columns.HISTORY_TOTAL, columns.REORDER_POINT, columns.MODEL)


@dataclass(frozen=True, kw_only=True, slots=True)
class SeriesChange:
    """A series whose forecast differs; what one of the results has no such series of is None."""

    site_code: str
    partnumber: str
    before: float | None  # units forecast over the horizon
    after: float | None
    point_before: float | None  # reorder point
    point_after: float | None
    reason: Message

    @property
    def difference(self) -> float:
        """Units that are forecast more."""
        return (self.after or 0.0) - (self.before or 0.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Changes:
    """How a result differs from an earlier one."""

    before: float  # units forecast in all
    after: float
    both: int  # series of both results
    added: int  # series that only the later one has
    gone: int  # series that only the earlier one has
    differing: int  # series whose forecast differs
    largest: tuple[SeriesChange, ...]  # the largest differences first


def compare_results(before: SeriesIndex, after: SeriesIndex) -> Changes:
    """The differences of two results of one horizon."""
    joined = _joined(before, after)
    is_there = {side: joined[columns.FORECAST_TOTAL + side].is_valid().to_numpy() for side in ("", _BEFORE)}
    totals = {side: joined[columns.FORECAST_TOTAL + side].fill_null(0.0).to_numpy() for side in ("", _BEFORE)}
    difference = np.round(totals[""] - totals[_BEFORE], 6)
    order = np.argsort(-np.abs(difference), kind="stable")[:MOST_CHANGES]
    named = joined.take(pa.array(order[difference[order] != 0])).to_pylist()
    return Changes(
        before=float(totals[_BEFORE].sum()),
        after=float(totals[""].sum()),
        both=int((is_there[""] & is_there[_BEFORE]).sum()),
        added=int((~is_there[_BEFORE]).sum()),
        gone=int((~is_there[""]).sum()),
        differing=int((difference != 0).sum()),
        largest=tuple(_change(row) for row in named),
    )


def _joined(before: SeriesIndex, after: SeriesIndex) -> pa.Table:
    """A row for each series of either, in their order; the columns of the earlier one have a suffix."""
    names = [*columns.SERIES, *_COMPARED]
    earlier, later = (index.table(SeriesQuery(), names) for index in (before, after))
    earlier = earlier.rename_columns([name + _BEFORE * (name in _COMPARED) for name in earlier.column_names])
    joined = later.join(earlier, list(columns.SERIES), join_type="full outer", use_threads=False)
    keys: list[tuple[str, str]] = [(name, "ascending") for name in columns.SERIES]
    return joined.take(pc.sort_indices(joined, sort_keys=keys))


def _change(row: Mapping[str, Any]) -> SeriesChange:
    return SeriesChange(
        site_code=row[columns.SITE_CODE],
        partnumber=row[columns.PARTNUMBER],
        before=row[columns.FORECAST_TOTAL + _BEFORE],
        after=row[columns.FORECAST_TOTAL],
        point_before=row[columns.REORDER_POINT + _BEFORE],
        point_after=row[columns.REORDER_POINT],
        reason=_reason(row),
    )


def _reason(row: Mapping[str, Any]) -> Message:
    """Why a forecast differs, by what differs of what it is made from."""
    if row[columns.FORECAST_TOTAL + _BEFORE] is None:
        return Message(N_("Not in the earlier result."))
    if row[columns.FORECAST_TOTAL] is None:
        return Message(N_("Not in this result any more."))
    was, now = row[columns.HISTORY_TOTAL + _BEFORE], row[columns.HISTORY_TOTAL]
    if was != now:
        return Message(N_("Other demand: {was:,.0f} units in all before, {now:,.0f} now."), {"was": was, "now": now})
    was, now = row[columns.MODEL + _BEFORE], row[columns.MODEL]
    if was != now:
        template = N_("The same demand in all, another model. Before: {model_was}. Now: {model_now}.")
        return Message(template, {"model_was": was, "model_now": now})
    return Message(N_("The same demand in all and the same model: the dates, the settings or other parts differ."))
