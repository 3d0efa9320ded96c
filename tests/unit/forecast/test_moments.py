"""Moments at a cutoff are those of a naive loop over what was known then."""

from __future__ import annotations

from math import gcd

import numpy as np
import pytest

from batchcast.forecast.moments import Moments, measure_history

FIELDS = [
    "periods",
    "mean",
    "variance",
    "largest",
    "demands",
    "first",
    "last",
    "size_mean",
    "size_variance",
    "spans",
    "span_mean",
    "span_variance",
    "span_largest",
    "scale",
    "naive_squares",
    "naive_errors",
    "unit",
]


def naive(history: list[float], span: int) -> dict[str, float]:
    y = np.array(history)
    sizes = y[y > 0]
    sums = np.array([y[t : t + span].sum() for t in range(len(y) - span + 1)])
    width = span if len(y) - 2 * span + 1 >= 3 else (len(y) - 2) // 2
    last = len(y) - 2 * width + 1
    steps = [abs(y[t + width : t + 2 * width].sum() - y[t : t + width].sum()) for t in range(last)]
    whole = np.all(y == np.floor(y))
    least = max(1.0, y.sum() * min(span / len(y), 1.0)) if len(sizes) == 1 else 1.0
    return {
        "periods": len(y),
        "mean": y.mean(),
        "variance": y.var(ddof=1) if len(y) > 1 else 0.0,
        "largest": y.max(),
        "demands": len(sizes),
        "first": np.flatnonzero(y)[0] if len(sizes) else -1,
        "last": np.flatnonzero(y)[-1] if len(sizes) else -1,
        "size_mean": sizes.mean() if len(sizes) else 0.0,
        "size_variance": sizes.var(ddof=1) if len(sizes) > 1 else 0.0,
        "spans": len(sums),
        "span_mean": sums.mean() if len(sums) else 0.0,
        "span_variance": sums.var(ddof=1) if len(sums) > 1 else 0.0,
        "span_largest": sums.max() if len(sums) else y.sum() * span / len(y),
        "scale": max(least, np.mean(steps) * span / width) if width > 0 else least,
        "naive_squares": float((np.diff(y) ** 2).sum()),
        "naive_errors": float(np.abs(np.diff(y)).sum()),
        "unit": max(gcd(*map(int, y)), 1) if whole else 0.0,
    }


HISTORIES = [
    [0, 3, 0, 0, 6, 9, 0, 0, 12, 0, 3, 0],
    [1.5, 2.25, 0, 4, 8, 1],
    [7],
    [0, 0, 0, 0, 0],
    [500, 0, 1500, 0, 0, 500, 1000, 500, 500, 0, 0, 0, 2000, 500, 0, 500],
    [1e12, 0, 3, 1],
    [2, 4, 6, 8, 10, 12, 14, 16, 18, 20],
]


@pytest.mark.parametrize("span", [1, 2, 3, 6])
@pytest.mark.parametrize("held", [0, 1, 4])
def test_every_moment_is_that_of_a_naive_loop(span: int, held: int):
    values = np.concatenate([np.array(y, dtype=float) for y in HISTORIES])
    offsets = np.cumsum([0, *map(len, HISTORIES)], dtype=np.int64)

    moments = measure_history(values, offsets, np.array([5, held, 2], dtype=np.int64), span)

    for series, history in enumerate(HISTORIES):
        known = history[: len(history) - held]
        if known:
            expected = naive(known, span)
            found = {name: getattr(moments, name)[1, series] for name in FIELDS}
            assert found == pytest.approx(expected, rel=1e-9), (history, held)


def test_nothing_is_known_before_the_first_period():
    moments: Moments = measure_history(np.array([5.0, 2.0]), np.array([0, 2]), np.array([2, 9], dtype=np.int64), 1)

    assert not moments.table.any()
    assert moments.scale.tolist() == [[1.0], [1.0]]


def test_the_scale_of_lead_time_pinball_by_hand():
    # sums of two: 3, 5, 4, 9, 8; neighbours that do not overlap differ by |4-3|, |9-5|, |8-4|: mean 3
    moments = measure_history(np.array([1.0, 2, 3, 1, 8, 0]), np.array([0, 6]), np.array([0], dtype=np.int64), 2)

    assert moments.scale.tolist() == [[3.0]]
