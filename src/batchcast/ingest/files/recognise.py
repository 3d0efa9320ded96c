"""What a file is, by its content: its first bytes decide, never its name alone."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from batchcast.domain.errors import N_, Message
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.common.limits import IngestLimits
from batchcast.ingest.common.problems import DamagedFile, EmptyInput, OverTheLimit, UnknownFormat
from batchcast.ingest.common.source import FindLayout, LayoutT, RowSource
from batchcast.ingest.files.archive import open_folder, open_single, open_zip
from batchcast.ingest.files.markupfile import HEAD_BYTES, markup_kind, open_markup
from batchcast.ingest.text.bytestream import GZIP_MAGIC, gzip_file, plain_file, unreadable

_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_PARQUET = b"PAR1"
_COMPOUND = b"\xd0\xcf\x11\xe0"  # of old Office files, and of encrypted ones
_OTHER_KINDS = {
    b"%PDF": N_("a PDF"),
    b"\x28\xb5\x2f\xfd": N_("a zstd archive"),
    b"BZh": N_("a bzip2 archive"),
    b"\xfd7zXZ": N_("an xz archive"),
    b"7z\xbc\xaf": N_("a 7-zip archive"),
    b"Rar!": N_("a RAR archive"),
    b"ARROW1": N_("an Arrow file"),
    b"SQLite format 3": N_("a SQLite database"),
    b"\x89PNG": N_("a picture"),
    b"\xff\xd8\xff": N_("a picture"),
    b"{\\rtf": N_("a text document"),
}
_PACKED_KINDS = {
    _ZIP: N_("a packed archive"),
    _PARQUET: N_("a packed Parquet file"),
    _COMPOUND: N_("a packed Excel workbook"),
    GZIP_MAGIC: N_("packed twice"),
}
_JSON_STARTS = (b"{", b"[{", b"[[")


@contextmanager
def open_file(
    path: Path, settings: BatchSettings, limits: IngestLimits, find: FindLayout[LayoutT]
) -> Iterator[tuple[RowSource, LayoutT]]:
    """A file or folder as a source, with our columns in it as `find` finds them.

    Raises:
        InvalidInput: if it is of a kind we don't read, or has not the columns.
    """
    try:
        if path.is_dir():
            yield open_folder(path, settings, limits, find)
            return
        head = _head(path)
        _check_size(path, limits)
    except OSError as error:
        raise unreadable(path.name, error) from error
    if head[:4] in (_ZIP, _EMPTY_ZIP):
        with _opened_zip(path) as archive:
            try:
                yield _from_zip(archive, path, settings, limits, find)
            except zlib.error as error:
                template = N_("{name} can't be unpacked ({cause}). Pack it again, or send it unpacked.")
                raise DamagedFile(Message(template, {"name": path.name, "cause": str(error)})) from error
    elif head[:4] == _PARQUET:
        from batchcast.ingest.files.table import open_parquet

        yield open_parquet(path, settings, limits, find)
    elif head[:4] == _COMPOUND:
        yield _from_compound(path, settings, limits, find)
    else:
        _refuse_other_kinds(path, head)
        packed = head[:2] == GZIP_MAGIC
        source = gzip_file(path, path.name, limits) if packed else plain_file(path, path.name, limits)
        with source.open() as stream:
            start = stream.read(HEAD_BYTES)
        if packed:
            _refuse_other_kinds(path, start[:16], packed=True)
        kind = markup_kind(start)
        yield open_markup(source, kind, settings, find) if kind else open_single(source, settings, find)


def _kind_of_workbook(archive: zipfile.ZipFile) -> str | None:
    """XLSX, XLSB or ODS; None where the archive is no workbook."""
    names = set(archive.namelist())
    if "[Content_Types].xml" in names and any(name.startswith("xl/") for name in names):
        return "XLSB" if "xl/workbook.bin" in names else "XLSX"
    return "ODS" if {"mimetype", "content.xml"} <= names else None


def _from_compound(
    path: Path, settings: BatchSettings, limits: IngestLimits, find: FindLayout[LayoutT]
) -> tuple[RowSource, LayoutT]:
    """An XLS workbook; other files of its container are encrypted workbooks, or no workbooks."""
    from batchcast.ingest.files.workbook import open_workbook

    try:
        return open_workbook(None, path, settings, limits, find, "XLS")
    except DamagedFile as error:
        template = N_(
            "{name} is an encrypted workbook, or none that can be read; save it as XLSX without a password, or as CSV."
        )
        raise UnknownFormat(Message(template, {"name": path.name})) from error


def _from_zip(
    archive: zipfile.ZipFile, path: Path, settings: BatchSettings, limits: IngestLimits, find: FindLayout[LayoutT]
) -> tuple[RowSource, LayoutT]:
    kind = _kind_of_workbook(archive)
    if kind:
        from batchcast.ingest.files.workbook import open_workbook

        return open_workbook(archive, path, settings, limits, find, kind)
    return open_zip(archive, path.name, settings, limits, find)


def _opened_zip(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError) as error:
        template = N_("{name} is cut short or corrupt: its table of contents can't be read. Send the whole file again.")
        raise DamagedFile(Message(template, {"name": path.name})) from error


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        head = file.read(16)
    if not head:
        template = N_("{name} is empty: export it again, with a header and a row for each demand.")
        raise EmptyInput(Message(template, {"name": path.name}))
    return head


def _check_size(path: Path, limits: IngestLimits) -> None:
    size = path.stat().st_size
    if size > limits.max_bytes:
        template = N_("{name} has {found} MB; at most {most} MB are read. Send it in smaller files, or packed.")
        values = {"name": path.name, "found": size // 1_000_000, "most": limits.max_bytes // 1_000_000}
        raise OverTheLimit(Message(template, values))


def _refuse_other_kinds(path: Path, head: bytes, *, packed: bool = False) -> None:
    kinds = _OTHER_KINDS | (_PACKED_KINDS if packed else {})
    start = b"".join(head.removeprefix(b"\xef\xbb\xbf").split())
    if start.startswith(_JSON_STARTS) and b'"' in start:
        template = N_("{name} is JSON; export the list as a CSV or a workbook, with a row for each demand.")
        raise UnknownFormat(Message(template, {"name": path.name}))
    for magic, kind in kinds.items():
        if head.startswith(magic):
            template = N_(
                "{name} is {kind}; send a CSV (also gzipped), a workbook or a Parquet file, or a zip of CSVs."
            )
            raise UnknownFormat(Message(template, {"name": path.name, "kind": Message(kind)}))
