"""What holds of the demand summed over windows, whatever its distribution over the lead time is."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from batchcast.domain.stock import LEVELS, LeadTimeDemand, fit_to_mean
from batchcast.domain.sums import means_of, over_windows, windows_to

ratios = st.one_of(st.floats(1e-6, 1e-2), st.floats(0.01, 5.0), st.floats(5.0, 400.0), st.just(1.0))


@st.composite
def demands(draw: st.DrawFn) -> LeadTimeDemand:
    """Often nothing for long, often whole, sometimes all equal, with a mean that is published or not."""
    step = st.one_of(st.just(0.0), st.integers(0, 9), st.floats(0.001, 1e6))
    steps, nothing = draw(st.lists(step, min_size=len(LEVELS), max_size=len(LEVELS))), draw(st.integers(0, len(LEVELS)))
    levels, quantiles = np.array(LEVELS), np.cumsum([0.0] * nothing + steps[nothing:])[None, :]
    mean = draw(st.one_of(st.none(), st.floats(0, 1e5)))
    if mean is None:
        return LeadTimeDemand(levels, quantiles)
    return LeadTimeDemand(levels, fit_to_mean(quantiles, levels, np.array([mean]), 0.95), np.array([mean]))


@given(demand=demands(), windows=st.lists(ratios, min_size=2, max_size=8))
def test_no_quantile_falls_as_the_window_grows(demand: LeadTimeDemand, windows: list[float]) -> None:
    found = [over_windows(demand, np.array([ratio]))[0] for ratio in sorted([*windows, 1.0])]

    for shorter, longer in pairwise(found):
        assert (longer >= shorter - 1e-9 * (1 + shorter)).all()


@given(demand=demands(), ratio=ratios)
def test_quantiles_are_finite_and_never_descend(demand: LeadTimeDemand, ratio: float) -> None:
    found = over_windows(demand, np.array([ratio]))[0]

    assert np.isfinite(found).all()
    assert (found >= 0).all()
    assert (np.diff(found) >= -1e-9 * (1 + found[:-1])).all()


@given(
    means=st.lists(st.floats(0, 1e6), min_size=1, max_size=40),
    periods=st.lists(st.floats(0.01, 60), min_size=2, max_size=9),
)
def test_the_mean_never_falls_as_the_window_grows(means: list[float], periods: list[float]) -> None:
    kept = np.array(windows_to(len(means), 1 + len(means) // 2))
    totals = np.cumsum(means)[kept - 1]

    found = [means_of(kept.astype(float), totals[None, :], np.array([one]))[0] for one in sorted(periods)]

    assert all(later >= earlier * (1 - 1e-12) for earlier, later in pairwise(found))
