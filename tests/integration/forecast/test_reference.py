"""The same parameters and initial states give the numbers of statsforecast; our own parameters fit as well as its own.

statsforecast is a test-only dependency. Series are real ones: every seventh or so of carparts, a few of M5.
"""

from __future__ import annotations

import types
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from batchcast.forecast.kernels import buckets, croston, holt, holt_winters, ses, simple, theta, tsb
from batchcast.forecast.kernels.lanes import KernelInput
from batchcast.forecast.models.points import forecast_points
from batchcast.forecast.panel import NO_DEMAND, Panel

pytestmark = pytest.mark.xdist_group("reference")  # a set is read and fitted once for all

Floats = NDArray[np.float64]
STEPS = 6
HELD = np.array([0, 6])
EXACT = 1e-6
NO_WORSE = 1.001  # than their in-sample fit, in the median


@pytest.fixture(scope="module")
def reference() -> types.SimpleNamespace:
    """statsforecast's functions, the public ones and those its models are made of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("statsforecast", reason="statsforecast is a test-only dependency")
        import statsforecast.ets
        import statsforecast.models
        import statsforecast.theta
    return types.SimpleNamespace(
        models=statsforecast.models, theta=statsforecast.theta, ets=statsforecast.ets, ses=statsforecast.models._ses_lib
    )


@pytest.fixture(scope="module", params=["carparts", "m5_ca_dev"])
def panel(request: pytest.FixtureRequest, shared_data: Path) -> Panel:
    """Real series from their first demand to the last period of the set; season 12 of months or 7 of days."""
    return read_sample(shared_data, request.param, {"carparts": 120, "m5_ca_dev": 24}[request.param])


def read_sample(shared_data: Path, name: str, count: int) -> Panel:
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    table = pq.read_table(shared_data / name / f"{name}.parquet")
    unit = "M" if name == "carparts" else "D"
    periods = table["date"].to_numpy().astype(f"datetime64[{unit}]").astype(np.int64)
    keys = pc.binary_join_element_wise(*(table[c].cast("string") for c in ("site_code", "partnumber")), "/")
    series = keys.combine_chunks().dictionary_encode()
    codes, quantity = series.indices.to_numpy(), table["demand_qty"].to_numpy()
    histories = []
    for code in np.linspace(0, len(series.dictionary) - 1, count).astype(int):
        of_series = codes == code
        history = np.zeros(periods.max() - periods[of_series].min() + 1)
        np.add.at(history, periods[of_series] - periods[of_series].min(), quantity[of_series])
        if len(history) > 30:
            histories.append(history)
    return panel_of(histories)


def panel_of(histories: list[Floats]) -> Panel:
    return Panel(
        values=np.concatenate(histories),
        offsets=np.cumsum([0, *map(len, histories)], dtype=np.int64),
        site_codes=[""] * len(histories),
        partnumbers=[""] * len(histories),
        last_demand=np.full(len(histories), NO_DEMAND, dtype=np.int32),
        last_period=0,
    )


def season_of(panel: Panel) -> int:
    return 7 if panel.lengths.max() > 100 else 12


def trained(panel: Panel) -> Iterator[tuple[int, int, Floats]]:
    """Cutoff, series and what is known of it there."""
    for c, held in enumerate(HELD):
        for i in range(len(panel)):
            yield c, i, panel.series(i)[: len(panel.series(i)) - held].copy()


def zeros(panel: Panel, *more: int) -> Floats:
    return np.zeros((len(HELD), len(panel), *more))


def assert_same(panel: Panel, ours: Floats, theirs: Callable[[Floats], Any]) -> None:
    for c, i, y in trained(panel):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = theirs(y)
        np.testing.assert_allclose(ours[c, i], expected, rtol=EXACT, atol=EXACT * y.max(), err_msg=f"series {i} at {c}")


@pytest.mark.parametrize("name", ["naive", "seasonal_naive", "mean"])
def test_simple_models_give_the_reference_numbers(panel: Panel, reference: Any, name: str) -> None:
    models, season = reference.models, season_of(panel)
    theirs = {"naive": models.Naive(), "seasonal_naive": models.SeasonalNaive(season), "mean": models.HistoricAverage()}
    ours = forecast_points(panel, models=[name], cutoffs=HELD.tolist(), steps=STEPS, season_length=season)

    assert_same(panel, ours.mean[0], lambda y: theirs[name].forecast(y, STEPS)["mean"])


@pytest.mark.parametrize("window", [1, 5, 20])
def test_the_moving_average_gives_the_reference_numbers(panel: Panel, reference: Any, window: int) -> None:
    levels = np.zeros((4, *zeros(panel).shape))
    simple.run_simple(panel.values, panel.offsets, HELD, window, levels)

    average = reference.models.WindowAverage(window)
    assert_same(panel, levels[simple.MOVING_AVERAGE], lambda y: average.forecast(y, 1)["mean"][0])


@pytest.mark.parametrize("gain", [0.01, 0.1, 0.45, 0.99])
def test_ses_gives_the_reference_numbers(panel: Panel, reference: Any, gain: float) -> None:
    levels = zeros(panel)
    ses.run_ses(panel.values, panel.offsets, HELD, np.full_like(levels, gain), levels)

    assert_same(panel, levels, lambda y: reference.models._ses_forecast(y, gain)[0])


def test_ses_fits_as_well_as_the_reference(panel: Panel, reference: Any) -> None:
    gains, mse = zeros(panel), zeros(panel)
    ses.choose_ses(panel.values, panel.offsets, HELD, gains)
    for c, i, y in trained(panel):
        mse[c, i] = np.nanmean((y - reference.models._ses_forecast(y, gains[c, i])[1]) ** 2)

    def theirs(y: Floats) -> Any:
        return np.nanmean((y - reference.models._optimized_ses_forecast(y, (0.01, 0.99))[1]) ** 2)

    assert_fits(panel, mse, theirs)


def assert_fits(panel: Panel, mse: Floats, theirs: Callable[[Floats], Any]) -> None:
    ratios = []
    for c, i, y in trained(panel):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = theirs(y)
        ratios.append(mse[c, i] / expected if expected > 1e-12 else 1.0)

    assert np.median(ratios) <= NO_WORSE
    assert np.mean(ratios) <= 1.05


@pytest.mark.parametrize("gain", [0.1, 0.27])
def test_croston_and_sba_give_the_reference_numbers(panel: Panel, reference: Any, gain: float) -> None:
    models, gains = reference.models, np.full(zeros(panel).shape, gain)
    levels = np.zeros((3, *gains.shape))
    croston.run_croston(panel.values, panel.offsets, HELD, gains, gains, levels)

    def theirs(y: Floats) -> Any:
        if not y.any():
            return 0.0
        return models._ses_forecast(models._demand(y), gain)[0] / models._ses_forecast(models._intervals(y), gain)[0]

    assert_same(panel, levels[croston.CROSTON], theirs)
    if gain == 0.1:
        assert_same(panel, levels[croston.CROSTON], lambda y: models.CrostonClassic().forecast(y, 1)["mean"][0])
        assert_same(panel, levels[croston.SBA], lambda y: models.CrostonSBA().forecast(y, 1)["mean"][0])


def test_croston_finds_the_gains_of_the_reference(panel: Panel, reference: Any) -> None:
    sizes, gaps = zeros(panel), zeros(panel)
    croston.choose_croston(panel.values, panel.offsets, HELD, sizes, gaps)
    levels = np.zeros((3, *sizes.shape))
    croston.run_croston(panel.values, panel.offsets, HELD, sizes, gaps, levels)

    differences = [
        abs(levels[croston.CROSTON, c, i] - reference.models.CrostonOptimized().forecast(y, 1)["mean"][0]) / y.max()
        for c, i, y in trained(panel)
        if y.any()
    ]
    assert np.median(differences) < 1e-3


@pytest.mark.parametrize(("size_gain", "chance_gain"), [(0.1, 0.1), (0.3, 0.05)])
def test_tsb_gives_the_reference_numbers(panel: Panel, reference: Any, size_gain: float, chance_gain: float) -> None:
    levels = zeros(panel)
    sizes, chances = np.full_like(levels, size_gain), np.full_like(levels, chance_gain)
    tsb.run_tsb(panel.values, panel.offsets, HELD, sizes, chances, levels)
    model = reference.models.TSB(alpha_d=size_gain, alpha_p=chance_gain)

    assert_same(panel, levels, lambda y: model.forecast(y, 1)["mean"][0])


def test_tsb_chooses_gains_that_fit_as_well_as_any_of_a_finer_grid(panel: Panel) -> None:
    sizes, chances = zeros(panel), zeros(panel)
    tsb.choose_tsb(panel.values, panel.offsets, HELD, sizes, chances)
    finer = np.meshgrid(np.geomspace(0.02, 0.5, 12), np.geomspace(0.01, 0.5, 20))
    ratios = []
    for c, i, y in trained(panel):
        if y.any():
            size_gains, chance_gains = (
                np.append(grid, gains[c, i]) for grid, gains in zip(finer, (sizes, chances), strict=True)
            )
            squares = tsb_squares(y, size_gains, chance_gains)
            ratios.append(squares[-1] / max(squares[:-1].min(), 1e-300))

    assert np.median(ratios) <= NO_WORSE


def tsb_squares(y: Floats, size_gains: Floats, chance_gains: Floats) -> Floats:
    """Squared one-step errors of TSB after the first demand, summed, for each pair of gains: period by period."""
    first = int(np.flatnonzero(y)[0])
    sizes, chances = np.full_like(size_gains, y[first]), chance_gains if first else np.ones_like(chance_gains)
    squares = np.zeros_like(size_gains)
    for value in y[first + 1 :]:
        squares += (value - sizes * chances) ** 2
        sizes = sizes + size_gains * (value - sizes) if value > 0 else sizes
        chances = chances + chance_gains * (float(value > 0) - chances)
    return squares


def smoothed_sums(reference: Any, y: Floats, length: int, gain: float) -> float:
    sums = reference.models._chunk_sums(y[len(y) % length :], length)
    return float(reference.models._ses_forecast(sums, gain)[0] / length)


@pytest.mark.parametrize("gain", [0.1, 0.23])
def test_adida_and_imapa_give_the_reference_numbers(panel: Panel, reference: Any, gain: float) -> None:
    levels = np.zeros((2, *zeros(panel).shape))
    buckets.run_buckets(panel.values, panel.offsets, HELD, gain, levels)

    def longest(y: Floats) -> int:
        return round(reference.models._intervals(y).mean()) if y.any() else 1

    assert_same(panel, levels[buckets.ADIDA], lambda y: smoothed_sums(reference, y, longest(y), gain))
    assert_same(
        panel,
        levels[buckets.IMAPA],
        lambda y: np.mean([smoothed_sums(reference, y, n, gain) for n in range(1, longest(y) + 1)]),
    )


def test_adida_and_imapa_find_the_forecasts_of_the_reference(panel: Panel, reference: Any) -> None:
    ours = forecast_points(panel, models=["adida", "imapa"], cutoffs=HELD.tolist(), steps=1, season_length=1).mean
    for m, model in enumerate((reference.models.ADIDA(), reference.models.IMAPA())):
        differences = [abs(ours[m, c, i, 0] - model.forecast(y, 1)["mean"][0]) / y.max() for c, i, y in trained(panel)]
        assert np.median(differences) < 1e-4


def test_theta_gives_the_reference_numbers_with_and_without_a_season(panel: Panel, reference: Any) -> None:
    season = season_of(panel)
    chosen, mean, mse = zeros(panel, 3), zeros(panel, STEPS), zeros(panel)
    given = np.array([0.3, 2.5, 0.5])
    theta.run_theta(panel.values, panel.offsets, HELD, season, given, chosen, mean, mse)

    levels = iter([chosen[c, i, 2] for c, i, _ in trained(panel)])

    def theirs(y: Floats) -> Any:
        fit = reference.theta.auto_theta(y, season, "DOTM", initial_smoothed=next(levels), alpha=0.3, theta=2.5)
        return reference.theta.forecast_theta(fit, STEPS)["mean"]

    assert_same(panel, mean, theirs)


def test_theta_fits_as_well_as_the_reference(panel: Panel, reference: Any) -> None:
    season = season_of(panel)
    mse = zeros(panel)
    theta.run_theta(panel.values, panel.offsets, HELD, season, np.zeros(3), zeros(panel, 3), zeros(panel, STEPS), mse)

    def theirs(y: Floats) -> Any:
        return np.mean(reference.theta.auto_theta(y, season, "DOTM")["residuals"][3:] ** 2)

    assert_fits(panel, mse, theirs)


def test_damped_holt_gives_the_reference_numbers(panel: Panel, reference: Any) -> None:
    ets, damping = reference.ets, 0.9
    chosen, mean, mse = zeros(panel, 5), zeros(panel, STEPS), zeros(panel)
    holt.run_holt(panel.values, panel.offsets, HELD, np.array([0.3, 0.06, damping, 0.8, 0.05]), chosen, mean, mse)

    for c, i, y in trained(panel):
        _, errors, states, _ = ets.pegelsresid_C(
            y, 1, chosen[c, i, 3:5].copy(), "A", "A", "N", True, 0.3, 0.06, np.nan, damping, 3
        )
        theirs = np.zeros(STEPS)
        ets.etsforecast(states[-1], 1, ets.switch("A"), ets.switch("N"), damping, STEPS, theirs)
        twice = np.r_[0.0, damping - damping ** np.arange(2, STEPS + 1)]  # their trend has the first power twice
        np.testing.assert_allclose(mean[c, i], theirs - twice * states[-1, 1], rtol=EXACT, atol=EXACT * y.max())
        np.testing.assert_allclose(mse[c, i], np.mean(errors**2), rtol=EXACT)


def test_damped_holt_fits_as_well_as_the_reference(panel: Panel, reference: Any) -> None:
    mse = zeros(panel)
    holt.run_holt(panel.values, panel.offsets, HELD, np.zeros(5), zeros(panel, 5), zeros(panel, STEPS), mse)

    def theirs(y: Floats) -> Any:
        return np.mean(reference.ets.ets_f(y, m=1, model="AAN", damped=True)["residuals"] ** 2)

    assert_fits(panel, mse, theirs)


def test_additive_holt_winters_gives_the_reference_numbers(panel: Panel, reference: Any) -> None:
    ets, season = reference.ets, season_of(panel)
    shape = (len(panel), len(HELD))
    chosen, mean = np.zeros((*shape, 6 + season)), np.zeros((*shape, STEPS))
    picks, mse = np.zeros((*shape, 3), dtype=np.int64), np.full(shape, np.inf)
    given = np.tile([0.2, 0.05, 1.0, 0.1], (holt_winters.LANES, 1))
    holt_winters.run_grid(panel.values, panel.offsets, HELD, season, given, False, picks, chosen, mean, mse)

    for c, i, y in trained(panel):
        if len(y) < 2 * season:
            continue
        start = np.r_[chosen[i, c, 4:6], chosen[i, c, :5:-1]]  # their first index is the one used last
        _, errors, states, _ = ets.pegelsresid_C(y, season, start, "A", "A", "A", False, 0.2, 0.05, 0.1, np.nan, 3)
        theirs = np.zeros(STEPS)
        ets.etsforecast(states[-1], season, ets.switch("A"), ets.switch("A"), 1.0, STEPS, theirs)
        np.testing.assert_allclose(mean[i, c], theirs, rtol=EXACT, atol=EXACT * y.max())
        np.testing.assert_allclose(mse[i, c], np.mean(errors**2), rtol=EXACT)


def test_holt_winters_fits_as_well_as_the_reference(panel: Panel, reference: Any) -> None:
    season = season_of(panel)
    enough = panel_of([panel.series(i) for i in range(len(panel)) if len(panel.series(i)) > 3 * season][:40])
    given = KernelInput(values=enough.values, offsets=enough.offsets, held=HELD, steps=1, season_length=season)
    _, mse = holt_winters.fit(given)

    def theirs(y: Floats) -> Any:
        return np.mean(reference.ets.ets_f(y, m=season, model="AAA", damped=False)["residuals"] ** 2)

    assert_fits(enough, mse, theirs)
