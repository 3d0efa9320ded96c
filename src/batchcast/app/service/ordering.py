"""Orders of a batch for a stock file that somebody sends: made by a worker, never kept longer than they are read."""

from __future__ import annotations

import hashlib
import secrets
import shutil
import tempfile
from pathlib import Path
from typing import Literal, Protocol

from batchcast.app.renaming import renamed_error
from batchcast.app.service.answers import Download
from batchcast.app.service.problems import ResultNotKept
from batchcast.app.service.results import MEDIA_TYPES, Results, name_of
from batchcast.domain.batch import Batch
from batchcast.domain.codec import decode, encode
from batchcast.domain.errors import BatchcastError, InternalError
from batchcast.domain.inventory import Orders
from batchcast.domain.message import Message, mark
from batchcast.run import Ending, Job, WorkerPool

OrderTable = Literal["orders", "next_units"]
OrderFormat = Literal["csv", "xlsx"]

_SECONDS = 600
_MEMORY_MB = 2048
_BRIEF = 100  # lines and units that are told without a file


class StockFile(Protocol):
    """A file that has come in."""

    path: Path
    name: str  # as its sender called it


class Ordering:
    """Answers stock files."""

    def __init__(self, results: Results, pool: WorkerPool, folder: Path) -> None:
        self._results = results
        self._pool = pool
        self._folder = folder  # where `Results` lets go of what nobody reads

    def orders(self, batch: Batch, stock: StockFile) -> Orders:
        """What all orders amount to, with the first of them; raises as `table`."""
        return self._ordered(batch, stock, None, self._folder)

    def table(self, batch: Batch, stock: StockFile, kind: OrderTable, file_format: OrderFormat) -> Download:
        """One of the tables in whole.

        Raises:
            ResultNotReady: while the batch is not COMPLETED.
            ResultNotKept: if it was published by a version that kept too little for it.
            InvalidInput: if the stock file can't be read.
        """
        into = Path(tempfile.mkdtemp(dir=self._folder))
        try:
            self._ordered(batch, stock, file_format, into)
            content = into / f"stock_{kind}.{file_format}"
            digest, size = hashlib.sha256(content.read_bytes()).hexdigest(), content.stat().st_size
            path = content.replace(self._folder / f"{secrets.token_hex(16)}.{file_format}")
        finally:
            shutil.rmtree(into, ignore_errors=True)
        return Download(
            path=path,
            name=name_of(batch, kind, file_format),
            media_type=MEDIA_TYPES[file_format],
            sha256=digest,
            size=size,
        )

    def _ordered(self, batch: Batch, stock: StockFile, suffix: OrderFormat | None, into: Path) -> Orders:
        paths = {"index": ("series", "parquet"), "figures": ("figures", "parquet")}
        found = {name: self._results.path_of(batch, *file) for name, file in paths.items()}
        if None in found.values():
            raise ResultNotKept(batch.batch_id)
        given = {**found, "source": stock.path, "into": into, "suffix": suffix, "most": _BRIEF}
        job = Job(
            function="batchcast.run.jobs:orders_job",
            arguments=encode(given),
            timeout_seconds=_SECONDS,
            memory_limit_mb=_MEMORY_MB,
        )
        outcome = self._pool.submit(job).wait()
        if outcome.ending is not Ending.DONE:
            error = outcome.error or _failed(stock.name, outcome.ended_by or outcome.ending.value)
            raise renamed_error(error, stock.path.name, stock.name)
        orders: Orders = decode(outcome.result)
        return orders


def _failed(name: str, how: str) -> BatchcastError:
    template = mark(
        "The orders for {name} could not be made ({how}). Send a smaller stock file; if it fails too, send us the log."
    )
    return InternalError(Message(template, {"name": name, "how": how}))
