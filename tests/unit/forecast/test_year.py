"""The year of a batch: its profile is found, divided out and multiplied back, and only where it forecasts better."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import numpy as np
import pytest

from batchcast.domain.calendar import Calendar, Frequency, day_of
from batchcast.domain.cutoffs import choose_cutoffs, choose_year_cutoffs, has_a_year
from batchcast.forecast.knowledge import SharedKnowledge
from batchcast.forecast.learned.learner import _without_common_level
from batchcast.forecast.partition import forecast_panel
from batchcast.forecast.prepare import learn_knowledge
from batchcast.forecast.seasons.year import YearProfile, factors_ahead, find_clear_years, learn_year, place_of_periods
from batchcast.forecast.seasons.year_choice import NO_YEAR, TRIED, choose_year, pick_trust

DAYS, WEEKS, MONTHS = (Calendar(frequency=frequency) for frequency in Frequency)
LAST_WEEK = WEEKS.period_of_day(day_of(dt.date(2023, 12, 18)))
LAST_MONTH = MONTHS.period_of_day(day_of(dt.date(2023, 12, 1)))


def dates_of(calendar, last, count):
    days = calendar.first_days(np.arange(last - count + 1, last + 1, dtype=np.int32))
    return [dt.date(1970, 1, 1) + dt.timedelta(days=int(day)) for day in days]


def christmas(weeks: int, last: int = LAST_WEEK, peak: float = 3.0) -> np.ndarray:
    """One a week, and `peak` in the three weeks up to Christmas."""
    middles = [date + dt.timedelta(days=3) for date in dates_of(WEEKS, last, weeks)]
    return np.array([peak if (m.month, m.day) >= (12, 5) and m.day <= 25 else 1.0 for m in middles])


def test_a_place_is_the_day_of_the_year_or_the_month():
    days = [dt.date(2023, 1, 1), dt.date(2023, 3, 1), dt.date(2024, 2, 28), dt.date(2024, 2, 29), dt.date(2024, 3, 1)]
    periods = np.array([day_of(day) for day in (*days, dt.date(2024, 12, 31))])

    assert place_of_periods(periods, DAYS).tolist() == [0, 59, 58, 58, 59, 364]
    assert place_of_periods(np.array([0, 11, 12, 647]), MONTHS).tolist() == [0, 11, 0, 11]


def test_a_week_has_the_place_of_its_middle_day_also_in_a_year_of_53():
    mondays = [dt.date(2020, 12, 28), dt.date(2021, 1, 4), dt.date(2021, 12, 27)]  # weeks 53, 1 and 52

    places = place_of_periods(np.array([WEEKS.period_of_day(day_of(monday)) for monday in mondays]), WEEKS)

    assert places.tolist() == [364, 6, 363]  # 31 December, 7 January, 30 December


@pytest.mark.parametrize("calendar", [DAYS, WEEKS, MONTHS])
def test_the_profile_is_found_whatever_the_size_of_the_series(make_panel, calendar):
    count = int(3.5 * calendar.frequency.periods_in_year)
    month = np.array([date.month for date in dates_of(calendar, LAST_WEEK, count)])
    summer = np.where((month >= 5) & (month <= 8), 2.0, 0.8)
    panel = make_panel(*[size * summer for size in (1.0, 40.0, 3000.0) * 20], last_period=LAST_WEEK)

    profile = learn_year(panel, calendar, 5)

    table = profile.of_panel(panel, calendar)
    assert table.shape == (60, len(profile.overall))
    assert profile.overall.mean() == pytest.approx(1.0)
    ahead = factors_ahead(table, panel, (0,), calendar.frequency.periods_in_year, calendar)[0, 7]
    months = np.array([d.month for d in dates_of(calendar, LAST_WEEK + ahead.size, ahead.size)])
    warm, cold = ahead[(months >= 6) & (months <= 7)].mean(), ahead[(months <= 3) | (months >= 10)].mean()
    assert warm / cold == pytest.approx(2.5, rel=0.03)


def test_the_profile_of_months_is_what_a_naive_loop_finds(make_panel):
    """With much to see nothing is drawn to 1: the mean of each month, divided by the mean of all."""
    draw = np.random.default_rng(2)
    shape = np.array([1.6, 0.7, 0.8, 1.0, 1.1, 0.9, 0.6, 1.3, 1.0, 0.9, 0.8, 1.3])
    series = [draw.poisson(50.0 * np.tile(shape, 4)).astype(float) for _ in range(400)]
    panel = make_panel(*series, last_period=LAST_MONTH)

    found = learn_year(panel, MONTHS, 0).overall

    total = {month: [] for month in range(12)}
    for y in series:
        for t, value in enumerate(y):
            total[t % 12].append(value / y.mean())
    naive = np.array([np.mean(total[month]) for month in range(12)])
    assert found == pytest.approx(naive / naive.mean(), abs=0.004)


def test_a_trend_is_no_season(make_panel):
    months = np.arange(60)
    panel = make_panel(*[size * 1.03**months for size in (2.0, 9.0) * 30], last_period=LAST_MONTH)

    profile = learn_year(panel, MONTHS, 0)

    assert profile.trend == pytest.approx(12 * np.log(1.03), rel=0.15)
    assert profile.overall == pytest.approx(np.ones(12), abs=0.04)  # 1.42 from January to December in one year


def test_a_site_with_a_year_of_its_own_keeps_it_and_another_has_that_of_all(make_panel):
    warm = np.tile([0.5] * 6 + [1.5] * 6, 4)
    panel = make_panel(*[part for _ in range(40) for part in (warm, np.roll(warm, 6))], last_period=LAST_MONTH)
    unseen = replace(panel.chunk(0, 1), site_codes=["unseen"])

    profile = learn_year(panel, MONTHS, 0)

    assert profile.sites["site-0"] == pytest.approx(warm[:12], abs=0.1)
    assert profile.sites["site-1"] == pytest.approx(warm[::-1][:12], abs=0.1)
    assert profile.of_panel(unseen, MONTHS)[0] == pytest.approx(np.ones(12), abs=0.02)


def test_a_series_with_a_year_of_its_own_keeps_it_where_it_shows_enough(make_panel):
    draw = np.random.default_rng(4)
    usual = christmas(141)
    panel = make_panel(*[draw.poisson(20.0 * usual).astype(float) for _ in range(60)], np.full(141, 20.0), sites=1)
    panel = replace(panel, last_period=LAST_WEEK)
    place = int(place_of_periods(np.array([LAST_WEEK - 52]), WEEKS)[0])

    of_all = learn_year(panel, WEEKS, 0).of_panel(panel, WEEKS)[:, place]
    own = learn_year(panel, WEEKS, 0, own=True).of_panel(panel, WEEKS)[:, place]

    assert of_all[0] == of_all[-1] == pytest.approx(2.6, abs=0.2)
    assert own[0] == pytest.approx(of_all[0], rel=0.15)
    assert own[-1] < 1.8


def test_of_a_short_noisy_series_its_own_year_says_nearly_nothing(make_panel):
    panel = make_panel(*[christmas(141)] * 60, [0.0] * 100 + [1.0] + [0.0] * 40, sites=1, last_period=LAST_WEEK)

    table = learn_year(panel, WEEKS, 0, own=True).of_panel(panel, WEEKS)

    assert table[-1] == pytest.approx(table[0], rel=0.15)


def test_what_is_held_back_is_not_looked_at(make_panel):
    histories = [christmas(141) * size for size in (2.0, 5.0, 9.0)]
    changed = [np.append(y[:-10], y[-10:] * 70 + 3) for y in histories]
    one, other = (make_panel(*some, last_period=LAST_WEEK) for some in (histories, changed))

    assert learn_year(one, WEEKS, 10).as_json() == learn_year(other, WEEKS, 10).as_json()
    assert learn_year(one, WEEKS, 9).as_json() != learn_year(other, WEEKS, 9).as_json()


def test_demand_that_is_not_known_is_not_looked_at(make_panel):
    history, flags = christmas(141), np.zeros(141, dtype=np.bool_)
    flags[-60:-55] = True
    other = history.copy()
    other[-60:-55] = 400.0
    one, two = (
        replace(make_panel(*[y] * 3, last_period=LAST_WEEK), out_of_stock=np.tile(flags, 3)) for y in (history, other)
    )

    assert learn_year(one, WEEKS, 0).as_json() == learn_year(two, WEEKS, 0).as_json()


def test_without_demand_or_periods_all_times_of_the_year_are_alike(make_panel):
    for panel in (make_panel(np.zeros(60), np.zeros(3)), make_panel(), make_panel([1.0])):
        profile = learn_year(panel, MONTHS, 1, own=True)

        assert profile.overall == pytest.approx(np.ones(12))
        assert profile.of_panel(panel, MONTHS) == pytest.approx(np.ones((len(panel), 12)))


def test_a_flattened_year_is_even_and_a_closed_time_carries_on(make_panel):
    shape = np.array([2.0, 1.0, 1.0, 0.5, 0.1, 1.4])
    table = np.repeat(np.append(shape, np.ones(6))[None, :], 2, axis=0)
    profile = YearProfile(frequency=Frequency.MONTHLY, held=0, trust=1.0, own=False, trend=0.0, overall=table[0])
    panel = make_panel(np.tile(table[0] * 4, 2), np.tile(table[0] * 8, 2)[6:], last_period=LAST_MONTH)

    flat = profile.flatten(panel, table, MONTHS)

    assert flat == pytest.approx(np.repeat([4.0, 8.0], [24, 18]))


def test_a_peak_above_that_of_other_years_is_divided_out_and_a_new_level_is_not(make_panel):
    last = LAST_WEEK - 1
    peak, level = christmas(135, last), christmas(135, last)
    peak[-2:] *= 1.5  # the last weeks known are the first of a peak
    level[60:75] *= 1.5  # in a quiet time
    by_factor, flat = {}, {}
    for name, history in (("peak", peak), ("level", level)):
        panel = make_panel(*[history * size for size in (1.0, 6.0, 30.0) * 30], last_period=last)
        profile = learn_year(panel, WEEKS, 0)
        table = profile.of_panel(panel, WEEKS)
        flat[name] = profile.flatten(panel, table, WEEKS)[:135]
        by_factor[name] = replace(profile, shocks=np.ones(0)).flatten(panel, table, WEEKS)[:135]

    usual = np.median(flat["peak"])
    assert by_factor["peak"][-1] / usual > 1.2
    assert flat["peak"][-1] / usual == pytest.approx(1.0, abs=0.1)
    assert flat["level"][60:75] == pytest.approx(by_factor["level"][60:75], rel=0.15)


def test_factors_of_steps_are_those_of_their_dates_for_every_end(make_panel):
    table = np.tile(np.arange(12.0), (2, 1))
    panel = replace(make_panel([1.0] * 9, [1.0] * 9), ends=np.array([LAST_MONTH, LAST_MONTH - 2], dtype=np.int32))

    ahead = factors_ahead(table, panel, (0, 1), 3, MONTHS)

    assert ahead[:, 0].tolist() == [[0, 1, 2], [11, 0, 1]]  # after December; after November
    assert ahead[:, 1].tolist() == [[10, 11, 0], [9, 10, 11]]


def test_series_that_end_earlier_have_the_same_times_of_the_year(make_panel):
    shape = np.tile(np.linspace(0.4, 1.6, 12), 4)
    panel = make_panel(*[shape] * 20, *[shape[:-5]] * 20, last_period=LAST_MONTH)
    ends = np.repeat([LAST_MONTH, LAST_MONTH - 5], 20).astype(np.int32)

    profile = learn_year(replace(panel, ends=ends), MONTHS, 0)

    assert profile.overall == pytest.approx(np.linspace(0.4, 1.6, 12), abs=0.03)


def test_it_is_read_back_to_the_bit(make_panel):
    draw = np.random.default_rng(6)
    panel = make_panel(*draw.poisson(3.0 * christmas(141), (40, 141)).astype(float), last_period=LAST_WEEK)
    profile = learn_year(panel, WEEKS, 3, trust=0.5, own=True)

    again = YearProfile.from_json(json.loads(json.dumps(profile.as_json())))

    assert again.as_json() == profile.as_json()
    np.testing.assert_array_equal(again.of_panel(panel, WEEKS), profile.of_panel(panel, WEEKS))


# Whether there is a year.


def test_it_is_judged_in_every_season_with_a_year_before_each_date(make_request):
    weekly = make_request(calendar=WEEKS, lead_time=6)

    dates = choose_year_cutoffs(weekly, 141)

    assert dates == (6, 12, 18, 24, 30, 36, 42, 48, 54)
    assert {((141 - held) % 52) // 13 for held in dates} == {0, 1, 2, 3}
    assert choose_year_cutoffs(weekly, 70) == (6, 12, 18)
    assert choose_year_cutoffs(weekly, 57) == ()
    assert choose_year_cutoffs(make_request(lead_time=12), 72) == (12, 15, 18, 21)


def test_a_year_takes_one_full_cycle_and_a_quarter_before_the_earliest_fold(make_request):
    request = make_request(calendar=WEEKS)

    assert has_a_year(request, 65 + 9, (3, 6, 9))
    assert not has_a_year(request, 65 + 8, (3, 6, 9))


def test_the_least_loss_wins_only_if_it_is_clearly_less():
    flat = [1.0, 1.0, 1.0, 1.0]

    assert pick_trust(TRIED[:3], np.array([flat, [0.9] * 4, [0.8] * 4])) is TRIED[2]
    assert pick_trust(TRIED[:3], np.array([flat, [0.99] * 4, [1.2, 1.0, 0.9, 1.0]])) is NO_YEAR
    assert pick_trust(TRIED[:2], np.array([flat, [0.2, 1.1, 1.1, 1.1]])) is NO_YEAR  # one date proves nothing
    assert pick_trust(TRIED[:2], np.zeros((2, 4))) is NO_YEAR


def choice_of(panel, request):
    typical = int(panel.lengths.max())
    return choose_year(panel, None, request, typical, choose_cutoffs(request, typical))


@pytest.mark.compiled
def test_a_batch_with_a_year_has_one_and_noise_has_none(make_panel, make_request):
    draw, request = np.random.default_rng(8), make_request(calendar=WEEKS, last_period=LAST_WEEK)
    noise = make_panel(*draw.poisson(4.0, (80, 141)).astype(float), last_period=LAST_WEEK)
    yearly = make_panel(*draw.poisson(4.0 * christmas(141), (80, 141)).astype(float), last_period=LAST_WEEK)
    short = make_panel(*draw.poisson(4.0 * christmas(73), (80, 73)).astype(float), last_period=LAST_WEEK)

    assert choice_of(noise, request) is None
    assert choice_of(short, request) is None
    assert choice_of(yearly, request).trust.power == 1.0


@pytest.mark.compiled
def test_cutoffs_that_are_learned_from_have_a_profile_from_before_the_earliest_of_them(make_panel, make_request):
    draw, request = np.random.default_rng(8), make_request(calendar=WEEKS, last_period=LAST_WEEK)
    yearly = make_panel(*draw.poisson(4.0 * christmas(141), (80, 141)).astype(float), last_period=LAST_WEEK)
    choice = choice_of(yearly, request)

    assert choice.group((3, 4, 5, 6, 7, 8, 9)) == [(3, 4, 5), (6, 7, 8), (9,)]
    assert choice.learn(8).until == LAST_WEEK - 8


def test_what_lifts_all_series_at_one_cutoff_is_not_taught():
    target = np.array([[1.0, 1.2], [2.0, 2.4], [0.9, 1.1]])
    anchor, known = np.array([[1.0, 3.0]] * 3), np.ones((3, 2), dtype=np.bool_)

    taught = _without_common_level(target, anchor, known)

    assert taught == pytest.approx(np.array([[1.0, 1.2], [1.0, 1.2], [1.15 / 1.05 * 0.9, 1.15 / 1.05 * 1.1]]))


# What a year does to the forecasts of a batch.


@pytest.fixture(scope="module")
def turn_of_year():
    """Demand of 120 parts up to Christmas, with the five weeks after it."""
    draw = np.random.default_rng(9)
    usual = christmas(120, LAST_WEEK + 5, 4.0)
    return draw.poisson(draw.gamma(2.0, 3.0, 120)[:, None] * usual).astype(float)


@pytest.mark.compiled
def test_after_a_peak_of_every_year_the_level_is_that_of_before(make_panel, make_request, turn_of_year):
    request = make_request(calendar=WEEKS, last_period=LAST_WEEK, lead_time=5, horizon=5, models=())
    panel = make_panel(*turn_of_year[:, :-5], last_period=LAST_WEEK)

    knowledge = learn_knowledge(panel, request)
    stock = forecast_panel(panel, request, knowledge).stock

    came, mean = turn_of_year[:, -5:].sum(), stock["lead_time_mean"].to_numpy().sum()
    assert knowledge.years is not None
    assert mean / came == pytest.approx(1.0, abs=0.15)  # 1.9 without a year
    covered = (turn_of_year[:, -5:].sum(axis=1) <= stock["reorder_point"].to_numpy()).mean()
    assert 0.88 <= covered <= 1.0


@pytest.mark.compiled
def test_knowledge_with_a_year_is_read_back(make_panel, make_request, turn_of_year, tmp_path):
    request = make_request(calendar=WEEKS, last_period=LAST_WEEK)
    panel = make_panel(*turn_of_year[:, :-5], last_period=LAST_WEEK)
    knowledge = learn_knowledge(panel, request)

    knowledge.save(tmp_path / "pool.json")
    again = SharedKnowledge.load(tmp_path / "pool.json")

    assert [year.held for year in again.years] == [knowledge.cutoffs[-1], 0]
    found, other = (forecast_panel(panel, request, one) for one in (knowledge, again))
    assert found.forecast.equals(other.forecast)
    assert found.stock.equals(other.stock)


def of_many(draw, count: int, periods: int):
    """Histories one after the other, and where each begins."""
    rng = np.random.default_rng(11)
    values = np.concatenate([draw(rng, np.arange(periods)) for _ in range(count)])
    return values.astype(float), np.arange(count + 1) * periods


def wanders(rng, t):
    return np.maximum(50 + np.cumsum(rng.normal(0, 5, len(t))), 0)


SEASONS = {
    "D": lambda rng, t: rng.poisson(5 * (1 + 0.8 * np.cos(2 * np.pi * t / 364))),
    "W": lambda rng, t: rng.poisson(20 * (1 + 0.8 * np.cos(2 * np.pi * t / 52))),
    "M": lambda rng, t: rng.poisson(50 * (1 + 0.8 * np.cos(2 * np.pi * t / 12))),
}


@pytest.mark.parametrize("years", [2, 3, 5])
@pytest.mark.parametrize("frequency", list(Frequency))
def test_a_strong_season_is_a_clear_year_after_two_years(frequency, years):
    values, offsets = of_many(SEASONS[str(frequency)[0].upper()], 40, years * frequency.periods_in_year)

    assert find_clear_years(values, offsets, np.array([0]), frequency).mean() >= 0.95
    assert not find_clear_years(values, offsets, np.array([1 + 4 * frequency.periods_in_year]), frequency).any()


@pytest.mark.parametrize("years", [2, 3, 4, 6])
@pytest.mark.parametrize(
    "draw",
    [
        wanders,
        lambda rng, t: rng.poisson(20, len(t)),
        lambda rng, t: rng.poisson(5 + t),
        lambda rng, t: rng.poisson(0.3, len(t)),
        lambda rng, t: np.where(rng.random(len(t)) < 0.2, rng.lognormal(2, 1.2, len(t)).round(), 0),
        lambda rng, t: 60.0 * (t % 12 == 11),
        lambda rng, t: np.full(len(t), 12.0),
        lambda rng, t: np.where(t < len(t) // 2, 10, 80) + rng.poisson(3, len(t)),
    ],
    ids=["wanders", "steady", "trend", "seldom", "lumpy", "once a year", "always the same", "two levels"],
)
def test_what_has_no_season_or_too_little_demand_has_a_clear_year_in_few_cases(draw, years):
    values, offsets = of_many(draw, 2000, 12 * years)

    assert find_clear_years(values, offsets, np.array([0]), Frequency.MONTHLY).mean() <= 0.003


def test_a_clear_year_of_one_series_changes_no_other_by_a_bit(make_panel, make_request):
    rng, months = np.random.default_rng(2), np.arange(48)
    plain = [rng.poisson(mean, 48).astype(float) for mean in rng.gamma(2.0, 10.0, 30)]
    season = np.round(50 * (1 + 0.8 * np.cos(2 * np.pi * months / 12)))
    request = make_request(horizon=6, last_period=LAST_MONTH)
    knowledge = learn_knowledge(make_panel(*plain, last_period=LAST_MONTH), request)

    alone = forecast_panel(make_panel(*plain, last_period=LAST_MONTH), request, knowledge)
    beside = forecast_panel(make_panel(*plain, season, last_period=LAST_MONTH), request, knowledge)

    for name in ("forecast", "stock", "accuracy"):
        rows, rows_beside = (getattr(one, name).to_pylist() for one in (alone, beside))
        assert rows_beside[: len(rows)] == rows
