"""Where a history ends: as it was said, else as rows, sites and today show, else asked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from batchcast.domain.calendar import Frequency, date_of
from batchcast.domain.errors import InvalidSettings, ReadingQuestion
from batchcast.domain.history import Gap, HistoryFacts, SiteFacts
from batchcast.domain.settings import BatchSettings
from batchcast.plan.request import resolve_request

MakeFacts = Callable[..., HistoryFacts]
LAST = dt.date(2025, 5, 10)


def site(code: str, last: str = "2025-05-10", *, early: bool = False, rows: int = 100, recent: tuple[int, ...] = ()):
    last_date = dt.date.fromisoformat(last)
    return SiteFacts(site_code=code, rows=rows, series=2, last_date=last_date, ends_early=early, recent=recent)


TWO = (site("KDI"), site("Sofifi", "2025-04-20", early=True))


def resolve(facts: HistoryFacts, **settings: Any) -> tuple[dict[str, str], str, dict[str, str]]:
    """The last period and the first one that is published, the notes, and the ends of sites."""
    request, notes = resolve_request(facts, BatchSettings(**settings))
    of = {"end": request.last_period, "start": request.first_period}
    ends = {code: str(date_of(request.calendar.first_day(period))) for code, period in request.ends.items()}
    found = {name: str(date_of(request.calendar.first_day(period))) for name, period in of.items()}
    return found, " ".join(map(str, notes)), ends


def asked(facts: HistoryFacts, **settings: Any) -> tuple[str, list[str]]:
    with pytest.raises(ReadingQuestion) as caught:
        resolve(facts, **settings)
    assert caught.value.setting == "closed_through"
    return str(caught.value), [choice.settings["closed_through"] for choice in caught.value.choices]


def test_a_site_that_ends_early_ends_there_and_that_is_the_first_note(make_facts: MakeFacts) -> None:
    found, notes, ends = resolve(make_facts(sites=TWO))

    assert (found, ends) == ({"end": "2025-05-10", "start": "2025-05-11"}, {"Sofifi": "2025-04-20"})
    assert notes.startswith("1 of 2 sites have their last row before the others, by more than chance explains: Sofifi")
    assert "set closed_through=Sofifi=2025-05-10" in notes


def test_by_month_a_site_ends_with_its_last_whole_month(make_facts: MakeFacts) -> None:
    found, _, ends = resolve(make_facts(sites=TWO, last_date=dt.date(2025, 5, 31)), frequency="M")

    assert (found, ends) == ({"end": "2025-05-01", "start": "2025-06-01"}, {"Sofifi": "2025-03-01"})


def test_each_site_ends_as_it_was_said(make_facts: MakeFacts) -> None:
    both = resolve(make_facts(sites=TWO), closed_through=("2025-05-08", "Sofifi=2025-04-30"))
    as_none = resolve(make_facts(sites=TWO), closed_through=("Sofifi=2025-05-10",))
    later = resolve(make_facts(sites=TWO), closed_through=("2025-05-08", "KDI=2025-05-09"))

    assert (both[0]["end"], both[2]) == ("2025-05-08", {"Sofifi": "2025-04-30"})
    assert (as_none[0]["end"], as_none[2]) == ("2025-05-10", {})
    assert (later[0]["end"], later[2]) == ("2025-05-09", {"Sofifi": "2025-05-08"})


def test_one_day_for_all_counts_for_a_site_without_rows_too_and_that_is_said(make_facts: MakeFacts) -> None:
    _, notes, ends = resolve(make_facts(sites=TWO), closed_through=("2025-05-10",))

    assert ends == {}
    assert "They count as without demand after it" in notes
    assert "such as Sofifi=2025-04-20" in notes


def test_a_site_silent_for_long_is_a_question_that_its_choices_answer(make_facts: MakeFacts) -> None:
    facts = make_facts(sites=(site("KDI"), site("Sofifi, north", "2024-11-20", early=True)))

    question, choices = asked(facts)

    assert "Sofifi, north (2024-11-20)" in question
    assert choices == ["Sofifi, north=2025-05-10", "Sofifi, north=2024-11-20"]
    assert [resolve(facts, closed_through=(one,))[2] for one in choices] == [{}, {"Sofifi, north": "2024-11-20"}]


@pytest.mark.parametrize(("rows", "is_asked"), [(400, True), (3, False)])
def test_a_doubtful_end_long_before_the_others_is_asked_or_said(
    make_facts: MakeFacts, rows: int, is_asked: bool
) -> None:
    """Of a site with few rows a day chance is never ruled out; it is not read as zeros without a word."""
    long_ago = replace(site("Sofifi", "2024-10-20", early=True, rows=rows), end_is_doubtful=True)
    facts = make_facts(sites=(site("KDI", rows=600), long_ago), rows=600 + rows)

    if is_asked:
        assert "Sofifi (2024-10-20)" in asked(facts)[0]
    else:
        assert "without demand after it" in resolve(facts)[1]


def test_a_small_site_silent_for_long_counts_as_closed_and_is_said(make_facts: MakeFacts) -> None:
    _, notes, ends = resolve(make_facts(sites=(site("KDI"), site("Sofifi", "2024-11-20", early=True, rows=2))))

    assert (ends, "They count as without demand after it" in notes) == ({}, True)


def test_a_start_before_the_end_of_a_site_needs_no_end_of_its_own(make_facts: MakeFacts) -> None:
    found, notes, ends = resolve(make_facts(sites=TWO), forecast_start_date=dt.date(2025, 4, 1))

    assert (found["start"], ends, "Sofifi" in notes) == ("2025-04-01", {}, False)
    assert resolve(make_facts(sites=TWO), forecast_start_date=dt.date(2025, 5, 1))[2] == {"Sofifi": "2025-04-20"}


@pytest.mark.parametrize(
    ("closed", "said"),
    [
        (("Sofifa=2025-05-01",), "names the site Sofifa, which the file does not have; it has KDI, Sofifi"),
        (("Sofifi=2024-01-05",), "ends site Sofifi 491 periods before the last one; it can be at most 365"),
        (("Sofifi=2025-5-1",), "write it as 2025-06-30, for one site as Sofifi=2025-06-30"),
    ],
)
def test_an_end_that_can_t_be_is_refused(make_facts: MakeFacts, closed: tuple[str, ...], said: str) -> None:
    with pytest.raises(InvalidSettings, match=said):
        resolve(make_facts(sites=TWO), closed_through=closed)


MONTHLY = {"frequency": Frequency.MONTHLY, "last_date": dt.date(2025, 5, 1), "weekdays": (True,) * 7}


def by_month(*rows: int) -> tuple[int, ...]:
    """Rows of the last months of a history that ends on 2025-05-01, on their first days."""
    days = {dt.date(2025 + (4 - k) // 12, (4 - k) % 12 + 1, 1): count for k, count in enumerate(reversed(rows))}
    first = min(days)
    span = (dt.date(2025, 5, 1) - first).days + 1
    return tuple(days.get(first + dt.timedelta(k), 0) for k in range(span))


def test_a_month_that_is_not_over_is_left_out_and_said(make_facts: MakeFacts) -> None:
    facts = make_facts(**MONTHLY)

    found, notes, _ = resolve(facts, today=dt.date(2025, 5, 15))
    assert found["end"] == "2025-04-01"
    assert "left out from 2025-05-01 on: on 2025-05-15 that period is not over" in notes
    for settings in (
        {"today": dt.date(2025, 5, 31)},
        {"today": dt.date(2025, 5, 15), "future_rows": "keep"},
        {"today": dt.date(2025, 5, 15), "closed_through": ("2025-05-31",)},
    ):
        assert resolve(facts, **settings)[0]["end"] == "2025-05-01"


@pytest.mark.parametrize("frequency", ["M", "auto"])
def test_a_last_month_with_far_fewer_rows_than_ever_is_a_question(make_facts: MakeFacts, frequency: str) -> None:
    facts = make_facts(**MONTHLY, recent=by_month(80, 90, 100, 95, 85, 90, 98, 42))

    question, choices = asked(facts, frequency=frequency, today=dt.date(2025, 6, 3))

    assert "In the last period, that of 2025-05-01, 42 series have a row, and never fewer than 80 before" in question
    assert [resolve(facts, closed_through=(one,))[0]["end"] for one in choices] == ["2025-05-01", "2025-04-01"]


@pytest.mark.parametrize(
    "rows",
    [
        (80, 90, 100, 95, 85, 90, 98, 70),  # low, not that low
        (80, 40, 100, 95, 85, 90, 98, 42),  # as low before
        (100, 60, 140, 30, 150, 80, 20, 12),  # uneven
        (6, 7, 5, 6, 7, 6, 5, 3),  # few
        (90, 95, 42),  # of too short a history
        (38, 90, 100, 95, 85, 90, 98, 99, 97, 96, 95, 93, 42),  # as a year ago
    ],
)
def test_a_last_month_as_there_may_be_is_kept(make_facts: MakeFacts, rows: tuple[int, ...]) -> None:
    assert resolve(make_facts(**MONTHLY, recent=by_month(*rows)))[0]["end"] == "2025-05-01"


@pytest.mark.parametrize(("usual", "last"), [(8, 5), (8, 4), (6, 3), (5, 2)])
def test_a_small_file_that_always_had_the_same_rows_is_asked_about_sooner(
    make_facts: MakeFacts, usual: int, last: int
) -> None:
    asked(make_facts(**MONTHLY, recent=by_month(*[usual] * 8, last)))


@pytest.mark.parametrize("rows", [(8, 8, 8, 8, 8, 8, 7), (8, 7, 8, 8, 8, 8, 8, 4), (3, 3, 3, 3, 3, 3, 1), (8, 8, 8, 4)])
def test_a_small_file_that_lacks_few_rows_is_kept(make_facts: MakeFacts, rows: tuple[int, ...]) -> None:
    assert resolve(make_facts(**MONTHLY, recent=by_month(*rows)))[0]["end"] == "2025-05-01"


def test_the_last_day_is_compared_with_its_weekday(make_facts: MakeFacts) -> None:
    usual = [10 if (LAST - dt.timedelta(k)).weekday() == 5 else 60 for k in range(90)][::-1]  # Saturdays are quiet
    cut = [*usual[:-1], 2]

    assert resolve(make_facts(recent=tuple(usual)))[0]["end"] == "2025-05-10"
    asked(make_facts(recent=tuple(cut)), today=LAST + dt.timedelta(1))
    found, notes, _ = resolve(make_facts(recent=tuple(cut)), today=LAST)
    assert found["end"] == "2025-05-09"
    assert "is left out: it is not over, and 2 series have a row in it, never fewer than 10 before" in notes


def test_the_last_month_of_one_site_that_was_cut_is_asked_of_that_site(make_facts: MakeFacts) -> None:
    sites = (site("KDI", recent=(300,) * 9), site("Sofifi", recent=(40, 42, 39, 41, 38, 40, 40, 42, 15)))
    facts = make_facts(**MONTHLY, sites=sites, recent=by_month(*(340,) * 8, 315))

    question, choices = asked(facts)

    assert "at Sofifi (15 < 38)" in question
    assert choices == ["Sofifi=2025-05-31", "Sofifi=2025-04-30"]
    assert resolve(facts, closed_through=(choices[1],))[2] == {"Sofifi": "2025-04-01"}


@pytest.mark.parametrize(
    ("frequency", "expected"),
    [("D", ["2025-02-05", "2025-02-24"]), ("W", ["2025-02-03", "2025-02-24"]), ("M", ["2025-02-01", "2025-02-01"])],
)
def test_periods_that_lack_days_are_not_observed(make_facts: MakeFacts, frequency: str, expected: list[str]) -> None:
    gaps = (Gap(first=dt.date(2025, 2, 5), last=dt.date(2025, 2, 24), site_code="Sofifi"),)
    facts = make_facts(sites=(site("KDI"), site("Sofifi")), gaps=gaps)

    request, _ = resolve_request(facts, BatchSettings(frequency=frequency))

    assert set(request.unobserved) == {"Sofifi"}
    days = [str(date_of(request.calendar.first_day(period))) for period in request.unobserved["Sofifi"]]
    if frequency == "W":  # of the week from 2025-02-24 on one day in seven is missing
        expected = ["2025-02-03", "2025-02-17"]
    assert [days[0], days[-1]] == expected


def test_a_last_month_of_days_with_far_fewer_rows_than_any_is_a_question(make_facts: MakeFacts) -> None:
    """A monthly export cut off after some of its parts, in a history of days: every day has fewer, none far fewer."""
    rows = [20 + (7 * k) % 31 for k in range(300)]
    cut = [
        count * 4 // 10 if LAST - dt.timedelta(299 - k) >= dt.date(2025, 5, 1) else count
        for k, count in enumerate(rows)
    ]

    assert resolve(make_facts(recent=tuple(rows)))[0]["end"] == "2025-05-10"
    question, choices = asked(make_facts(recent=tuple(cut)))

    assert question.startswith("From 2025-05-01 to 2025-05-10 there are 1")
    assert choices == ["2025-05-10", "2025-04-30"]
    assert resolve(make_facts(recent=tuple(cut)), closed_through=(choices[1],))[0]["end"] == "2025-04-30"
