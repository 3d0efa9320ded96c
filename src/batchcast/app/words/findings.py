"""How good the forecast of a batch is, in words that a planner understands, each with the exact term beside it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from batchcast.domain.accuracy import Hindsight, SeasonUse, in_units
from batchcast.domain.calendar import Span, length_in_words
from batchcast.domain.cutoffs import LEAST_PERIODS
from batchcast.domain.errors import N_, Message

_EVEN = 0.005  # a bias under half a percent changes no decision
_MUCH = 0.1  # one from which stock or shortage grows visibly


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that the backtest found."""

    said: Message  # in plain words
    term: Message  # the measure with its figures
    is_good: bool | None  # None: neither


def findings_of(hindsight: Hindsight) -> tuple[Finding, ...]:
    """Extremes; where anything was judged, coverage, value added, bias and the like; the times of the year."""
    extremes = [_extremes(hindsight)] if hindsight.extremes else []
    season = _of_season(hindsight.season) if hindsight.season else ()
    return (*extremes, *(_findings(hindsight) if hindsight.cases else ()), *season)


def why_no_findings(hindsight: Hindsight) -> Message:
    """Why nothing could be judged, and what it would take."""
    if hindsight.unused:
        template = N_(
            "None of the models asked for could be used here ({models}): the batch, or its history, is too small for "
            "that. Every part was forecast from its mean; ask for other models, or for auto."
        )
        return Message(template, {"models": ", ".join(hindsight.unused)})
    if hindsight.learned_unjudged:
        template = N_(
            "How good this forecast is can't be told: a part of it was learned across all parts, and {lead} ahead the "
            "history is too short to learn that from what lies before a backtest. Send more history, or choose a "
            "shorter lead time."
        )
        return Message(template, {"lead": length_in_words(hindsight.calendar, hindsight.horizon)})
    template = N_(
        "How good this forecast is can't be told: a backtest needs a part with {before} of history, a demand in it, "
        "and {after} after that to compare with. No part here has them: send more history, or choose a shorter "
        "lead time."
    )
    values = {
        "before": length_in_words(hindsight.calendar, LEAST_PERIODS),
        "after": length_in_words(hindsight.calendar, hindsight.horizon),
    }
    return Message(template, values)


def in_percent(level: float) -> float:
    """A service level as people write it: 95, or 97.5."""
    percent = round(100 * level, 2)
    return int(percent) if percent.is_integer() else percent


def _findings(hindsight: Hindsight) -> Iterator[Finding]:
    yield _coverage(hindsight)
    if not math.isnan(hindsight.value_added):
        yield _value_added(hindsight)
    if not math.isnan(hindsight.bias):
        yield _bias(hindsight)
        yield _units(hindsight)
    if hindsight.without_learned:
        yield Finding(
            said=Message(N_("Each part was forecast from its own history alone: nothing was learned across parts.")),
            term=Message(N_("Learned models take some 1,000 past cases of a batch, and LightGBM on the machine")),
            is_good=None,
        )


def _extremes(hindsight: Hindsight) -> Finding:
    one = N_(
        "One part has an order far beyond all its other demand: {quantity:,} of {part} at {site} {when}. It stays in "
        "the history and hardly counts in the forecast. If it is a mistake, correct it; if such orders will come "
        "again, plan stock for them."
    )
    many = N_(
        "{count:,} parts have an order far beyond all their other demand, the largest {quantity:,} of {part} at {site} "
        "{when}. It stays in the history and hardly counts in the forecast. If it is a mistake, correct it; if such "
        "orders will come again, plan stock for them."
    )
    largest = hindsight.largest_extreme
    values = {
        "count": hindsight.extremes,
        "quantity": in_units(largest.quantity) if largest else 0,
        "part": largest.partnumber if largest else "",
        "site": largest.site_code if largest else "",
        "when": largest.span.when if largest else "",
    }
    return Finding(
        said=Message(one if hindsight.extremes == 1 else many, values),
        term=Message(N_("Flag “extreme” of the stock figures, which have the reorder point with the order too")),
        is_good=None,
    )


def _coverage(hindsight: Hindsight) -> Finding:
    one = N_("At {level:,}% service you would have covered {covered:.1%} of the parts in the last {whole}.")
    many = N_(
        "At {level:,}% service you would have covered {covered:.1%} of the parts in the last {whole}: "
        "{count:,} backtests of {each} each."
    )
    overlapping = N_(
        "At {level:,}% service you would have covered {covered:.1%} of the parts in the last {whole}: "
        "{count:,} backtests of {each} each, which overlap."
    )
    several = overlapping if _overlap(hindsight.spans) else many
    values = {
        "level": in_percent(hindsight.service_level),
        "covered": hindsight.covered,
        "whole": _whole(hindsight).length,
        "count": len(hindsight.spans),
        "each": length_in_words(hindsight.calendar, hindsight.horizon),
    }
    return Finding(
        said=Message(one if len(hindsight.spans) == 1 else several, values),
        term=_cases(hindsight),
        is_good=hindsight.covered >= hindsight.service_level - _slack(hindsight.service_level),
    )


def _overlap(spans: Sequence[Span]) -> bool:
    """Whether any two that follow each other have periods in common; the latest first."""
    return any(earlier.last >= later.first for later, earlier in pairwise(spans))


def _cases(hindsight: Hindsight) -> Message:
    """What was counted, and when."""
    all_judged = N_("{cases:,} cases, each a series in a backtest: {spans}")
    some_not = N_(
        "{cases:,} cases, each a series in a backtest: {spans}. {missing:,} of {series:,} series had too little history"
    )
    missing = hindsight.series - hindsight.judged
    values = {"cases": hindsight.cases, "missing": missing, "series": hindsight.series}
    return Message(some_not if missing else all_judged, values | {"spans": _listed(hindsight.spans)})


def _value_added(hindsight: Hindsight) -> Finding:
    better = N_(
        "Forecast value added against naive: {share:.0%}. Being wrong has become {share:.0%} cheaper than with "
        "“the next period will be as the last”."
    )
    worse = N_(
        "Forecast value added against naive: −{share:.0%}. Being wrong has become {share:.0%} dearer than with "
        "“the next period will be as the last”: on this history the simple rule was better."
    )
    is_good = hindsight.value_added >= 0
    term = N_("1 − lead-time pinball loss {ours:.3f} / naive {naive:.3f}")
    return Finding(
        said=Message(better if is_good else worse, {"share": abs(hindsight.value_added)}),
        term=Message(term, {"ours": hindsight.pinball, "naive": hindsight.pinball_naive}),
        is_good=is_good,
    )


def _bias(hindsight: Hindsight) -> Finding:
    over = N_("The forecast was {share:.1%} above what came.")
    under = N_("The forecast was {share:.1%} below what came.")
    even = N_("The forecast added up to what came.")
    bias = hindsight.bias
    said = even if abs(bias) < _EVEN else over if bias > 0 else under
    term = N_("Bias {bias:+.1%}: {forecast:,.0f} forecast, {actual:,.0f} wanted")
    values = {"bias": bias, "forecast": hindsight.forecast, "actual": hindsight.actual}
    return Finding(said=Message(said, {"share": abs(bias)}), term=Message(term, values), is_good=abs(bias) < _MUCH)


def _units(hindsight: Hindsight) -> Finding:
    said = N_(
        "In all backtests {short:,.0f} of {actual:,.0f} units wanted would have been short, and {over:,.0f} left over."
    )
    term = N_("Fill rate {fill:.1%} with the stock for {level:,}% service")
    level = hindsight.service_level
    named = {"actual": hindsight.actual, "short": hindsight.units_short, "over": hindsight.units_over}
    return Finding(
        said=Message(said, named),
        term=Message(term, {"fill": hindsight.fill_rate, "level": in_percent(level)}),
        is_good=hindsight.fill_rate >= level - _slack(level),
    )


_WHEN = {
    "before": N_("{name}: {days} days before, × {factor:.2g}."),
    "during": N_("{name}: × {factor:.2g} on the days themselves."),
    "after": N_("{name}: {days} days after, × {factor:.2g}."),
}


def _of_season(season: SeasonUse) -> Iterator[Finding]:
    if season.has_year:
        yield Finding(
            said=Message(N_("The yearly profile was used: demand has a season that comes again each year.")),
            term=Message(N_("Times of the year compared with the whole year, over all series; it won a backtest")),
            is_good=None,
        )
    for one in season.occasions:
        name = Message(one.name) if one.name in HOLIDAY_NAMES else one.name
        values = {"name": name, "days": one.days, "factor": one.factor}
        seen = N_("{name} was seen {times:,} times in the history")
        yield Finding(
            said=Message(_WHEN[one.when], values),
            term=Message(seen, {"name": name, "times": one.times}),
            is_good=None,
        )
    if season.unused:
        yield Finding(
            said=Message(
                N_("Events that change nothing in the forecast: {names}."), {"names": ", ".join(season.unused)}
            ),
            term=Message(N_("They were not seen yet, or the days around them were forecast no better with them")),
            is_good=None,
        )


HOLIDAY_NAMES = frozenset(  # of the calendar of holidays; those of other countries are said as it has them
    (
        N_("Eid al-Fitr"),
        N_("Eid al-Adha"),
        N_("Lunar New Year"),
        N_("Chinese New Year"),
        N_("Day of Silence"),
        N_("Vesak Day"),
        N_("Good Friday"),
        N_("Ascension Day"),
        N_("Islamic New Year"),
        N_("Prophet's Birthday"),
        N_("Isra' and Mi'raj"),
    )
)


def _slack(level: float) -> float:
    """How far under its level a share may lie: half of what was left to miss."""
    return (1 - level) / 2


def _whole(hindsight: Hindsight) -> Span:
    """From the first period of the earliest backtest to the last one of the latest."""
    firsts, lasts = [span.first for span in hindsight.spans], [span.last for span in hindsight.spans]
    return Span(calendar=hindsight.calendar, first=min(firsts), last=max(lasts))


def _listed(spans: Sequence[Span]) -> Message:
    """The spans with semicolons between them, the latest first."""
    names = [f"span{place}" for place in range(len(spans))]
    return Message("; ".join(f"{{{name}}}" for name in names), dict(zip(names, (s.said for s in spans), strict=True)))
