"""Point models on examples worked by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from batchcast.forecast.kernels.simple import moving_average_window
from batchcast.forecast.models.points import forecast_points
from batchcast.forecast.models.table import POINT_MODELS
from batchcast.forecast.panel import Panel

MakePanel = Callable[..., Panel]


@pytest.fixture
def forecast(make_panel: MakePanel) -> Callable[..., list[float]]:
    def one(name: str, series: Sequence[float], steps: int = 2, season: int = 4, held: int = 0) -> list[float]:
        points = forecast_points(make_panel(series), models=[name], cutoffs=[held], steps=steps, season_length=season)
        assert points.valid.all()
        return points.mean[0, 0, 0].tolist()

    return one


@pytest.mark.parametrize(
    ("name", "series", "expected"),
    [
        ("zero", [5.0, 6.0], [0.0, 0.0]),
        ("naive", [5.0, 6.0], [6.0, 6.0]),
        ("mean", [5.0, 6.0, 1.0], [4.0, 4.0]),
        ("moving_average", [90.0, 1.0, 2.0, 3.0, 4.0], [2.5, 2.5]),  # the last four
        ("seasonal_naive", [9.0, 9.0, 1.0, 2.0, 3.0, 4.0], [1.0, 2.0]),
        ("ses", [7.0], [7.0, 7.0]),
        ("croston", [0.0, 6.0], [3.0, 3.0]),  # size 6, gap 2
        ("sba", [0.0, 6.0], [2.7, 2.7]),  # x (1 - 0.2 / 2)
        ("tsb", [6.0], [6.0, 6.0]),  # the chance starts at what the first period shows
        ("adida", [1.0, 0.0, 5.0, 2.0, 0.0, 6.0], [2.64, 2.64]),  # below
        ("imapa", [1.0, 5.0], [1.8, 1.8]),  # one period only: 1 + 0.2 x 4
        ("linear_decay", [0.0, 6.0, 0.0, 0.0], [2.7, 2.7]),  # 3 x (1 - 0.2 x 2 / (2 x 2))
    ],
)
def test_a_forecast_is_what_it_is_by_hand(
    forecast: Callable[..., list[float]], name: str, series: list[float], expected: list[float]
) -> None:
    if name == "adida":  # demands 1, 3, 4, 6: mean gap 1.5, so buckets of 2: 1, 7, 6; half to even would be 2 too
        gains = np.linspace(0.1, 0.3, 2001)
        levels = 1.0 + 6.0 * gains
        best = gains[np.argmin(36.0 + (6.0 - levels) ** 2)]
        level = 1.0 + 6.0 * best
        expected = [(level + best * (6.0 - level)) / 2.0] * 2

    np.testing.assert_allclose(forecast(name, series), expected, rtol=1e-12)


def test_linear_decay_reaches_zero_in_finite_time_and_tsb_only_comes_near(
    forecast: Callable[..., list[float]],
) -> None:
    asleep = [4.0, 4.0, 4.0] + [0.0] * 40

    assert forecast("linear_decay", asleep) == [0.0, 0.0]
    assert 0.0 < forecast("tsb", asleep)[0] < 0.5


def test_smoothing_follows_a_jump_with_a_large_gain_and_noise_with_a_small_one(
    forecast: Callable[..., list[float]],
) -> None:
    noise = np.random.default_rng(1).normal(10.0, 1.0, 80)

    assert forecast("ses", [1.0] * 20 + [9.0] * 20)[0] > 8.9
    assert forecast("ses", noise)[0] == pytest.approx(noise.mean(), abs=0.4)


@pytest.mark.parametrize("name", ["holt_damped", "holt_winters", "theta"])
def test_trend_models_go_on_upwards(forecast: Callable[..., list[float]], name: str) -> None:
    steps = forecast(name, [3.0 + 0.5 * t for t in range(40)], steps=3)

    assert 22.5 < steps[0] < steps[1] < steps[2] < 25.0


@pytest.mark.parametrize("name", ["holt_winters", "theta", "seasonal_naive"])
@pytest.mark.parametrize("lowest", [0.0, 2.0])
def test_seasonal_models_find_the_season_with_zeros_and_without(
    forecast: Callable[..., list[float]], name: str, lowest: float
) -> None:
    season = [8.0, lowest, 3.0, lowest + 1.0]

    np.testing.assert_allclose(forecast(name, season * 12, steps=6), (season * 2)[:6], atol=0.05)


def test_a_season_longer_than_a_year_of_months_is_smoothed_as_well(forecast: Callable[..., list[float]]) -> None:
    year = [10.0 + (w % 13) for w in range(52)]

    np.testing.assert_allclose(forecast("holt_winters", year * 3, steps=52, season=52), year, atol=0.05)


def test_a_multiplicative_season_grows_with_its_level(forecast: Callable[..., list[float]]) -> None:
    series = [(10.0 + t) * (1.5 if t % 4 == 0 else 0.8) for t in range(60)]

    actual = [(10.0 + t) * (1.5 if t % 4 == 0 else 0.8) for t in range(60, 64)]
    np.testing.assert_allclose(forecast("holt_winters", series, steps=4), actual, rtol=0.05)


def test_the_moving_average_covers_weeks_of_days_a_quarter_of_weeks_and_a_year_of_months() -> None:
    assert [moving_average_window(season) for season in (7, 52, 12, 1)] == [28, 13, 12, 4]


def test_cutoffs_must_ascend(make_panel: MakePanel) -> None:
    for wrong in ((3, 0), (0, 0), (-1,)):
        with pytest.raises(ValueError, match="ascend"):
            forecast_points(make_panel([1.0]), models=["mean"], cutoffs=wrong, steps=1, season_length=1)


@pytest.mark.compiled
def test_more_cutoffs_than_lanes_of_a_register_change_nothing(make_panel: MakePanel) -> None:
    random = np.random.default_rng(3)
    lengths = random.integers(30, 120, 40)
    panel = make_panel(*(random.poisson(0.1 * k, n) + (k % 3 == 0) * random.random(n) for k, n in enumerate(lengths)))
    many = tuple(range(0, 33, 3))
    together = forecast_points(panel, models=list(POINT_MODELS), cutoffs=many, steps=3, season_length=7)

    for c, held in enumerate(many):
        alone = forecast_points(panel, models=list(POINT_MODELS), cutoffs=[held], steps=3, season_length=7)
        assert np.array_equal(alone.mean[:, 0], together.mean[:, c])


def test_models_come_in_the_order_asked_for(make_panel: MakePanel) -> None:
    points = forecast_points(
        make_panel([1.0, 3.0]), models=["naive", "zero", "mean"], cutoffs=[0], steps=1, season_length=1
    )

    assert points.mean[:, 0, 0, 0].tolist() == [3.0, 0.0, 2.0]
