"""Files whose last periods are not what they seem: read as far as they are closed, said or asked."""

from __future__ import annotations

import datetime as dt

import pytest

from batchcast.domain.calendar import date_of
from batchcast.domain.errors import ReadingQuestion
from batchcast.domain.settings import BatchSettings
from batchcast.plan.request import resolve_request

TODAY = dt.date(2025, 7, 5)
MONTHS = [dt.date(2023 + k // 12, k % 12 + 1, 1) for k in range(36)]


def planned(ingested, **settings):
    """The last month, the last ones of sites, and what is said."""
    request, notes = resolve_request(ingested.history.facts, BatchSettings(today=TODAY, **settings))
    day = request.calendar.first_day
    ends = {site: str(date_of(day(period))) for site, period in request.ends.items()}
    return str(date_of(day(request.last_period))), ends, [*map(str, ingested.report.notes), *map(str, notes)]


def wide(until, *, of=MONTHS, parts=4):
    """Quantities up to a month, and zeros from there on."""
    header = ",".join(["part", *[str(month) for month in of]])
    rows = [[20 + (7 * p + 5 * k) % 11 if month < until else 0 for k, month in enumerate(of)] for p in range(parts)]
    return "\n".join([header, *(f"P{p}," + ",".join(map(str, row)) for p, row in enumerate(rows))])


def test_zeros_of_months_to_come_are_left_out_and_said(read, series):
    ingested = read(wide(dt.date(2025, 7, 1)), today=TODAY)

    end, _, notes = planned(ingested)
    assert end == "2025-06-01"
    assert notes[0].startswith("20 rows of 0 after today, 2025-07-05, are left out")
    report = ingested.report
    assert (report.rows_read, report.rows_kept, report.rows_ignored) == (36 * 4, 31 * 4, 20)
    assert sum(map(len, series(ingested).values())) == 30 * 4


def test_zeros_to_come_are_kept_where_that_is_asked_for(read):
    assert read(wide(dt.date(2025, 7, 1)), today=TODAY, future_rows="keep").report.rows_ignored == 0


def test_demand_to_come_is_still_a_question(read):
    with pytest.raises(ReadingQuestion) as asked:
        read(wide(dt.date(2026, 1, 1)), today=TODAY)

    assert asked.value.setting == "future_rows"


def test_a_file_of_zeros_alone_is_read(read):
    assert read("date,part,qty\n2025-08-01,A,0\n", today=TODAY, future_rows="keep").report.rows_kept == 1


@pytest.mark.parametrize("parts", [1, 4])
def test_months_of_zeros_before_today_are_a_question(read, parts):
    ingested = read(wide(dt.date(2024, 10, 1), of=MONTHS[:24], parts=parts), today=TODAY)

    with pytest.raises(ReadingQuestion, match="From 2024-10-01 to 2024-12-31 every quantity is 0") as asked:
        planned(ingested)

    left_out = asked.value.choices[1].settings["closed_through"]
    assert planned(ingested, closed_through=(left_out,))[0] == "2024-09-01"


def long(sites, quantity_of):
    """A row on every second day, of the parts of sites."""
    days = [dt.date(2024, 1, 1) + dt.timedelta(k) for k in range(0, 547, 2)]
    rows = [
        f"{day},{site},P{part},{quantity}"
        for day in days
        for site, parts in sites.items()
        for part in range(parts)
        if (quantity := quantity_of(site, part, day))
    ]
    return "\n".join(["date,site,part,qty", *rows])


def test_a_small_site_that_stops_within_the_month_is_forecast_from_the_month_before(read):
    ends = dt.date(2025, 6, 10)
    content = long({"Kolaka": 9, "Sofifi": 2}, lambda site, part, day: 0 if site == "Sofifi" and day > ends else 4)

    end, of_sites, notes = planned(read(content, today=TODAY), frequency="M")

    assert (end, of_sites) == ("2025-06-01", {"Sofifi": "2025-05-01"})
    assert any("Sofifi (2025-06-10)" in note for note in notes)


@pytest.mark.parametrize(("site", "frequency"), [("Sofifi", "M"), ("Kolaka", "M"), ("Sofifi", "D")])
def test_a_site_whose_last_month_has_every_row_and_a_fifth_is_said(read, site, frequency):
    def quantity_of(where, part, day):
        usual = 40 + (part * day.day) % 13
        return usual // 5 if where == site and day >= dt.date(2025, 6, 1) else usual

    content = long({"Kolaka": 3, "Sofifi": 3}, quantity_of)

    *_, notes = planned(read(content, today=TODAY), frequency=frequency)

    assert any(f"sites have far less than ever before, from 2025-06-01 on: {site}" in note for note in notes)


def test_zeros_of_parts_that_were_out_of_stock_are_no_question(read):
    rows = [f"{month},A,{0 if k > 20 else 20 + k % 3},{int(k > 20)}" for k, month in enumerate(MONTHS[:24])]

    assert planned(read("\n".join(["date,part,qty,stock_out", *rows]), today=TODAY))[0] == "2024-12-01"
