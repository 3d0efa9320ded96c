"""Demand classes follow their stated rules."""

from __future__ import annotations

import numpy as np
import pytest

from batchcast.domain.calendar import Frequency
from batchcast.forecast.moments import DEMAND_CLASSES, classify, demand_interval, measure_history


def class_of(history: list[float], frequency: Frequency = Frequency.MONTHLY, held: int = 0) -> str:
    offsets = np.array([0, len(history)], dtype=np.int64)
    moments = measure_history(np.array(history, dtype=float), offsets, np.array([held], dtype=np.int64), 1)
    return DEMAND_CLASSES[classify(moments, frequency)[0, 0]]


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ([5, 6, 5, 4, 5, 6, 5, 5], "smooth"),
        ([5, 60, 5, 1, 90, 6, 5, 5], "erratic"),
        ([5, 0, 0, 4, 0, 6, 0, 5], "intermittent"),
        ([5, 0, 0, 90, 0, 1, 0, 5], "lumpy"),
        ([5, 6, 5, 4, 5], "new"),
        ([0, 0, 0, 0, 0, 0, 0, 5], "seen_once"),
        ([5], "seen_once"),
        ([5, *[0] * 60], "seen_once"),
        ([0] * 8, "dead"),
        ([0], "dead"),
        ([5, 6, 5, 6, 0], "new"),
        ([5, 6, *[0] * 20], "intermittent"),
        ([5, 6, 5, 6, 5, 6, 5, 6, *[0] * 60], "dead"),
    ],
)
def test_classes_by_example(history: list[float], expected: str):
    assert class_of(history) == expected


def test_zeros_before_the_first_demand_are_no_interval():
    assert class_of([0, 0, 0, 0, 5, 6, 5, 4, 5, 6, 5, 5]) == "smooth"


def test_half_a_year_of_days_is_longer_than_half_a_year_of_months():
    history = [5.0, 6, 5, 6, 5, 6, 5, 6, *[0] * 60]

    assert class_of(history, Frequency.DAILY) == "intermittent"
    assert class_of(history, Frequency.MONTHLY) == "dead"


def test_the_class_at_a_cutoff_knows_nothing_after_it():
    assert class_of([5, 6, 5, 4, 5, 6, 90, 0, 0, 120], held=4) == "smooth"


def test_the_interval_between_demands_by_hand():
    values, offsets = np.array([0.0, 0, 3, 0, 0, 4, 0, 0]), np.array([0, 8], dtype=np.int64)

    interval = demand_interval(measure_history(values, offsets, np.zeros(1, dtype=np.int64), 1))

    assert interval.tolist() == [[3.0]]  # six periods since the first demand, two demands
