"""Last periods that hold far less than those before are asked about, of all sites and of each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from batchcast.domain.calendar import Frequency, date_of
from batchcast.domain.errors import ReadingQuestion
from batchcast.domain.history import Gap, HistoryFacts, SiteFacts
from batchcast.domain.settings import BatchSettings
from batchcast.plan.request import resolve_request

MakeFacts = Callable[..., HistoryFacts]
MONTHLY: dict[str, Any] = {"frequency": Frequency.MONTHLY, "last_date": dt.date(2025, 5, 1), "weekdays": (True,) * 7}
USUAL = (510, 480, 530, 495, 470, 505, 520, 490, 515, 485, 500, 525)
FIRST = dt.date(2024, 1, 1)
LAST = dt.date(2025, 5, 10)


def by_month(values: Sequence[float]) -> tuple[float, ...]:
    """The values of the last days of a history that ends on 2025-05-01, with those of months on their first days."""
    days = {dt.date(2025 + (4 - k) // 12, (4 - k) % 12 + 1, 1): one for k, one in enumerate(reversed(values))}
    first = min(days)
    return tuple(days.get(first + dt.timedelta(k), 0) for k in range((dt.date(2025, 5, 1) - first).days + 1))


def monthly(make_facts: MakeFacts, quantities: Sequence[float], **changed: Any) -> HistoryFacts:
    """A history of months with ten rows in each."""
    rows = by_month([10] * len(quantities))
    recent = tuple(int(count) for count in rows)
    return make_facts(**MONTHLY, recent=recent, recent_quantities=by_month(quantities), **changed)


def end_of(facts: HistoryFacts, **settings: Any) -> str:
    request, _ = resolve_request(facts, BatchSettings(**settings))
    return str(date_of(request.calendar.first_day(request.last_period)))


def notes_of(facts: HistoryFacts, **settings: Any) -> str:
    return " ".join(map(str, resolve_request(facts, BatchSettings(**settings))[1]))


def asked(facts: HistoryFacts, **settings: Any) -> tuple[str, list[str]]:
    with pytest.raises(ReadingQuestion) as caught:
        resolve_request(facts, BatchSettings(**settings))
    return str(caught.value), [choice.settings["closed_through"] for choice in caught.value.choices]


@pytest.mark.parametrize("quantity", [100, 3, 200.5])
def test_a_last_month_with_every_row_and_a_fraction_of_the_quantity_is_a_question(
    make_facts: MakeFacts, quantity: float
) -> None:
    facts = monthly(make_facts, (*USUAL, quantity))

    question, choices = asked(facts, today=dt.date(2025, 7, 1))

    assert f"add up to {quantity:,.15g} at most, and never to less than 470 before" in question
    assert [end_of(facts, closed_through=(one,)) for one in choices] == ["2025-05-01", "2025-04-01"]


def test_two_last_months_that_are_low_together_are_one_question(make_facts: MakeFacts) -> None:
    question, choices = asked(monthly(make_facts, (*USUAL, 100, 120)))

    assert question.startswith("From 2025-04-01 to 2025-05-31")
    assert choices == ["2025-05-31", "2025-03-31"]


@pytest.mark.parametrize(
    "quantities",
    [
        (*USUAL, 300),  # low, not that low
        (*USUAL[:6], 150, *USUAL[6:], 120),  # as low before
        (900, 80, 2400, 15, 700, 3000, 40, 1100, 260, 5000, 90, 1800, 12),  # they always vary by as much
        (*USUAL[:5], 50),  # of too short a history
        (0, 3, 1, 2, 0, 4, 0, 1, 0, 0, 2, 0, 0, 0),  # as long without before
        (3, 1, 2, 4, 3, 1, 2, 3, 2, 1, 5, 2, 0),  # few pieces
        (800, 900, 1000, 950, 400, 200, 210, 190, 420, 600, 700, 750, 820, 880, 1010, 940, 410, 205),  # the season
    ],
)
def test_a_last_month_as_there_may_be_is_kept(make_facts: MakeFacts, quantities: tuple[float, ...]) -> None:
    assert end_of(monthly(make_facts, quantities)) == "2025-05-01"


@pytest.mark.parametrize("count", [1, 2, 5, 9])
def test_last_months_of_zeros_alone_are_a_question(make_facts: MakeFacts, count: int) -> None:
    facts = monthly(make_facts, (*USUAL, *[0] * count))

    question, choices = asked(facts)

    assert "every quantity is 0" in question
    left_out = date_of(resolve_request(facts, BatchSettings(closed_through=(choices[1],)))[0].last_period)
    assert [choices[0], end_of(facts, closed_through=(choices[0],))] == ["2025-05-31", "2025-05-01"]
    assert left_out is not None
    assert (2025 * 12 + 5) - (int(choices[1][:4]) * 12 + int(choices[1][5:7])) == count


def test_a_part_that_is_seldom_demanded_may_have_zeros_at_its_end(make_facts: MakeFacts) -> None:
    quantities = np.random.default_rng(1).binomial(1, 0.4, 24).tolist()

    assert end_of(monthly(make_facts, (*quantities, 0, 0, 0))) == "2025-05-01"


def test_a_low_month_that_ends_today_is_left_out_and_said(make_facts: MakeFacts) -> None:
    facts = monthly(make_facts, (*USUAL, 100))

    assert end_of(facts, today=dt.date(2025, 5, 31)) == "2025-04-01"
    assert "its quantities add up to 100, never to less than 470" in notes_of(facts, today=dt.date(2025, 5, 31))


def test_a_start_before_the_low_months_asks_nothing(make_facts: MakeFacts) -> None:
    assert end_of(monthly(make_facts, (*USUAL, 100)), forecast_start_date=dt.date(2025, 5, 1)) == "2025-04-01"


def daily(make_facts: MakeFacts, quantity_of: Callable[[dt.date], float], **changed: Any) -> HistoryFacts:
    days = [FIRST + dt.timedelta(k) for k in range((LAST - FIRST).days + 1)]
    quantities = tuple(float(quantity_of(day)) for day in days)
    return make_facts(recent=(20,) * len(days), recent_quantities=quantities, **changed)


@pytest.mark.parametrize("frequency", ["D", "W"])
def test_days_of_a_last_month_that_hold_a_fifth_are_a_question(make_facts: MakeFacts, frequency: str) -> None:
    usual = daily(make_facts, lambda day: 40 + day.day % 7)
    cut = daily(make_facts, lambda day: (40 + day.day % 7) / (5 if day >= dt.date(2025, 5, 1) else 1))

    question, choices = asked(cut, frequency=frequency)

    assert end_of(usual, frequency=frequency) in {"2025-05-10", "2025-04-28"}
    assert question.startswith(("From 2025-05-0", "From 2025-04-28"))
    assert len(choices) == 2


def test_a_stretch_that_was_not_exported_explains_a_low_month(make_facts: MakeFacts) -> None:
    gaps = (Gap(first=dt.date(2025, 5, 3), last=dt.date(2025, 5, 9)),)
    facts = daily(make_facts, lambda day: 8 if day >= dt.date(2025, 5, 1) else 40, gaps=gaps)

    assert end_of(facts) == "2025-05-10"


def site(code: str, quantities: Sequence[float], rows: int = 5) -> SiteFacts:
    counts = (rows,) * len(quantities)
    recent = tuple(float(one) for one in quantities)
    last = dt.date(2025, 5, 1)
    return SiteFacts(site_code=code, rows=100, series=2, last_date=last, recent=counts, recent_quantities=recent)


def test_one_site_with_a_fifth_of_its_quantity_is_said_with_the_way_out(make_facts: MakeFacts) -> None:
    sites = (site("KDI", [5 * one for one in (*USUAL, 505)]), site("Sofifi", (*USUAL, 95)))
    facts = monthly(make_facts, [6 * one for one in (*USUAL, 440)], sites=sites)

    assert "1 of 2 sites have far less than ever before, from 2025-05-01 on: Sofifi (95 < 470)" in notes_of(facts)
    assert "such as Sofifi=2025-04-30" in notes_of(facts)
    assert "Sofifi" not in notes_of(facts, closed_through=("Sofifi=2025-04-30",))


@pytest.mark.parametrize(("count", "first"), [(2, "2025-04-01"), (8, "2024-10-01")])
def test_a_site_of_zeros_counts_as_without_demand_and_that_is_said(
    make_facts: MakeFacts, count: int, first: str
) -> None:
    sites = (site("KDI", (*USUAL, *USUAL)), site("Sofifi", (*USUAL, *USUAL)[:-count] + (0,) * count))

    notes = notes_of(monthly(make_facts, (*USUAL, *USUAL), sites=sites))

    assert f"1 of 2 sites have nothing but rows of 0 from a day on: Sofifi ({first})" in notes


@pytest.mark.parametrize(("frequency", "ends"), [("M", {"Sofifi": "2025-03-01"}), ("D", {})])
def test_the_month_in_which_a_small_site_stops_is_not_learned_from_and_days_without_rows_are_said(
    make_facts: MakeFacts, frequency: str, ends: dict[str, str]
) -> None:
    small = SiteFacts(
        site_code="Sofifi",
        rows=9,
        series=2,
        last_date=dt.date(2025, 4, 14),
        ends_early=True,
        end_is_doubtful=True,
    )
    facts = make_facts(sites=(site("KDI", USUAL), small), last_date=dt.date(2025, 4, 30))

    request, notes = resolve_request(facts, BatchSettings(frequency=frequency))

    assert {code: str(date_of(request.calendar.first_day(end))) for code, end in request.ends.items()} == ends
    assert "Sofifi (2025-04-14)" in str(notes[0])


def test_of_many_sites_one_may_be_low_by_chance(make_facts: MakeFacts) -> None:
    rng = np.random.default_rng(2)
    sites = tuple(site(f"S{k}", np.exp(rng.normal(4, 0.7, 13)).tolist()) for k in range(300))

    assert end_of(monthly(make_facts, (*USUAL, 500), sites=sites)) == "2025-05-01"
