"""One order far beyond all others counts as what the others make plausible; real lumps, seasons and levels stay."""

from __future__ import annotations

import numpy as np
import pytest

from batchcast.domain.calendar import Frequency
from batchcast.forecast.extremes import PLAUSIBLE, bound_extremes, cut_to_limits, find_extremes, largest_plausible

FIVES = [5.0] * 35


def limits_of(history, *, held=(0,), frequency=Frequency.MONTHLY):
    offsets = np.array([0, len(history)], dtype=np.int64)
    found = largest_plausible(np.array(history, dtype=float), offsets, np.array(held, dtype=np.int64), frequency)
    return found[:, 0].tolist()


def with_order(size, place, history=FIVES):
    return [*history[:place], size, *history[place:]]


@pytest.mark.parametrize("size", [101, 10_000, 99_999_999_999, 1e300])
@pytest.mark.parametrize("place", [0, 1, 17, 34, 35])
def test_one_order_far_beyond_the_others_counts_as_little_more_than_the_largest_of_them(size, place):
    assert limits_of(with_order(size, place)) == [PLAUSIBLE * 5.0]


@pytest.mark.parametrize(
    "history",
    [
        with_order(40, 10),  # eight times the others, not more
        with_order(10_000, 10, with_order(9_000, 25)),  # two, half a year and more apart
        [5.0, 5.0, 900.0] * 12,  # lumps that come again and again
        ([5.0] * 11 + [500.0]) * 3,  # one December like the others
        [5.0] * 33 + [500.0] * 3,  # a new level
        [0.0] * 30 + [1, 2, 4, 8, 16, 32],  # growth
        [0.0] * 30 + [5, 49_000],  # too few others to tell
        [0.0] * 30 + [5, 5, 900],  # few others, and not so far beyond them
        [*FIVES, 100],  # the last demand: it may be a new level
        [900.0],
        [0.0] * 36,
        [],
    ],
)
def test_other_demand_counts_as_it_is(history):
    assert limits_of(history) == [np.inf]


def test_where_few_others_are_known_more_is_plausible():
    assert limits_of([5, 0, 6, 0, 0, 1_201, 0]) == [PLAUSIBLE * 6]
    assert limits_of([5, 0, 6, 0, 0, 1_200, 0]) == [np.inf]


def test_where_the_usual_demand_has_come_back_less_is_plausible():
    assert limits_of([*FIVES, 41, 0, 5]) == [PLAUSIBLE * 5]
    assert limits_of([*FIVES, 41, 0, 0]) == [np.inf]


def test_beside_one_other_demand_only_a_slip_of_typing_is_one():
    assert limits_of([0, 5, 0, 0, 50_001, 0]) == [PLAUSIBLE * 5]
    assert limits_of([0, 5, 0, 0, 50_000, 0]) == [np.inf]


def test_two_slips_of_typing_are_one_each():
    assert limits_of(with_order(99_999_999_999, 3, with_order(10_000, 25))) == [PLAUSIBLE * 5.0]


def test_an_order_that_is_spread_over_some_periods_is_one():
    assert limits_of([*FIVES, 4_000, 3_000, 3_500, *FIVES]) == [PLAUSIBLE * 5.0]
    assert limits_of([*FIVES, *FIVES, 4_000, 0, 3_000, 5, 5], frequency=Frequency.WEEKLY) == [PLAUSIBLE * 5.0]


def test_at_each_cutoff_only_what_lies_before_it_counts():
    history = [*FIVES, 10_000, *FIVES[:5], 9_000]

    assert limits_of(history, held=(7, 6, 1, 0)) == [np.inf, 10.0, 10.0, np.inf]


@pytest.mark.parametrize("factor", [0.125, 2.0, 1024.0])
def test_a_scaled_history_has_scaled_limits(factor):
    history = with_order(777, 9, [3.0, 0.0, 4.0, 5.0] * 9)

    assert limits_of([factor * y for y in history]) == [factor * one for one in limits_of(history)]


def test_limits_are_those_of_a_naive_loop():
    rng = np.random.default_rng(11)
    for _ in range(300):
        history = np.where(rng.random(40) < 0.6, np.round(rng.lognormal(1.0, 1.4, 40)), 0.0)

        assert limits_of(history, held=(13, 0)) == [naive_limit(history[:27]), naive_limit(history)]


def naive_limit(history):
    """Of monthly demand, from the definition."""
    for count in (3, 2, 1):
        places = sorted(np.flatnonzero(history), key=lambda t: -history[t])
        others = len(places) - count
        if others < (1 if count == 1 else 5 * count):
            continue
        top, rest = places[:count], history[places[count]]
        back = np.count_nonzero(history[max(top) + 1 :])
        multiple = 10_000 if others == 1 else 200 if others < 5 else 8 if count == 1 and back else 20
        is_one = count == 1 or (max(top) - min(top) < 3 and back >= count)
        apart = all(history[a] > 20 * history[b] for a, b in zip(top, places[1 : count + 1], strict=True))
        if history[top[-1]] > multiple * rest and (is_one or apart):
            return 2 * rest
    return np.inf


def test_the_extreme_of_a_series_is_named_with_its_period_and_size(make_panel):
    panel = make_panel(FIVES, with_order(10_000, 20), [])

    found = find_extremes(panel, Frequency.MONTHLY)

    assert found.rows.tolist() == [1]
    assert found.periods.tolist() == [panel.last_period - 15]
    assert found.quantities.tolist() == [10_000]
    assert found.counted.tolist() == [10]


def test_a_panel_is_bounded_as_known_at_a_cutoff(make_panel):
    panel = make_panel(FIVES, with_order(10_000, 20))

    assert bound_extremes(panel, Frequency.MONTHLY).values.max() == 10
    assert bound_extremes(panel, Frequency.MONTHLY, held=16) is panel  # nothing was known of it

    cut = cut_to_limits(panel, 2, np.array([np.inf, 10.0]), np.array([1]))

    assert cut.values.tolist() == [*[5.0] * 20, 10.0, *[5.0] * 13]
    assert cut.last_periods.tolist() == [panel.last_period - 2]
    assert cut.partnumbers == panel.partnumbers[1:]
