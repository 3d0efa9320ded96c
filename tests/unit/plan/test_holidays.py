"""The calendar of holidays that move, and the user's events."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys

import pytest
from tests.unit.plan.conftest import facts_of

from batchcast.domain.calendar import date_of
from batchcast.domain.errors import InvalidSettings
from batchcast.domain.history import SiteFacts
from batchcast.domain.settings import BatchSettings
from batchcast.plan.request import resolve_request


def occasions_of(facts, **settings):
    request, notes = resolve_request(facts, BatchSettings(**settings))
    spans = [(one.name, date_of(one.first_day), date_of(one.last_day), one.site_code) for one in request.occasions]
    return spans, notes


@pytest.fixture(scope="module")
def facts():
    sites = tuple(SiteFacts(site_code=code, rows=50, series=1) for code in ("Kendari", "Sofifi"))
    return facts_of(sites=sites, first_date=dt.date(2023, 1, 1), last_date=dt.date(2024, 12, 31))


@pytest.mark.parametrize(
    ("country", "holiday"),
    [
        ("ID", ("Eid al-Fitr", dt.date(2024, 4, 10), dt.date(2024, 4, 15))),  # with cuti bersama
        ("id", ("Day of Silence", dt.date(2023, 3, 22), dt.date(2023, 3, 23))),
        ("MY", ("Eid al-Adha", dt.date(2024, 6, 17), dt.date(2024, 6, 17))),
        ("CN", ("Chinese New Year", dt.date(2024, 2, 10), dt.date(2024, 2, 16))),
        ("DE", ("Easter Monday", dt.date(2024, 4, 1), dt.date(2024, 4, 1))),
        ("IN", ("Diwali", dt.date(2024, 10, 31), dt.date(2024, 10, 31))),
    ],
)
def test_holidays_that_move_are_there_with_their_days_off(facts, country, holiday):
    spans, _ = occasions_of(facts, holidays=country)

    assert (*holiday, None) in spans
    assert not {name for name, *_ in spans} & {"Christmas Day", "New Year's Day", "Independence Day"}


def test_without_a_country_there_are_none_and_the_calendar_is_not_imported(facts):
    assert occasions_of(facts)[0] == []
    imported = "import sys, batchcast.plan.request; sys.exit('holidays' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", imported], check=False).returncode == 0


def test_an_unknown_country_is_refused(facts):
    with pytest.raises(InvalidSettings, match="holidays is 'Indonesia'; give the code of a country in two letters"):
        occasions_of(facts, holidays="Indonesia")


def test_events_are_occasions_and_one_of_an_unknown_site_is_refused(facts):
    spans, notes = occasions_of(facts, events=("2024-03-01..2024-03-14 Campaign @ Sofifi", "2024-08-01 Audit"))

    assert spans == [
        ("Audit", dt.date(2024, 8, 1), dt.date(2024, 8, 1), None),
        ("Campaign", dt.date(2024, 3, 1), dt.date(2024, 3, 14), "Sofifi"),
    ]
    assert not any("not seen" in str(note) for note in notes)
    with pytest.raises(InvalidSettings, match="events names site 'Sofifii', which is not in the history; there is Sof"):
        occasions_of(facts, events=("2024-03-01 Campaign @ Sofifii",))
    with pytest.raises(InvalidSettings, match="there is Kendari, Sofifi"):
        occasions_of(facts, events=("2024-03-01 Campaign @ xyz",))


def test_an_event_that_the_history_has_not_seen_is_said(facts):
    _, notes = occasions_of(facts, events=("2025-03-01 Opening", "2024-03-01 Campaign", "2025-03-01 Campaign"))

    assert "Events that the history has not seen change nothing in the forecast: Opening." in map(str, notes)
