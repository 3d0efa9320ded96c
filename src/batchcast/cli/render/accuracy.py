"""How good the forecast is: in words after a run, as a leaderboard after a backtest."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from batchcast.cli.words import Words
from batchcast.domain.accuracy import LeaderboardRow
from batchcast.domain.message import mark

OURS = "auto"
NAIVE = "naive"
_EVEN = 0.005  # a bias under half a percent is none that anybody would act on


def accuracy_summary(leaderboard: Sequence[LeaderboardRow], service_level: float, words: Words) -> Iterator[str]:
    """In words: against the naive forecast, coverage at the service level, bias."""
    rows = {row.model: row for row in leaderboard}
    ours, naive = rows.get(OURS), rows.get(NAIVE)
    if ours is None or not ours.series:
        yield words.say(mark("The history is too short for a backtest, so the accuracy of this forecast is not known."))
        return
    yield words.say(mark("Backtest over {cases:,} cases, each a series seen from a past cutoff:"), cases=ours.series)
    if naive is not None and naive.lead_time_pinball > 0:
        yield _against_naive(ours, naive, words)
    covered = nearest_level(ours.coverage, service_level)
    if covered is not None:
        template = mark("Demand stayed at or under the {level} quantile in {share} of the cases.")
        share = words.share(ours.coverage[covered], 1)
        yield words.say(template, level=words.number(100 * covered, ".4g") + " %", share=share)
    if not math.isnan(ours.bias):
        yield _bias(ours.bias, words)


def _against_naive(ours: LeaderboardRow, naive: LeaderboardRow, words: Words) -> str:
    better = mark("Lead-time pinball loss {ours:.3f}, {share} less than the naive forecast's {naive:.3f}.")
    worse = mark("Lead-time pinball loss {ours:.3f}, {share} more than the naive forecast's {naive:.3f}.")
    ratio = ours.lead_time_pinball / naive.lead_time_pinball
    template = better if ratio <= 1 else worse
    share = words.share(abs(1 - ratio))
    return words.say(template, ours=ours.lead_time_pinball, naive=naive.lead_time_pinball, share=share)


def _bias(bias: float, words: Words) -> str:
    if abs(bias) < _EVEN:
        return words.say(mark("The forecast adds up to what was demanded."))
    over = mark("The forecast adds up to {share} more than was demanded.")
    under = mark("The forecast adds up to {share} less than was demanded.")
    return words.say(over if bias > 0 else under, share=words.share(abs(bias), 1))


def nearest_level(levels: Iterable[float], level: float) -> float | None:
    """The level that was measured nearest to the one asked for."""
    return min(levels, key=lambda measured: abs(measured - level), default=None)


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
