from __future__ import annotations

import numpy as np

from batchcast.forecast.backtest import FoldForecasts
from batchcast.forecast.tables import units_over, units_short, value_added

ACTUAL = np.array([[31.0, 2.0, 9.0], [4.0, 0.0, 9.0]])
STOCK = np.array([[12.0, 5.0, 1.0], [6.0, 5.0, 1.0]])
SCORED = np.array([[True, True, False], [True, False, False]])


def fold_forecasts() -> FoldForecasts:
    return FoldForecasts(
        held=np.array([1, 2]),
        scored=SCORED,
        actual=ACTUAL,
        forecast=STOCK,
        low=STOCK,
        median=STOCK,
        high=STOCK,
        stock=STOCK,
    )


def test_units_are_summed_over_the_folds_that_were_judged():
    assert units_short(fold_forecasts())[:2].tolist() == [19.0, 0.0]
    assert units_over(fold_forecasts())[:2].tolist() == [2.0, 3.0]


def test_a_series_without_a_fold_has_no_units():
    assert np.isnan(units_short(fold_forecasts())[2])
    assert np.isnan(units_over(fold_forecasts())[2])


def test_value_added_is_negative_where_naive_is_better_and_unknown_where_naive_is_never_wrong():
    added = value_added(np.array([0.3, 0.5, 0.1, np.nan]), np.array([0.4, 0.4, 0.0, np.nan]))

    np.testing.assert_allclose(added, [0.25, -0.25, np.nan, np.nan])
