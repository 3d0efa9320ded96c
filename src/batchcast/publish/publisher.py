"""Makes one published result of the partitions' results: verified, streamed, and all files at once or none."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from batchcast.domain.errors import N_, Message
from batchcast.domain.history import DemandHistory
from batchcast.domain.plan import ForecastRequest, Partition
from batchcast.domain.recipe import FILE_KINDS, PACKED_KINDS
from batchcast.publish.certificate import Certificate, InvalidCertificate, OutputTaken, PublishedFile, cannot_write
from batchcast.publish.kinds import (
    ACCURACY,
    ATTRIBUTES,
    CERTIFICATE,
    FIGURES,
    FORECAST,
    KINDS,
    REJECTED,
    SUFFIXES,
)
from batchcast.publish.staging import Staging, commit, recover

# What writes tables is imported where one is written: a command asks for the layout alone, and would pay for it.
if TYPE_CHECKING:
    from batchcast.publish.combined import CombinedResult


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
    from batchcast.publish.combined import CombinedResult

    started = time.perf_counter()
    layout = lay_out(out)
    check_place(layout)
    combined = CombinedResult.of_plan(partitions, certificate, history)
    with _staging(layout.path(FORECAST), out) as staging:
        files = _write_files(staging, layout, combined, rejected_rows)
        counts, certified = combined.counts, staging.path(layout.names[CERTIFICATE])
        certificate.completed(counts, files, time.perf_counter() - started).write(certified)
        files |= {CERTIFICATE: PublishedFile.of(certified)}
        order = [kind for kind in layout.names if kind in files and kind != FORECAST] + [FORECAST]
        staging.seal(
            [layout.names[kind] for kind in order],
            gone=[name for kind, name in layout.names.items() if kind not in files],
            note={kind: file.name for kind, file in files.items()},
        )
    return staging.stage


def commit_result(stage: Path) -> dict[str, Path]:
    """Put a staged result in its place, the forecast last; returns its files by kind.

    Raises:
        PublishFailed: if a file can't be put there; then what was there before is whole.
    """
    folder = stage.parent
    try:
        names = commit(stage)
    except OSError as error:
        raise cannot_write(folder, error) from error
    return {kind: folder / name for kind, name in names.items()}


def stage_accuracy(
    partitions: Sequence[tuple[Partition, Path]], *, history: DemandHistory, request: ForecastRequest, out: Path
) -> Path:
    """Stage the accuracy alone, for OUT or for accuracy.csv in the folder OUT; returns and raises as `stage_result`."""
    from batchcast.publish.combined import CombinedResult
    from batchcast.publish.lines import write_kind

    path = place_accuracy(out)
    combined = CombinedResult(partitions, request=request, history_path=history.path)
    with _staging(path, out) as staging:
        write_kind(staging.path(path.name), ACCURACY, combined)
        staging.seal([path.name], gone=[], note={ACCURACY: path.name})
    return staging.stage


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
    from batchcast.publish.combined import named_as_sent, write_rejected
    from batchcast.publish.lines import write_kind
    from batchcast.publish.writers import write_table

    paths = {kind: staging.path(name) for kind, name in layout.names.items()}
    written = {kind: write_kind(paths[kind], kind, combined) for kind in combined.TABLES}
    if combined.has_attributes:
        write_table(paths[ATTRIBUTES], named_as_sent(combined.attributes()))
    if combined.has_figures:
        write_table(paths[FIGURES], combined.figures())
    write_rejected(paths[REJECTED], rows=rejected_rows, series=combined.refused)
    return {kind: written.get(kind) or PublishedFile.of(path) for kind, path in paths.items() if path.exists()}


# Where the files of a result go, and whether the place is free for them.

_BESIDE = {kind.name: kind.beside for kind in KINDS.values() if kind.beside is not None}
_DOCUMENTS = ".doc .docx .odt .pdf .rtf .ppt .pptx .htm .md .png .svg .feather .arrow .orc .sqlite .db .duckdb"
_OTHER_SUFFIXES = {".json", *_DOCUMENTS.split(), *chain(*FILE_KINDS.values(), *PACKED_KINDS.values())} - set(SUFFIXES)


@dataclass(frozen=True, kw_only=True, slots=True)
class OutputLayout:
    """The folder of a result and the name of each of its files."""

    folder: Path
    names: dict[str, str]  # by kind

    def path(self, kind: str) -> Path:
        """Where the file of this kind goes."""
        return self.folder / self.names[kind]


def lay_out(out: Path) -> OutputLayout:
    """The files of a result at OUT: a file with a suffix of ours and the rest beside it, or a folder for all.

    Raises:
        OutputTaken: if OUT ends like a file that we don't write, is a folder where a file is meant, or a file where a
            folder is meant.
    """
    is_file = out.suffix.lower() in SUFFIXES
    if out.suffix.lower() in _OTHER_SUFFIXES:
        template = N_("{out} ends in {found}; choose a name that ends in {suffixes}, or a folder.")
        raise _taken(template, out=str(out), found=out.suffix, suffixes=", ".join(SUFFIXES))
    if is_file and out.is_dir():
        raise _taken(N_("{out} is a folder, but its name is that of a file; choose another name."), out=str(out))
    if not is_file and out.exists() and not out.is_dir():
        template = N_("{out} is a file with none of the suffixes {suffixes}; name one of them, or a folder.")
        raise _taken(template, out=str(out), suffixes=", ".join(SUFFIXES))
    folder, name = (out.parent, out.name) if is_file else (out, _BESIDE[FORECAST])
    return OutputLayout(folder=folder, names=_BESIDE | {FORECAST: name})


def check_place(layout: OutputLayout) -> None:
    """Check that publishing would overwrite nothing but an earlier result of the same name.

    What a crash left half published there is finished first.

    Raises:
        OutputTaken: if the folder holds the result of a run with another name, or files that no certificate there
            names, or the forecast has the name of a file that goes beside it.
    """
    if layout.names[FORECAST].lower() in {name for kind, name in _BESIDE.items() if kind != FORECAST}:
        template = N_("{out} is the name of a file that goes beside the forecast; choose another name.")
        raise _taken(template, out=str(layout.path(FORECAST)))
    recover(layout.folder, layout.names[FORECAST])
    own = _names_of_earlier_run(layout)
    others = [n for kind, n in layout.names.items() if kind != FORECAST and n not in own and _exists(layout, n)]
    if others:
        template = N_(
            "{folder} already holds {names}, which is not of an earlier run with the result {result}. "
            "Nothing was overwritten: choose another folder, or move it away."
        )
        values = {"names": ", ".join(others), "result": layout.names[FORECAST]}
        raise _taken(template, folder=str(layout.folder), **values)


def place_accuracy(out: Path) -> Path:
    """The file for the accuracy alone at OUT: that file, or accuracy.csv in the folder OUT.

    Raises:
        OutputTaken: as `lay_out`; or if the file belongs to a published result.
    """
    layout = lay_out(out)
    path = layout.path(ACCURACY if layout.folder == out else FORECAST)
    if path.name in {file.name for file in _certified_files(layout).values()}:
        template = N_("{out} belongs to the result that {certificate} names; choose another name or folder.")
        raise _taken(template, out=str(path), certificate=str(layout.path(CERTIFICATE)))
    return path


def _names_of_earlier_run(layout: OutputLayout) -> set[str]:
    """Files that the certificate at the place names, itself included; none where it is of another result."""
    files = _certified_files(layout)
    if FORECAST not in files or files[FORECAST].name != layout.names[FORECAST]:
        return set()
    return {file.name for file in files.values()} | {layout.names[CERTIFICATE]}


def _certified_files(layout: OutputLayout) -> Mapping[str, PublishedFile]:
    """Files that the certificate at the place names, by kind; none where there is no certificate of ours."""
    try:
        return Certificate.read(layout.path(CERTIFICATE)).files
    except InvalidCertificate:
        return {}


def _exists(layout: OutputLayout, name: str) -> bool:
    return (layout.folder / name).exists()


def _taken(template: str, **values: str) -> OutputTaken:
    return OutputTaken([Message(template, values)])
