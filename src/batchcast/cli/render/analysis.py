"""The card of what a file holds and how it would be cut into partitions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from batchcast.cli.session import Words, safe, shorten
from batchcast.domain.calendar import Frequency
from batchcast.domain.errors import N_
from batchcast.domain.history import IngestReport, RowProblem
from batchcast.domain.plan import Plan

if TYPE_CHECKING:
    from batchcast.app.intake import Analysis

# Labels and values in two columns: the form of every card.

Fact = tuple[str, str]  # label, value


def fact_grid(facts: Iterable[Fact]) -> Table:
    """The facts under each other; long values wrap beside their label."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for label, value in facts:
        grid.add_row(Text(label), Text(value))
    return grid


def card(title: str, facts: Iterable[Fact], below: Sequence[RenderableType] = ()) -> RenderableType:
    """A title, its facts indented under it, and what belongs to them."""
    return Group(Text(title, style="bold"), Padding(Group(fact_grid(facts), *below), (0, 0, 1, 2)))


def remark(sign: str, sentence: str, style: str) -> Table:
    """A sentence behind a sign, wrapped beside it."""
    grid = Table.grid(padding=(0, 1))
    grid.add_row(Text(sign, style=style), Text(sentence))
    return grid


_NAMES_SHOWN = 8
PARTITIONS_SHOWN = 100


def analysis_card(analysis: Analysis, words: Words) -> RenderableType:
    """Everything a person should know before the batch runs."""
    parts: list[RenderableType] = [input_card(analysis.report, words)]
    if analysis.plan is not None:
        parts.append(plan_card(analysis.plan, words))
    return Group(*parts)


def input_card(report: IngestReport, words: Words) -> RenderableType:
    """What was read, every row accounted for."""
    say = words.say
    facts: list[Fact] = [
        (say(N_("File")), safe(report.source)),
        (say(N_("Read as")), words.tell(report.format)),
        (say(N_("Columns")), _columns(report, words)),
        (say(N_("Rows")), _rows(report, words)),
    ]
    if report.columns_left_alone:
        facts.insert(3, (say(N_("Left alone")), _names(report.columns_left_alone)))
    if report.returns_netted:
        template = N_("{count:,} rows, taken off the demand")
        facts.append((say(N_("Returns")), say(template, count=report.returns_netted)))
    notes = [remark("·", words.tell(note), "dim") for note in report.notes]
    return card(say(N_("Demand history")), facts, notes)


def plan_card(plan: Plan, words: Words) -> RenderableType:
    """What will be forecast, in which partitions, and how long it should take."""
    say = words.say
    facts = [
        (say(N_("History")), _history(plan, words)),
        (say(N_("Sites")), words.number(plan.sites)),
        (say(N_("Part numbers")), words.number(plan.parts)),
        (say(N_("Series")), words.number(plan.series)),
        (say(N_("Forecast")), _forecast(plan, words)),
        (say(N_("Partitions")), _partitions(plan, words)),
        (say(N_("Estimate")), _estimate(plan, words)),
    ]
    remarks = [remark("·", words.tell(note), "dim") for note in plan.notes]
    remarks += [remark("!", words.tell(hint), "yellow") for hint in plan.hints]
    return card(say(N_("Batch analysis")), facts, remarks)


def frequency_name(frequency: Frequency, words: Words) -> str:
    """The frequency as a person says it."""
    names = {
        Frequency.DAILY: N_("daily"),
        Frequency.WEEKLY: N_("weekly"),
        Frequency.MONTHLY: N_("monthly"),
    }
    return words.say(names[frequency])


def _columns(report: IngestReport, words: Words) -> str:
    template = N_("{column} from {name}")
    return ", ".join(words.say(template, column=ours, name=theirs) for ours, theirs in report.columns.items())


def _rows(report: IngestReport, words: Words) -> str:
    parts = [words.say(N_("{count:,} read"), count=report.rows_read)]
    counted = (
        (report.rows_kept, N_("{count:,} kept")),
        (report.rows_summed, N_("{count:,} summed into the same day, part and site")),
        (report.rows_ignored, N_("{count:,} left out (returns, balances, totals)")),
        (report.rows_filtered, N_("{count:,} left out by {@only_rows}")),
        (report.rows_refused, N_("{count:,} refused")),
    )
    parts += [words.say(template, count=count) for count, template in counted if count]
    return ", ".join(parts)


def _history(plan: Plan, words: Words) -> str:
    template = N_("{first} to {last}, {frequency}")
    frequency = frequency_name(plan.request.calendar.frequency, words)
    return words.say(template, first=plan.first_date, last=plan.last_date, frequency=frequency)


def _forecast(plan: Plan, words: Words) -> str:
    from batchcast.domain.calendar import date_of

    request = plan.request
    first = request.first_period
    start, end = (date_of(request.calendar.first_day(p)) for p in (first, first + request.horizon - 1))
    template = N_("{horizon} periods, {start} to {end}")
    return words.say(template, horizon=request.horizon, start=start, end=end)


def _partitions(plan: Plan, words: Words) -> str:
    rows = [p.rows for p in plan.partitions]
    if len(rows) == 1:
        return words.say(N_("1, with all {rows:,} rows"), rows=rows[0])
    template = N_("{count:,}, of {fewest:,} to {most:,} rows each")
    return words.say(template, count=len(rows), fewest=min(rows), most=max(rows))


def _estimate(plan: Plan, words: Words) -> str:
    template = N_("{time}; {times:.1f} times faster than one job on one core")
    time = words.duration(plan.estimate_seconds)
    if plan.speed_up < 1.05:
        return time
    return words.say(template, time=time, times=plan.speed_up)


def _names(names: tuple[str, ...]) -> str:
    shown = ", ".join(shorten(safe(name), 40) for name in names[:_NAMES_SHOWN])
    return shown + (", …" if len(names) > _NAMES_SHOWN else "")


def partitions_card(plan: Plan, words: Words) -> RenderableType:
    """The planned partitions, the largest first."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column(words.say(N_("Part")), no_wrap=True)
    table.add_column(words.say(N_("Sites")), overflow="fold")
    for heading in (N_("Rows"), N_("Parts"), N_("Series")):
        table.add_column(words.say(heading), justify="right", no_wrap=True)
    for partition in plan.partitions[:PARTITIONS_SHOWN]:
        counts = (partition.rows, partition.parts, partition.series)
        table.add_row(f"P{partition.number}", Text(_names(partition.sites)), *map(words.number, counts))
    hidden = len(plan.partitions) - PARTITIONS_SHOWN
    rest = [Text(words.say(N_("… and {count:,} more partitions."), count=hidden))] if hidden > 0 else []
    return Group(table, *rest)


# The rows of a file that were refused, as a person reads them.

_ROWS_SHOWN = 20
_LONGEST_VALUE = 40


def refused_rows(problems: Sequence[RowProblem], refused: int, words: Words) -> Iterator[RenderableType]:
    """The first of the refused rows, and how many more there are."""
    say = words.say
    shown = problems[:_ROWS_SHOWN]
    with_place = any(problem.file or problem.sheet for problem in shown)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    if with_place:
        table.add_column(say(N_("File")), overflow="fold")
    table.add_column(say(N_("Line")), justify="right", no_wrap=True)
    for heading in (N_("Column"), N_("Value"), N_("Reason"), N_("Site"), N_("Partition")):
        table.add_column(say(heading), overflow="fold")
    for problem in shown:
        table.add_row(*map(Text, _problem_cells(problem, words, with_place=with_place)))
    yield table
    hidden = refused - len(shown)
    if hidden > 0:
        yield Text(say(N_("… and {count:,} more rows."), count=hidden))


def _problem_cells(problem: RowProblem, words: Words, *, with_place: bool) -> list[str]:
    place = [safe(problem.file or problem.sheet or "")] if with_place else []
    return [
        *place,
        str(problem.line),
        f"{safe(problem.column)} ({problem.letter})" if problem.letter else safe(problem.column),
        shorten(repr(problem.value), _LONGEST_VALUE),
        words.tell(problem.reason),
        shorten(safe(problem.site_code or ""), _LONGEST_VALUE),
        "" if problem.partition is None else f"P{problem.partition}",
    ]
