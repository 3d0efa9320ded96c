"""The use case of ordering: a finished result and a stock file in, orders out.

A use case of its own, because stock changes daily and forecasts do not.
"""

from __future__ import annotations

from pathlib import Path

from batchcast.domain.inventory import MOST_PURCHASES, Orders
from batchcast.ingest import read_stock
from batchcast.publish import find_result, order, write_orders


def make_orders(
    result: Path, stock: Path, *, out: Path | None = None, most: int = MOST_PURCHASES
) -> tuple[Orders, dict[str, Path]]:
    """What to order and to buy next for a result on this machine, and the files it was written to, by kind.

    Args:
        result: the folder or the forecast of a published result.
        stock: the stock file.
        out: the folder to write to; None: beside the result.
        most: purchases that are ranked.

    Raises:
        InvalidInput: if there is no such result (NoResultHere), or the stock file can't be read (InvalidStockFile).
        PublishFailed: if the files can't be written.
    """
    table, figures, stem = find_result(result)
    orders = order(read_stock(stock), table, figures, most=most)
    return orders, write_orders(orders, out or table.parent, stem)
