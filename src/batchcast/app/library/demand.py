"""A history that is read and checked, from whatever holds it, kept for as long as the value lives."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Generic, TypeVar, Unpack, overload

from batchcast.app.intake import dated
from batchcast.app.library.keeping import new_folder, unpacked
from batchcast.app.library.tables import TableStyle, default_style, remove_with, style_of
from batchcast.app.library.typed_settings import ReadingSettings
from batchcast.app.words.settings_text import check_models
from batchcast.domain.history import DemandHistory, HistoryFacts, IngestReport
from batchcast.domain.plan import RowsRefused, check_refused
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.files.frames import arrow_table
from batchcast.ingest.history.writer import HISTORY_FILE
from batchcast.ingest.reader import ingest_file, ingest_table
from batchcast.ingest.text.bytestream import unreadable

if TYPE_CHECKING:
    import pandas
    import polars

TableT = TypeVar("TableT")  # of the tables to give back
Source = Any  # a path, several, an open file, or a table
_PIECE = 1 << 20  # of an open file, at once


class Demand(Generic[TableT]):
    """A checked demand history, kept in a temporary folder for as long as this value lives.

    Attributes:
        facts: what it holds: rows, series, sites, dates, frequency.
        report: accounts for every row that was read.
    """

    def __init__(self, history: DemandHistory, report: IngestReport, style: TableStyle) -> None:
        self.history = history
        self.report = report
        self.style = style  # of the tables to give back

    @property
    def notes(self) -> tuple[str, ...]:
        """How it was read and what is doubtful, in sentences."""
        return tuple(map(str, self.report.notes))

    @property
    def facts(self) -> HistoryFacts:
        """What the history holds."""
        return self.history.facts

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickled, (self.history.path.read_bytes(), self.history, self.report, self.style)

    def __repr__(self) -> str:
        facts = self.facts
        return (
            f"<Demand: {facts.rows:,} rows, {len(facts.sites):,} sites, {facts.parts:,} parts, "
            f"{facts.first_date} to {facts.last_date}, {facts.frequency}>"
        )


def _unpickled(content: bytes, history: DemandHistory, report: IngestReport, style: TableStyle) -> Demand[Any]:
    folder = unpacked({HISTORY_FILE: content})
    demand: Demand[Any] = Demand(replace(history, path=folder / HISTORY_FILE), report, style)
    remove_with(demand, folder)
    return demand


@overload
def read_demand(source: pandas.DataFrame, **settings: Unpack[ReadingSettings]) -> Demand[pandas.DataFrame]: ...
@overload
def read_demand(
    source: polars.DataFrame | polars.LazyFrame, **settings: Unpack[ReadingSettings]
) -> Demand[polars.DataFrame]: ...
@overload
def read_demand(source: Source, **settings: Unpack[ReadingSettings]) -> Demand[Any]: ...
def read_demand(source: Source, **settings: Unpack[ReadingSettings]) -> Demand[Any]:
    """Read and check a demand history.

    Args:
        source: a file (CSV, XLSX, Parquet, gz), a folder or zip of CSVs, a list of such files that hold one history
            together, a file that is open for reading, or a pandas / polars / pyarrow table with the columns date,
            partnumber, demand_qty and, where there are several sites, site_code. Columns in the index of a pandas
            table count too; a polars LazyFrame is collected.
        settings: those of `BatchSettings` that decide reading.

    Returns:
        The checked history. Absent periods within a series are zeros.

    Raises:
        InvalidInput: if it can't be a demand history. RowsRefused, one of its kinds, carries the report of every
            row that can't be read; `bad_rows="skip"` leaves them out.
        InvalidSettings: if a setting is out of its range.

    Example:
        >>> history = batchcast.read_demand("demand.csv", date_order="day_first")
        >>> history.facts.series, history.notes
    """
    chosen = dated(check_models(BatchSettings.from_json(settings)))
    folder = new_folder()
    try:
        file = file_of(source, folder)
        if file is not None:
            ingested, style = ingest_file(file, into=folder, settings=chosen), default_style()
        else:
            table = arrow_table(source)
            ingested = ingest_table(table, into=folder, settings=chosen)
            style = style_of(source, table.schema, ingested.report.columns)
    except BaseException:
        shutil.rmtree(folder)
        raise
    try:
        if ingested.history is None:
            raise RowsRefused(ingested.report)
        check_refused(ingested.report, chosen)
    except RowsRefused as refused:
        remove_with(refused, folder)
        raise
    demand: Demand[Any] = Demand(ingested.history, ingested.report, style)
    remove_with(demand, folder)
    return demand


def file_of(source: Source, folder: Path) -> Path | None:
    """The file or folder that a source is; None where it is a table.

    Args:
        source: as `read_demand` takes it.
        folder: an existing one, where an open file is copied to and several files are linked from.

    Raises:
        UnreadableInput: if one of several files isn't there.
    """
    if isinstance(source, str | os.PathLike):
        return Path(source)
    if hasattr(source, "read"):
        return _copy(source, folder)
    is_list = isinstance(source, Sequence) and source and all(isinstance(one, str | os.PathLike) for one in source)
    return _gather([Path(one) for one in source], folder / "files") if is_list else None


def _copy(source: IO[Any], folder: Path) -> Path:
    """What an open file holds from where it stands, in a file of its name."""
    name = getattr(source, "name", None)
    path = folder / "open" / (Path(name).name if isinstance(name, str) else "file")
    path.parent.mkdir()
    with path.open("wb") as copy:
        while piece := source.read(_PIECE):
            copy.write(piece.encode() if isinstance(piece, str) else piece)
    return path


def _gather(paths: Sequence[Path], folder: Path) -> Path:
    """A folder of links to the files, in their order where two have one name."""
    if len(paths) == 1:
        return paths[0]
    folder.mkdir()
    for number, path in enumerate(paths, start=1):
        if not path.is_file():
            raise unreadable(path.name, FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)))
        link = folder / path.name
        link = link if not link.exists() else folder / f"{number:04}-{path.name}"
        try:
            link.symlink_to(path.absolute())
        except OSError:  # Windows lets only some users
            shutil.copyfile(path, link)
    return folder
