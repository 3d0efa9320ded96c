"""How good the forecast of a batch is, in words that a planner understands, each with the exact term beside it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from batchcast.domain.accuracy import LeaderboardRow
from batchcast.domain.message import Message, mark

_OURS, _NAIVE = "auto", "naive"
_EVEN = 0.005  # a bias under half a percent is none that anybody would act on
_MUCH = 0.1  # one from which stock or shortage grows visibly


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that the backtest found."""

    said: Message  # in plain words
    term: Message  # the measure with its figures
    is_good: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Accuracy:
    """What the backtest of a batch found."""

    cases: int  # series seen from a past cutoff
    findings: tuple[Finding, ...]


def accuracy_of(leaderboard: Sequence[LeaderboardRow], service_level: float) -> Accuracy | None:
    """Against the naive forecast, coverage at the service level, bias; None where no history was long enough."""
    rows = {row.model: row for row in leaderboard}
    ours = rows.get(_OURS)
    if ours is None or not ours.series:
        return None
    return Accuracy(cases=ours.series, findings=tuple(_findings(ours, rows.get(_NAIVE), service_level)))


def _findings(ours: LeaderboardRow, naive: LeaderboardRow | None, service_level: float) -> Iterator[Finding]:
    if naive is not None and naive.lead_time_pinball > 0:
        yield _against_naive(ours, naive)
    level = min(ours.coverage, key=lambda measured: abs(measured - service_level), default=None)
    if level is not None and not math.isnan(ours.coverage[level]):
        yield _coverage(level, ours.coverage[level])
    if not math.isnan(ours.bias):
        yield _bias(ours.bias)


def _against_naive(ours: LeaderboardRow, naive: LeaderboardRow) -> Finding:
    better = mark(
        "Its errors were {share:.0%} smaller than those of the naive forecast, which repeats the latest demand."
    )
    worse = mark(
        "Its errors were {share:.0%} larger than those of the naive forecast, which repeats the latest demand."
    )
    ratio = ours.lead_time_pinball / naive.lead_time_pinball
    term = mark("Lead-time pinball loss {ours:.3f}, naive {naive:.3f}")
    return Finding(
        said=Message(better if ratio <= 1 else worse, {"share": abs(1 - ratio)}),
        term=Message(term, {"ours": ours.lead_time_pinball, "naive": naive.lead_time_pinball}),
        is_good=ratio <= 1,
    )


def _coverage(level: float, covered: float) -> Finding:
    said = mark("A stock for a service level of {level:.0%} would have been enough in {covered:.1%} of the cases.")
    term = mark("Coverage of the {level:.0%} quantile {covered:.1%}")
    values = {"level": level, "covered": covered}
    return Finding(said=Message(said, values), term=Message(term, values), is_good=covered >= level - _slack(level))


def _slack(level: float) -> float:
    """How far under its level a coverage may lie: half of what was left to miss."""
    return (1 - level) / 2


def _bias(bias: float) -> Finding:
    over = mark("Over all, it forecast {share:.1%} more than was demanded.")
    under = mark("Over all, it forecast {share:.1%} less than was demanded.")
    even = mark("Over all, it forecast as much as was demanded.")
    said = even if abs(bias) < _EVEN else over if bias > 0 else under
    term = Message(mark("Bias {bias:+.1%}"), {"bias": bias})
    return Finding(said=Message(said, {"share": abs(bias)}), term=term, is_good=abs(bias) < _MUCH)
