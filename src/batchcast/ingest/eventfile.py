"""Reads an events file: a row for each shutdown, campaign or the like, with a date, a name, and perhaps until and site.

A file of any kind that a demand history comes in. A row that can't be read refuses the file: an event that is left out
unsaid is taken for ordinary demand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from batchcast.domain import columns
from batchcast.domain.calendar import date_of
from batchcast.domain.errors import N_, Message
from batchcast.domain.settings import LONGEST_EVENT_DAYS, MOST_EVENTS, BatchSettings, UserEvent
from batchcast.ingest.common.limits import IngestLimits
from batchcast.ingest.common.names import ACCEPTED_NAMES, named_columns, normal, shortened
from batchcast.ingest.common.problems import EmptyInput, InvalidEventsFile
from batchcast.ingest.common.source import ColumnSource, ReadAgain, RowSource, SourceRow, is_blank
from batchcast.ingest.files.recognise import open_file
from batchcast.ingest.files.table import open_table
from batchcast.ingest.layout.locate import check_width, visible_names
from batchcast.ingest.values.cells import cell_of, date_text
from batchcast.ingest.values.dateorder import NO_DAY, DateReader, read_days
from batchcast.ingest.values.dates import empty
from batchcast.ingest.values.keys import key_text
from batchcast.ingest.values.zones import StampZone

NAME, UNTIL = "name", "until"
_START_NAMES = ("start", "start_date", "from", "begin", "mulai", "dari", "tanggal_mulai", "tgl_mulai", "von", "desde")
_NAMES: Mapping[str, Sequence[str]] = {
    columns.DATE: (*ACCEPTED_NAMES[columns.DATE], *_START_NAMES),
    NAME: (
        "name",
        "event",
        "event_name",
        "description",
        "nama",
        "acara",
        "kegiatan",
        "kejadian",
        "keterangan",
        "holiday",
    ),
    UNTIL: ("until", "end", "end_date", "to", "sampai", "hingga", "selesai", "tanggal_selesai", "tgl_selesai", "bis"),
    columns.SITE_CODE: ACCEPTED_NAMES[columns.SITE_CODE],
}
_NEEDED = (columns.DATE, NAME)
_TABLE = "table"  # what a table in memory is called


@dataclass(frozen=True, kw_only=True, slots=True)
class EventLayout:
    """Where the columns of an events file are."""

    header: tuple[str, ...]
    sources: Mapping[str, ColumnSource]  # by our name

    @property
    def wanted(self) -> tuple[int, ...]:
        """Columns of the file that are read, ascending."""
        return tuple(sorted({i for cells in self.sources.values() for i in cells.indices}))

    @property
    def plain(self) -> frozenset[int]:
        """None of them is read as whole numbers only."""
        return frozenset()

    @property
    def of_any_type(self) -> tuple[int, ...]:
        """None: nothing but events is read of the file."""
        return ()


def read_events(path: Path, settings: BatchSettings | None = None) -> tuple[str, ...]:
    """The events of a file as the setting `events` has them.

    Args:
        path: of a file that a demand history can come in.
        settings: how dates are written.

    Raises:
        InvalidEventsFile: if it can't be read as one.
        InvalidInput: another, if it can't be read at all, or its dates read in several orders.
    """
    settings = settings or BatchSettings()
    try:
        with open_file(path, settings, IngestLimits(), partial(_find_columns, path.name)) as (source, layout):
            return _texts_of(path.name, source, layout, settings)
    except EmptyInput as error:
        template = N_("{name} is empty: an events file has a header with date and name, and a row for each event.")
        raise InvalidEventsFile(Message(template, {"name": path.name})) from error


def read_events_table(table: Any, settings: BatchSettings | None = None) -> tuple[str, ...]:
    """The same of a pandas, polars or pyarrow table."""
    settings = settings or BatchSettings()
    source, layout = open_table(table, settings, partial(_find_columns, _TABLE))
    return _texts_of(_TABLE, source, layout, settings)


def _find_columns(
    name: str,
    header: Sequence[str],
    settings: BatchSettings,
    *,
    where: Message | None = None,
    sample: Sequence[Sequence[Any]] | None = (),
) -> EventLayout:
    check_width(header)
    visible = visible_names(header, settings)
    names = visible.names
    found: dict[str, ColumnSource] = {}
    for ours, accepted in _NAMES.items():
        known = {normal(one) for one in accepted}
        places = [i for i, column in enumerate(names) if column and normal(column) in known]
        exact = [i for i in places if normal(names[i]) == normal(ours)] or places
        if ours == NAME:  # a description beside the name is no second one
            exact = sorted(exact, key=lambda i: [normal(one) for one in _NAMES[NAME]].index(normal(names[i])))[:1]
        if len(exact) > 1:
            template = N_("{name} has two columns that could be {column}: {first!r} and {second!r}. Rename one.")
            values = {"name": name, "column": ours, "first": names[exact[0]], "second": names[exact[1]]}
            raise InvalidEventsFile(Message(template, values))
        if exact:
            found[ours] = ColumnSource(name=names[exact[0]], indices=(exact[0],))
    for ours in _NEEDED:
        if ours not in found:
            template = N_("{name} has no column {column}; it has {found}. An events file needs date and name.")
            raise InvalidEventsFile(Message(template, {"name": name, "column": ours, "found": named_columns(names)}))
    return EventLayout(header=visible.every, sources=found)


def _texts_of(name: str, source: RowSource, layout: EventLayout, settings: BatchSettings) -> tuple[str, ...]:
    zone = StampZone(settings.timezone)
    dates = DateReader(settings.date_order, layout.sources[columns.DATE].name, zone=zone, era=settings.era)
    while True:
        try:
            found = _read(name, source, layout, dates)
            dates.notes()  # refuses dates that read in several orders
            break
        except ReadAgain:
            dates = dates.second_pass()
    if not found:
        template = N_("{name} has a header and no rows under it: add a row for each event.")
        raise InvalidEventsFile(Message(template, {"name": name}))
    return tuple(dict.fromkeys(map(str, found)))


def _read(name: str, source: RowSource, layout: EventLayout, dates: DateReader) -> list[UserEvent]:
    """The events of all rows, by dates of both columns in one order."""
    found: list[UserEvent] = []
    with closing(source.blocks(layout)) as blocks:
        for block in blocks:
            for broken in block.broken:
                raise _bad(name, broken.row, columns.DATE, "", Message(N_("does not have the cells of the header")))
            days = read_days(block, layout.sources[columns.DATE], dates, source.sheet)
            until = read_days(block, layout.sources[UNTIL], dates, source.sheet) if UNTIL in layout.sources else days
            for row, first, last in zip(block.rows(range(block.num_rows)), days.tolist(), until.tolist(), strict=True):
                if all(map(is_blank, row.cells)):
                    continue
                found.append(_event(name, row, layout, dates, (first, last)))
                if len(found) > MOST_EVENTS:
                    template = N_("{name} has more than {most:,} events: leave out those that change nothing.")
                    raise InvalidEventsFile(Message(template, {"name": name, "most": MOST_EVENTS}))
    return found


def _event(name: str, row: SourceRow, layout: EventLayout, dates: DateReader, days: tuple[int, int]) -> UserEvent:
    cells = {ours: cell_of(row, cells) for ours, cells in layout.sources.items()}
    first, last = days
    if is_blank(cells.get(UNTIL)):
        last = first
    for ours, day in ((columns.DATE, first), (UNTIL, last)):
        if day == NO_DAY:
            cell = cells[ours]
            reason = empty() if is_blank(cell) else dates.explain(date_text(cell))
            raise _bad(name, row, ours, key_text(cell), reason or empty())
    if not 0 <= last - first < LONGEST_EVENT_DAYS:
        reason = Message(N_("is before the first day of the event, or more than a year after it"))
        raise _bad(name, row, UNTIL, key_text(cells[UNTIL]), reason)
    said = " ".join(key_text(cells[NAME]).split())
    if not said:
        raise _bad(name, row, NAME, "", empty())
    site = key_text(cells.get(columns.SITE_CODE)).strip() if columns.SITE_CODE in cells else ""
    return UserEvent(first=date_of(first), last=date_of(last), name=said, site_code=site or None)


def _bad(name: str, row: SourceRow, column: str, found: str, reason: Message) -> InvalidEventsFile:
    values = {"name": name, "line": row.line, "ours": column, "found": shortened(found), "reason": reason}
    template = N_("{ours} {found!r} {reason} in line {line} of {name}; correct it, or take the line out.")
    if not found.strip():
        template = N_("{ours} {reason} in line {line} of {name}; correct it, or take the line out.")
    return InvalidEventsFile(Message(template, values))
