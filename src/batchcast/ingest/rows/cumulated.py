"""Quantities that are running totals: since a year began, or readings of a meter. Found by arithmetic, and said."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.errors import N_, Message
from batchcast.ingest.history.writer import AcceptedDemand

_MOST_COMPARED = 5000  # series, spread over a file
_LEAST_STEPS = 20  # from date to date of a series
_MOST_RISE = 0.6  # share of the steps inside a year that are no fall, at least ...
_MOST_FALLEN = 0.25  # ... and what the others fall by at most, of all that is added
_LEFT_AT_START = 0.5  # of a year: what the first figures are at most, of the last ones before
_MONTHS = 12


def running_totals(accepted: AcceptedDemand) -> list[Message]:
    """What to say where the quantities of nearly all series look like running totals.

    They rise from date to date, but for small falls where something was returned, and begin again in one month of the
    year, or never. Quantities of single periods fall about as much as they rise.
    """
    series = accepted.written[:: len(accepted.written) // _MOST_COMPARED + 1]
    if not len(series):
        return []
    order = np.argsort(accepted.days)
    found = accepted.totals.of_series(series, order)
    of_one = found.position[1:] == found.position[:-1]
    earlier, later = found.total[:-1][of_one], found.total[1:][of_one]
    months = accepted.days[order].astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    from_month, to_month = months[found.rank[:-1][of_one]], months[found.rank[1:][of_one]]
    if len(earlier) < _LEAST_STEPS or not _are_running(earlier, later, from_month, to_month):
        return []
    template = N_(
        "The quantities of nearly all parts rise from date to date, as totals since the start of a year or a reading "
        "of a meter do: their sum would be far more than the demand. If so, export the quantity of each period."
    )
    return [Message(template)]


def _are_running(
    earlier: NDArray[np.float64], later: NDArray[np.float64], from_month: NDArray[np.int64], to_month: NDArray[np.int64]
) -> bool:
    """Whether figures of series, each with the one before it, are running totals: shape (steps,) each."""
    fallen = np.maximum(earlier - later, 0.0)
    by_month = np.bincount(to_month % _MONTHS, fallen, minlength=_MONTHS)
    first = int(by_month.argmax())  # month of the year that the totals begin again in, if they do
    begins = (to_month - first) // _MONTHS != (from_month - first) // _MONTHS
    if not _rises(earlier[~begins], later[~begins]):
        return False
    if not begins.any() or not by_month.any():
        return True
    return bool(later[begins].sum() <= _LEFT_AT_START * earlier[begins].sum())


def _rises(earlier: NDArray[np.float64], later: NDArray[np.float64]) -> bool:
    """Whether figures rise inside a year, but for small falls."""
    steps = later - earlier
    added, fallen = steps[steps > 0].sum(), -steps[steps < 0].sum()
    is_most = np.count_nonzero(steps >= 0) >= _MOST_RISE * len(steps) and np.count_nonzero(steps > 0) * 2 >= len(steps)
    return bool(len(steps)) and bool(is_most) and bool(fallen <= _MOST_FALLEN * added)
