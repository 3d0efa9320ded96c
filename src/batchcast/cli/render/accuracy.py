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
    """Best first; MAE and WAPE stand last, for information: on sparse parts the zero forecast wins them."""
    say = words.say
    ranked = sorted(leaderboard, key=lambda row: (row.lead_time_pinball, row.model))
    levels = sorted(ranked[0].coverage) if ranked else []
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column(say(mark("Model")), no_wrap=True)
    headings = [say(mark("Lead-time pinball")), *(f"≤ p{100 * level:g}" for level in levels)]
    headings += [say(mark("Bias")), "RMSSE", say(mark("Fill rate")), "MAE", "WAPE"]
    for heading in headings:
        table.add_column(heading, justify="right")
    for row in ranked:
        cells = [words.number(row.lead_time_pinball, ".4f")]
        cells += [words.share(row.coverage[level], 1) for level in levels]
        cells += [
            words.number(row.bias, "+.3f"),
            words.number(row.rmsse, ".4f"),
            words.share(row.fill_rate, 1),
        ]
        cells += [words.number(row.mae, ",.3f"), words.number(row.wape, ",.3f")]
        table.add_row(Text(row.model, style="bold" if row.model == OURS else ""), *map(Text, cells))
    return table
