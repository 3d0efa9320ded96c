"""How the forecasts of one part did in its past, and what they are made of, in words that a planner understands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from batchcast.app.service.answers import BacktestFold
from batchcast.domain import columns
from batchcast.domain.hindsight import in_units
from batchcast.domain.message import Message, mark
from batchcast.domain.plan import ForecastRequest
from batchcast.domain.settings import FALLBACK_MODEL
from batchcast.domain.spans import span_of_days

_MODELS = {
    1: "{model0}",
    2: mark("{model0} and {model1}"),
    3: mark("{model0}, {model1} and {model2}"),
}
_LEARNED = ("negbin_lightgbm_tweedie", "lightgbm_quantile")  # in every average, whatever the backtests say
_ALMOST = 0.005  # value added under half a percent is none


def sentences_of(
    figures: Mapping[str, Any], backtest: Sequence[BacktestFold] | None, request: ForecastRequest
) -> tuple[Message, ...]:
    """Stock against demand in the backtests, value added against naive, the models.

    Args:
        figures: its row of the index of the series.
        backtest: the folds of it; None where the batch was published without them.
        request: what the batch was asked for.
    """
    return tuple(_sentences(figures, backtest, request))


def _sentences(
    figures: Mapping[str, Any], backtest: Sequence[BacktestFold] | None, request: ForecastRequest
) -> Iterator[Message]:
    if backtest:
        yield _one_backtest(backtest[0], request) if len(backtest) == 1 else _stock_in_backtests(backtest, request)
    elif backtest is not None:
        yield Message(mark("It has too little history for a backtest: how good its forecast is can't be told yet."))
    value_added = value_added_of(figures)
    if value_added is not None:
        yield _against_naive(value_added)
    yield _models(figures, request)


def value_added_of(figures: Mapping[str, Any]) -> float | None:
    """By what share being wrong is cheaper than with the naive forecast; None where that can't be told."""
    folds, ours, naive = (figures[name] for name in (columns.FOLDS, columns.PINBALL, columns.PINBALL_NAIVE))
    return None if not folds or ours is None or not naive else 1.0 - ours / naive


def _one_backtest(fold: BacktestFold, request: ForecastRequest) -> Message:
    enough = mark("In one backtest the stock of {stock:,} would have covered the demand: {actual:,} wanted {when}.")
    short = mark("In one backtest the stock of {stock:,} would not have covered the demand: {actual:,} wanted {when}.")
    when = span_of_days(request.calendar, fold.first, fold.last).when
    values = {"stock": in_units(fold.stock), "actual": in_units(fold.actual), "when": when}
    return Message(enough if fold.actual <= fold.stock else short, values)


def _stock_in_backtests(folds: Sequence[BacktestFold], request: ForecastRequest) -> Message:
    """How often the stock was enough, and the backtest that was the most short, or came closest to it."""
    covered = sum(fold.actual <= fold.stock for fold in folds)
    hardest = max(folds, key=lambda fold: (fold.actual - fold.stock, fold.actual))
    always = mark(
        "In {folds:,} backtests the stock of {stock} would have covered the demand every time; "
        "the closest was {actual:,} wanted {when}."
    )
    never = mark(
        "In {folds:,} backtests the stock of {stock} would never have covered the demand; "
        "{actual:,} were wanted {when}, {short:,} more than the stock."
    )
    once = mark(
        "In {folds:,} backtests the stock of {stock} would have covered the demand once; "
        "{actual:,} were wanted {when}, {short:,} more than the stock."
    )
    times = mark(
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
    same, between = "{most:,}", mark("{least:,} to {most:,}")
    return Message(same if least == most else between, {"least": least, "most": most})


def _against_naive(value_added: float) -> Message:
    better = mark(
        "Forecast value added against naive: {share:.0%}. For this part being wrong has become {share:.0%} cheaper "
        "than with “the next period will be as the last”."
    )
    worse = mark(
        "Forecast value added against naive: −{share:.0%}. For this part being wrong has become {share:.0%} dearer "
        "than with “the next period will be as the last”."
    )
    even = mark("For this part the forecast was as good as “the next period will be as the last”, and no better.")
    template = even if abs(value_added) < _ALMOST else better if value_added > 0 else worse
    return Message(template, {"share": abs(value_added)})


def _models(figures: Mapping[str, Any], request: ForecastRequest) -> Message:
    names = figures[columns.MODEL].split("+")
    own = mark("Its forecast is that of {models}, the least wrong in the backtests of this part and of parts like it.")
    averaged = mark(
        "Its forecast is the average of {models}: they were the least wrong in the backtests of this part and of parts "
        "like it, and an average of several is less often far off than one alone."
    )
    mixed = mark(
        "Its forecast is the average of what was learned from all parts ({learned}) and of the other models that were "
        "the least wrong in the backtests of this part and of parts like it ({others}). An average of several is less "
        "often far off than one alone."
    )
    asked = mark("Its forecast is that of {models}, chosen from the models that were asked for.")
    stand_in = mark("No model had an answer for this part; its mean stands in ({models}).")
    if names == [FALLBACK_MODEL]:
        template = stand_in
    elif request.models:
        template = asked
    elif any(name in _LEARNED for name in names):
        learned, others = (", ".join(n for n in names if (n in _LEARNED) is is_one) for is_one in (True, False))
        return Message(mixed, {"learned": learned, "others": others})
    else:
        template = own if len(names) == 1 else averaged
    listed = _MODELS.get(len(names), ", ".join(f"{{model{place}}}" for place in range(len(names))))
    return Message(template, {"models": Message(listed, {f"model{k}": name for k, name in enumerate(names)})})
