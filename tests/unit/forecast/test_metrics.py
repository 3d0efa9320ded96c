"""Every metric agrees with a naive loop, and with an example worked by hand."""

# ruff: noqa: PLR0917 (compiled functions take plain arrays, in their order)
from __future__ import annotations

import math

import numpy as np
import pytest

from batchcast.domain.accuracy import LeaderboardRow
from batchcast.forecast.metrics import (
    MEASURED,
    ErrorTally,
    Tallies,
    merge_statistics,
    pinball_loss,
    rank_models,
    score_forecasts,
)

PLACES = np.arange(5, dtype=np.int64)
SERVICE = 3  # 0.95


def score(tally: ErrorTally, quantiles, means, actuals, usable, scale, naive_squares, naive_errors, periods):
    pinball = np.empty(usable.shape)
    arrays = (usable, scale, naive_squares, naive_errors, periods, np.array(MEASURED), pinball)
    score_forecasts(quantiles, PLACES, SERVICE, means, actuals, *arrays, tally.limbs, tally.counts)
    return pinball


def row_of(tallies: dict[str, ErrorTally], model: str) -> LeaderboardRow:
    merged = merge_statistics([{name: tally.as_json() for name, tally in tallies.items()}])
    return next(row for row in rank_models(merged) if row.model == model)


def test_pinball_loss_by_hand():
    assert pinball_loss(10.0, 8.0, 0.9) == pytest.approx(1.8)  # two units short, at 0.9 a unit
    assert pinball_loss(8.0, 10.0, 0.9) == pytest.approx(0.2)  # two units over, at 0.1 a unit
    assert pinball_loss(8.0, 8.0, 0.9) == 0.0


def test_the_metrics_of_one_series_by_hand():
    # Demand of 4 and 2 came (sum 6); 3 and 5 were forecast (sum 8); quantiles 5, 6, 7, 9, 12; scale 2.
    # Pinball: 0.5*1, 0, 0.1*1, 0.05*3, 0.01*6, each halved: 0.25, 0, 0.05, 0.075, 0.03. Mean 0.081.
    # In-sample naive steps 1, 3 and -2: squares 14, absolute 6, from 4 periods.
    tally = ErrorTally()

    pinball = score(
        tally,
        quantiles=np.array([[[5.0, 6, 7, 9, 12]]]),
        means=np.array([[[3.0, 5]]]),
        actuals=np.array([[[4.0, 2]]]),
        usable=np.array([[True]]),
        scale=np.array([[2.0]]),
        naive_squares=np.array([[14.0]]),
        naive_errors=np.array([[6.0]]),
        periods=np.array([[4.0]]),
    )

    row = row_of({"it": tally}, "it")
    assert pinball[0, 0] == pytest.approx(0.081)
    assert row.cases == 1
    assert row.lead_time_pinball == pytest.approx(0.081)
    assert list(row.pinball.values()) == pytest.approx([0.25, 0, 0.05, 0.075, 0.03])
    assert row.coverage == {0.5: 0.0, 0.8: 1.0, 0.9: 1.0, 0.95: 1.0, 0.99: 1.0}
    assert row.bias == pytest.approx(8 / 6 - 1)  # over-forecast is positive
    assert row.rmsse == pytest.approx(math.sqrt((1 + 9) / 2 / (14 / 3)))
    assert row.fill_rate == 1.0  # 9 in stock, 6 wanted
    assert row.mae == pytest.approx(2.0)
    assert row.wape == pytest.approx(4 / 6)
    assert row.mase == pytest.approx(2.0 / 2.0)


def test_every_metric_is_that_of_a_naive_loop():
    rng = np.random.default_rng(11)
    folds, series, horizon = 3, 40, 4
    quantiles = np.sort(rng.gamma(1.0, 8.0, (folds, series, 5)), axis=2)
    quantiles[0, 5] = np.nan
    means, actuals = rng.gamma(1, 3, (folds, series, horizon)), rng.poisson(3, (folds, series, horizon)).astype(float)
    usable = rng.random((folds, series)) < 0.8
    scale, periods = rng.gamma(3, 1, (folds, series)) + 1, rng.integers(4, 30, (folds, series)).astype(float)
    naive_squares, naive_errors = rng.gamma(3, 9, (folds, series)), rng.gamma(3, 3, (folds, series))
    naive_errors[1, :4] = 0.0
    tally = ErrorTally()

    pinball = score(tally, quantiles, means, actuals, usable, scale, naive_squares, naive_errors, periods)

    losses, covered, wanted, expected, served, errors, squares, naive, steps, mase = ([] for _ in range(10))
    for f in range(folds):
        for i in range(series):
            if not usable[f, i] or math.isnan(quantiles[f, i, 0]):
                assert math.isnan(pinball[f, i])
                continue
            total = actuals[f, i].sum()
            own = [
                max(q * (total - x), (q - 1) * (total - x)) / scale[f, i]
                for q, x in zip(MEASURED, quantiles[f, i], strict=True)
            ]
            assert pinball[f, i] == pytest.approx(np.mean(own))
            losses.append(own)
            covered.append([total <= x for x in quantiles[f, i]])
            wanted.append(total)
            expected.append(means[f, i].sum())
            served.append(min(total, quantiles[f, i, SERVICE]))
            errors += abs(means[f, i] - actuals[f, i]).tolist()
            squares += ((means[f, i] - actuals[f, i]) ** 2).tolist()
            naive.append(naive_squares[f, i])
            steps.append(periods[f, i] - 1)
            if naive_errors[f, i] > 0:
                step = naive_errors[f, i] / (periods[f, i] - 1)
                mase.append(np.mean(abs(means[f, i] - actuals[f, i])) / step)
    row = row_of({"it": tally}, "it")
    assert row.cases == len(losses)
    assert row.lead_time_pinball == pytest.approx(np.mean(losses))
    assert list(row.pinball.values()) == pytest.approx(np.mean(losses, axis=0))
    assert list(row.coverage.values()) == pytest.approx(np.mean(covered, axis=0))
    assert row.bias == pytest.approx(sum(expected) / sum(wanted) - 1)
    assert row.rmsse == pytest.approx(math.sqrt(np.mean(squares) / (sum(naive) / sum(steps))))
    assert row.fill_rate == pytest.approx(sum(served) / sum(wanted))
    assert row.mae == pytest.approx(np.mean(errors))
    assert row.wape == pytest.approx(sum(errors) / sum(wanted))
    assert row.mase == pytest.approx(np.mean(mase))


def test_a_candidate_that_answers_the_easy_cases_alone_is_ranked_by_how_auto_did_on_them():
    nothing = math.nan
    losses = {
        "auto": [0.1, 0.5, 0.9],
        "everywhere": [0.2, 0.5, 1.0],
        "easy": [0.15, nothing, nothing],
        "none": [nothing] * 3,
    }
    tallies = Tallies()
    for name, own in losses.items():
        tallies.of(name).set_beside(np.array([own]), np.array([losses["auto"]]))

    rows = rank_models(merge_statistics([tallies.as_json()]))

    assert [row.model for row in rows] == ["auto", "everywhere", "easy", "none"]
    assert [row.beside_auto for row in rows[:3]] == pytest.approx([1.0, 1.7 / 1.5, 1.5])
    assert math.isnan(rows[3].beside_auto)


def test_statistics_of_partitions_merge_to_the_bit():
    rng = np.random.default_rng(2)
    arrays = {
        "quantiles": np.sort(rng.gamma(1, 9, (2, 30, 5)), axis=2),
        "means": rng.gamma(1, 3, (2, 30, 2)),
        "actuals": rng.gamma(1, 3, (2, 30, 2)),
        "usable": np.ones((2, 30), dtype=np.bool_),
        "scale": rng.gamma(3, 1, (2, 30)),
        "naive_squares": rng.gamma(3, 9, (2, 30)),
        "naive_errors": rng.gamma(3, 9, (2, 30)),
        "periods": np.full((2, 30), 9.0),
    }

    def statistics(start: int, stop: int):
        tallies = Tallies()
        own = score(tallies.of("it"), **{name: np.ascontiguousarray(a[:, start:stop]) for name, a in arrays.items()})
        tallies.of("it").set_beside(own, 0.9 * own)
        return tallies.as_json()

    whole = merge_statistics([statistics(0, 30)])
    assert merge_statistics([statistics(0, 7), statistics(7, 30)]) == whole
    assert merge_statistics([statistics(12, 30), merge_statistics([statistics(3, 12)]), statistics(0, 3)]) == whole


def test_the_best_model_leads_and_an_unscored_one_comes_last():
    good, bad, unscored = ErrorTally(), ErrorTally(), ErrorTally()
    same = {
        "means": np.ones((1, 1, 1)),
        "actuals": np.full((1, 1, 1), 4.0),
        "usable": np.ones((1, 1), dtype=np.bool_),
        **{name: np.ones((1, 1)) for name in ("scale", "naive_squares", "naive_errors")},
        "periods": np.full((1, 1), 2.0),
    }
    score(good, quantiles=np.full((1, 1, 5), 4.0), **same)
    score(bad, quantiles=np.full((1, 1, 5), 9.0), **same)

    merged = merge_statistics([{"a": unscored.as_json(), "b": bad.as_json(), "c": good.as_json()}])

    rows = rank_models(merged)
    assert [row.model for row in rows] == ["c", "b", "a"]
    assert math.isnan(rows[2].lead_time_pinball)
    assert math.isnan(rows[2].bias)
