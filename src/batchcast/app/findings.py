"""How good the forecast of a batch is, in words that a planner understands, each with the exact term beside it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from batchcast.domain import columns
from batchcast.domain.accuracy import Hindsight, SeasonUse, in_units
from batchcast.domain.calendar import Span, length_in_words, span_of_days
from batchcast.domain.cutoffs import LEAST_PERIODS
from batchcast.domain.errors import N_, Message
from batchcast.domain.plan import ForecastRequest
from batchcast.forecast.models.table import CANDIDATES, FALLBACK_NAME, POOLED
from batchcast.results.series import BacktestFold

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
        "In all backtests together {short:,.0f} of {actual:,.0f} units wanted would have been short, "
        "and {over:,.0f} left over."
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


# How the forecasts of one part did in its past, and what they are made of, in words that a planner understands.

_MODELS = {
    1: "{model0}",
    2: N_("{model0} and {model1}"),
    3: N_("{model0}, {model1} and {model2}"),
}
_LEARNED = frozenset(name for name, model in CANDIDATES.items() if model.is_learned)  # in every average
_ALMOST = 0.005  # value added under half a percent is none


def sentences_of(
    figures: Mapping[str, Any], backtest: Sequence[BacktestFold] | None, request: ForecastRequest
) -> tuple[Message, ...]:
    """An extreme, stock against demand in the backtests, value added against naive, the models.

    Args:
        figures: its row of the index of the series.
        backtest: the folds of it; None where the batch was published without them.
        request: what the batch was asked for.
    """
    return tuple(_sentences(figures, backtest, request))


def _sentences(
    figures: Mapping[str, Any], backtest: Sequence[BacktestFold] | None, request: ForecastRequest
) -> Iterator[Message]:
    if figures.get(columns.EXTREME_QTY) is not None:
        yield _extreme_of(figures, request)
    if backtest:
        yield _one_backtest(backtest[0], request) if len(backtest) == 1 else _stock_in_backtests(backtest, request)
    elif backtest is not None:
        yield Message(N_("It has too little history for a backtest: how good its forecast is can't be told yet."))
    value_added = value_added_of(figures)
    if value_added is not None:
        yield _against_naive(value_added)
    yield _models(figures, request)


def _extreme_of(figures: Mapping[str, Any], request: ForecastRequest) -> Message:
    """What the extreme of a part is, and the reorder points without and with it."""
    template = N_(
        "An order of {quantity:,} {when} is far beyond all other demand of this part. Its forecast and backtests count "
        "it as little more than the next largest: the reorder point is {without:,}, and would be {with_it:,} with the "
        "order as it is. If it is a mistake, correct it; if such orders will come again, plan stock for them."
    )
    day = figures[columns.EXTREME_DATE]
    values = {
        "quantity": in_units(figures[columns.EXTREME_QTY]),
        "when": span_of_days(request.calendar, day, day).when,
        "without": in_units(figures[columns.REORDER_POINT]),
        "with_it": in_units(figures[columns.REORDER_POINT_WITH_EXTREME]),
    }
    return Message(template, values)


def value_added_of(figures: Mapping[str, Any]) -> float | None:
    """By what share being wrong is cheaper than with the naive forecast; None where that can't be told."""
    folds, ours, naive = (figures[name] for name in (columns.FOLDS, columns.PINBALL, columns.PINBALL_NAIVE))
    return None if not folds or ours is None or not naive else 1.0 - ours / naive


def _one_backtest(fold: BacktestFold, request: ForecastRequest) -> Message:
    enough = N_("In one backtest the stock of {stock:,} would have covered the demand: {actual:,} wanted {when}.")
    short = N_("In one backtest the stock of {stock:,} would not have covered the demand: {actual:,} wanted {when}.")
    when = span_of_days(request.calendar, fold.first, fold.last).when
    values = {"stock": in_units(fold.stock), "actual": in_units(fold.actual), "when": when}
    return Message(enough if fold.actual <= fold.stock else short, values)


def _stock_in_backtests(folds: Sequence[BacktestFold], request: ForecastRequest) -> Message:
    """How often the stock was enough, and the backtest that was the most short, or came closest to it."""
    covered = sum(fold.actual <= fold.stock for fold in folds)
    hardest = max(folds, key=lambda fold: (fold.actual - fold.stock, fold.actual))
    always = N_(
        "In {folds:,} backtests the stock of {stock} would have covered the demand every time; "
        "the closest was {actual:,} wanted {when}."
    )
    never = N_(
        "In {folds:,} backtests the stock of {stock} would never have covered the demand; "
        "{actual:,} were wanted {when}, {short:,} more than the stock."
    )
    once = N_(
        "In {folds:,} backtests the stock of {stock} would have covered the demand once; "
        "{actual:,} were wanted {when}, {short:,} more than the stock."
    )
    times = N_(
        "In {folds:,} backtests the stock of {stock} would have covered the demand {covered:,} times; "
        "{actual:,} were wanted {when}, {short:,} more than the stock."
    )
    template = always if covered == len(folds) else {0: never, 1: once}.get(covered, times)
    values = {
        "folds": len(folds),
        "stock": _stock(folds),
        "covered": covered,
        "actual": in_units(hardest.actual),
        "short": in_units(hardest.actual - hardest.stock),
        "when": span_of_days(request.calendar, hardest.first, hardest.last).when,
    }
    return Message(template, values)


def _stock(folds: Sequence[BacktestFold]) -> Message:
    least, most = (in_units(bound(fold.stock for fold in folds)) for bound in (min, max))
    same, between = "{most:,}", N_("{least:,} to {most:,}")
    return Message(same if least == most else between, {"least": least, "most": most})


def _against_naive(value_added: float) -> Message:
    better = N_(
        "Forecast value added against naive: {share:.0%}. For this part being wrong has become {share:.0%} cheaper "
        "than with “the next period will be as the last”."
    )
    worse = N_(
        "Forecast value added against naive: −{share:.0%}. For this part being wrong has become {share:.0%} dearer "
        "than with “the next period will be as the last”."
    )
    even = N_("For this part the forecast was as good as “the next period will be as the last”, and no better.")
    template = even if abs(value_added) < _ALMOST else better if value_added > 0 else worse
    return Message(template, {"share": abs(value_added)})


def _models(figures: Mapping[str, Any], request: ForecastRequest) -> Message:
    names = figures[columns.MODEL].split("+")
    own = N_("Its forecast is that of {models}, the least wrong in the backtests of this part and of parts like it.")
    averaged = N_(
        "Its forecast is the average of {models}: they were the least wrong in the backtests of this part and of parts "
        "like it, and an average of several is less often far off than one alone."
    )
    mixed = N_(
        "Its forecast is the average of what was learned from all parts ({learned}) and of the other models that were "
        "the least wrong in the backtests of this part and of parts like it ({others}). An average of several is less "
        "often far off than one alone."
    )
    few = N_("It has few demands so far: its forecast is what parts like it teach ({models}).")
    few_mixed = N_(
        "It has few demands so far: its forecast is the average of what parts like it teach ({pooled}) and of {others}."
    )
    untold = N_(
        "Its forecast is that of {models}, usually the least wrong for such parts: its history is too short to tell by "
        "a backtest."
    )
    asked = N_("Its forecast is that of {models}, chosen from the models that were asked for.")
    stand_in = N_("No model had an answer for this part; its mean stands in ({models}).")
    if names == [FALLBACK_NAME]:
        template = stand_in
    elif request.models:
        template = asked
    elif POOLED in names:
        template = few if names == [POOLED] else few_mixed
    elif not figures.get(columns.FOLDS):
        template = untold
    elif any(name in _LEARNED for name in names):
        learned, others = (", ".join(n for n in names if (n in _LEARNED) is is_one) for is_one in (True, False))
        return Message(mixed, {"learned": learned, "others": others})
    else:
        template = own if len(names) == 1 else averaged
    listed = _MODELS.get(len(names), ", ".join(f"{{model{place}}}" for place in range(len(names))))
    said = Message(listed, {f"model{k}": name for k, name in enumerate(names)})
    others = ", ".join(name for name in names if name != POOLED)
    return Message(template, {"models": said, "pooled": POOLED, "others": others})
