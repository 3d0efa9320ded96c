"""The week of daily demand is found, divided out, and multiplied back."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from batchcast.domain.calendar import day_of
from batchcast.forecast.seasons.weekdays import WeekdayProfile, flatten_week, learn_profile, weights_of_steps

WEEK = np.array([2.0, 1.5, 1.0, 1.0, 0.9, 0.6, 0.0])
SUNDAY = day_of(dt.date(2026, 11, 22))


def week_of(sizes: list[float], weeks: int = 30) -> list[np.ndarray]:
    return [np.tile(WEEK * size, weeks) for size in sizes]


def test_the_week_is_found_whatever_the_size_of_the_series(make_panel):
    panel = make_panel(*week_of([1, 70, 3000, 5] * 30), last_period=SUNDAY)

    profile = learn_profile(panel, 28)

    assert profile.overall == pytest.approx(WEEK * 7 / WEEK.sum(), abs=0.1)
    assert sum(profile.overall) == pytest.approx(7)
    assert profile.sites.keys() == {"site-0", "site-1"}


def test_a_site_with_a_week_of_its_own_keeps_it(make_panel):
    turned = [np.roll(y, 3) for y in week_of([4.0] * 60, weeks=60)]
    pairs = zip(week_of([4.0] * 60, weeks=60), turned, strict=True)
    panel = make_panel(*[y for pair in pairs for y in pair], last_period=SUNDAY)

    profile = learn_profile(panel, 0)

    assert np.argmax(profile.sites["site-0"]) == 0
    assert np.argmax(profile.sites["site-1"]) == 3
    assert profile.of_series(["site-1", "unseen"]).tolist() == [list(profile.sites["site-1"]), list(profile.overall)]


def test_a_few_demands_prove_no_week(make_panel):
    history = np.zeros(70)
    history[[0, 7, 14]] = 5.0

    profile = learn_profile(make_panel(history, last_period=SUNDAY), 0)

    assert profile.overall == pytest.approx([1.0] * 7, abs=0.05)


def test_a_short_history_has_no_week(make_panel):
    assert learn_profile(make_panel(np.ones(60), last_period=SUNDAY), 14) is None
    assert learn_profile(make_panel(), 0) is None


def test_without_any_demand_every_day_is_alike(make_panel):
    assert learn_profile(make_panel(np.zeros(70), np.zeros(3)), 0).overall == (1.0,) * 7


def test_what_is_held_back_is_not_looked_at(make_panel):
    history = week_of([3.0])[0]
    other = history.copy()
    other[-28:] = 900.0

    assert learn_profile(make_panel(history), 28) == learn_profile(make_panel(other), 28)


def test_a_flattened_week_is_even_and_a_closed_day_carries_on(make_panel):
    weights = WEEK * 7 / WEEK.sum()
    panel = make_panel(np.tile(weights * 4, 5), last_period=SUNDAY)

    flat = flatten_week(panel, weights[None, :])

    assert flat.values == pytest.approx(np.full(35, 4.0))
    assert flat.partnumbers == panel.partnumbers


def test_weights_of_steps_fall_on_their_weekdays():
    profile = WeekdayProfile(overall=(1, 2, 3, 4, 5, 6, 7))

    weights = weights_of_steps(profile.of_series(["a", "b"]), np.full(2, SUNDAY), (0, 2), 3)

    assert weights[:, 0].tolist() == [[1, 2, 3], [6, 7, 1]]  # from Monday on; from Saturday on
    assert weights[:, 1].tolist() == weights[:, 0].tolist()
