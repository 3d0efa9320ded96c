"""Rows of one file that stand in it again, wherever: sorted into their place, shuffled, or all of quantity 1.

Sales of one part on one day may be alike. They are suspected where more of the rows with one date, part and site have
one quantity than chance explains, or where they come in twos, far more often than so few rows would by chance; unless
a column of documents tells them apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.errors import N_, Message
from batchcast.ingest.common.source import Block
from batchcast.ingest.history.accumulate import DAY_BITS, Whole
from batchcast.ingest.rows.runs import MOST_LOOKED_AT, FileRows, are_running
from batchcast.ingest.values.cells import date_text, distinct
from batchcast.ingest.values.numberstyle import Quantities

_LEAST_ROWS = 20  # that stand there again
_LEAST_ALIKE = 0.9  # share of the rows with the key of another that have its quantity too
_DEVIATIONS = 5.0  # of chance, that more are
_TIMES = 6.0  # as many in twos as chance gives
_MOST_IN_THREES = 0.1  # of those in twos
_LEAST_DIFFERENT = 0.5  # share of the rows whose value a column of documents has once
_STEPS = 50


def exact_repeats(rows: FileRows, others: Mapping[int, str], again: Callable[[], Iterable[Block]]) -> Message | None:
    """What to say of rows that stand in the file again; None where there are none, or chance explains them.

    Args:
        rows: of the file.
        others: the names of the columns that are not read, by their number.
        again: gives the rows once more, with those columns.
    """
    looked = rows.series % (len(rows.series) // MOST_LOOKED_AT + 1) == 0
    if _pairs(rows, looked) is None or (found := _pairs(rows, np.ones(len(rows.series), dtype=np.bool_))) is None:
        return None
    pairs = found
    if _are_told_apart(rows.lines[pairs], len(rows.lines), others, again):
        return None
    template = N_(
        "{count:,} rows have the date, part, site and quantity of another, more than chance explains, as where a part "
        "of an export was added again; all are summed: if so, the demand of {series:,} parts is too high by up to "
        "{total:,.15g} units. Export the file again, or take them out."
    )
    second = pairs[1]
    parts = len(np.unique(rows.series[second]))
    total = float(np.abs(rows.quantities[second]).sum())
    return Message(template, {"count": pairs.shape[1], "series": parts, "total": total})


def _pairs(rows: FileRows, looked: NDArray[np.bool_]) -> Whole | None:
    """The rows that have the key and the quantity of another, and those others, shape (2, pairs); None: by chance.

    Args:
        rows: of the file.
        looked: which are looked at, shape (rows,): all of a series, or none.
    """
    held = np.flatnonzero(looked & (rows.quantities != 0))
    keys, quantities = rows.keys[held], rows.quantities[held]
    order = np.lexsort((quantities, keys))
    same_key = keys[order][1:] == keys[order][:-1]
    alike = same_key & (quantities[order][1:] == quantities[order][:-1])
    repeated, exact = int(np.count_nonzero(same_key)), int(np.count_nonzero(alike))
    if exact < _LEAST_ROWS or exact < _LEAST_ALIKE * repeated or 2 * exact == len(held):  # all of them: said elsewhere
        return None
    if not (_are_more_alike(quantities, repeated, exact) or _are_in_twos(rows, held)):
        return None
    pairs: Whole = held[np.stack([order[:-1][alike], order[1:][alike]])]
    return pairs


def _are_more_alike(quantities: Quantities, repeated: int, exact: int) -> bool:
    """Whether more rows of one key have one quantity than any two rows would by chance."""
    _, counts = np.unique(quantities, return_counts=True)
    chance = float(((counts / len(quantities)) ** 2).sum())
    return exact > repeated * chance + _DEVIATIONS * float(np.sqrt(repeated * chance * (1 - chance))) + 1


def _are_in_twos(rows: FileRows, held: Whole) -> bool:
    """Whether rows come in twos and hardly in threes, and far more often than rows of so few days would by chance."""
    keys, counts = np.unique(rows.keys[held], return_counts=True)
    twos, more = int(np.count_nonzero(counts == 2)), int(np.count_nonzero(counts > 2))
    _, of_series = np.unique(keys >> DAY_BITS, return_counts=True)
    days = _days_in_all(len(np.unique(rows.days[held])), len(keys))
    by_chance = float((of_series.astype(np.float64) ** 2).sum()) / (2 * days)
    return twos >= _LEAST_ROWS and more <= _MOST_IN_THREES * twos and twos > _TIMES * by_chance


def _days_in_all(seen: int, rows: int) -> float:
    """The days that rows may fall on, where so many different ones were seen: of few rows, not all days are."""
    days = float(seen)
    for _ in range(_STEPS):
        days = seen / -float(np.expm1(-rows / days))
    return days


def _are_told_apart(pairs: Whole, count: int, others: Mapping[int, str], again: Callable[[], Iterable[Block]]) -> bool:
    """Whether a column of documents, most of whose values stand there once, differs in most of the pairs.

    Args:
        pairs: the lines of both rows of each pair, shape (2, pairs).
        count: rows in all.
        others: the columns that are not read.
        again: gives the rows once more.
    """
    texts: dict[int, list[str]] = {index: [] for index in others}
    for block in again() if others else ():
        for index, found in texts.items():
            cells = distinct(block.column(index))
            written = [date_text(cell).strip() for cell in cells.cells]
            found.extend(written[i] for i in cells.index.tolist())
    for found in texts.values():
        if len(set(found)) < _LEAST_DIFFERENT * count or are_running(found):
            continue
        differ = sum(found[one] != found[other] for one, other in pairs.T.tolist())
        if 2 * differ > pairs.shape[1]:
            return True
    return False
