"""Exact sums do not depend on the order of adding, nor on how the terms are shared out."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from batchcast.forecast.metrics import add_exactly, empty_limbs, exact_totals, nearest_float

TERMS = [1e300, 1.0, -1e300, 1e-300, 0.1, 0.2, -0.3, 5e-324, 2.0**53, 1.0, -7.25, 0.0]


def total_of(terms: list[float]) -> int:
    return totals_of(terms)[0]


def totals_of(*sums: list[float]) -> list[int]:
    limbs = empty_limbs(len(sums))
    for one, terms in zip(limbs, sums, strict=True):
        for term in terms:
            add_exactly(one, term)
    return exact_totals(limbs)


def test_a_sum_is_exact_to_the_last_bit():
    assert Fraction(total_of(TERMS), 2**1126) == sum(map(Fraction, TERMS))
    assert nearest_float(total_of(TERMS)) == float(sum(map(Fraction, TERMS)))


@pytest.mark.parametrize("seed", range(5))
def test_no_order_and_no_sharing_out_changes_a_sum(seed: int):
    rng = np.random.default_rng(seed)
    terms = (rng.normal(size=200) * 10.0 ** rng.integers(-20, 20, 200)).tolist()
    shuffled = rng.permutation(terms).tolist()

    assert total_of(terms) == total_of(shuffled) == total_of(shuffled[:70]) + total_of(shuffled[70:])
    assert nearest_float(total_of(terms)) == float(sum(map(Fraction, terms)))


def test_nothing_sums_to_nothing():
    assert nearest_float(total_of([])) == 0.0


def test_sums_are_read_together_each_of_its_own_terms():
    together = totals_of(TERMS, [], [-0.5, -1e-300], TERMS[:3])

    assert together == [total_of(TERMS), 0, total_of([-0.5, -1e-300]), total_of(TERMS[:3])]
