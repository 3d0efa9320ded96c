"""The variance of the level agrees with a naive loop, and with its known value for known histories."""

from __future__ import annotations

import numpy as np
import pytest

from batchcast.forecast.moments import measure_level_variance


def level_variance(histories, span, lag, held=0):
    values = np.concatenate([np.asarray(y, dtype=float) for y in histories])
    offsets = np.cumsum([0, *map(len, histories)])
    found = np.empty(len(histories))
    measure_level_variance(values, offsets[:-1], offsets[1:] - held, span, lag, found)
    return found


@pytest.mark.parametrize(("span", "lag", "held"), [(1, 1, 0), (3, 3, 0), (3, 12, 0), (2, 5, 4)])
def test_it_is_that_of_a_naive_loop(span, lag, held):
    draw = np.random.default_rng(1)
    histories = [draw.poisson(3.0, length) for length in (40, 25, 61)]

    found = level_variance(histories, span, lag, held)

    for one, y in zip(found, histories, strict=True):
        known = y[: len(y) - held]
        sums = np.array([known[t : t + span].sum() for t in range(len(known) - span + 1)])
        assert one == pytest.approx(np.var(sums[lag:] - sums[:-lag]) / 2)


def test_a_trend_and_a_season_are_no_part_of_it_and_a_short_history_says_nothing():
    months = np.arange(60.0)
    trend, season = 5.0 * months, 50.0 + 40.0 * np.sin(2 * np.pi * months / 12)

    assert level_variance([trend], 3, 3) == pytest.approx(0.0)
    assert level_variance([season], 3, 12) == pytest.approx(0.0)
    assert level_variance([season], 3, 3)[0] > 1000
    assert level_variance([np.ones(7), np.ones(8)], 3, 3).tolist() == [np.inf, 0.0]
