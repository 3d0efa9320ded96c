"""The use case of ordering: a finished result and a stock file in, orders out; the stock is read before a run.

A use case of its own, because stock changes daily and forecasts do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from batchcast.app.intake import Reading
from batchcast.app.recipes import NO_CHOICE, RecipeBook, RecipeChoice, chosen_recipes, keep_recipe, refuse_recipes
from batchcast.app.words.settings_text import Texts, events_settings, stock_settings
from batchcast.domain.inventory import MOST_PURCHASES, Orders, StockOnHand
from batchcast.domain.recipe import Recipe, kept_settings
from batchcast.domain.settings import OF_ANY_STOCK_FILE, SETTINGS, BatchSettings, event_of

if TYPE_CHECKING:
    from batchcast.ingest.recipes import ReadStockFile
    from batchcast.results.ordering import FoundResult

# What reads files is imported where a stock file or a file of events is there: each run would pay for it.


def read_stock_beside(
    stock: Path, history: Path, settings: BatchSettings, recipes: Sequence[Recipe] = ()
) -> StockOnHand:
    """What is on hand, before a history is run: as the history is read, where it is that file itself.

    Another file has columns of its own, known by the recipe of its header or by their names; how its dates and numbers
    are written, and what becomes of rows that can't be read, is as asked for.

    Raises:
        InvalidInput: if the stock file can't be read.
    """
    from batchcast.ingest.recipes import read_stock_file
    from batchcast.ingest.stock.stockfile import read_stock

    if stock.exists() and history.exists() and stock.samefile(history):
        return read_stock(stock, stock_settings(settings, {}))
    asked = {name: getattr(settings, name) for name in OF_ANY_STOCK_FILE}
    return read_stock_file(stock, settings=BatchSettings(**asked), recipes=recipes).on_hand


def place_orders(
    on_hand: StockOnHand, found: FoundResult, *, out: Path | None = None, most: int = MOST_PURCHASES
) -> tuple[Orders, dict[str, Path]]:
    """The orders of a result, and the files they were written to, by kind.

    Raises:
        NoResultHere: if the files of the result are not of one run.
        StockOfOtherParts: if no part of the stock file is of the result.
        PublishFailed: if the orders can't be written.
    """
    from batchcast.results.ordering import order, write_orders

    calendar = found.certificate.request.calendar
    held = replace(on_hand, notes=(*found.notes, *on_hand.notes))
    orders = order(held, found.stock, found.figures, calendar, attributes=found.attributes, most=most)
    return orders, write_orders(orders, out or found.stock.parent, found.stem)


def make_orders(
    result: Path,
    stock: Path,
    *,
    out: Path | None = None,
    most: int = MOST_PURCHASES,
    texts: Texts | None = None,
    book: RecipeBook | None = None,
    recipes: RecipeChoice = NO_CHOICE,
) -> tuple[Orders, dict[str, Path]]:
    """What to order and to buy next for a result on this machine, and the files it was written to, by kind.

    Args:
        result: the folder or the forecast of a published result.
        stock: the stock file.
        out: the folder to write to; None: beside the result.
        most: purchases that are ranked.
        texts: settings that decide how the stock file is read; others than those of the run, where it is its history.
        book: where recipes are kept; None: none is used. The history of the run is read without them.
        recipes: the one to read the stock file by, and the name to keep how it was read under.

    Raises:
        InvalidInput: if there is no such result (NoResultHere), or the stock file can't be read (InvalidStockFile) or
            is of other parts (StockOfOtherParts), or the result was changed (ChangedResult).
        InvalidSettings: if a setting can't be read; UnknownRecipe if there is no recipe of the name that is chosen.
        PublishFailed: if the files can't be written.
    """
    from batchcast.ingest.history.stored import input_sha256_of
    from batchcast.ingest.recipes import read_stock_file
    from batchcast.ingest.stock.stockfile import read_stock
    from batchcast.results.ordering import find_result

    found = find_result(result)
    is_history = stock.exists() and input_sha256_of(stock) == found.certificate.input_sha256
    if is_history:
        refuse_recipes(recipes, stock.name)
    if is_history or book is None:
        base = found.certificate.settings if is_history else None
        return place_orders(read_stock(stock, stock_settings(base, texts or {})), found, out=out, most=most)
    chosen = chosen_recipes(book, recipes, stock_settings(None, texts or {}), "stock")
    read = read_stock_file(stock, settings=chosen.settings, recipes=chosen.recipes)
    orders, files = place_orders(read.on_hand, found, out=out, most=most)
    kept = keep_recipe(book, stock_reading(read), recipes, stock.name)
    return orders.after(kept), files


def stock_reading(read: ReadStockFile) -> Reading:
    """What a recipe keeps of how a stock file was read."""
    settings = kept_settings(read.settings, read.columns, "stock")
    return Reading(signature=read.signature, settings=settings, kind="stock")


# The small files of a command: what its settings name by a path.


def texts_of_files(texts: Texts) -> Texts:
    """Texts of the command line, with the events of a file in place of its path.

    Raises:
        InvalidInput: if the file can't be read.
    """
    if not any(SETTINGS[name].kind == "event_lines" for name in texts if name in SETTINGS):
        return texts
    from batchcast.ingest.eventfile import read_events

    settings = events_settings(texts)
    read = {
        name: [one for text in given for one in ([text] if event_of(text) else read_events(Path(text), settings))]
        for name, given in texts.items()
        if name in SETTINGS and SETTINGS[name].kind == "event_lines"
    }
    return {**texts, **read}
