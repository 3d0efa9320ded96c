"""Orders on the terminal: how much there is to do, the first units to buy, and what was promised and achieved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from batchcast.app.order_words import notes_of, promise_of
from batchcast.cli.render.facts import card, remark
from batchcast.cli.session import Words, safe
from batchcast.domain.errors import N_
from batchcast.domain.inventory import NextUnit, Orders
from batchcast.publish.kinds import KINDS, ORDER_TABLES

_SHOWN = 10


def orders_lines(orders: Orders, files: Mapping[str, Path], words: Words) -> Iterator[RenderableType]:
    """Everything that a person is told."""
    yield from figures_lines(orders.parts, orders.to_order, orders.next_units, files, words)
    for message in promise_of(orders):
        yield words.tell(message)
    for message in notes_of(orders):
        yield remark("!", words.tell(message), "yellow")


def figures_lines(
    parts: int, to_order: int, next_units: Sequence[NextUnit], files: Mapping[str, Path], words: Words
) -> Iterator[RenderableType]:
    """How much there is to do, where it is written, and the first units to buy."""
    say = words.say
    facts = [
        (say(N_("Parts")), words.number(parts, ",d")),
        (say(N_("Parts to order now")), words.number(to_order, ",d")),
        *((say(KINDS[kind].label), safe(str(path))) for kind, path in files.items() if kind in ORDER_TABLES),
    ]
    yield card(say(N_("Orders from the stock that is held")), facts)
    if next_units:
        yield _table(next_units, words)
        yield ""


def _table(next_units: Sequence[NextUnit], words: Words) -> Table:
    say = words.say
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", title_justify="left")
    for heading in ("#", say(N_("Site")), say(N_("Part number"))):
        table.add_column(heading, overflow="fold")
    numbers = (N_("Units"), N_("Cost"), N_("Short avoided"), N_("Served before"), N_("Served after"))
    for label in numbers:
        table.add_column(say(label), justify="right")
    for unit in next_units[:_SHOWN]:
        cost = "" if unit.cost is None else words.number(unit.cost, ",.2f")
        table.add_row(
            Text(str(unit.rank)),
            Text(safe(unit.site_code)),
            Text(safe(unit.partnumber)),
            Text(words.number(unit.units, ",g")),
            Text(cost),
            Text(words.number(unit.avoided_short, ",.3f")),
            Text(words.share(unit.fill_rate_before, 1)),
            Text(words.share(unit.fill_rate_after, 1)),
        )
    return table
