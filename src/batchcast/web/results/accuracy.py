"""How good the forecast of a batch is, in words that a planner understands, each with the exact term beside it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from batchcast.domain.message import Message, mark
from batchcast.domain.overview import ClassTotal
from batchcast.web.results.words import in_percent

_EVEN = 0.005  # a bias under half a percent is none that anybody would act on
_MUCH = 0.1  # one from which stock or shortage grows visibly


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that the backtest found."""

    said: Message  # in plain words
    term: Message  # the measure with its figures
    is_good: bool


def findings_of(measured: ClassTotal, service_level: float) -> tuple[Finding, ...]:
    """Against the naive forecast, coverage at the service level, bias; none where no history was long enough."""
    return tuple(_findings(measured, service_level)) if measured.cases else ()


def _findings(measured: ClassTotal, service_level: float) -> Iterator[Finding]:
    if not math.isnan(measured.skill):
        yield _against_naive(measured)
    if not math.isnan(measured.covered):
        yield _coverage(service_level, measured.covered)
    if not math.isnan(measured.bias):
        yield _bias(measured.bias)


def _against_naive(measured: ClassTotal) -> Finding:
    better = mark("Its errors were {share:.0%} smaller than those of the naive forecast, the latest period repeated.")
    worse = mark("Its errors were {share:.0%} larger than those of the naive forecast, the latest period repeated.")
    term = mark("Lead-time pinball loss {ours:.3f}, naive {naive:.3f}")
    return Finding(
        said=Message(better if measured.skill >= 0 else worse, {"share": abs(measured.skill)}),
        term=Message(term, {"ours": measured.pinball, "naive": measured.pinball_naive}),
        is_good=measured.skill >= 0,
    )


def _coverage(level: float, covered: float) -> Finding:
    said = mark("A stock for a service level of {level:,}% would have been enough in {covered:.1%} of the cases.")
    term = mark("Coverage of the {level:,}% quantile {covered:.1%}")
    values = {"level": in_percent(level), "covered": covered}
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
