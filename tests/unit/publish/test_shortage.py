"""Units short of a stock, and where the next unit does the most good."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from batchcast.publish.shortage import Shortage, next_purchases

LEVELS = np.array([0.5, 0.8, 0.95])
QUANTILES = np.array([[4.0, 8.0, 20.0], [0.0, 0.0, 6.0], [1.0, 1.0, 1.0]])


@pytest.fixture
def shortage():
    return Shortage.of(QUANTILES, LEVELS)


def by_counting(row, stock):
    """The area under the chance from the stock on, in many thin slices."""
    x = np.linspace(stock, max(1.5 * QUANTILES[row, -1], stock), 400_001)
    places = np.concatenate([[0.0], QUANTILES[row], [1.5 * QUANTILES[row, -1]]])
    chance = np.interp(x, places, np.concatenate([[1.0], 1.0 - LEVELS, [0.0]]), right=0.0)
    return float(np.trapezoid(chance, x))


@pytest.mark.parametrize("stock", [0.0, 1.0, 4.0, 5.5, 8.0, 19.0, 29.0, 30.0, 99.0])
def test_what_is_short_is_the_area_from_the_stock_on(shortage, stock):
    found = shortage.at(np.full(3, stock))

    expected = [by_counting(row, stock) for row in range(3)]
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_more_stock_never_leaves_more_short(shortage):
    found = np.array([shortage.at(np.full(3, stock)) for stock in np.linspace(0, 40, 200)])

    assert (np.diff(found, axis=0) <= 1e-12).all()
    assert (found >= 0).all()
    np.testing.assert_allclose(found[0], shortage.mean)


def test_money_goes_where_it_saves_the_most(shortage):
    on_hand, pack, cost = np.array([0.0, 0.0, np.nan]), np.array([1.0, 3.0, 1.0]), np.array([2.0, np.nan, 1.0])

    bought = list(next_purchases(shortage, on_hand, pack, cost))

    worth = [one.avoided / one.cost for one in bought]
    assert worth == sorted(worth, reverse=True)
    assert {one.series for one in bought} == {0, 1}  # of the third nothing is known
    assert bought[0].units in {1.0, 3.0}
    for row in (0, 1):  # all that can be avoided is
        assert sum(one.avoided for one in bought if one.series == row) == pytest.approx(shortage.mean[row])


def test_each_choice_is_the_best_there_is(shortage):
    on_hand, pack, cost = np.array([2.0, 1.0, 0.0]), np.array([2.0, 1.0, 1.0]), np.array([1.0, 1.5, 0.7])

    stock = on_hand.copy()
    for one in islice(next_purchases(shortage, on_hand, pack, cost), 12):
        saved = (shortage.at(stock) - shortage.at(stock + pack)) / (cost * pack)
        assert one.series == int(saved.argmax())
        assert one.stock == stock[one.series]
        stock[one.series] += pack[one.series]
