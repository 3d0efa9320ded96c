"""Holidays that move and events of the user's: what they change is found, kept apart from the year, and has to win."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import numpy as np
import pytest

from batchcast.domain.calendar import Calendar, Frequency, day_of
from batchcast.domain.plan import Occasion
from batchcast.forecast.partition import forecast_panel
from batchcast.forecast.prepare import learn_knowledge
from batchcast.forecast.seasons.effects import Effects, learn_effects, use_of
from batchcast.forecast.seasons.occasions import BEFORE, DURING, EffectChoice
from batchcast.forecast.seasons.year_choice import FULL, NO_YEAR, learn_both
from batchcast.forecast.seasons.year_judge import choose_effects

DAYS, WEEKS, MONTHS = (Calendar(frequency=frequency) for frequency in Frequency)
EID = [dt.date(2022, 5, 2), dt.date(2023, 4, 22), dt.date(2024, 4, 10), dt.date(2025, 3, 31)]
EASTER = [dt.date(2022, 4, 17), dt.date(2023, 4, 9), dt.date(2024, 3, 31), dt.date(2025, 4, 20)]
LUNAR = [dt.date(2022, 2, 1), dt.date(2023, 1, 22), dt.date(2024, 2, 10), dt.date(2025, 1, 29)]


def holidays(name, dates, length=1):
    return tuple(
        Occasion(name=name, first_day=day_of(d), last_day=day_of(d) + length - 1, is_holiday=True) for d in dates
    )


def shape_of(calendar, last, count, dates, factor):
    """Factor of each of `count` periods up to `last`: the mean over its days of `factor` by days from a date."""
    days = np.arange(calendar.first_day(last - count + 1), calendar.last_day(last) + 1)
    of_day = np.ones(len(days))
    for date in dates:
        of_day += np.array([factor(int(day) - day_of(date)) for day in days]) - 1.0
    periods = calendar.periods_of_days(days.astype(np.int32)) - (last - count + 1)
    return np.bincount(periods, of_day) / np.bincount(periods)


def two_weeks_before(offset):
    return 2.5 if -14 <= offset < 0 else 1.0


def long_holiday(offset):
    return 0.3 if 0 <= offset < 7 else 1.6 if -14 <= offset < 0 else 1.0


def errors_at_peak(make_panel, request, shape, occasions):
    """Error of the periods that differ, without the occasions and with them; the series are all those of a batch."""
    draw, ahead = np.random.default_rng(3), request.horizon
    rates = draw.gamma(2.0, 4.0, 40)[:, None] * shape
    panel = make_panel(*draw.poisson(rates[:, :-ahead]).astype(float), last_period=request.last_period)
    came, found = rates[:, -ahead:].sum(axis=0), []
    for some in ((), occasions):
        asked = replace(request, occasions=some)
        table = forecast_panel(panel, asked, learn_knowledge(panel, asked)).forecast
        means = np.array(table["forecast_raw"]).reshape(40, ahead).sum(axis=0)
        found.append(np.abs(means - came)[np.abs(shape[-ahead:] - 1.0) > 0.2].sum())
    return found


@pytest.mark.compiled
@pytest.mark.parametrize(
    ("calendar", "when"),
    [(WEEKS, (dt.date(2025, 2, 24), 104, 8)), (DAYS, (dt.date(2025, 3, 12), 730, 28))],
    ids=["weeks", "days"],
)
def test_the_error_of_a_peak_that_moves_is_at_most_half(make_panel, make_request, calendar, when):
    end, count, ahead = when
    last = calendar.period_of_day(day_of(end))
    request = make_request(calendar=calendar, last_period=last, horizon=ahead, lead_time=ahead, models=("ses", "naive"))
    shape = shape_of(calendar, last + ahead, count + ahead, EID, two_weeks_before)

    without, with_eid = errors_at_peak(make_panel, request, shape, holidays("Eid al-Fitr", EID))

    assert with_eid <= 0.5 * without


def found_in(make_panel, calendar, when, dates, factor, length=1):  # noqa: PLR0917
    end, count = when
    last = calendar.period_of_day(day_of(end))
    shape = shape_of(calendar, last, count, dates, factor)
    panel = make_panel(*[size * shape for size in (1.0, 20.0, 500.0) * 8], last_period=last)
    occasions = holidays("it", dates, length)
    return panel, learn_effects(panel, calendar, 0, occasions, chosen=[EffectChoice(name="it")])


@pytest.mark.parametrize("dates", [EID, EASTER, LUNAR], ids=["Eid", "Easter", "Lunar New Year"])
@pytest.mark.parametrize("calendar", [DAYS, WEEKS], ids=["days", "weeks"])
def test_the_effect_before_and_during_a_holiday_is_found(make_panel, calendar, dates):
    when = (dt.date(2025, 5, 5), 160 * (7 if calendar is DAYS else 1))
    _, effects = found_in(make_panel, calendar, when, dates, long_holiday, 7)

    curve = effects.effects[0].overall

    assert curve[BEFORE - 14 : BEFORE].mean() == pytest.approx(1.6, abs=0.15)
    assert curve[BEFORE : BEFORE + 7].mean() == pytest.approx(0.3, abs=0.15)
    assert curve[BEFORE + DURING :].mean() == pytest.approx(1.0, abs=0.1)


def test_a_month_has_the_share_of_its_days(make_panel):
    panel, effects = found_in(make_panel, MONTHS, (dt.date(2025, 2, 1), 36), EID, two_weeks_before)

    ahead = effects.ahead(panel, (0,), 2, MONTHS)[0, 0]

    assert ahead == pytest.approx([1.0 + 1.5 * 14 / 31, 1.0], abs=0.15)  # March 2025 holds all of it


def test_days_around_an_occasion_are_divided_out(make_panel):
    panel, effects = found_in(make_panel, WEEKS, (dt.date(2025, 5, 5), 160), EID, two_weeks_before)

    flat = effects.divide(panel, WEEKS).values[:160]

    assert panel.values[:160].max() / np.median(flat) == pytest.approx(2.5, abs=0.05)
    assert flat == pytest.approx(np.median(flat), rel=0.12)


def test_what_is_held_back_is_not_looked_at(make_panel):
    last = WEEKS.period_of_day(day_of(dt.date(2025, 5, 5)))
    shape = shape_of(WEEKS, last, 160, EID, two_weeks_before)
    changed = shape.copy()
    changed[-8:] *= 70.0
    one, other = (make_panel(*[y] * 6, last_period=last) for y in (shape, changed))
    learned = [
        learn_effects(some, WEEKS, 8, holidays("it", EID), chosen=[EffectChoice(name="it")]).as_json()
        for some in (one, other)
    ]

    assert learned[0] == learned[1]


def test_an_event_of_one_site_is_no_event_of_another(make_panel):
    last = WEEKS.period_of_day(day_of(dt.date(2025, 5, 5)))
    shape = shape_of(WEEKS, last, 160, EID, lambda offset: 3.0 if 0 <= offset < 7 else 1.0)
    panel = make_panel(*[shape * 4.0, np.full(160, 4.0)] * 6, last_period=last)  # site-0, site-1, ...
    occasions = tuple(
        Occasion(name="sale", first_day=day_of(d), last_day=day_of(d) + 6, site_code="site-0") for d in EID
    )

    effects = learn_effects(panel, WEEKS, 0, occasions, chosen=[EffectChoice(name="sale")])
    flat = effects.divide(panel, WEEKS)

    assert flat.series(1) == pytest.approx(np.full(160, 4.0))
    assert flat.series(0).max() < 6.0


def test_an_effect_is_read_back_to_the_bit(make_panel):
    panel, effects = found_in(make_panel, WEEKS, (dt.date(2025, 5, 5), 160), EID, two_weeks_before)

    again = Effects.from_json(json.loads(json.dumps(effects.as_json())))

    assert again.as_json() == effects.as_json()
    np.testing.assert_array_equal(again.ahead(panel, (0, 3), 5, WEEKS), effects.ahead(panel, (0, 3), 5, WEEKS))


def test_what_is_said_is_the_stretch_that_changes_most(make_panel):
    _, effects = found_in(make_panel, DAYS, (dt.date(2025, 5, 5), 1120), EID, two_weeks_before)

    use = use_of(effects.effects[0])

    assert (use.name, use.days, use.when, use.times) == ("it", 14, "before", 4)
    assert use.factor == pytest.approx(2.5, abs=0.15)


# Which are used.


def chosen_in(make_panel, make_request, shape, occasions, trust=NO_YEAR):
    last = WEEKS.period_of_day(day_of(dt.date(2025, 2, 24)))
    draw = np.random.default_rng(5)
    panel = make_panel(
        *draw.poisson(6.0 * shape[None, : len(shape)].repeat(60, axis=0)).astype(float), last_period=last
    )
    request = make_request(calendar=WEEKS, last_period=last, lead_time=8, occasions=occasions)
    return choose_effects(panel, request, lambda some, held, chosen: learn_both(some, request, held, trust, chosen))


def weeks_shape(factor, dates=EID, count=104):
    return shape_of(WEEKS, WEEKS.period_of_day(day_of(dt.date(2025, 2, 24))), count, dates, factor)


def test_a_holiday_that_shows_is_chosen_and_one_that_does_not_is_not(make_panel, make_request):
    occasions = (*holidays("Easter", EASTER), *holidays("Eid al-Fitr", EID), *holidays("Lunar New Year", LUNAR))

    chosen = chosen_in(make_panel, make_request, weeks_shape(two_weeks_before), occasions)

    assert [one.name for one in chosen] == ["Eid al-Fitr"]


def test_where_nothing_shows_nothing_changes(make_panel, make_request):
    draw, last = np.random.default_rng(7), WEEKS.period_of_day(day_of(dt.date(2025, 2, 24)))
    panel = make_panel(*draw.poisson(4.0, (40, 104)).astype(float), last_period=last)
    request = make_request(calendar=WEEKS, last_period=last, models=("ses",))
    some = replace(request, occasions=(*holidays("Eid al-Fitr", EID), *holidays("Easter", EASTER)))

    one, other = (forecast_panel(panel, each, learn_knowledge(panel, each)) for each in (request, some))

    assert one.forecast.equals(other.forecast)
    assert one.stock.equals(other.stock)


def test_a_holiday_that_came_once_cannot_be_judged_and_an_event_of_the_users_is_believed(make_panel, make_request):
    once = [dt.date(2024, 4, 10), dt.date(2025, 3, 31)]
    shape = weeks_shape(lambda offset: 3.0 if 0 <= offset < 14 else 1.0, once)
    campaign = tuple(replace(one, is_holiday=False, name="Campaign") for one in holidays("", once, 14))

    assert chosen_in(make_panel, make_request, shape, holidays("Eid al-Fitr", once)) == ()
    assert [one.name for one in chosen_in(make_panel, make_request, shape, campaign)] == ["Campaign"]


def test_an_event_that_never_came_changes_nothing(make_panel, make_request):
    new = (Occasion(name="Opening", first_day=day_of(EID[-1]), last_day=day_of(EID[-1]) + 6),)

    assert chosen_in(make_panel, make_request, np.ones(104), new) == ()


def test_year_and_holiday_are_told_apart(make_panel):
    last, count = WEEKS.period_of_day(day_of(dt.date(2025, 2, 24))), 140
    month = np.array([d.astype("datetime64[M]").astype(int) % 12 for d in WEEKS.first_days(
        np.arange(last - count + 1, last + 1, dtype=np.int32)).astype("datetime64[D]")])  # fmt: skip
    shape = np.where((month >= 5) & (month <= 8), 2.0, 0.8) * shape_of(WEEKS, last, count, EID, two_weeks_before)
    panel = make_panel(*[size * shape for size in (1.0, 20.0, 500.0) * 10], last_period=last)
    request = type("Request", (), {"calendar": WEEKS, "occasions": holidays("Eid al-Fitr", EID)})

    profile = learn_both(panel, request, 0, FULL, [EffectChoice(name="Eid al-Fitr")])
    flat = profile.flatten(panel, profile.of_panel(panel, WEEKS), WEEKS)[:count]

    assert profile.effects.effects[0].overall[BEFORE - 14 : BEFORE].mean() == pytest.approx(2.5, abs=0.5)
    assert np.std(flat) / np.mean(flat) < 0.1


# Months, that tell little of a holiday.

EARLIER = [(2017, 6, 25), (2018, 6, 15), (2019, 6, 5), (2020, 5, 24), (2021, 5, 13)]
LONG_EID = [*(dt.date(*one) for one in EARLIER), *EID]
VESAK = [(2017, 5, 10), (2018, 5, 29), (2019, 5, 19), (2020, 5, 7), (2021, 5, 26), (2022, 5, 16), (2023, 6, 4)]
LONG_VESAK = [dt.date(*one) for one in (*VESAK, (2024, 5, 22))]


def chosen_of_months(make_panel, make_request, shape, occasions, tried=None):
    last, draw = MONTHS.period_of_day(day_of(dt.date(2025, 2, 1))), np.random.default_rng(5)
    rates = draw.gamma(4.0, 2.0, 30)[:, None] * shape
    panel = make_panel(*draw.poisson(draw.gamma(2.0, rates / 2.0)).astype(float), last_period=last)
    request = make_request(calendar=MONTHS, last_period=last, lead_time=6, occasions=occasions)

    def learn(some, held, chosen):
        if tried is not None:
            tried.update(one.name for one in chosen)
        return learn_both(some, request, held, NO_YEAR, chosen)

    return choose_effects(panel, request, learn)


def months_shape(count, dates, factor):
    last = MONTHS.period_of_day(day_of(dt.date(2025, 2, 1)))
    season = 1.0 + 0.3 * np.sin(2.0 * np.pi * np.arange(count) / 12.0)
    return season * shape_of(MONTHS, last, count, dates, factor)


@pytest.mark.compiled
@pytest.mark.parametrize("count", [72, 96])
def test_a_holiday_that_moves_through_months_is_found_in_months(make_panel, make_request, count):
    others = (*holidays("Easter", EASTER), *holidays("Lunar New Year", LUNAR), *holidays("Vesak", LONG_VESAK))
    shape = months_shape(count, LONG_EID, two_weeks_before)

    chosen = chosen_of_months(make_panel, make_request, shape, (*others, *holidays("Eid al-Fitr", LONG_EID)))

    assert [one.name for one in chosen] == ["Eid al-Fitr"]


def test_a_holiday_of_one_month_is_not_tried_in_months(make_panel, make_request):
    tried: set[str] = set()
    shape = months_shape(94, LONG_VESAK, lambda offset: 4.0 if -7 <= offset < 7 else 1.0)

    assert chosen_of_months(make_panel, make_request, shape, holidays("Vesak", LONG_VESAK), tried) == ()
    assert not tried


@pytest.mark.parametrize("shift", range(0, 360, 30))
def test_a_holiday_that_months_do_not_show_is_not_even_tried(make_panel, make_request, shift):
    tried: set[str] = set()
    dates = [date + dt.timedelta(shift) for date in LONG_EID]

    assert chosen_of_months(make_panel, make_request, months_shape(96, (), None), holidays("it", dates), tried) == ()
    assert not tried


def test_an_event_of_the_users_in_months_is_judged_whatever_month_it_is_in(make_panel, make_request):
    dates = [dt.date(year, 8, 1) for year in range(2018, 2025)]
    shape = months_shape(96, dates, lambda offset: 3.0 if 0 <= offset < 14 else 1.0)
    campaign = tuple(replace(one, is_holiday=False, name="Campaign") for one in holidays("", dates, 14))

    assert [one.name for one in chosen_of_months(make_panel, make_request, shape, campaign)] == ["Campaign"]
