"""Batches of a server, as a person reads them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from batchcast.cli.render.analysis import PARTITIONS_SHOWN, Fact, card, remark
from batchcast.cli.render.partitions import choose_shown, partition_table
from batchcast.cli.render.results import figures_lines
from batchcast.cli.session import Words, safe, shorten
from batchcast.domain.batch import BatchState, PartitionRecord, PartitionState
from batchcast.domain.errors import N_, Message
from batchcast.domain.history import RowProblem
from batchcast.domain.inventory import NextUnit
from batchcast.domain.plan import Partition

SHOWN_OF_ID = 8  # characters
_LONGEST_NAME = 40
_LONGEST_ERROR = 60
_STATES: Mapping[BatchState, tuple[str, str]] = {
    BatchState.PENDING: (N_("in the queue"), "dim"),
    BatchState.PROCESSING: (N_("at work"), "cyan"),
    BatchState.COMPLETED: (N_("completed"), "green"),
    BatchState.ROLLED_BACK: (N_("rolled back"), "bold red"),
    BatchState.CANCELLED: (N_("cancelled"), "yellow"),
}


def history_view(page: Mapping[str, Any], words: Words, *, is_chosen: bool) -> RenderableType:
    """A row a batch, and how many more there are.

    Args:
        page: as the server answers.
        words: in which it is said.
        is_chosen: whether only some batches were asked for.
    """
    say = words.say
    if not page["batches"]:
        none = N_("There is no batch on this server yet; `batchcast batches submit FILE` queues one.")
        return Text(say(N_("There is no such batch.") if is_chosen else none))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column(say(N_("Batch")), no_wrap=True)
    table.add_column(say(N_("Status")), no_wrap=True)
    table.add_column(say(N_("File")), no_wrap=True)
    for heading in (N_("Rows"), N_("Partitions")):
        table.add_column(say(heading), justify="right", no_wrap=True)
    table.add_column(say(N_("Submitted")), no_wrap=True)
    table.add_column(say(N_("Error")), overflow="fold")
    for line in page["batches"]:
        progress = line["progress"]
        table.add_row(
            Text(line["batch_id"][:SHOWN_OF_ID]),
            _state_text(line, words),
            Text(shorten(safe(line["file_name"] or ""), _LONGEST_NAME)),
            Text(words.number(line["rows"])),
            Text(f"{words.number(progress['completed'])}/{words.number(progress['total'])}"),
            Text(_time(line["submitted_at"])),
            Text(shorten(safe(line["error"] or ""), _LONGEST_ERROR), style="red"),
        )
    hidden = page["total"] - page["offset"] - len(page["batches"])
    rest = [Text(say(N_("… and {count:,} more batches."), count=hidden))] if hidden > 0 else []
    return Group(table, *rest)


def status_view(status: Mapping[str, Any], words: Words, console: Console) -> RenderableType:
    """The batch, what went wrong, and its partitions."""
    parts: list[RenderableType] = [card(safe(status["file_name"] or status["batch_id"]), _facts(status, words))]
    error = status["error"]
    if error:
        parts.append(remark("✗", safe(error["message"]), "bold red"))
        if error["way_out"]:
            parts.append(remark("→", safe(error["way_out"]), "bold"))
    records = [_record(partition) for partition in status["partitions"]]
    shown = choose_shown(records, PARTITIONS_SHOWN)
    parts.append(partition_table(shown, words, console, seconds={}))
    if len(shown) < len(records):
        parts.append(Text(words.say(N_("… and {count:,} more partitions."), count=len(records) - len(shown))))
    return Group(*parts)


def row_problems(row_errors: Mapping[str, Any]) -> list[RowProblem]:
    """The refused rows that a server names."""
    return [RowProblem(**(told | {"reason": Message(told["reason"])})) for told in row_errors["first"]]


def _facts(status: Mapping[str, Any], words: Words) -> Iterator[Fact]:
    say = words.say
    yield say(N_("Batch")), status["batch_id"]
    yield say(N_("Status")), _state_text(status, words).plain
    yield say(N_("Progress")), _progress(status, words)
    for label, key in (
        (N_("Submitted"), "submitted_at"),
        (N_("Started"), "started_at"),
        (N_("Ended"), "ended_at"),
    ):
        if status[key]:
            by = status["submitted_by"] if key == "submitted_at" else None
            yield say(label), _time(status[key]) + (f", {safe(by)}" if by else "")
    if status["retry_of"]:
        reused = sum(partition["reused"] for partition in status["partitions"])
        template = N_("{batch}, {count:,} partitions taken from earlier runs")
        yield say(N_("Run again of")), say(template, batch=status["retry_of"], count=reused)
    if status["result"]:
        names = (f"{file['kind']}.{file['format']}" for file in status["result"]["files"])
        yield say(N_("Files")), safe(", ".join(names))


def orders_view(answer: Mapping[str, Any], files: Mapping[str, Path], words: Words) -> RenderableType:
    """What to order, as `batchcast orders` shows it, with what the server says of it."""
    names = [field.name for field in fields(NextUnit)]
    next_units = [NextUnit(**{name: unit[name] for name in names}) for unit in answer["next_units"]]
    figures = figures_lines(answer["parts"], answer["to_order"], next_units, files, words)
    return Group(*figures, *(Text(safe(sentence)) for sentence in answer["sentences"]))


def _progress(status: Mapping[str, Any], words: Words) -> str:
    progress = status["progress"]
    parts = [words.share(progress["percent"] / 100)]
    parts.append(words.say(N_("{done:,}/{total:,} completed"), done=progress["completed"], total=progress["total"]))
    if status["seconds_left"] is not None:
        parts.append(words.say(N_("{time} left"), time=words.duration(status["seconds_left"])))
    return " · ".join(parts)


def _state_text(told: Mapping[str, Any], words: Words) -> Text:
    template, style = _STATES[BatchState(told["status"])]
    place = told["queue_place"]
    word = words.say(template)
    return Text(f"{word} ({words.number(place)})" if place else word, style=style)


def _record(told: Mapping[str, Any]) -> PartitionRecord:
    """A partition as the live table of `run` takes it."""
    partition = Partition(
        number=told["number"],
        ranges=(),
        sites=tuple(told["sites"]),
        rows=told["rows"],
        parts=told["parts"],
        series=told["series"],
        cells=0,
    )
    return PartitionRecord(
        partition=partition,
        state=PartitionState(told["status"]),
        attempt=told["attempt"],
        progress=told["percent"] / 100,
        seconds=told["seconds"],
        error=Message(told["error"]["message"]) if told["error"] else None,
        reused_from=told["reused_from"],
    )


def _time(text: str) -> str:
    """A time of the server, as the clock of this machine shows it."""
    return dt.datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M:%S")
