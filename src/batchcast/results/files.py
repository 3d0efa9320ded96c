"""A result as a server keeps it, in one folder: every table as CSV and as Parquet, its series, its totals.

Each partition is read once. The CSV files are those of `publish`, to the byte.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from batchcast.domain import columns
from batchcast.domain.codec import encode
from batchcast.domain.disk import fsync
from batchcast.domain.history import DemandHistory
from batchcast.domain.plan import ForecastRequest, Partition
from batchcast.publish.certificate import Certificate, PublishedFile, cannot_write
from batchcast.publish.combined import CombinedResult, named_as_sent, write_rejected
from batchcast.publish.kinds import (
    ACCURACY,
    ATTRIBUTES,
    CERTIFICATE,
    CSV,
    FIGURES,
    FORECAST,
    JSON,
    KINDS,
    OVERVIEW,
    PARQUET,
    PERIODS,
    REJECTED,
    SERIES,
    STOCK,
)
from batchcast.publish.lines import has_lines, write_kind
from batchcast.publish.writers import ParquetWriter, open_writer, write_table
from batchcast.results.attention import DemandShapes, find_attention
from batchcast.results.hindsight import look_back
from batchcast.results.overview import BacktestSums, PeriodDemand, SitePeriods, summarise
from batchcast.results.ranking import costs_of, rank
from batchcast.results.series import SeriesFigures, index_pieces

_CONVERTED_ROWS = 65_536  # at a time
_FIGURES_GROUP = 4096  # series


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedFolder:
    """The files of a result, all of them on the disk."""

    files: dict[tuple[str, str], Path]  # by kind and format
    counts: dict[str, int]  # series of the input = forecast + refused


def publish_files(
    partitions: Sequence[tuple[Partition, Path]],
    *,
    history: DemandHistory,
    certificate: Certificate,
    folder: Path,
    rejected_rows: Path | None = None,
) -> PublishedFolder:
    """Write and verify the result of all partitions into a folder of its own, which is made where it is missing.

    Args:
        partitions: every partition of the plan with the folder of its result.
        history: the checked history that the plan was made of.
        certificate: of the run so far, as `stage_result` takes it; it will name the CSV files.
        folder: nothing else is written there meanwhile.
        rejected_rows: the CSV of refused rows, where there were some.

    Raises:
        ResultRejected: if a partition's result is incomplete or impossible.
        PublishFailed: if a file can't be written.
        In both cases none of the files is left.
    """
    started = time.perf_counter()
    combined = CombinedResult.of_plan(partitions, certificate, history)
    paths = _paths(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        described = _write_tables(combined, history.path, paths)
        write_rejected(paths[REJECTED, CSV], rows=rejected_rows, series=combined.refused)
        counts = combined.counts
        certified = {kind: path for (kind, form), path in paths.items() if form == CSV and path.exists()}
        described = {kind: described.get(kind) or PublishedFile.of(path) for kind, path in certified.items()}
        seconds = time.perf_counter() - started
        certificate.completed(counts, described, seconds).write(paths[CERTIFICATE, JSON])
        files = {key: path for key, path in paths.items() if path.exists()}
        for path in (*files.values(), folder):
            fsync(path)
    except BaseException as error:
        for path in paths.values():
            path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise cannot_write(folder, error) from error
        raise
    return PublishedFolder(files=files, counts=counts)


def convert(source: Path, into: Path) -> None:
    """Write a published Parquet table as the format that the suffix of `into` names.

    Raises:
        PublishFailed: if it can't be written, or does not fit the format; then there is no file.
    """
    try:
        with pq.ParquetFile(source) as file, TemporaryDirectory(dir=into.parent, prefix=".") as folder:
            partial = Path(folder) / into.name
            with closing(open_writer(partial, file.schema_arrow, title=into.stem)) as writer:
                for batch in file.iter_batches(_CONVERTED_ROWS, use_threads=False):
                    writer.write(pa.Table.from_batches([batch]))
            partial.replace(into)
    except OSError as error:
        raise cannot_write(into, error) from error


def _paths(folder: Path) -> dict[tuple[str, str], Path]:
    return {(kind.name, form): folder / f"{kind.name}.{form}" for kind in KINDS.values() for form in kind.stored}


def _write_tables(
    combined: CombinedResult, history: Path, paths: dict[tuple[str, str], Path]
) -> dict[str, PublishedFile]:
    """The three tables in both formats, the index of the series made of them on the way, and what a page shows.

    Returns:
        The CSV files that were put together from the lines of the partitions, by kind.
    """
    site_periods, shapes = SitePeriods(combined.request), DemandShapes(combined.request)
    from_lines = combined.TABLES if has_lines(combined) else ()
    joined = {kind: write_kind(paths[kind, CSV], kind, combined) for kind in from_lines}
    with ExitStack() as open_files:

        def written(kind: str, pieces: Iterator[pa.Table]) -> Iterator[pa.Table]:
            missing = [
                path for (name, form), path in paths.items() if name == kind and (form != CSV or kind not in joined)
            ]
            return _written(missing, pieces, open_files)

        totals = np.concatenate(
            [_sums(piece, site_periods, combined.request) for piece in written(FORECAST, combined.table(FORECAST))]
        )
        demand = _counted((PeriodDemand.of(piece, combined.request) for piece in combined.history()), site_periods)
        figures = SeriesFigures.of(shapes.noted(demand), totals)
        both = zip(written(STOCK, combined.table(STOCK)), written(ACCURACY, combined.table(ACCURACY)), strict=True)
        of_parts = pa.table({})
        if combined.has_attributes:
            of_parts = pa.concat_tables(combined.attributes())
            for _ in written(ATTRIBUTES, named_as_sent(iter([of_parts]))):
                pass
            of_parts = of_parts.drop_columns(list(columns.SERIES))
        ranking = rank(shapes.all().twelfths, costs_of(of_parts))
        for _ in written(SERIES, index_pieces(both, figures, ranking, of_parts)):
            pass
        if combined.has_figures:
            backtest = BacktestSums.of(_written_small(paths[FIGURES, PARQUET], combined.figures()))
    if combined.has_figures:
        write_table(paths[PERIODS, PARQUET], iter([site_periods.table()]))
        overview = summarise(paths[SERIES, PARQUET], site_periods, backtest, len(combined.refused))
        index, kept = (pq.read_table(paths[kind, PARQUET], use_threads=False) for kind in (SERIES, FIGURES))
        attention = find_attention(index, kept, shapes.all(), combined.request)
        overview = replace(overview, hindsight=look_back(combined, history), attention=attention)
        paths[OVERVIEW, JSON].write_text(json.dumps(encode(overview)), encoding="utf-8")
    return joined


def _counted(demand: Iterator[PeriodDemand], site_periods: SitePeriods) -> Iterator[PeriodDemand]:
    """The demand, each piece once it is counted."""
    for piece in demand:
        site_periods.add_demand(piece)
        yield piece


def _written(paths: Sequence[Path], pieces: Iterator[pa.Table], open_files: ExitStack) -> Iterator[pa.Table]:
    """The pieces, each once it is written to every path; the files are finished with `open_files`."""
    first = next(pieces)
    writers = [open_files.enter_context(closing(open_writer(path, first.schema))) for path in paths]
    piece: pa.Table | None = first
    while piece is not None:
        for writer in writers:
            writer.write(piece)
        yield piece
        piece = next(pieces, None)


def _written_small(path: Path, pieces: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """The pieces, written in small row groups: one row is what is read of them."""
    first = next(pieces)
    with closing(ParquetWriter(path, first.schema, group_rows=_FIGURES_GROUP)) as writer:
        for piece in chain([first], pieces):
            writer.write(piece)
            yield piece


def _sums(piece: pa.Table, site_periods: SitePeriods, request: ForecastRequest) -> NDArray[np.float64]:
    """What is forecast of each series over the horizon; counted by site too."""
    steps = piece[columns.FORECAST_QTY].to_numpy().reshape(-1, request.horizon)
    places = pa.array(np.arange(len(steps)) * request.horizon)
    site_periods.add_forecast(piece[columns.SITE_CODE].take(places).combine_chunks(), steps)
    sums: NDArray[np.float64] = steps.sum(axis=1)
    return sums
