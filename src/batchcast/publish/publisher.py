"""Makes one published result of the partitions' results: verified, streamed, and all files at once or none."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from batchcast.domain.history import DemandHistory
from batchcast.domain.plan import ForecastRequest, Partition
from batchcast.publish.account import (
    cannot_write,
    certified,
    combine_all,
    counts_of,
    describe,
    write_table,
)
from batchcast.publish.certificate import Certificate, PublishedFile
from batchcast.publish.combined import CombinedResult
from batchcast.publish.layout import (
    ACCURACY,
    CERTIFICATE,
    FIGURES,
    FORECAST,
    REJECTED,
    STOCK,
    OutputLayout,
    check_place,
    lay_out,
    place_accuracy,
)
from batchcast.publish.rejected import write_rejected
from batchcast.publish.staging import Staging, commit


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    """A result that is in its place."""

    files: dict[str, Path]  # by kind: forecast, stock, accuracy, rejected (where there is one), certificate
    sha256: dict[str, str]  # of each file, by the same kinds
    series: int  # of the input = forecast + refused
    forecast: int
    refused: int


def publish(
    partitions: Sequence[tuple[Partition, Path]],
    *,
    history: DemandHistory,
    certificate: Certificate,
    out: Path,
    rejected_rows: Path | None = None,
) -> Published:
    """Combine the partitions' result folders into the result at OUT: `stage_result`, then `commit_result`."""
    return commit_result(
        stage_result(partitions, history=history, certificate=certificate, out=out, rejected_rows=rejected_rows)
    )


def stage_result(
    partitions: Sequence[tuple[Partition, Path]],
    *,
    history: DemandHistory,
    certificate: Certificate,
    out: Path,
    rejected_rows: Path | None = None,
) -> Path:
    """Write and verify the whole result in a hidden folder beside OUT, and return that folder; nothing is visible yet.

    Args:
        partitions: every partition of the plan with the folder of its result.
        history: the checked history that the plan was made of.
        certificate: of the run so far; counts of series, the publishing time and the files are filled in here.
        out: a file ending in .csv, .xlsx or .parquet, or a folder.
        rejected_rows: the CSV of refused rows, where there were some.

    Raises:
        ResultRejected: if a partition's result is incomplete or impossible.
        OutputTaken: if something else is in the place.
        PublishFailed: if a file can't be written.
        In each case nothing is left, and what was there before is whole.
    """
    started = time.perf_counter()
    layout = lay_out(out)
    check_place(layout)
    combined = combine_all(partitions, certificate, history)
    with _staging(layout.path(FORECAST), out) as staging:
        files = _write_files(staging, layout, combined, rejected_rows)
        counts = counts_of(combined)
        certified(certificate, counts, files, started).write(staging.path(layout.names[CERTIFICATE]))
        files |= {CERTIFICATE: describe(staging.path(layout.names[CERTIFICATE]))}
        order = [kind for kind in (STOCK, ACCURACY, FIGURES, REJECTED, CERTIFICATE, FORECAST) if kind in files]
        staging.seal(
            [layout.names[kind] for kind in order],
            gone=[name for kind, name in layout.names.items() if kind not in files],
            note={"files": {kind: [file.name, file.sha256] for kind, file in files.items()}, "counts": counts},
        )
    return staging.stage


def commit_result(stage: Path) -> Published:
    """Put a staged result in its place, the forecast last.

    Raises:
        PublishFailed: if a file can't be put there; then what was there before is whole.
    """
    folder = stage.parent
    try:
        note = commit(stage)
    except OSError as error:
        raise cannot_write(folder, error) from error
    return Published(
        files={kind: folder / name for kind, (name, _) in note["files"].items()},
        sha256={kind: sha256 for kind, (_, sha256) in note["files"].items()},
        **note["counts"],
    )


def publish_accuracy(
    partitions: Sequence[tuple[Partition, Path]], *, history: DemandHistory, request: ForecastRequest, out: Path
) -> Path:
    """Publish the accuracy alone, to OUT or to accuracy.csv in the folder OUT; raises as `publish` does."""
    path = place_accuracy(out)
    combined = CombinedResult(partitions, request=request, history_path=history.path)
    with _staging(path, out) as staging:
        write_table(staging.path(path.name), combined.accuracy())
        staging.seal([path.name], gone=[], note={})
    try:
        commit(staging.stage)
    except OSError as error:
        raise cannot_write(out, error) from error
    return path


@contextmanager
def _staging(path: Path, out: Path) -> Iterator[Staging]:
    """A stage that is thrown away where anything goes wrong."""
    try:
        staging = Staging(path.parent, path.name)
        try:
            yield staging
        except BaseException:
            staging.discard()
            raise
    except OSError as error:
        raise cannot_write(out, error) from error


def _write_files(
    staging: Staging, layout: OutputLayout, combined: CombinedResult, rejected_rows: Path | None
) -> dict[str, PublishedFile]:
    """Every file but the certificate, by kind."""
    paths = {kind: staging.path(name) for kind, name in layout.names.items()}
    write_table(paths[FORECAST], combined.forecast())
    write_table(paths[STOCK], combined.stock())
    write_table(paths[ACCURACY], combined.accuracy())
    if combined.has_figures:
        write_table(paths[FIGURES], combined.figures())
    write_rejected(paths[REJECTED], rows=rejected_rows, series=combined.refused)
    return {kind: describe(path) for kind, path in paths.items() if path.exists()}
