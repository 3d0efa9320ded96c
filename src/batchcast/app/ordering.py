"""The use case of ordering: a finished result and a stock file in, orders out; the stock is read before a run.

A use case of its own, because stock changes daily and forecasts do not.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from batchcast.app.settings_text import Texts, settings_of_texts
from batchcast.domain.inventory import MOST_PURCHASES, HeldStock, Orders
from batchcast.domain.settings import OF_STOCK_FILE, SETTINGS, BatchSettings
from batchcast.ingest.history import input_sha256_of
from batchcast.ingest.stockfile import read_stock
from batchcast.results.ordering import FoundResult, find_result, order, write_orders


def stock_settings(base: BatchSettings | None, texts: Texts) -> BatchSettings:
    """How a stock file is read: as the texts say, else as a batch was whose settings are given, else by default.

    Columns that the texts map come to those that the batch has mapped.

    Raises:
        InvalidSettings: if a text can't be read or is out of its range.
    """
    kept = {} if base is None else {name: getattr(base, name) for name in OF_STOCK_FILE}
    settings = settings_of_texts(texts, base=BatchSettings(**kept))
    mapping = {} if base is None else base.column_mapping
    return replace(settings, column_mapping={**mapping, **settings.column_mapping})


def read_stock_beside(stock: Path, history: Path, settings: BatchSettings) -> HeldStock:
    """What is held, before a history is run: as the history is read, where it is that file itself.

    Another file has columns of its own; how its dates and numbers are written is as asked for.

    Raises:
        InvalidInput: if the stock file can't be read.
    """
    if stock.exists() and history.exists() and stock.samefile(history):
        return read_stock(stock, stock_settings(settings, {}))
    asked = {name: getattr(settings, name) for name in OF_STOCK_FILE if SETTINGS[name].answers}
    return read_stock(stock, BatchSettings(**asked))


def place_orders(
    held: HeldStock, found: FoundResult, *, out: Path | None = None, most: int = MOST_PURCHASES
) -> tuple[Orders, dict[str, Path]]:
    """The orders of a result, and the files they were written to, by kind.

    Raises:
        NoResultHere: if the files of the result are not of one run.
        StockOfOtherParts: if no part of the stock file is of the result.
        PublishFailed: if the orders can't be written.
    """
    orders = order(replace(held, notes=(*found.notes, *held.notes)), found.stock, found.figures, most=most)
    return orders, write_orders(orders, out or found.stock.parent, found.stem)


def make_orders(
    result: Path,
    stock: Path,
    *,
    out: Path | None = None,
    most: int = MOST_PURCHASES,
    texts: Texts | None = None,
) -> tuple[Orders, dict[str, Path]]:
    """What to order and to buy next for a result on this machine, and the files it was written to, by kind.

    Args:
        result: the folder or the forecast of a published result.
        stock: the stock file.
        out: the folder to write to; None: beside the result.
        most: purchases that are ranked.
        texts: settings that decide how the stock file is read; others than those of the run, where it is its history.

    Raises:
        InvalidInput: if there is no such result (NoResultHere), or the stock file can't be read (InvalidStockFile) or
            is of other parts (StockOfOtherParts), or the result was changed (ChangedResult).
        InvalidSettings: if a setting can't be read.
        PublishFailed: if the files can't be written.
    """
    found = find_result(result)
    is_history = stock.exists() and input_sha256_of(stock) == found.certificate.input_sha256
    settings = stock_settings(found.certificate.settings if is_history else None, texts or {})
    return place_orders(read_stock(stock, settings), found, out=out, most=most)
