"""The use case of ordering: a finished result and a stock file in, orders out.

A use case of its own, because stock changes daily and forecasts do not.
"""

from __future__ import annotations

from pathlib import Path

from batchcast.app.settings_text import Texts, settings_of_texts
from batchcast.domain.inventory import MOST_PURCHASES, Orders
from batchcast.domain.settings import BatchSettings
from batchcast.ingest import read_stock
from batchcast.publish import find_result, order, write_orders

_DECIDE_READING = ("date_order", "number_style", "bad_rows", "column_mapping")


def stock_settings(base: BatchSettings | None, texts: Texts) -> BatchSettings:
    """How a stock file is read: as the texts say, else as a batch was whose settings are given, else by default.

    Raises:
        InvalidSettings: if a text can't be read or is out of its range.
    """
    kept = {} if base is None else {name: getattr(base, name) for name in _DECIDE_READING}
    return settings_of_texts(texts, base=BatchSettings(**kept))


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
