"""How good each model is: the leaderboard after a backtest."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from batchcast.cli.words import Words
from batchcast.domain.accuracy import LeaderboardRow
from batchcast.domain.message import mark

OURS = "auto"


def leaderboard_table(leaderboard: Sequence[LeaderboardRow], words: Words) -> RenderableType:
    """Best first, as given; MAE and WAPE stand last, for information: on sparse parts the zero forecast wins them."""
    say = words.say
    levels = sorted(leaderboard[0].coverage) if leaderboard else []
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column(say(mark("Model")), no_wrap=True)
    headings = [
        say(mark("Cases")),
        say(mark("Lead-time pinball")),
        say(mark("Beside auto")),
        *(f"≤ p{100 * level:g}" for level in levels),
    ]
    headings += [say(mark("Bias")), "RMSSE", say(mark("Fill rate")), "MAE", "WAPE"]
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
        table.add_row(Text(row.model, style="bold" if row.model == OURS else ""), *map(Text, cells))
    return table
