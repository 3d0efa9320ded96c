"""A file of any kind, or a table, to a checked demand history and an account of every row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from batchcast.domain import columns
from batchcast.domain.errors import N_, InternalError, Message
from batchcast.domain.history import DemandHistory, IngestReport
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.common.limits import IngestLimits
from batchcast.ingest.common.names import letter_of, mapping_example
from batchcast.ingest.common.problems import REJECTED_FILE, NoRows, Rejected
from batchcast.ingest.common.source import FindLayout, ReadAgain, RowSource
from batchcast.ingest.files.recognise import open_file
from batchcast.ingest.files.table import open_table
from batchcast.ingest.history.marks import MarkedDays
from batchcast.ingest.history.stored import digesting, input_sha256_of
from batchcast.ingest.history.writer import HISTORY_FILE, AcceptedDemand, write_history
from batchcast.ingest.layout.header import find_columns
from batchcast.ingest.layout.layout import Layout
from batchcast.ingest.layout.rowfilter import RowChoice
from batchcast.ingest.layout.spread import SpreadRows, judge_again
from batchcast.ingest.rows.cumulated import running_totals
from batchcast.ingest.rows.signs import MOST_COLUMNS, MOST_VALUES, Signed, SignReader, add_signs
from batchcast.ingest.rows.summaries import find_summaries
from batchcast.ingest.rows.tally import Tally
from batchcast.ingest.values.cells import distinct
from batchcast.ingest.values.dateorder import DateReader
from batchcast.ingest.values.implausible import Reasons, find_implausible
from batchcast.ingest.values.numberstyle import NumberReader
from batchcast.ingest.values.zones import StampZone


@dataclass(frozen=True, kw_only=True, slots=True)
class Ingested:
    """What became of a file."""

    history: DemandHistory | None  # None where no row could be accepted
    report: IngestReport
    layout: Layout  # of its columns


def ingest_file(
    source: Path,
    *,
    into: Path,
    settings: BatchSettings,
    limits: IngestLimits | None = None,
    find: FindLayout[Layout] = find_columns,
) -> Ingested:
    """Read a file or folder into `<into>/history.parquet`, and its refused rows into `<into>/rejected.csv`.

    Refused rows don't raise: all of them are collected, and the caller decides by `settings.bad_rows`.

    Raises:
        InvalidInput: if it can't be a demand history; the subclasses in `problems` say why.
    """
    limits = limits or IngestLimits()
    _clear(into)
    with open_file(source, settings, limits, find) as (opened, layout), digesting(source) as digest:
        return _ingest(opened, layout, into, settings, name=source.name, digest=digest)


def ingest_table(table: Any, *, into: Path, settings: BatchSettings) -> Ingested:
    """Read a pandas, polars or pyarrow table; `line` in problems is the number of the row, the first is 1.

    Raises:
        InvalidInput: if it can't be a demand history.
    """
    _clear(into)
    opened, layout = open_table(table, settings, partial(find_columns, where=Message(N_("The table"))))
    if not opened.table.num_rows:
        raise NoRows(Message(N_("The table has columns and no rows: give it a row for each demand.")))
    return _ingest(opened, layout, into, settings, name="table")


def _ingest(
    source: RowSource,
    layout: Layout,
    into: Path,
    settings: BatchSettings,
    *,
    name: str,
    digest: Callable[[], str] | None = None,
) -> Ingested:
    tally = read_rows(source, layout, into, settings)
    layout = tally.layout
    tally.choice.check(tally.rows_read + tally.choice.rows_filtered)
    if not tally.rows_read:
        template = N_("{name} has a header and no rows under it: export it again, with a row for each demand.")
        raise NoRows(Message(template, {"name": name}))
    accepted, decided = settle_rows(tally, source, layout)
    history, marked = None, MarkedDays()
    missing: tuple[Message, ...] = ()
    if accepted is not None:
        path = into / HISTORY_FILE
        is_asked = settings.frequency != "auto"
        counted = settings.history_marks if settings.use_marks == "on" else ()
        facts, marked, missing, notes = write_history(accepted, path, frequency_is_asked=is_asked, marks=counted)
        missing = (*marked.notes(), *running_totals(accepted), *missing)
        decided += notes
        history = DemandHistory(path=path, facts=facts, input_sha256=digest() if digest else input_sha256_of(path))
    kept = {one.name for one in accepted.attributes.texts} if accepted else set()
    report = _report(source, layout, name, tally, missing, decided)
    left = tuple(one for one in report.columns_left_alone if one not in kept)
    report = replace(report, columns_left_alone=left, marks=tuple(map(str, marked.marks)))
    return Ingested(history=history, report=report, layout=layout)


def settle_rows(tally: Tally, source: RowSource, layout: Layout) -> tuple[AcceptedDemand | None, list[Message]]:
    """What was accepted, without sums of other rows and with reversals netted, and what to say of it; None: nothing.

    Raises:
        ReadingQuestion: if the order of dates, the style of numbers, the sign or the unit is still in question.
    """
    decided = [*tally.total_notes(), *tally.dates.notes(), *tally.styles.notes()]
    if tally.needs_sign():
        raise tally.signs.question(signs_by_value(source, layout, tally))
    doubtful = tally.others.doubtful(is_chosen=bool(layout.filters))
    if doubtful is not None:
        question = tally.others.question(doubtful, tuple(signs_by_value(source, layout, tally).get(doubtful, ())))
        if question is not None:
            raise question
    decided += tally.unit_notes()
    if not tally.rows_accepted:
        return None, decided
    accepted = tally.accepted()
    summaries = find_summaries(accepted, missing=tally.rejected.count + tally.rows_ignored)
    if len(summaries.series):
        accepted = replace(accepted, left_out=summaries.series)
        tally.leave_out(summaries.series)
    reversals = tally.net_reversals()  # once sums of other series are known as such
    attributes, kept = tally.settle_attributes()
    accepted = replace(accepted, learned=tally.learned(), attributes=attributes)
    return accepted, [*decided, *summaries.notes(accepted), *reversals, *kept]


def read_rows(source: RowSource, layout: Layout, into: Path, settings: BatchSettings) -> Tally:
    """Read all rows once; once more where they turn out to be written otherwise than was supposed of the first.

    Raises:
        InvalidInput: if some contradict the choice of columns, or can't all be read in one way.
    """
    readers, to_come = _Readers.of(layout, settings), frozenset[int]()
    spread: SpreadRows | None = SpreadRows()
    several, sheet = source.several_files, source.sheet
    while True:
        rejected = Rejected(into / REJECTED_FILE, layout.header, several_files=several, has_sheet=sheet is not None)
        tally = readers.tally(layout, settings, rejected=rejected, source=source, to_come=to_come, spread=spread)
        try:
            with closing(source.blocks(layout)) as blocks:
                for block in blocks:
                    tally.take(block)
            if spread is not None:
                before, layout = layout, judge_again(layout, settings, spread)
                words = [i for i in tally.words.column() if not tally.signs.tells_ledger(layout.header[i])]
                layout = replace(layout, balance=layout.balance or tuple(words))
                tally.layout, spread = layout, None
                if layout.wanted != before.wanted or layout.balance != before.balance:
                    readers = readers.second_pass()
                    continue
            if not readers.dates.refused and not to_come:
                to_come = tally.days_to_come() if settings.future_rows != "keep" else to_come
                refused = _implausible(tally, to_come, settings)
                if refused or to_come:
                    readers = readers.second_pass(refused)
                    continue
            if readers.signs.turns():
                readers = readers.second_pass()
                continue
            tally.finish()
            tally.settle_runs(source.blocks)
            return tally
        except ReadAgain:
            readers = readers.second_pass()
            spread = None if spread is None else SpreadRows()
        finally:
            rejected.close()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Readers:
    """What reads the cells of a file, with what is known of how they are written."""

    dates: DateReader
    styles: NumberReader
    signs: SignReader

    @classmethod
    def of(cls, layout: Layout, settings: BatchSettings) -> _Readers:
        """Those that know nothing yet."""
        styles = NumberReader(
            settings.number_style,
            layout.columns[columns.DEMAND_QTY],
            units=settings.quantity_units,
            dash_is_zero=bool(layout.several),
        )
        zone, date = StampZone(settings.timezone), layout.columns[columns.DATE]
        movements = tuple(layout.header[index] for index in layout.movements)
        return cls(
            dates=DateReader.of(settings, date, zone),
            styles=styles,
            signs=SignReader(settings.demand_sign, styles.column, movements, tuple(one.name for one in layout.filters)),
        )

    def second_pass(self, refused: Reasons | None = None) -> _Readers:
        """Those for a further pass over the rows; `refused` are days whose rows are."""
        dates = self.dates.second_pass()
        dates = dates if refused is None else replace(dates, refused=refused)
        return _Readers(dates=dates, styles=self.styles.second_pass(), signs=self.signs.second_pass())

    def tally(self, layout: Layout, settings: BatchSettings, **of_pass: Any) -> Tally:
        """What a pass over the rows counts."""
        return Tally(layout, settings, self.dates, self.styles, self.signs, **of_pass)


def _implausible(tally: Tally, to_come: frozenset[int], settings: BatchSettings) -> Reasons:
    """Why the rows of some days are refused; raises AmbiguousDates where it is a question."""
    tally.dates.ask_about_era(settings)
    days, rows = tally.rows_by_day()
    counted = ~np.isin(days, list(to_come))
    return find_implausible(days[counted], rows[counted], today=settings.today, asked=settings.future_rows)


def signs_by_value(source: RowSource, layout: Layout, tally: Tally) -> dict[str, dict[str, Signed]]:
    """Of columns that nothing reads and that hold few values: the rows of each value by the sign of their quantity.

    The rows are read once more, for the sentence of a question.
    """
    if layout.several or len(layout.quantity.indices) != 1:
        return {}
    left = set(layout.left_alone)
    columns_left = [i for i, name in enumerate(layout.header) if name in left][:MOST_COLUMNS]
    wider = replace(layout, also=tuple(columns_left))
    found: dict[str, dict[str, Signed]] = {layout.header[i]: {} for i in columns_left}
    choice = RowChoice(layout.filters)
    with closing(source.blocks(wider)) as blocks:
        for block in map(choice.chosen, blocks):
            if block.num_rows and found:
                quantities = tally.quantities(block)
                below, above = quantities < 0, quantities > 0
                for name, by_value in list(found.items()):
                    cells = distinct(block.column(layout.header.index(name)))
                    if len(cells.cells) <= MOST_VALUES:
                        add_signs(by_value, cells, below, above, below | above)
                    if max(len(cells.cells), len(by_value)) > MOST_VALUES:
                        del found[name]
    return found


def _report(  # noqa: PLR0917
    source: RowSource, layout: Layout, name: str, tally: Tally, missing: Sequence[Message], decided: Sequence[Message]
) -> IngestReport:
    kept = tally.totals.cells - tally.cells_left_out
    first = [
        *tally.signs.notes(),
        *tally.choice.notes(),
        *tally.balances.notes(),
        *tally.receipts.notes(),
        *tally.others.notes([one.name for one in layout.filters]),
        *tally.repeats(),
        *tally.notes_to_come(),
        *missing,
    ]
    rejected, filtered = tally.rejected, tally.choice.rows_filtered
    report = IngestReport(
        source=name,
        format=source.format,
        columns=layout.columns,
        columns_left_alone=layout.left_alone,
        columns_unnamed={letter_of(index): count for index, count in tally.unnamed.counts.items() if count},
        stock_columns={ours: cells.name for ours, cells in layout.stock_columns.items()},
        rows_read=tally.rows_read + filtered,
        rows_kept=kept,
        rows_summed=tally.rows_accepted - kept,
        rows_refused=rejected.count,
        rows_ignored=tally.rows_ignored,
        rows_filtered=filtered,
        returns_netted=tally.returns_netted,
        problems=tuple(rejected.problems),
        refused_by_site=dict(sorted(rejected.by_site.items())),
        notes=(*first, *source.notes, *layout.notes, *decided, *_notes(layout, tally)),
        rejected_path=rejected.path if rejected.count else None,
    )
    accounted = report.rows_kept + report.rows_summed + report.rows_refused + report.rows_ignored + filtered
    if report.rows_read != accounted:
        template = N_("{read} rows were read and {accounted} are accounted for; send us the file.")
        raise InternalError(Message(template, {"read": report.rows_read, "accounted": accounted}))
    return report


def _notes(layout: Layout, tally: Tally) -> list[Message]:
    notes = []
    if layout.site is None:
        notes.append(
            Message(N_("There is no site column: everything is one site, {site}."), {"site": columns.ALL_SITES})
        )
    if layout.stock_columns:
        enough = N_(
            "There are columns of stock: {columns}. Orders can be made from them, with no stock file beside; the "
            "demand is not changed by them."
        )
        lacking = N_(
            "There are columns of stock: {columns}. Without one of what is on hand no order can be made from them; the "
            "demand is not changed by them."
        )
        template = enough if "on_hand" in layout.stock_columns else lacking
        notes.append(Message(template, {"columns": ", ".join(cells.name for cells in layout.stock_columns.values())}))
    if layout.site is not None and tally.has_a_site_a_row:
        template = N_(
            "Nearly every row is a site of its own in column {column!r}: it may hold bins, not sites. Choose another "
            "column for the site, or one site for everything with {@column_mapping=$example}."
        )
        example = mapping_example({columns.SITE_CODE: "=ALL"})
        notes.append(Message(template, {"column": layout.columns[columns.SITE_CODE], "example": example}))
    notes += [*tally.unnamed.notes(), *tally.key_notes(), *tally.blanks.notes(tally.rows_read)]
    notes += tally.exclusions.notes(layout.exclude.name if layout.exclude else "")
    outs = tally.stock_outs
    if outs.unclear:
        template = N_("{count} cells of {column} say neither yes nor no, such as {example!r}; they count as in stock.")
        column = layout.stock.name if layout.stock else ""
        notes.append(Message(template, {"count": outs.unclear, "column": column, "example": outs.example}))
    if tally.blank_lines:
        notes.append(Message(N_("{count} blank lines were passed over."), {"count": tally.blank_lines}))
    return notes


def _clear(into: Path) -> None:
    """Remove what an earlier reading left."""
    into.mkdir(parents=True, exist_ok=True)
    for name in (HISTORY_FILE, REJECTED_FILE):
        (into / name).unlink(missing_ok=True)
