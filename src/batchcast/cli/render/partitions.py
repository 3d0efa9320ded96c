"""The live table of partitions and the overall bar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console, Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from batchcast.cli.session import Words, safe, shorten
from batchcast.domain.batch import Batch, PartitionRecord, PartitionState
from batchcast.domain.errors import N_

_LONGEST_SITES = 28
_RESERVED_LINES = 8  # heading, bar, and what stands above
_BAR_WIDTH = 40


@dataclass(frozen=True)
class Look:
    """How a state shows: sign, sign where the terminal has no such letter, colour, word."""

    sign: str
    plain: str
    style: str
    word: str


LOOKS: Mapping[PartitionState, Look] = {
    PartitionState.PENDING: Look("○", ".", "dim", N_("waiting")),
    PartitionState.PROCESSING: Look("◐", ">", "cyan", N_("at work")),
    PartitionState.COMPLETED: Look("✓", "+", "green", N_("completed")),
    PartitionState.FAILED: Look("✗", "x", "bold red", N_("failed")),
    PartitionState.TIMEOUT: Look("⏱", "T", "bold red", N_("timed out")),
    PartitionState.CANCELLED: Look("⊘", "-", "yellow", N_("cancelled")),
}


def partition_view(
    batch: Batch, words: Words, console: Console, *, seconds: Mapping[int, float], time_left: float | None
) -> RenderableType:
    """The table and the bar; `seconds` are those that partitions at work have taken so far."""
    room = max(console.height - _RESERVED_LINES, 3)
    shown = choose_shown(batch.partitions, room)
    parts: list[RenderableType] = [partition_table(shown, words, console, seconds=seconds)]
    if len(shown) < len(batch.partitions):
        parts.append(Text(_counts(batch, words), style="dim"))
    parts.append(overall_bar(batch, words, time_left=time_left))
    return Group(*parts)


def choose_shown(records: Sequence[PartitionRecord], room: int) -> list[PartitionRecord]:
    """All where there is room; else those that failed, then those at work, then the next to come, in their order."""
    if len(records) <= room:
        return list(records)
    urgency = {
        PartitionState.FAILED: 0,
        PartitionState.TIMEOUT: 0,
        PartitionState.PROCESSING: 1,
        PartitionState.PENDING: 2,
        PartitionState.COMPLETED: 3,
        PartitionState.CANCELLED: 3,
    }
    most_urgent = sorted(records, key=lambda r: (urgency[r.state], r.partition.number))[:room]
    return sorted(most_urgent, key=lambda r: r.partition.number)


def partition_table(
    records: Sequence[PartitionRecord], words: Words, console: Console, *, seconds: Mapping[int, float]
) -> Table:
    """A row a partition."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column(words.say(N_("Part")), no_wrap=True)
    table.add_column(words.say(N_("Status")), no_wrap=True)
    table.add_column(words.say(N_("Sites")), no_wrap=True, max_width=_LONGEST_SITES)
    for heading in (N_("Rows"), N_("Parts"), N_("Time")):
        table.add_column(words.say(heading), justify="right", no_wrap=True)
    table.add_column(words.say(N_("Error")), overflow="fold")
    for record in records:
        partition = record.partition
        taken = record.seconds if record.seconds is not None else seconds.get(partition.number)
        table.add_row(
            Text(f"P{partition.number}"),
            status_text(record, words, console),
            Text(sites_text(partition.sites, words)),
            Text(words.number(partition.rows)),
            Text(words.number(partition.parts)),
            Text("" if taken is None else words.duration(taken)),
            Text(words.tell(record.error) if record.error else "", style="red"),
        )
    return table


def status_text(record: PartitionRecord, words: Words, console: Console) -> Text:
    """Sign and word of a state, with the share done of a partition at work."""
    look = LOOKS[record.state]
    sign = look.plain if console.options.ascii_only else look.sign
    word = words.say(look.word)
    at_work = record.state is PartitionState.PROCESSING and record.progress > 0
    share = f" {words.share(record.progress)}" if at_work else ""
    return Text(f"{sign} {word}{share}", style=look.style)


def sites_text(sites: Sequence[str], words: Words) -> str:
    """The site of a partition, or the first and how many more."""
    first = shorten(safe(sites[0]), _LONGEST_SITES - 6) if sites else ""
    return first if len(sites) <= 1 else words.say(N_("{site} +{more:,}"), site=first, more=len(sites) - 1)


def overall_bar(batch: Batch, words: Words, *, time_left: float | None) -> RenderableType:
    """The share of the work done, the partitions completed, and the time left where it is known."""
    grid = Table.grid(padding=(0, 2))
    bar = ProgressBar(total=1.0, completed=batch.progress, width=_BAR_WIDTH)
    grid.add_row(bar, Text(progress_text(batch, words, time_left=time_left)))
    return grid


def progress_text(batch: Batch, words: Words, *, time_left: float | None) -> str:
    """`45 % · 7/10 completed · 12 s left`."""
    completed = count_in(batch, PartitionState.COMPLETED)
    parts = [words.share(batch.progress)]
    parts.append(words.say(N_("{done:,}/{total:,} completed"), done=completed, total=len(batch.partitions)))
    if time_left is not None:
        parts.append(words.say(N_("{time} left"), time=words.duration(time_left)))
    return " · ".join(parts)


def count_in(batch: Batch, state: PartitionState) -> int:
    """Partitions in a state."""
    return sum(record.state is state for record in batch.partitions)


def _counts(batch: Batch, words: Words) -> str:
    counted = ((count_in(batch, state), look.word) for state, look in LOOKS.items())
    return ", ".join(f"{words.number(count)} {words.say(word)}" for count, word in counted if count)
