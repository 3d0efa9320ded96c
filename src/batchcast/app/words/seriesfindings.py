"""How the forecasts of one part did in its past, and what they are made of, in words that a planner understands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from batchcast.domain import columns
from batchcast.domain.accuracy import in_units
from batchcast.domain.calendar import each_period, span_of_days
from batchcast.domain.errors import N_, Message
from batchcast.domain.plan import ForecastRequest
from batchcast.forecast.models.table import CANDIDATES, FALLBACK_NAME, POOLED
from batchcast.results.series import BacktestFold

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
    """An extreme, a change of level, stock against demand in the backtests, value added against naive, the models.

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
    if figures.get(columns.LEVEL_DATE) is not None:
        yield _change_of_level(figures, request)
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


def _change_of_level(figures: Mapping[str, Any], request: ForecastRequest) -> Message:
    """When the level changed, both levels, and how much of it the forecast follows."""
    template = N_(
        "Its level changed {when}: {before:,} {each} before, {after:,} since, {forecast:,} forecast. A change that is "
        "clear and has lasted is followed; demand that fades or has just jumped often comes back. If you know what "
        "happened, plan by that."
    )
    day = figures[columns.LEVEL_DATE]
    values = {
        "when": span_of_days(request.calendar, day, day).when,
        "each": each_period(request.calendar),
        "before": in_units(figures[columns.LEVEL_BEFORE]),
        "after": in_units(figures[columns.LEVEL_AFTER]),
        "forecast": in_units(figures[columns.LEAD_TIME_MEAN] / request.lead_time),
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
        "It has few demands so far: its forecast is the average of what parts like it teach ({alike}) and of {others}."
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
        learned, others = (_in_a_row([n for n in names if (n in _LEARNED) is is_one]) for is_one in (True, False))
        return Message(mixed, {"learned": learned, "others": others})
    else:
        template = own if len(names) == 1 else averaged
    row = _in_a_row(names)
    said = Message(_MODELS.get(len(names), row.template), row.values)
    others = _in_a_row([name for name in names if name != POOLED])
    return Message(template, {"models": said, "alike": _in_a_row([POOLED]), "others": others})


def _in_a_row(names: Sequence[str]) -> Message:
    """Models, each at a place of its own, so that a page can say it in words."""
    template = ", ".join(f"{{model{place}}}" for place in range(len(names)))
    return Message(template, {f"model{place}": name for place, name in enumerate(names)})
