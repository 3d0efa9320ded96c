from __future__ import annotations

from batchcast.cli.render.accuracy import accuracy_summary
from batchcast.cli.words import Words

WORDS = Words("en")


def test_a_forecast_that_is_worse_than_naive_says_so(make):
    sentences = list(accuracy_summary([make.row("auto", 0.5), make.row("naive", 0.4)], 0.95, WORDS))

    assert sentences[1] == "Lead-time pinball loss 0.500, 25 % more than the naive forecast's 0.400."


def test_bias_is_told_by_its_side(make):
    def last(bias):
        return list(accuracy_summary([make.row("auto", 0.5, bias=bias)], 0.95, WORDS))[-1]

    assert last(-0.1) == "The forecast adds up to 10.0 % less than was demanded."
    assert last(0.004) == "The forecast adds up to what was demanded."


def test_the_coverage_told_is_that_of_the_level_nearest_to_the_service_level(make):
    sentences = list(accuracy_summary([make.row("auto", 0.5)], 0.6, WORDS))

    assert sentences[1] == "Demand stayed at or under the 50 % quantile in 51.0 % of the cases."


def test_a_history_too_short_to_judge_says_so(make):
    expected = ["The history is too short for a backtest, so the accuracy of this forecast is not known."]

    assert list(accuracy_summary([], 0.95, WORDS)) == expected
    assert list(accuracy_summary([make.row("auto", float("nan"), series=0)], 0.95, WORDS)) == expected


def test_bias_that_could_not_be_measured_is_left_out(make):
    row = make.row("auto", 0.5, bias=float("nan"), coverage={})

    assert len(list(accuracy_summary([row], 0.95, WORDS))) == 1
