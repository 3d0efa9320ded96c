"""Labels and values in two columns: the form of every card."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

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
