"""Units short of a stock, and where the next unit does the most good."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from batchcast.results.shortage import Shortage, next_purchases

LEVELS = np.array([0.5, 0.8, 0.95])
MEANS = np.array([6.9, 0.5, 0.75])  # chances: 1 for a while; those of the quantiles alone; under 1 at 0
QUANTILES = np.array([[4.0, 8.0, 20.0], [0.0, 0.0, 6.0], [1.0, 1.0, 1.0]])


@pytest.fixture
def shortage():
    return Shortage.of(QUANTILES, LEVELS, MEANS)


def by_counting(shortage, row, stock):
    """The area under the chance from the stock on, in many thin slices."""
    places, chances = shortage.places[row], shortage.chances[row]
    x = np.linspace(stock, max(places[-1], stock), 400_001)
    return float(np.trapezoid(np.interp(x, places, chances, right=0.0), x))


@pytest.mark.parametrize("stock", [0.5, 1.0, 4.0, 5.5, 8.0, 19.0, 29.0, 30.0, 99.0])
def test_what_is_short_is_the_area_from_the_stock_on(shortage, stock):
    found = shortage.at(np.full(3, stock))

    expected = [by_counting(shortage, row, stock) for row in range(3)]
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_the_chances_are_those_of_the_quantiles(shortage):
    for row in range(3):
        for level, quantile in zip(LEVELS, QUANTILES[row], strict=True):
            at = np.flatnonzero((shortage.places[row] == quantile) & np.isclose(shortage.chances[row], 1 - level))
            assert len(at)


@pytest.mark.parametrize(("mean", "expected"), [(5.5, 5.5), (6.9, 6.9), (99.0, 7.15), (0.1, 5.15)])
def test_the_whole_area_is_the_mean_where_it_can_be(mean, expected):
    """From 0 to 4 a falling chance can add 2 to 4 units to the 3.15 beyond."""
    found = Shortage.of(QUANTILES[:1], LEVELS, np.array([mean]))

    assert found.mean[0] == pytest.approx(expected)
    assert (np.diff(found.chances[0]) <= 0).all()


def test_more_stock_never_leaves_more_short(shortage):
    found = np.array([shortage.at(np.full(3, stock)) for stock in np.linspace(0, 40, 200)])

    assert (np.diff(found, axis=0) <= 1e-12).all()
    assert (found >= 0).all()
    np.testing.assert_allclose(found[0], shortage.mean)


def test_money_goes_where_it_saves_the_most(shortage):
    on_hand, pack, cost = np.array([0.0, 0.0, np.nan]), np.array([1.0, 3.0, 1.0]), np.array([2.0, 1.0, 1.0])

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


def test_a_pack_that_saves_next_to_nothing_does_not_end_the_list() -> None:
    """A washer for a cent goes on being the best of its money when it saves a billionth; the engine is needed still."""
    shortage = Shortage.of(np.array([[1.0, 1.0, 1.0], [1.0, 2.0, 5.0]]), LEVELS, np.array([0.9, 1.5]))
    packs, costs = np.array([1e-9, 1.0]), np.array([1e-4, 1e9])

    found = list(islice(next_purchases(shortage, np.zeros(2), packs, costs), 5))

    assert [one.series for one in found] == [1] * 5
