"""Families are chosen by their own folds and the experience of the batch, and never three near copies."""

from __future__ import annotations

import numpy as np
import pytest

from batchcast.forecast.combine import BEST, NONE, POOL_WEIGHT, average_chosen, choose_families

KINS = np.array([0, 1, 2, 3], dtype=np.int64)


def choose(losses, folds, pooled, answers=None, kins=KINS):
    own = np.array([losses], dtype=float).T
    heard = np.ones(own.shape, dtype=np.bool_) if answers is None else np.array([answers], dtype=np.bool_).T
    return choose_families(own, np.array([folds]), np.array([pooled], dtype=float), heard, kins)[0].tolist()


def test_without_folds_the_batch_decides():
    assert choose([np.nan] * 4, 0, [1.2, 0.8, 1.0, 0.9]) == [1, 3, 2]


def test_own_losses_are_weighed_against_the_batch_by_hand():
    # Mean loss 2, so relative losses are 0.5, 1.5, 1, 1. With as many folds as the batch weighs, the scores are
    # (0.5 + 1.2)/2 = 0.85, (1.5 + 0.8)/2 = 1.15, (1 + 1)/2 = 1, (1 + 0.9)/2 = 0.95.
    assert choose([1, 3, 2, 2], int(POOL_WEIGHT), [1.2, 0.8, 1.0, 0.9]) == [0, 3, 2]


def test_one_short_history_proves_nothing():
    assert choose([1, 3, 2, 2], 1, [1.2, 0.8, 1.0, 0.9])[0] == 1


def test_kin_wait_until_no_stranger_is_left():
    kins = np.array([5, 5, 5, 7], dtype=np.int64)

    assert choose([np.nan] * 4, 0, [0.7, 0.8, 0.9, 1.5], kins=kins) == [0, 3, 1]


def test_a_family_without_an_answer_is_not_chosen():
    assert choose([1, 3, 2, 2], 2, [0.5, 0.8, 1.0, 0.9], answers=[False, True, False, True]) == [1, 3, NONE]
    assert choose([1] * 4, 2, [1] * 4, answers=[False] * 4) == [NONE] * BEST


def test_a_series_on_which_all_are_perfect_follows_the_batch():
    assert choose([0, 0, 0, 0], 3, [1.2, 0.8, 1.0, 0.9]) == [1, 3, 2]


def test_a_family_without_a_score_of_its_own_stands_on_that_of_the_batch():
    assert choose([np.nan, 3, 1, 2], 25, [0.1, 1.0, 1.0, 1.0])[0] == 0


def test_the_average_is_over_the_chosen():
    forecasts = np.arange(4 * 3 * 2, dtype=float).reshape(4, 3, 2)
    chosen = np.array([[0, 1, 3], [2, NONE, NONE], [NONE, NONE, NONE]], dtype=np.int64)
    average = np.empty((3, 2))

    average_chosen(forecasts, chosen, average)

    assert average[0] == pytest.approx(forecasts[[0, 1, 3], 0].mean(axis=0))
    assert average[1].tolist() == forecasts[2, 1].tolist()
    assert np.isnan(average[2]).all()
