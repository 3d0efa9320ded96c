"""What is forecast: frequency, horizon and cutoff are decided, and each decision is said."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from batchcast.domain.calendar import Frequency, date_of
from batchcast.domain.errors import InvalidSettings, ReadingQuestion
from batchcast.domain.history import HistoryFacts
from batchcast.domain.settings import BatchSettings
from batchcast.plan.request import resolve_request

MakeFacts = Callable[..., HistoryFacts]
MONDAYS = (True, *(False,) * 6)
WORKDAYS = (*(True,) * 5, False, False)


_date = dt.date.fromisoformat


def resolve(facts: HistoryFacts, **settings: Any) -> tuple[dict[str, Any], str]:
    """The request as dates, and its notes as one text."""
    request, notes = resolve_request(facts, BatchSettings(**settings))
    calendar = request.calendar
    first = request.last_period + 1 + request.skip
    found = {
        "request": request,
        "cutoff": str(date_of(calendar.first_day(request.last_period))),
        "start": str(date_of(calendar.first_day(first))),
    }
    return found, " ".join(map(str, notes))


@pytest.mark.parametrize(("frequency", "horizon"), [("D", 7), ("W", 8), ("M", 12)])
def test_horizon_and_lead_time_default_by_frequency(make_facts: MakeFacts, frequency: str, horizon: int) -> None:
    found, _ = resolve(make_facts(), frequency=frequency)

    request = found["request"]
    assert request.calendar.frequency == frequency
    assert (request.horizon, request.lead_time, request.folds, request.skip) == (horizon, horizon, 3, 0)


def test_frequency_auto_is_that_of_the_dates(make_facts: MakeFacts) -> None:
    found, notes = resolve(make_facts(frequency=Frequency.MONTHLY), lead_time=2)

    assert found["request"].calendar.frequency is Frequency.MONTHLY
    assert (found["request"].horizon, found["request"].lead_time) == (12, 2)
    assert notes == ""


def test_settings_go_into_the_request_with_quantiles_ascending(make_facts: MakeFacts) -> None:
    found, _ = resolve(make_facts(), quantiles=(0.9, 0.1, 0.5), models=("ses",), seed=7, rounding="ceiling")

    request = found["request"]
    assert request.quantiles == (0.1, 0.5, 0.9)
    assert (request.models, request.seed, request.rounding) == (("ses",), 7, "ceiling")


@pytest.mark.parametrize(
    ("asked", "dates"), [("D", Frequency.WEEKLY), ("D", Frequency.MONTHLY), ("W", Frequency.MONTHLY)]
)
def test_frequency_finer_than_the_dates_is_refused(make_facts: MakeFacts, asked: str, dates: Frequency) -> None:
    with pytest.raises(
        InvalidSettings, match=rf"frequency is {asked}, but the dates of the history are of frequency {dates}"
    ):
        resolve(make_facts(frequency=dates), frequency=asked)


def test_horizon_and_lead_time_out_of_range_are_both_named(make_facts: MakeFacts) -> None:
    with pytest.raises(InvalidSettings) as caught:
        resolve(make_facts(), frequency="M", horizon=61, lead_time=70)

    assert [str(problem) for problem in caught.value.problems] == [
        "horizon is 61; at frequency M it must be from 1 to 60 periods.",
        "lead_time is 70; at frequency M it must be from 1 to 60 periods.",
    ]


def test_a_lead_time_that_was_not_set_is_not_refused(make_facts: MakeFacts) -> None:
    with pytest.raises(InvalidSettings) as caught:
        resolve(make_facts(), frequency="M", horizon=61)

    assert [str(problem)[:10] for problem in caught.value.problems] == ["horizon is"]


def test_incomplete_last_month_is_left_out_and_said(make_facts: MakeFacts) -> None:
    found, notes = resolve(make_facts(), frequency="M")

    assert (found["cutoff"], found["start"]) == ("2025-04-01", "2025-05-01")
    assert notes == "The last month (2025-05-01) is left out: the history ends on 2025-05-10, before the month does."


def test_incomplete_last_week_is_left_out_and_said(make_facts: MakeFacts) -> None:
    found, notes = resolve(make_facts(), frequency="W")

    assert (found["cutoff"], found["start"]) == ("2025-04-28", "2025-05-05")
    assert notes == "The last week (2025-05-05) is left out: the history ends on 2025-05-10, before the week does."


def test_week_is_complete_once_no_weekday_of_the_history_remains(make_facts: MakeFacts) -> None:
    on_friday = make_facts(last_date=dt.date(2025, 5, 9), weekdays=WORKDAYS)
    on_thursday = make_facts(last_date=dt.date(2025, 5, 8), weekdays=WORKDAYS)

    assert resolve(on_friday, frequency="W")[0]["cutoff"] == "2025-05-05"
    assert resolve(on_thursday, frequency="W")[0]["cutoff"] == "2025-04-28"


def test_month_ending_on_a_weekend_is_complete_on_friday(make_facts: MakeFacts) -> None:
    found, notes = resolve(make_facts(last_date=dt.date(2025, 8, 29), weekdays=WORKDAYS), frequency="M")

    assert (found["cutoff"], notes) == ("2025-08-01", "")


def test_weeks_start_on_the_day_asked_for(make_facts: MakeFacts) -> None:
    found, _ = resolve(make_facts(), frequency="W", week_start="sunday")

    assert (found["cutoff"], found["start"]) == ("2025-05-04", "2025-05-11")  # Sunday to Saturday the 10th: complete


def test_data_stamped_once_a_period_is_complete(make_facts: MakeFacts) -> None:
    monthly = make_facts(frequency=Frequency.MONTHLY, last_date=dt.date(2025, 5, 1))
    weekly = make_facts(frequency=Frequency.WEEKLY, last_date=dt.date(2025, 5, 5), weekdays=MONDAYS)

    assert resolve(monthly)[0]["cutoff"] == "2025-05-01"
    assert resolve(weekly) == (resolve(weekly)[0], "")
    assert resolve(weekly)[0]["cutoff"] == "2025-05-05"


def test_weekly_data_by_month_leaves_out_a_month_with_a_week_to_come(make_facts: MakeFacts) -> None:
    ended = make_facts(frequency=Frequency.WEEKLY, last_date=dt.date(2025, 4, 28), weekdays=MONDAYS)
    to_come = make_facts(frequency=Frequency.WEEKLY, last_date=dt.date(2025, 4, 21), weekdays=MONDAYS)

    assert resolve(ended, frequency="M")[0]["cutoff"] == "2025-04-01"
    assert resolve(to_come, frequency="M")[0]["cutoff"] == "2025-03-01"
    assert resolve(ended, frequency="M")[1] == "Each week counts in the month that holds its date."


def test_weeks_stamped_on_another_day_are_said(make_facts: MakeFacts) -> None:
    sundays = make_facts(frequency=Frequency.WEEKLY, last_date=dt.date(2025, 5, 4), weekdays=(*(False,) * 6, True))

    assert "Every date of the history is a sunday; weeks start on monday" in resolve(sundays, week_start="monday")[1]
    assert resolve(sundays, week_start="sunday")[1] == ""


def test_weeks_start_on_the_weekday_of_weekly_dates(make_facts: MakeFacts) -> None:
    sundays = make_facts(frequency=Frequency.WEEKLY, last_date=dt.date(2025, 5, 4), weekdays=(*(False,) * 6, True))

    found, notes = resolve(sundays)

    assert (found["cutoff"], found["start"]) == ("2025-05-04", "2025-05-11")
    assert "dated by its sunday" in notes


def test_weeks_stamped_on_several_days_need_no_note(make_facts: MakeFacts) -> None:
    assert resolve(make_facts(frequency=Frequency.WEEKLY))[1] == ""


def test_later_start_skips_periods_and_says_so(make_facts: MakeFacts) -> None:
    found, notes = resolve(make_facts(), forecast_start_date=dt.date(2025, 5, 15))

    assert (found["cutoff"], found["start"], found["request"].skip) == ("2025-05-10", "2025-05-15", 4)
    assert "the 4 periods from 2025-05-11 on lie between and are not in the result" in notes


def test_start_right_after_the_history_changes_nothing(make_facts: MakeFacts) -> None:
    found, notes = resolve(make_facts(), forecast_start_date=dt.date(2025, 5, 11))

    assert (found["cutoff"], found["request"].skip, notes) == ("2025-05-10", 0, "")


def test_start_too_late_is_refused_with_the_latest(make_facts: MakeFacts) -> None:
    latest = dt.date(2026, 5, 11)

    assert resolve(make_facts(), forecast_start_date=latest)[0]["request"].skip == 365
    with pytest.raises(
        InvalidSettings, match=r"366 periods after the history ends; .* 365 periods after it, 2026-05-11"
    ):
        resolve(make_facts(), forecast_start_date=latest + dt.timedelta(days=1))


def test_earlier_start_moves_the_cutoff_back_and_says_what_is_left_out(make_facts: MakeFacts) -> None:
    found, notes = resolve(make_facts(), forecast_start_date=dt.date(2025, 5, 1))

    assert (found["cutoff"], found["start"], found["request"].skip) == ("2025-04-30", "2025-05-01", 0)
    assert "its last 10 complete periods, up to 2025-05-10, are left out" in notes


def test_start_within_a_month_is_rounded_to_it_and_said(make_facts: MakeFacts) -> None:
    found, notes = resolve(make_facts(), frequency="M", forecast_start_date=dt.date(2025, 5, 20))

    assert (found["cutoff"], found["start"]) == ("2025-04-01", "2025-05-01")
    assert (
        "forecast_start_date 2025-05-20 is inside a period; the forecast starts with that period, on 2025-05-01"
        in notes
    )
    assert "The last month (2025-05-01) is left out" in notes


def test_start_before_the_history_is_refused(make_facts: MakeFacts) -> None:
    with pytest.raises(InvalidSettings, match=r"is 2024-01-01, .* begins on 2024-01-01: .*from 2024-01-02 on"):
        resolve(make_facts(), forecast_start_date=dt.date(2024, 1, 1))

    assert resolve(make_facts(), forecast_start_date=dt.date(2024, 1, 2))[0]["cutoff"] == "2024-01-01"


@pytest.mark.parametrize("start", [None, dt.date(2025, 8, 1)])
def test_history_without_a_complete_month_is_refused(make_facts: MakeFacts, start: dt.date | None) -> None:
    facts = make_facts(first_date=dt.date(2025, 5, 2))

    with pytest.raises(InvalidSettings, match="does not hold one complete week or month"):
        resolve(facts, frequency="M", forecast_start_date=start)


def test_history_ends_where_it_is_closed(make_facts: MakeFacts) -> None:
    facts = make_facts(last_date=dt.date(2025, 12, 23))

    found, notes = resolve(facts, frequency="M", closed_through=_date("2025-12-31"))
    assert (found["cutoff"], found["start"]) == ("2025-12-01", "2026-01-01")
    assert "closed through 2025-12-31, as asked for" in notes
    assert resolve(facts, frequency="M", closed_through=_date("2025-12-30"))[0]["cutoff"] == "2025-11-01"
    assert resolve(facts, frequency="M", closed_through=_date("2026-01-31"))[0]["cutoff"] == "2026-01-01"


def test_a_month_that_is_over_is_closed_where_its_end_is_as_quiet_as_before(make_facts: MakeFacts) -> None:
    facts = make_facts(last_date=dt.date(2025, 12, 23), longest_gap=8)

    found, notes = resolve(facts, frequency="M", today=_date("2026-01-02"))
    assert found["cutoff"] == "2025-12-01"
    assert "the 8 days without a row at its end are no more than the 8 there were before" in notes
    assert resolve(facts, frequency="M", today=_date("2025-12-24"))[0]["cutoff"] == "2025-11-01"


def test_a_month_with_a_quieter_end_than_ever_is_a_question(make_facts: MakeFacts) -> None:
    facts = make_facts(last_date=dt.date(2025, 12, 23), longest_gap=3)

    with pytest.raises(ReadingQuestion, match="8 days before the period of 2025-12-01 does") as asked:
        resolve(facts, frequency="M", today=_date("2026-01-02"))

    days = [choice.settings["closed_through"] for choice in asked.value.choices]
    assert days == ["2025-12-31", "2025-11-30"]
    cutoffs = [resolve(facts, frequency="M", closed_through=_date(day))[0]["cutoff"] for day in days]
    assert cutoffs == ["2025-12-01", "2025-11-01"]


def test_a_month_that_was_hardly_exported_is_left_out_without_a_question(make_facts: MakeFacts) -> None:
    facts = make_facts(last_date=dt.date(2025, 12, 9), longest_gap=3)

    assert resolve(facts, frequency="M", today=_date("2026-02-02"))[0]["cutoff"] == "2025-11-01"
