"""A distribution bent through known quantiles."""

from __future__ import annotations

import numpy as np

from batchcast.forecast.distributions.learned_quantiles import remap_quantiles

KNOWN = (0.5, 0.9)


def bent(wanted, levels, own, known):
    return remap_quantiles(np.array([wanted]), levels, np.array([own]), np.array([known]), KNOWN)[0].tolist()


def test_at_the_known_levels_it_is_what_is_known():
    assert bent([4.0, 10.0], KNOWN, [4.0, 10.0], [5.0, 7.0]) == [5.0, 7.0]


def test_between_them_it_is_off_by_as_much_as_its_neighbours():
    assert bent([4.0, 6.0, 10.0], (0.5, 0.7, 0.9), [4.0, 10.0], [5.0, 14.0]) == [5.0, 8.5, 14.0]


def test_outside_it_is_stretched_in_proportion():
    assert bent([2.0, 20.0], (0.1, 0.99), [4.0, 10.0], [2.0, 15.0]) == [1.0, 30.0]


def test_where_it_says_nothing_comes_what_is_known_still_counts():
    assert bent([0.0, 0.0, 3.0], (0.1, 0.9, 0.99), [0.0, 0.0], [0.0, 2.0]) == [0.0, 2.0, 5.0]


def test_it_never_descends_nor_goes_under_nothing():
    assert bent([1.0, 2.0, 3.0], (0.5, 0.7, 0.9), [1.0, 3.0], [2.0, 0.0]) == [2.0, 2.0, 2.0]


def test_what_is_unknown_stays_unknown():
    assert np.isnan(bent([1.0, 3.0], KNOWN, [1.0, 3.0], [np.nan, np.nan])).all()
