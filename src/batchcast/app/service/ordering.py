"""Orders of a batch, for a stock file that is sent or for the columns of stock of its history.

A worker makes them; the files are removed with the other copies of `ResultFiles`.
"""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from batchcast.app.intake import Reading, error_of, renamed_error
from batchcast.app.recipes import (
    NO_CHOICE,
    Chosen,
    RecipeBook,
    RecipeChoice,
    chosen_recipes,
    keep_recipe,
    refuse_recipes,
)
from batchcast.app.service.answers import Download
from batchcast.app.service.results import Latest, ResultFiles, described, name_of
from batchcast.app.words.nouns import MOST_ORDERS
from batchcast.app.words.settings_text import Texts, stock_settings
from batchcast.domain.batch import Batch
from batchcast.domain.codec import decode, encode
from batchcast.domain.errors import N_, BatchcastError, InternalError, Message
from batchcast.domain.inventory import Orders
from batchcast.domain.recipe import kept_settings
from batchcast.ingest.common.names import STOCK_NAMES
from batchcast.ingest.common.problems import InvalidStockFile
from batchcast.publish.kinds import FIGURES, PARQUET, SERIES, OrderFormat, OrderTable
from batchcast.run.asking import carry_out
from batchcast.run.job import Ending, Job, WorkerPool

_SECONDS = 600
_MEMORY_MB = 2048
_LATEST = 8  # answers that stay in memory
MOST_LINES = 20_000  # parts to order that a page can list; the files have all of them


class StockFile(Protocol):
    """A file that was uploaded."""

    @property
    def path(self) -> Path:
        """Where it is; it may only be read."""

    @property
    def name(self) -> str:
        """As its sender called it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """A request for orders."""

    stock: StockFile | None  # None: the stock that the history of the batch carries
    texts: Texts  # of settings that decide how it is read; others than those of the batch, where it is the history
    recipes: RecipeChoice = NO_CHOICE  # the history is read without them
    supplier: str | None = None  # of the orders in a file; empty: those of none that is known; None: all


OF_HISTORY = Question(stock=None, texts={})


@dataclass(frozen=True, kw_only=True, slots=True)
class _Stock:
    path: Path
    name: str
    chosen: Chosen  # settings, and recipes for its header


class Ordering:
    """Makes orders of published results."""

    def __init__(self, files: ResultFiles, pool: WorkerPool, folder: Path, book: RecipeBook) -> None:
        self._files = files
        self._pool = pool
        self._folder = folder  # where `ResultFiles.prune` removes old files
        self._book = book
        self._kept: Latest[Orders] = Latest(_LATEST)

    def orders(self, batch: Batch, question: Question) -> Orders:
        """What all orders amount to, with the first of them; raises as `table`."""
        return self._ordered(batch, question, None, self._folder, MOST_ORDERS)

    def kept(self, batch: Batch, question: Question, key: str) -> Orders:
        """The same with every line to order, made once for a key, which stands for the stock and how it is read."""
        make = partial(self._ordered, batch, question, None, self._folder, MOST_LINES)
        return self._kept.get(f"{batch.batch_id} {key}", make)

    def table(self, batch: Batch, question: Question, kind: OrderTable, file_format: OrderFormat) -> Download:
        """One of the tables in whole.

        Raises:
            ResultNotReady: while the batch is not COMPLETED.
            ResultNotKept: if it was published by a version that stored no figures.
            InvalidInput: if the stock file can't be read; InvalidStockFile where none is sent and the history has none.
            InvalidSettings: if a setting is unknown or out of its range; UnknownRecipe if no recipe has that name.
        """
        into = Path(tempfile.mkdtemp(dir=self._folder))
        try:
            self._ordered(batch, question, file_format, into)
            content = into / f"stock_{kind}.{file_format}"
            path = content.replace(self._folder / f"{secrets.token_hex(16)}.{file_format}")
        finally:
            shutil.rmtree(into, ignore_errors=True)
        return described(path, name_of(batch, kind, file_format), file_format)

    def _ordered(
        self, batch: Batch, question: Question, suffix: OrderFormat | None, into: Path, most: int = MOST_ORDERS
    ) -> Orders:
        paths = {"index": (SERIES, PARQUET), "figures": (FIGURES, PARQUET)}
        found = {name: self._files.path_of(batch, *file) for name, file in paths.items()}
        stock = self._stock_of(batch, question)
        read = {"source": stock.path, "settings": stock.chosen.settings, "recipes": list(stock.chosen.recipes)}
        given = {**found, **read, "into": into, "suffix": suffix, "most": most, "supplier": question.supplier}
        given["calendar"] = batch.plan.request.calendar
        job = Job(
            function="batchcast.run.jobs:orders_job",
            arguments=encode(given),
            timeout_seconds=_SECONDS,
            memory_limit_mb=_MEMORY_MB,
        )
        outcome = carry_out(self._pool, job)
        if outcome.ending is Ending.CANCELLED:
            raise error_of(stock.path, outcome, job)
        if outcome.ending is not Ending.DONE:
            error = outcome.error or _failed(stock.name, outcome.ended_by or outcome.ending.value)
            raise renamed_error(error, stock.path.name, stock.name)
        return self._with_recipes(decode(outcome.result), stock, question)

    def _with_recipes(self, found: Mapping[str, Any], stock: _Stock, question: Question) -> Orders:
        """The orders of a job, and what is to be said of recipes; keeps how the file was read where that is asked."""
        orders: Orders = found["orders"]
        if question.stock is None:
            return orders
        settings = kept_settings(found["settings"], found["columns"], "stock")
        reading = Reading(signature=found["signature"], settings=settings, kind="stock")
        return orders.after(keep_recipe(self._book, reading, question.recipes, stock.name))

    def _stock_of(self, batch: Batch, question: Question) -> _Stock:
        sent, source = question.stock, batch.source
        if sent is not None:
            settings = stock_settings(None, question.texts)
            chosen = chosen_recipes(self._book, question.recipes, settings, "stock")
            return _Stock(path=sent.path, name=sent.name, chosen=chosen)
        if source is None or not source.report.stock_columns:
            template = N_(
                "{name}, the demand history of this batch, has no column of stock. Send a stock file, or run the "
                "history again with one of the columns {columns}."
            )
            values = {
                "name": batch.batch_id if source is None else source.file_name,
                "columns": ", ".join(STOCK_NAMES),
            }
            raise InvalidStockFile(Message(template, values))
        refuse_recipes(question.recipes, source.file_name)
        chosen = Chosen(settings=stock_settings(batch.settings, question.texts))
        return _Stock(path=self._files.upload_of(source), name=source.file_name, chosen=chosen)


def _failed(name: str, how: str) -> BatchcastError:
    template = N_(
        "The orders for {name} could not be made ({how}). Send a smaller stock file; if it fails too, send us the log."
    )
    return InternalError(Message(template, {"name": name, "how": how}))
