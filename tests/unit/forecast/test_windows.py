"""Empirical windows and the bootstrap say what history did."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from batchcast.forecast.distributions.empirical import MOST_WINDOWS, window_quantiles
from batchcast.forecast.distributions.wss import bootstrap_quantiles, chain_counts

LEVELS = (0.1, 0.5, 0.9, 0.99)
NOW = np.zeros(1, dtype=np.int64)


def one(history: list[float], held: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    ends = np.array([[len(history) - held]], dtype=np.int64)
    return np.array(history, dtype=float), np.zeros_like(ends), ends


def bootstrap(history: list[float], span: int, *, unit: float = 1.0, key: int = 7, held: int = 0):
    quantiles, means = bootstrap_quantiles(
        *one(history, held),
        np.array([held], dtype=np.int64),
        span,
        np.full((1, 1), unit),
        LEVELS,
        np.array([key], dtype=np.uint64),
        np.ones((1, 1), dtype=np.bool_),
    )
    return quantiles[0, 0].tolist(), float(means[0, 0])


def test_quantiles_of_windows_by_hand():
    # sums of two: 1, 3, 7, 5, 3, in order 1 3 3 5 7; level 0.5 stands at place 3, level 0.9 beyond the last
    quantiles, means = window_quantiles(*one([0, 1, 2, 5, 0, 3]), 2, np.zeros((1, 1)), LEVELS)

    assert quantiles[0, 0].tolist() == pytest.approx([1.0, 3.0, 7.0, 7.0])
    assert means[0, 0] == pytest.approx(3.8)


def test_between_two_sums_a_fractional_quantile_lies_between_and_a_whole_one_above():
    history = [1, 2, 5, 9]

    fractional, _ = window_quantiles(*one(history), 1, np.zeros((1, 1)), (0.5,))
    whole, _ = window_quantiles(*one(history), 1, np.ones((1, 1)), (0.5,))

    assert fractional[0, 0, 0] == pytest.approx(3.5)
    assert whole[0, 0, 0] == 4.0


def test_quantiles_of_windows_are_those_of_a_naive_loop_over_the_most_recent():
    history = np.random.default_rng(3).poisson(2.0, MOST_WINDOWS + 150).astype(float)
    span, held = 5, 20
    known = history[: len(history) - held]
    sums = sorted(known[t : t + span].sum() for t in range(len(known) - span - MOST_WINDOWS + 1, len(known) - span + 1))

    quantiles, means = window_quantiles(*one(history.tolist(), held), span, np.ones((1, 1)), LEVELS)

    places = [min(max(level * (len(sums) + 1) - 1, 0), len(sums) - 1) for level in LEVELS]
    expected = [np.ceil(np.interp(place, range(len(sums)), sums) - 1e-9) for place in places]
    assert quantiles[0, 0].tolist() == expected
    assert means[0, 0] == pytest.approx(np.mean(sums))


def test_two_windows_say_nothing():
    quantiles, means = window_quantiles(*one([1, 2, 3]), 2, np.ones((1, 1)), LEVELS)

    assert np.isnan(quantiles).all()
    assert np.isnan(means).all()


@pytest.mark.parametrize("chance", [0.0, 0.3, 1.0])
def test_the_chain_counts_what_enumerating_every_path_counts(chance: float):
    after_none, after_demand, span = 0.2, 0.7, 4
    expected = np.zeros(span + 1)
    for start, *path in product((0, 1), repeat=span + 1):
        probability, state = chance if start else 1 - chance, start
        for following in path:
            demand = after_demand if state else after_none
            probability *= demand if following else 1 - demand
            state = following
        expected[sum(path)] += probability

    assert chain_counts(after_none, after_demand, chance, span) == pytest.approx(expected)


def test_bootstrapped_sums_have_about_the_mean_of_history():
    rng = np.random.default_rng(5)
    history = (rng.random(300) < 0.3) * rng.integers(1, 6, 300)

    quantiles, mean = bootstrap(history.tolist(), span=6)

    assert mean == pytest.approx(6 * history.mean(), rel=0.15)
    assert quantiles == sorted(quantiles)
    assert all(value == int(value) for value in quantiles)


def test_the_same_series_draws_the_same_and_another_draws_otherwise():
    history = [0, 4, 0, 0, 9, 0, 0, 0, 17, 0, 2, 30]

    assert bootstrap(history, span=8) == bootstrap(history, span=8)
    assert bootstrap(history, span=8) != bootstrap(history, span=8, key=8)


def test_what_comes_after_the_cutoff_is_not_drawn_from():
    history = [0, 4, 0, 0, 9, 0, 0, 0, 17, 0, 2]

    assert bootstrap([*history, 1000, 1000], span=4, held=2) == bootstrap([*history, 0, 0], span=4, held=2)


def test_fractional_sizes_are_drawn_as_they_are():
    quantiles, _ = bootstrap([0.5, 0, 0.5, 0.5, 0, 0, 0.5], span=1, unit=0.0)

    assert set(quantiles) <= {0.0, 0.5}


def test_packs_stay_packs():
    quantiles, _ = bootstrap([500, 0, 1000, 0, 0, 500], span=3, unit=500.0)

    assert all(value % 500 == 0 for value in quantiles)


def test_one_demand_is_nothing_to_draw_from():
    assert np.isnan(bootstrap([0, 0, 3, 0], span=2)[1])


def test_where_a_bootstrap_is_not_wanted_none_is_made():
    wanted = np.zeros((1, 1), dtype=np.bool_)
    key = np.array([1], dtype=np.uint64)

    quantiles, _ = bootstrap_quantiles(*one([1, 0, 2, 0]), NOW, 2, np.ones((1, 1)), LEVELS, key, wanted)

    assert np.isnan(quantiles).all()
