"""Several CSV files as one history: a folder, or a zip."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from batchcast.domain.errors import N_, Message
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.bytestream import GZIP_MAGIC, Bytes, gzip_file, plain_file, zip_member
from batchcast.ingest.delimited import DelimitedFile, DelimitedFiles
from batchcast.ingest.limits import RATIO_COUNTS_FROM, IngestLimits
from batchcast.ingest.names import named_columns
from batchcast.ingest.problems import DifferentHeader, EmptyInput, OverTheLimit, UnknownFormat
from batchcast.ingest.records import read_dialect
from batchcast.ingest.source import FindLayout, LayoutT

_TEXT_SUFFIXES = frozenset({".csv", ".tsv", ".txt", ".tab"})


def open_single(source: Bytes, settings: BatchSettings, find: FindLayout[LayoutT]) -> tuple[DelimitedFiles, LayoutT]:
    """One CSV file."""
    dialect = read_dialect(source, settings)
    layout = find(dialect.header, settings)
    return DelimitedFiles([DelimitedFile(source, dialect)]), layout


def open_folder(
    path: Path, settings: BatchSettings, limits: IngestLimits, find: FindLayout[LayoutT]
) -> tuple[DelimitedFiles, LayoutT]:
    """The CSV files of a folder and of the folders in it, in the order of their names."""
    found = sorted((file for file in path.rglob("*") if file.is_file()), key=lambda file: file.relative_to(path).parts)
    _check_number(path.name, len(found), limits)
    names = {file: file.relative_to(path).as_posix() for file in found}
    visible = [file for file in found if _is_visible(names[file])]
    chosen = [file for file in visible if _is_text(names[file])]
    _check_total(path.name, sum(file.stat().st_size for file in chosen), limits.max_bytes)
    sources = [_file(file, names[file], limits) for file in chosen]
    return _members(sources, path.name, [names[file] for file in visible if file not in set(chosen)], settings, find)


def open_zip(
    archive: zipfile.ZipFile, name: str, settings: BatchSettings, limits: IngestLimits, find: FindLayout[LayoutT]
) -> tuple[DelimitedFiles, LayoutT]:
    """The CSV files of a zip, in the order of their names."""
    infos = [info for info in archive.infolist() if not info.is_dir() and _is_visible(info.filename)]
    check_zip(archive, name, limits)
    chosen = sorted(
        (info for info in infos if _is_text(info.filename)), key=lambda info: PurePosixPath(info.filename).parts
    )
    left = [info.filename for info in infos if not _is_text(info.filename)]
    return _members([zip_member(archive, info, limits) for info in chosen], name, left, settings, find)


def check_zip(archive: zipfile.ZipFile, name: str, limits: IngestLimits) -> None:
    """Refuse an archive that says itself that it unpacks to more than is allowed.

    Raises:
        OverTheLimit: if it does.
    """
    infos = archive.infolist()
    _check_number(name, len(infos), limits)
    expanded = sum(info.file_size for info in infos)
    sent = max(1, sum(info.compress_size for info in infos))
    _check_total(name, expanded, limits.max_expanded_bytes)
    if expanded > RATIO_COUNTS_FROM and expanded > sent * limits.max_ratio:
        template = N_("{name} unpacks to more than {ratio} times its size, which no demand history does.")
        raise OverTheLimit(Message(template, {"name": name, "ratio": limits.max_ratio}))


def _members(
    sources: Sequence[Bytes],
    name: str,
    left_alone: Sequence[str],
    settings: BatchSettings,
    find: FindLayout[LayoutT],
) -> tuple[DelimitedFiles, LayoutT]:
    """Files with one header; those with nothing in them are passed over."""
    files, empty = [], []
    for source in sources:
        try:
            files.append(DelimitedFile(source, read_dialect(source, settings), source.name))
        except EmptyInput:
            empty.append(source.name)
    if not files:
        raise _no_members(name, empty, left_alone)
    header = files[0].dialect.header
    for file in files[1:]:
        if file.dialect.header != header:
            raise _different(files[0], file)
    notes = [Message(N_("{count} CSV files are read as one history."), {"count": len(files)})]
    if empty:
        notes.append(Message(N_("Empty files were passed over: {names}."), {"names": ", ".join(empty)}))
    if left_alone:
        notes.append(Message(N_("Files of other kinds were left alone: {names}."), {"names": ", ".join(left_alone)}))
    return DelimitedFiles(files, tuple(notes)), find(header, settings)


def _no_members(name: str, empty: Sequence[str], left_alone: Sequence[str]) -> EmptyInput | UnknownFormat:
    if left_alone:
        template = N_("{name} holds no CSV file, only {names}; a folder or zip is read where it holds CSV files.")
        return UnknownFormat(Message(template, {"name": name, "names": ", ".join(left_alone[:10])}))
    if empty:
        template = N_("Every file in {name} is empty: export them again, with a header and a row for each demand.")
        return EmptyInput(Message(template, {"name": name}))
    return EmptyInput(Message(N_("{name} holds no file."), {"name": name}))


def _different(first: DelimitedFile, other: DelimitedFile) -> DifferentHeader:
    template = N_(
        "{other} has other columns than {first}: it has {found}, not {expected}. Files of one history need one header."
    )
    values = {"other": other.member, "first": first.member}
    columns = {"found": named_columns(other.dialect.header), "expected": named_columns(first.dialect.header)}
    return DifferentHeader(Message(template, {**values, **columns}))


def _check_number(name: str, found: int, limits: IngestLimits) -> None:
    if found > limits.max_members:
        template = N_("{name} holds {found} files; at most {most} are read.")
        raise OverTheLimit(Message(template, {"name": name, "found": found, "most": limits.max_members}))


def _check_total(name: str, found: int, most: int) -> None:
    if found > most:
        template = N_("{name} holds {found} MB in all; at most {most} MB are read. Send it in smaller files.")
        raise OverTheLimit(Message(template, {"name": name, "found": found // 1_000_000, "most": most // 1_000_000}))


def _file(path: Path, name: str, limits: IngestLimits) -> Bytes:
    with path.open("rb") as file:
        packed = file.read(2) == GZIP_MAGIC
    return gzip_file(path, name, limits) if packed else plain_file(path, name, limits)


def _is_text(name: str) -> bool:
    return PurePosixPath(name.lower().removesuffix(".gz")).suffix in _TEXT_SUFFIXES


def _is_visible(name: str) -> bool:
    return not any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts)
