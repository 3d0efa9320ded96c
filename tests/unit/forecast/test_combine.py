"""Members: what is learned has its share; the others are chosen by their own folds and the batch, never near copies."""

from __future__ import annotations

import numpy as np
import pytest

from batchcast.forecast.combine import (
    COMPETITORS,
    FAR_WORSE,
    NONE,
    POOL_WEIGHT,
    average_chosen,
    choose_members,
    cut_to_none,
    stretch_tail,
    weigh_means,
    weigh_members,
    zero_as_most,
    zero_with_sum,
)

GROUPS = np.array([0, 1, 2, 3], dtype=np.int64)


def choose(losses, folds, pooled, answers=None, *, groups=GROUPS, shares=(0.0, 0.0, 0.0, 0.0)):
    own = np.array([losses], dtype=float).T
    answers = np.ones(own.shape, dtype=np.bool_) if answers is None else np.array([answers], dtype=np.bool_).T
    batch = np.array([pooled], dtype=float)
    return choose_members(own, np.array([folds]), batch, answers, groups, np.array(shares))[0].tolist()


def test_without_folds_the_batch_decides():
    assert choose([np.nan] * 4, 0, [1.2, 0.8, 1.0, 0.9]) == [1, 3, 2]


def test_own_losses_are_weighed_against_the_batch_by_hand():
    # Mean loss 2, so relative losses are 0.5, 1.5, 1, 1. With as many folds as the batch weighs, the scores are
    # (0.5 + 1.2)/2 = 0.85, (1.5 + 0.8)/2 = 1.15, (1 + 1)/2 = 1, (1 + 0.9)/2 = 0.95.
    assert choose([1, 3, 2, 2], int(POOL_WEIGHT), [1.2, 0.8, 1.0, 0.9]) == [0, 3, 2]


def test_one_short_history_proves_nothing():
    assert choose([1, 3, 2, 2], 1, [1.2, 0.8, 1.0, 0.9])[0] == 1


def test_kin_wait_until_no_stranger_is_left():
    groups = np.array([5, 5, 5, 7], dtype=np.int64)

    assert choose([np.nan] * 4, 0, [0.7, 0.8, 0.9, 1.5], groups=groups) == [0, 3, 1]


def test_a_candidate_without_an_answer_is_not_chosen():
    assert choose([1, 3, 2, 2], 2, [0.5, 0.8, 1.0, 0.9], answers=[False, True, False, True]) == [1, 3, NONE]
    assert choose([1] * 4, 2, [1] * 4, answers=[False] * 4) == [NONE] * COMPETITORS


def test_a_series_on_which_all_are_perfect_follows_the_batch():
    assert choose([0, 0, 0, 0], 3, [1.2, 0.8, 1.0, 0.9]) == [1, 3, 2]


def test_a_candidate_without_a_score_of_its_own_stands_on_that_of_the_batch():
    assert choose([np.nan, 3, 1, 2], 25, [0.1, 1.0, 1.0, 1.0])[0] == 0


def test_what_has_a_share_is_a_member_though_three_others_did_better():
    assert choose([np.nan] * 4, 0, [1.2, 0.8, 1.0, 0.9], shares=[0.5, 0, 0, 0]) == [0, 1, 3, 2]


def test_what_has_a_share_takes_no_place_and_no_kin_of_the_others():
    groups = np.array([5, 5, 5, 7], dtype=np.int64)

    assert choose([np.nan] * 4, 0, [0.7, 0.8, 0.9, 1.5], groups=groups, shares=[0, 0.5, 0, 0]) == [1, 0, 3, 2]


def test_what_has_a_share_but_did_far_worse_than_the_best_of_the_others_is_left_out():
    worst = 0.8 * FAR_WORSE

    assert choose([np.nan] * 4, 0, [worst, 0.8, 1.0, 0.9], shares=[0.5, 0, 0, 0]) == [0, 1, 3, 2]
    assert choose([np.nan] * 4, 0, [worst + 0.01, 0.8, 1.0, 0.9], shares=[0.5, 0, 0, 0]) == [1, 3, 2, NONE]


def test_what_has_a_share_needs_an_answer():
    answers = [False, True, True, True]

    assert choose([np.nan] * 4, 0, [0.5, 0.8, 1.0, 0.9], answers, shares=[0.5, 0, 0, 0]) == [1, 3, 2, NONE]


def weigh(chosen, shares=(0.5, 0.25, 0, 0, 0)):
    return weigh_members(np.array([chosen], dtype=np.int64), np.array(shares, dtype=float))[0].tolist()


def test_the_others_have_what_is_left_in_equal_parts():
    assert weigh([0, 1, 2, 3, 4]) == pytest.approx([0.5, 0.25, 0.25 / 3, 0.25 / 3, 0.25 / 3])
    assert weigh([0, 1, 3, NONE, NONE]) == pytest.approx([0.5, 0.25, 0.25, 0, 0])


def test_a_share_that_is_missing_goes_to_the_others():
    assert weigh([1, 3, 4, NONE, NONE]) == pytest.approx([0.25, 0.375, 0.375, 0, 0])
    assert weigh([2, 3, 4, NONE, NONE]) == pytest.approx([1 / 3, 1 / 3, 1 / 3, 0, 0])


def test_without_others_shares_have_everything():
    assert weigh([0, 1, NONE, NONE, NONE]) == pytest.approx([2 / 3, 1 / 3, 0, 0, 0])
    assert weigh([NONE] * 5) == [0] * 5
    assert weigh([NONE] * 3, shares=()) == [0] * 3


def test_means_are_averaged_over_those_that_have_one():
    members = [[0, 1, 2, 3], [1, 2, 3, NONE], [0, 2, 3, NONE], [0, NONE, NONE, NONE], [NONE] * 4]

    found = weigh_means(
        np.array(members, dtype=np.int64), np.array([0, 0.5, 0, 0]), np.array([False, True, True, True])
    )

    whatever_else = [0.5, 0.25, 0.25]
    expected = [[0, *whatever_else], [*whatever_else, 0], [0, 0.5, 0.5, 0], [1, 0, 0, 0], [0] * 4]
    assert found.tolist() == expected


def test_the_average_is_over_the_members_by_their_weights():
    forecasts = np.arange(4 * 3 * 2, dtype=float).reshape(4, 3, 2)
    chosen = np.array([[0, 1, 3], [2, NONE, NONE], [NONE, NONE, NONE]], dtype=np.int64)
    weights = np.array([[0.5, 0.25, 0.25], [1, 0, 0], [0, 0, 0]])
    average = np.empty((3, 2))

    average_chosen(forecasts, chosen, weights, average)

    assert average[0] == pytest.approx((0.5, 0.25, 0.25) @ forecasts[[0, 1, 3], 0])
    assert average[1].tolist() == forecasts[2, 1].tolist()
    assert np.isnan(average[2]).all()


def test_the_tail_is_stretched_beyond_its_edge_alone():
    quantiles = np.array([[4.0, 10.0, 20.0, 30.0], [0.0, 0.0, 0.0, 2.0]])

    found = stretch_tail(quantiles, (0.5, 0.95, 0.99, 0.999))

    assert found[0].tolist() == pytest.approx([4, 10, 10 + 1.15 * 10, 10 + 1.15 * 20])
    assert found[1].tolist() == pytest.approx([0, 0, 0, 2.3])


@pytest.mark.parametrize(("none", "zeros"), [(0.0, 0), (0.24, 1), (0.26, 2), (0.5, 3), (0.83, 4), (0.88, 5), (1.0, 5)])
def test_quantiles_are_none_up_to_the_nearest_level_of_the_chance_of_none(none, zeros):
    levels = (0.1, 0.3, 0.5, 0.85, 0.9, 0.95)  # 0.24 is nearer to 0.2, at which no quantile is asked for
    quantiles = np.array([[1.0, 2.0, 3.0, 4.0, 5.0, 9.0]])

    cut = cut_to_none(quantiles, levels, np.array([none]))[0]

    assert cut.tolist() == [0.0] * zeros + quantiles[0, zeros:].tolist()


def test_a_cut_keeps_what_is_not_known():
    assert np.isnan(cut_to_none(np.full((1, 2), np.nan), (0.1, 0.9), np.array([0.5]))).all()


def test_an_average_is_none_where_half_of_the_weight_is():
    levels = (0.3, 0.5, 0.7, 0.9)
    forecasts = np.array([[[0.0, 0.0, 0.0, 0.0]], [[0.0, 0.0, 4.0, 8.0]], [[0.0, 6.0, 8.0, 9.0]]])
    chosen, weights = np.array([[0, 1, 2]]), np.array([[0.25, 0.25, 0.5]])
    average = np.empty((1, 4))
    average_chosen(forecasts, chosen, weights, average)

    assert zero_as_most(average, forecasts, chosen, weights, levels)[0].tolist() == [0.0, 0.0, 5.0, 6.5]
    weights = np.array([[0.5, 0.25, 0.25]])
    average_chosen(forecasts, chosen, weights, average)
    assert zero_as_most(average, forecasts, chosen, weights, levels)[0].tolist() == [0.0, 0.0, 0.0, 4.25]


def test_where_a_sum_may_be_nothing_each_of_its_periods_may():
    levels, step_levels = (0.05, 0.1, 0.3, 0.5, 0.9), (0.1, 0.25, 0.5, 0.9)
    sums = np.array([[0.0, 0.0, 0.0, 4.0, 9.0], [1.0, 2.0, 3.0, 4.0, 5.0], [0.0, 0.0, 0.0, 0.0, 0.0]])
    steps = np.tile(np.array([1.0, 2.0, 3.0, 4.0]), (3, 2, 1))

    found = zero_with_sum(steps, step_levels, sums, levels)

    assert found[0].tolist() == [[0.0, 0.0, 3.0, 4.0]] * 2
    assert found[1].tolist() == steps[1].tolist()
    assert found[2].tolist() == [[0.0, 0.0, 0.0, 0.0]] * 2
