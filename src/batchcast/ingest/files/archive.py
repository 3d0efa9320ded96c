"""Several CSV files as one history: a folder, or a zip."""

from __future__ import annotations

import hashlib
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, pairwise, takewhile
from pathlib import Path, PurePosixPath

from batchcast.domain.errors import N_, Choice, InvalidInput, Message, ReadingQuestion
from batchcast.domain.recipe import FILE_KINDS
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.common.limits import MOST_COLUMNS, RATIO_COUNTS_FROM, IngestLimits
from batchcast.ingest.common.names import known_names, named_columns, normal
from batchcast.ingest.common.problems import (
    AmbiguousDates,
    DifferentHeader,
    EmptyInput,
    OverlappingFiles,
    OverTheLimit,
    UnknownFormat,
    UnreadablePeriods,
)
from batchcast.ingest.common.source import FindLayout, LayoutT
from batchcast.ingest.files.delimited import DelimitedFile, DelimitedFiles
from batchcast.ingest.files.records import HEADER_WITHIN, Dialect, read_dialect
from batchcast.ingest.layout.missing import several_in_one
from batchcast.ingest.layout.tworows import ask_about_year, header_in_two_rows, says_more, two_row_headers
from batchcast.ingest.text.bytestream import GZIP_MAGIC, Bytes, gzip_file, plain_file, zip_member

_GZIP = ".gz"
_ARCHIVES = (".zip", ".7z", ".rar", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
_NAMED = 20  # files that a sentence lists
_MOST_IN_TITLE = 2  # cells of a row that is a title


def open_single(source: Bytes, settings: BatchSettings, find: FindLayout[LayoutT]) -> tuple[DelimitedFiles, LayoutT]:
    """One CSV file."""
    dialect, layout, notes = _under_titles(read_dialect(source, settings), settings, find, source.name)
    dialect.check_header(source.name)
    return DelimitedFiles([DelimitedFile(source, dialect)], notes), layout


Found = tuple[Dialect, LayoutT, tuple[Message, ...]]


def _under_titles(
    dialect: Dialect, settings: BatchSettings, find: FindLayout[LayoutT], name: str, *, where: Message | None = None
) -> Found[LayoutT]:
    """The file with its header found, in its first row or under the titles of a report, and what to say of that.

    Raises:
        InvalidInput: of the row that is most like a header; where it has two of a name, of two rows read as one.
    """
    try:
        return _in_one_row(dialect, settings, find, name, where=where)
    except InvalidInput as error:
        names = known_names([*settings.column_mapping.values(), *getattr(find, "names", ())])
        found = _in_two_rows(dialect, settings, find, names, error)
        is_question = isinstance(error, ReadingQuestion | UnreadablePeriods)
        if found is None or (is_question and not getattr(found[1], "periods", ())):
            raise
        return found


def _in_one_row(
    dialect: Dialect, settings: BatchSettings, find: FindLayout[LayoutT], name: str, *, where: Message | None
) -> Found[LayoutT]:
    try:
        return dialect, find(dialect.header, settings, where=where, sample=dialect.sample), ()
    except (ReadingQuestion, UnreadablePeriods):  # of a header that is one
        raise
    except InvalidInput as error:
        refused = [(_words(dialect.header), error, dialect.header)]
    known = known_names([*settings.column_mapping.values(), *getattr(find, "names", ())])
    for below, said in _below(dialect):
        if several_in_one(below.header):
            find(below.header, settings, sample=below.sample)  # it says what is wrong
        if known.isdisjoint(normal(name[:200]) for name in below.header):
            continue
        try:
            return below, find(below.header, settings, sample=below.sample), (said,)
        except (ReadingQuestion, UnreadablePeriods):
            raise
        except InvalidInput as error:
            refused.append((_words(below.header), error, below.header))
    _, likeliest, header = max(refused, key=lambda one: one[0])
    above = takewhile(lambda names: names != header, (dialect.header, *(row.cells for row in dialect.rows)))
    ask_about_year(header, [name, *map(str, chain.from_iterable(above))], settings)
    raise likeliest


def _titles(dialect: Dialect) -> list[str]:
    """The texts of the first rows that have too few cells to be a header."""
    rows = (dialect.header, *(row.cells for row in dialect.rows))
    above = takewhile(lambda cells: sum(map(bool, cells)) <= _MOST_IN_TITLE, rows)
    return list(map(str, chain.from_iterable(above)))


def _words(header: Sequence[str]) -> int:
    """The different cells that could name a column."""
    return len({name for name in header[:MOST_COLUMNS] if any(map(str.isalpha, name))})


def _below(dialect: Dialect) -> Iterator[tuple[Dialect, Message]]:
    """The file with each of its first rows as the header, and what to say of that."""
    template = N_("The header stands in line {line}; the lines above it are passed over.")
    for row in range(min(HEADER_WITHIN, len(dialect.rows))):
        yield dialect.at(row), Message(template, {"line": dialect.rows[row].line})


def _in_two_rows(
    dialect: Dialect, settings: BatchSettings, find: FindLayout[LayoutT], known: set[str], of_one: InvalidInput
) -> Found[LayoutT] | None:
    """The same with two rows that are read as one; None where no two are.

    Raises:
        InvalidInput: what is wrong with two of them, where that says more than `of_one`, which is wrong with one.
    """
    for below, said in _two_rows(dialect):
        if known.isdisjoint(normal(name[:200]) for name in below.header):
            continue
        try:
            return below, find(below.header, settings, sample=below.sample), (said,)
        except AmbiguousDates:
            raise
        except InvalidInput as error:
            if says_more(error, below.header, of_one):
                ask_about_year(below.header, _titles(dialect), settings)
                raise
    return None


def _two_rows(dialect: Dialect) -> Iterator[tuple[Dialect, Message]]:
    """The file with each two of its first rows as one header, and what to say of that."""
    headers = [dialect.header, *(below.header for below, _ in _below(dialect))]
    for number, names in two_row_headers(headers):
        yield replace(dialect.at(number - 2), header=names), header_in_two_rows(number, names)


def _with_header(dialect: Dialect, header: Sequence[str]) -> Dialect | None:
    """The file with the header of another, in its first row or under titles; None where it has another."""
    if dialect.header == header:
        return dialect
    below = chain(_below(dialect), _two_rows(dialect))
    return next((one for one, _ in below if one.header == header), None)


def open_folder(
    path: Path, settings: BatchSettings, limits: IngestLimits, find: FindLayout[LayoutT]
) -> tuple[DelimitedFiles, LayoutT]:
    """The CSV files of a folder and of the folders in it, in the order of their names."""
    found = sorted((file for file in path.rglob("*") if file.is_file()), key=lambda file: file.relative_to(path).parts)
    _check_number(path.name, len(found), limits)
    names = {file: file.relative_to(path).as_posix() for file in found}
    left = {names[file]: reason for file in found if (reason := _why_left(names[file]))}
    chosen = [file for file in found if names[file] not in left]
    _check_total(path.name, sum(file.stat().st_size for file in chosen), limits.max_bytes)
    return _members([_file(file, names[file], limits) for file in chosen], path.name, left, settings, find)


def open_zip(
    archive: zipfile.ZipFile, name: str, settings: BatchSettings, limits: IngestLimits, find: FindLayout[LayoutT]
) -> tuple[DelimitedFiles, LayoutT]:
    """The CSV files of a zip, in the order of their names."""
    check_zip(archive, name, limits)
    infos = [info for info in archive.infolist() if not info.filename.endswith("/")]
    left = {_shown(info.filename): reason for info in infos if (reason := _why_left(info.filename))}
    chosen = sorted(
        (info for info in infos if not _why_left(info.filename)), key=lambda info: PurePosixPath(info.filename).parts
    )
    notes = []
    for one in [one for one, other in pairwise(chosen) if one.filename == other.filename]:
        same = [info for info in chosen if info.filename == one.filename]
        kept = _of_one_name(same, name, settings)
        chosen = [info for info in chosen if info.filename != one.filename or info in kept]
        if len(same) > len(kept):
            template = N_("Of {count} files named {member} one is read, of {size:,} bytes.")
            notes.append(Message(template, {"count": len(same), "member": one.filename, "size": kept[0].file_size}))
    packed = sum(info.filename.lower().endswith(_GZIP) for info in chosen)
    within = replace(limits, max_expanded_bytes=limits.max_expanded_bytes // max(1, packed))  # all of them together
    return _members([zip_member(archive, info, within) for info in chosen], name, left, settings, find, notes)


def _of_one_name(infos: Sequence[zipfile.ZipInfo], name: str, settings: BatchSettings) -> Sequence[zipfile.ZipInfo]:
    """Which of the files of one name are read.

    Raises:
        OverlappingFiles: a question, if they differ and it was not said which.
    """
    if settings.overlaps == "sum" or len(infos) == 1:
        return infos
    if len({(info.CRC, info.file_size) for info in infos}) > 1 and settings.overlaps == "auto":
        template = N_(
            "{name} holds {count} files named {member!r}, of {sizes} bytes. Set {@overlaps=latest} or "
            "{@overlaps=earliest} to read one of them, or {@overlaps=sum} to read all; or take out what is not "
            "part of the history."
        )
        places = ", ".join(f"{{size{i}:,}}" for i in range(len(infos)))
        sizes = Message(places, {f"size{i}": info.file_size for i, info in enumerate(infos)})
        message = Message(template, {"name": name, "count": len(infos), "member": infos[0].filename, "sizes": sizes})
        readings = {
            "latest": N_("the last of them, of {size:,} bytes"),
            "earliest": N_("the first of them, of {size:,} bytes"),
            "sum": N_("all of them, of {size:,} bytes together"),
        }
        of_size = {"latest": infos[-1].file_size, "earliest": infos[0].file_size}
        every = sum(info.file_size for info in infos)
        choices = [
            Choice(settings={"overlaps": asked}, reading=Message(reading, {"size": of_size.get(asked, every)}))
            for asked, reading in readings.items()
        ]
        raise OverlappingFiles(message, setting="overlaps", choices=choices)
    return [infos[0 if settings.overlaps == "earliest" else -1]]


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


def _members(  # noqa: PLR0917
    sources: Sequence[Bytes],
    name: str,
    left_alone: Mapping[str, str],
    settings: BatchSettings,
    find: FindLayout[LayoutT],
    said: Sequence[Message] = (),
) -> tuple[DelimitedFiles, LayoutT]:
    """Files with one header; those with nothing in them, and copies of others, are passed over."""
    sources, copies = _without_copies(sources)
    files, empty = [], []
    for source in sources:
        try:
            files.append(DelimitedFile(source, read_dialect(source, settings), source.name))
        except EmptyInput:
            empty.append(source.name)
    if not files:
        raise _no_members(name, empty, list(left_alone))
    files[0].dialect, layout, titled = _under_titles(
        files[0].dialect, settings, find, files[0].source.name, where=Message("{name}", {"name": files[0].source.name})
    )
    for file in files[1:]:
        dialect = _with_header(file.dialect, files[0].dialect.header)
        if dialect is None:
            raise _different(files[0], file)
        file.dialect = dialect
    for file in files:
        file.dialect.check_header(file.source.name)
    notes = [Message(N_("{count} CSV files are read as one history."), {"count": len(files)}), *titled, *said]
    if copies:
        template = N_("{count} files are copies, byte for byte, and are read once: {names}.")
        pairs = ", ".join(f"{copy} = {first}" for copy, first in copies[:_NAMED])
        notes.append(Message(template, {"count": len(copies), "names": pairs}))
    if empty:
        notes.append(Message(N_("Empty files were passed over: {names}."), {"names": _listed(empty)}))
    for reason in dict.fromkeys(left_alone.values()):
        names = [one for one, why in left_alone.items() if why == reason]
        notes.append(Message(reason, {"names": _listed(names)}))
    return DelimitedFiles(files, tuple(notes)), layout


def _without_copies(sources: Sequence[Bytes]) -> tuple[list[Bytes], list[tuple[str, str]]]:
    """The files of different content, and for each other its name with that of the first like it."""
    kept: list[Bytes] = []
    copies: list[tuple[str, str]] = []
    alike: dict[int, dict[bytes, str]] = {}  # by size as it was sent
    sizes = Counter(source.sent_bytes for source in sources)
    for source in sources:
        if sizes[source.sent_bytes] > 1:
            first = alike.setdefault(source.sent_bytes, {}).setdefault(_digest(source), source.name)
            if first is not source.name:
                copies.append((source.name, first))
                continue
        kept.append(source)
    return kept, copies


def _digest(source: Bytes) -> bytes:
    digest = hashlib.sha256()
    with source.open() as stream:
        while piece := stream.read(1 << 20):
            digest.update(piece)
    return digest.digest() if digest.digest() != hashlib.sha256().digest() else source.name.encode()


def _no_members(name: str, empty: Sequence[str], left_alone: Sequence[str]) -> EmptyInput | UnknownFormat:
    archives = [one for one in left_alone if one.lower().endswith(_ARCHIVES)]
    if archives:
        template = N_(
            "{name} holds no CSV file itself, but archives: {names}. Unpack them, and send their files, or a zip of "
            "these files."
        )
        return UnknownFormat(Message(template, {"name": name, "names": _listed(archives)}))
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


def _why_left(name: str) -> str | None:
    """Why a file is left alone, as a sentence with its {names}; None where it is to be read."""
    parts = PurePosixPath(name).parts
    if not parts:
        return N_("Files without a name were left alone: {names}.")
    if "__MACOSX" in parts or any(part.startswith("._") for part in parts):
        return N_("Files that macOS adds were left alone: {names}.")
    if any(part.startswith(".") and part.strip(".") for part in parts):
        return N_("Hidden files, whose names start with a dot, were left alone: {names}.")
    if name.lower().endswith(_ARCHIVES):
        return N_("Archives within it were left alone: {names}. Unpack them, and send their files beside the others.")
    known = FILE_KINDS["CSV"] if not name.lower().endswith(_GZIP) else (*FILE_KINDS["CSV"], "")
    if PurePosixPath(name.lower().removesuffix(_GZIP)).suffix not in known:
        return N_("Files of other kinds were left alone: {names}.")
    return None


def _shown(name: str) -> str:
    return name or "''"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (f", … ({len(names)})" if len(names) > _NAMED else "")
