"""Quantiles of the negative binomial agree with scipy's, in its limits too."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import gamma, nbinom, poisson

from batchcast.forecast.distributions.gamma import gamma_quantile, gamma_table, regularised_gamma
from batchcast.forecast.distributions.negbin import negbin_quantiles

LEVELS = (0.1, 0.5, 0.8, 0.9, 0.95, 0.99)


def quantiles(mean: float, dispersion: float, unit: float = 1.0) -> list[float]:
    return negbin_quantiles(np.array([mean]), np.array([dispersion]), np.array([unit]), LEVELS)[0].tolist()


def test_a_geometric_distribution_is_counted_by_hand():
    # mean 1, variance 2: p(k) = 1/2, 1/4, 1/8, ...; the sums are 0.5, 0.75, 0.875, 0.9375, 0.96875, 0.984375, 0.992
    assert quantiles(1.0, 2.0) == [0, 0, 2, 3, 4, 6]


@pytest.mark.parametrize("dispersion", [1.01, 1.5, 4.0, 60.0])
@pytest.mark.parametrize("mean", [0.003, 0.4, 3.0, 11.0])
def test_small_quantiles_are_exact(mean: float, dispersion: float):
    size = mean / (dispersion - 1)

    expected = nbinom.ppf(LEVELS, size, 1 / dispersion)

    assert np.abs(np.array(quantiles(mean, dispersion)) - expected).max() <= (0 if mean * dispersion < 50 else 1)


@pytest.mark.parametrize("dispersion", [1.2, 3.0, 40.0, 900.0])
@pytest.mark.parametrize("mean", [80.0, 2500.0, 60_000.0])
def test_large_quantiles_are_within_a_unit_or_a_thousandth(mean: float, dispersion: float):
    low, high = (nbinom.cdf(np.array(quantiles(mean, dispersion)) + d, mean / (dispersion - 1), 1 / dispersion)
                 for d in (-1 - 1e-3 * mean, 1 + 1e-3 * mean))  # fmt: skip

    assert np.all(low <= np.array(LEVELS))
    assert np.all(high >= np.array(LEVELS))


@pytest.mark.parametrize("dispersion", [0.0, 0.5, 1.0])
def test_steady_demand_is_poisson(dispersion: float):
    assert quantiles(4.2, dispersion) == poisson.ppf(LEVELS, 4.2).tolist()


def test_no_mean_is_no_demand():
    assert quantiles(0.0, 3.0) == [0.0] * 6
    assert quantiles(float("nan"), 3.0) == [0.0] * 6


def test_packs_of_500_come_in_packs_of_500():
    in_packs = np.array(quantiles(1250.0, 2000.0, unit=500.0))

    assert in_packs.tolist() == (500 * np.array(quantiles(2.5, 4.0))).tolist()


def test_demand_steadier_than_its_packs_falls_between_them():
    assert quantiles(10_000.0, 100.0, unit=500.0) == quantiles(10_000.0, 100.0)


def test_fractional_demand_is_gamma():
    mean, dispersion = 7.5, 2.5

    expected = gamma.ppf(LEVELS, mean / dispersion, scale=dispersion)

    assert quantiles(mean, dispersion, unit=0.0) == pytest.approx(expected, rel=1e-4)


def test_fractional_demand_without_spread_is_its_mean():
    assert quantiles(7.5, 0.0, unit=0.0) == pytest.approx([7.5] * 6, rel=0.02)


def test_a_trillion_units_get_quantiles():
    found = quantiles(1e12, 1e11)

    assert np.all(np.diff(found) > 0)
    assert found == pytest.approx(gamma.ppf(LEVELS, 10, scale=1e11), rel=1e-3)


def test_no_row_depends_on_its_neighbours():
    mean, dispersion, unit = np.array([0.3, 500.0, 7.0]), np.array([2.0, 90.0, 1.0]), np.array([1.0, 1.0, 0.0])

    together = negbin_quantiles(mean, dispersion, unit, LEVELS)

    alone = [negbin_quantiles(mean[k : k + 1], dispersion[k : k + 1], unit[k : k + 1], LEVELS)[0] for k in range(3)]
    assert together.tolist() == [row.tolist() for row in alone]


@pytest.mark.parametrize("shape", [0.01, 0.1, 0.7, 1.0, 3.3, 40.0, 999.0, 70_000.0])
def test_gamma_quantiles_are_scipys(shape: float):
    table = gamma_table(LEVELS)

    found = [gamma_quantile(table, place, shape) for place in range(len(LEVELS))]

    assert found == pytest.approx(gamma.ppf(LEVELS, shape), rel=1e-3, abs=1e-12)


@pytest.mark.parametrize(("shape", "x"), [(0.5, 0.1), (0.5, 4.0), (3.0, 2.0), (3.0, 9.0), (200.0, 210.0), (2.0, 0.0)])
def test_the_gamma_distribution_function_is_scipys(shape: float, x: float):
    assert regularised_gamma(shape, x) == pytest.approx(gamma.cdf(x, shape), rel=1e-12)
