"""The rows of a file that were refused, as a person reads them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from batchcast.cli.session import Words, safe, shorten
from batchcast.domain.errors import N_
from batchcast.domain.history import RowProblem

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
        table.add_row(*map(Text, _cells(problem, words, with_place=with_place)))
    yield table
    hidden = refused - len(shown)
    if hidden > 0:
        yield Text(say(N_("… and {count:,} more rows."), count=hidden))


def _cells(problem: RowProblem, words: Words, *, with_place: bool) -> list[str]:
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
