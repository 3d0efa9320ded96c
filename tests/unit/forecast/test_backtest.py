"""Where a backtest cuts history, and what it compares with."""

from __future__ import annotations

import numpy as np
import pytest

from batchcast.domain.cutoffs import choose_cutoffs, typical_length
from batchcast.forecast.backtest import measured_levels, take_actuals


@pytest.mark.parametrize(
    ("length", "asked", "expected"),
    [
        (51, {"lead_time": 6}, (6, 12, 18)),  # lead times do not overlap
        (24, {"lead_time": 6}, (6, 9, 12)),  # two lead times to learn from before the earliest: origins move together
        (36, {"lead_time": 12}, (12, 18, 24)),  # one lead time to learn from has to do
        (14, {"lead_time": 6}, (6, 7, 8)),
        (11, {"lead_time": 6}, (6, 7)),  # fewer folds
        (10, {"lead_time": 6}, (6,)),
        (9, {"lead_time": 6}, ()),  # none
        (0, {"lead_time": 6}, ()),
        (51, {"lead_time": 6, "folds": 1}, (6,)),
        (51, {"lead_time": 6, "skip": 2}, (6, 12, 18)),  # a later start cuts what is published, and nothing else
        (1941, {"lead_time": 28}, (28, 56, 84)),
    ],
)
def test_cutoffs_by_example(make_request, length: int, asked: dict[str, int], expected: tuple[int, ...]):
    assert choose_cutoffs(make_request(**asked), length) == expected


@pytest.mark.parametrize("length", range(0, 80, 3))
@pytest.mark.parametrize("lead_time", [1, 2, 7, 12])
def test_every_fold_has_its_lead_time_within_history_and_something_to_learn_from(make_request, length, lead_time):
    cutoffs = choose_cutoffs(make_request(lead_time=lead_time), length)

    assert list(cutoffs) == sorted(set(cutoffs))
    assert all(lead_time <= held <= length - 4 for held in cutoffs)


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        ([], 0),
        ([0, 0], 0),
        ([30, 20, 40, 50], 50),  # a quarter reach it
        ([8] * 9 + [60, 0], 60),  # too short for any backtest: the longest
        ([8, 8, 8], 8),
    ],
)
def test_the_typical_length_is_one_that_can_be_judged_where_any_can(make_request, lengths, expected):
    assert typical_length(np.array(lengths, dtype=np.int64), make_request(lead_time=6)) == expected


def test_the_levels_of_the_measure_and_the_service_level_are_backtested():
    assert measured_levels(0.95) == (0.1, 0.5, 0.8, 0.9, 0.95, 0.99)
    assert measured_levels(0.97) == (0.1, 0.5, 0.8, 0.9, 0.95, 0.97, 0.99)


def test_what_came_after_a_cutoff():
    values, offsets = np.arange(1.0, 9.0), np.array([0, 6, 8], dtype=np.int64)

    actuals = take_actuals(values, offsets, (2, 3), span=2)

    # the first series ends 4 5 6, the second is 7 8: before it began, nothing
    assert actuals[:, 0].tolist() == [[5, 6], [4, 5]]
    assert actuals[:, 1].tolist() == [[7, 8], [0, 7]]
