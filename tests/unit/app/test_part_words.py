"""How the forecasts of one part did is told in sentences."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from batchcast.app.findings import sentences_of
from batchcast.app.service.answers import BacktestFold
from batchcast.domain.calendar import Calendar, Frequency
from batchcast.domain.plan import ForecastRequest
from batchcast.forecast.models.table import CANDIDATES, FALLBACK_NAME

FIGURES = {"folds": 3, "lead_time_pinball": 0.3, "lead_time_pinball_naive": 0.4, "model": "wss+negbin_imapa"}


def request(**changes: Any) -> ForecastRequest:
    values: dict[str, Any] = {
        "calendar": Calendar(frequency=Frequency.MONTHLY),
        "last_period": 400,
        "skip": 0,
        "horizon": 3,
        "lead_time": 3,
        "quantiles": (0.5,),
        "models": (),
        "service_level": 0.95,
        "rounding": "keep_total",
        "zero_threshold": 0.5,
        "folds": 3,
        "seed": 0,
    }
    return ForecastRequest(**(values | changes))


def fold(month: int, actual: float, stock: float = 12.0) -> BacktestFold:
    return BacktestFold(
        cutoff=dt.date(2001, month, 1),
        first=dt.date(2002, month, 1),
        last=dt.date(2002, month + 2, 1),
        actual=actual,
        forecast=5.0,
        low=0.0,
        median=5.0,
        high=9.0,
        stock=stock,
    )


def told(*folds: BacktestFold, **changes: Any) -> list[str]:
    return [str(sentence) for sentence in sentences_of(FIGURES | changes, folds, request())]


@pytest.mark.parametrize(
    ("folds", "said"),
    [
        (
            [fold(3, 31.0), fold(6, 12.0), fold(9, 0.0)],
            "In 3 backtests the stock of 12 would have covered the demand 2 times; "
            "31 were wanted in Mar – May 2002, 19 more than the stock.",
        ),
        (
            [fold(3, 31.0), fold(6, 2.0, 10.5)],
            "In 2 backtests the stock of 10.5 to 12 would have covered the demand once; "
            "31 were wanted in Mar – May 2002, 19 more than the stock.",
        ),
        (
            [fold(3, 13.0), fold(6, 14.0)],
            "In 2 backtests the stock of 12 would never have covered the demand; "
            "14 were wanted in Jun – Aug 2002, 2 more than the stock.",
        ),
        (
            [fold(3, 3.0), fold(6, 4.0)],
            "In 2 backtests the stock of 12 would have covered the demand every time; "
            "the closest was 4 wanted in Jun – Aug 2002.",
        ),
        ([fold(3, 3.0)], "In one backtest the stock of 12 would have covered the demand: 3 wanted in Mar – May 2002."),
        (
            [fold(3, 31.0)],
            "In one backtest the stock of 12 would not have covered the demand: 31 wanted in Mar – May 2002.",
        ),
    ],
)
def test_the_stock_is_set_against_the_demand(folds: list[BacktestFold], said: str) -> None:
    assert told(*folds)[0] == said


def test_without_a_backtest_that_is_said_and_with_one_not_kept_nothing() -> None:
    unknown = FIGURES | {"folds": 0, "lead_time_pinball": None}

    assert "too little history" in str(sentences_of(unknown, [], request())[0])
    assert len(sentences_of(unknown, None, request())) == 1


@pytest.mark.parametrize(
    ("ours", "said"), [(0.3, "naive: 25%. For"), (0.5, "naive: −25%. For"), (0.4, "as good as “the next period")]
)
def test_value_added_against_naive_has_its_sign(ours: float, said: str) -> None:
    assert said in told(fold(3, 1.0), lead_time_pinball=ours)[1]


@pytest.mark.parametrize("unknown", [{"folds": 0}, {"lead_time_pinball": None}, {"lead_time_pinball_naive": 0.0}])
def test_value_added_that_is_not_known_is_not_told(unknown: dict[str, Any]) -> None:
    assert not any("value added" in sentence for sentence in told(fold(3, 1.0), **unknown))


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("ses", "Its forecast is that of ses, the least wrong"),
        ("ses+wss", "Its forecast is the average of ses and wss: they were the least wrong"),
        ("ses+wss+theta", "the average of ses, wss and theta: they"),
        (FALLBACK_NAME, "No model had an answer for this part; its mean stands in (fallback_mean)."),
    ],
)
def test_the_models_are_named_with_the_reason_they_were_chosen(model: str, said: str) -> None:
    assert said in told(fold(3, 1.0), model=model)[-1]


def test_what_is_learned_is_not_said_to_be_chosen_by_backtests() -> None:
    """It is in every average, also where it was the worst in the backtests (decision 0011)."""
    learned = [name for name, model in CANDIDATES.items() if model.is_learned]

    sentence = told(fold(3, 1.0), model="+".join([*learned, "wss", "empirical", "negbin_ses"]))[-1]

    assert f"learned from all parts ({', '.join(learned)}) and of the other models" in sentence
    assert "parts like it (wss, empirical, negbin_ses)." in sentence


def test_models_that_were_asked_for_are_said_to_be() -> None:
    assert "that were asked for" in str(sentences_of(FIGURES, [fold(3, 1.0)], request(models=("wss",)))[-1])
