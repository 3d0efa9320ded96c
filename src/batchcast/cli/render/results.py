"""What was published, and where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from batchcast.app.words.findings import findings_of, why_no_findings
from batchcast.cli.render.analysis import card, remark
from batchcast.cli.session import Words, safe
from batchcast.domain import columns
from batchcast.domain.accuracy import Hindsight, LeaderboardRow, WorstPart, in_units
from batchcast.domain.calendar import length_in_words
from batchcast.domain.errors import N_
from batchcast.domain.inventory import NextUnit, Orders, notes_of, promise_of
from batchcast.forecast.models.table import AUTO
from batchcast.publish.kinds import DOWNLOADS, KINDS, ORDER_TABLES

if TYPE_CHECKING:
    from batchcast.app.batchcast import RunResult
    from batchcast.app.sums import ToldSums


def result_lines(result: RunResult, words: Words) -> Iterator[RenderableType]:
    """The files, how good the forecast is in words, and what to order."""
    yield files_card(result, words)
    if result.hindsight is not None:
        yield from hindsight_lines(result.hindsight, words)
    if result.orders is not None:
        yield from orders_lines(result.orders, result.files, words)


def files_card(result: RunResult, words: Words) -> RenderableType:
    """Where everything is."""
    facts = [
        (words.say(kind.label), safe(str(result.files[kind.name]))) for kind in DOWNLOADS if kind.name in result.files
    ]
    return card(words.say(N_("Published in {time}"), time=words.duration(result.seconds)), facts)


def result_json(result: RunResult, words: Words) -> dict[str, Any]:
    """The closing object for programs."""
    from batchcast.app.words.nouns import accuracy_json, orders_json

    return {
        "kind": "result",
        "batch_id": result.batch.batch_id,
        "status": result.batch.state.value,
        "files": {kind: str(path) for kind, path in result.files.items()},
        "counts": dict(result.counts),
        "seconds": round(result.seconds, 3),
        "leaderboard": [row.as_json() for row in result.leaderboard],
        "orders": None if result.orders is None else orders_json(result.orders, words.text),
        "accuracy": None if result.hindsight is None else accuracy_json(result.hindsight, words.text),
    }


# How good each model is: the leaderboard after a backtest.


def leaderboard_table(leaderboard: Sequence[LeaderboardRow], words: Words) -> RenderableType:
    """Best first, as given; MAE and WAPE stand last, for information: on sparse parts the zero forecast wins them."""
    say = words.say
    levels = sorted(leaderboard[0].coverage) if leaderboard else []
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column(say(N_("Model")), no_wrap=True)
    headings = [
        say(N_("Cases")),
        say(N_("Lead-time pinball")),
        say(N_("Beside auto")),
        *(f"≤ p{100 * level:g}" for level in levels),
    ]
    headings += [say(N_("Bias")), "RMSSE", say(N_("Fill rate")), "MAE", "WAPE"]
    for heading in headings:
        table.add_column(heading, justify="right")
    for row in leaderboard:
        cells = [words.number(row.cases, ",")]
        cells += [words.number(row.lead_time_pinball, ".4f"), words.number(row.beside_auto, ".3f")]
        cells += [words.share(row.coverage[level], 1) for level in levels]
        cells += [
            words.number(row.bias, "+.3f"),
            words.number(row.rmsse, ".4f"),
            words.share(row.fill_rate, 1),
        ]
        cells += [words.number(row.mae, ",.3f"), words.number(row.wape, ",.3f")]
        table.add_row(Text(row.model, style="bold" if row.model == AUTO else ""), *map(Text, cells))
    return table


# How good the forecast is, in words, and the parts with the most units short.

_SHOWN = 5  # parts; the rest are in accuracy.csv


def hindsight_lines(hindsight: Hindsight, words: Words) -> Iterator[RenderableType]:
    """What the backtest found, a sentence a line; then the first parts that were short."""
    findings = findings_of(hindsight)
    for finding in findings:
        yield Text(words.tell(finding.said))
    if not hindsight.cases:
        yield Text(words.tell(why_no_findings(hindsight)))
        return
    if hindsight.worst_parts:
        yield Text()
        yield card(
            words.say(N_("The worst parts")),
            [_fact(part, words) for part in hindsight.worst_parts[:_SHOWN]],
        )


def _fact(part: WorstPart, words: Words) -> tuple[str, str]:
    short = words.say(N_("{units:,} short."), units=in_units(part.units_short))
    return f"{safe(part.partnumber)} · {safe(part.site_code)}", f"{short} {words.tell(part.reason)}"


# Orders on the terminal: how much there is to do, the first units to buy, and what was promised and achieved.

_PURCHASES_SHOWN = 10


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
    has_suppliers = any(unit.supplier for unit in next_units)
    for heading in ("#", say(N_("Site")), say(N_("Part number")), *([say(N_("Supplier"))] * has_suppliers)):
        table.add_column(heading, overflow="fold")
    numbers = (N_("Units"), N_("Cost"), N_("Short avoided"), N_("Served before"), N_("Served after"))
    for label in numbers:
        table.add_column(say(label), justify="right")
    for unit in next_units[:_PURCHASES_SHOWN]:
        cost = "" if unit.cost is None else words.number(unit.cost, ",.2f")
        table.add_row(
            Text(str(unit.rank)),
            Text(safe(unit.site_code)),
            Text(safe(unit.partnumber)),
            *([Text(safe(unit.supplier or ""))] * has_suppliers),
            Text(words.number(unit.units, ",g")),
            Text(cost),
            Text(words.number(unit.avoided_short, ",.3f")),
            Text(words.share(unit.fill_rate_before, 1)),
            Text(words.share(unit.fill_rate_after, 1)),
        )
    return table


# The demand summed over windows: the first parts, or where all of them are.

_SUMS_SHOWN = 24  # rows


def sums_lines(told: ToldSums, words: Words) -> Iterator[RenderableType]:
    """The first rows, and where the others are."""
    say = words.say
    levels = [name for name in told.table.column_names if name.startswith("p") and name[1:2].isdigit()]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", title_justify="left")
    for heading in (N_("Site"), N_("Part number"), N_("Over")):
        table.add_column(say(heading), overflow="fold")
    for heading in (say(N_("Mean")), say(N_("No demand")), *levels):
        table.add_column(heading, justify="right")
    for row in told.table.slice(0, _SUMS_SHOWN).to_pylist():
        length = words.tell(length_in_words(told.calendar, in_units(row[columns.WINDOW])))
        figures = [words.number(in_units(row[name]), ",") for name in levels]
        key = (safe(row[columns.SITE_CODE]), safe(row[columns.PARTNUMBER]), length)
        mean, none = words.number(in_units(row[columns.MEAN]), ","), words.share(row[columns.NO_DEMAND], 1)
        table.add_row(*map(Text, (*key, mean, none, *figures)))
    yield table
    left = told.table.num_rows - _SUMS_SHOWN
    if left > 0:
        yield say(N_("… and {count:,} more rows."), count=left)
    for note in told.notes:
        yield remark("!", words.tell(note), "yellow")
    if told.file is not None:
        yield card(say(N_("Sums")), [(say(N_("File")), safe(str(told.file)))])
