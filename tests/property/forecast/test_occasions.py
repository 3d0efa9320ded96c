"""Whatever the demand and the occasions: nothing after a cutoff changes a forecast from it, and series stay apart."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from batchcast.domain.calendar import Calendar, Frequency
from batchcast.domain.plan import Occasion
from batchcast.forecast.distributions.registry import candidates_of
from batchcast.forecast.panel_evidence import PanelEvidence
from batchcast.forecast.partition import forecast_panel
from batchcast.forecast.prepare import learn_knowledge
from batchcast.forecast.seasons.occasions import EffectChoice
from batchcast.forecast.seasons.year_choice import Trust, learn_both

CALENDARS = st.sampled_from(list(Frequency)).map(lambda frequency: Calendar(frequency=frequency))
WAYS = st.sampled_from(["days", "centred", "periods"])
HISTORIES = st.lists(st.sampled_from([0.0, 0.0, 1.0, 4.0, 30.0]), min_size=30, max_size=60)
PLACE = st.tuples(st.integers(-40, 8), st.integers(0, 3), st.booleans(), st.booleans())
PLACES = st.lists(PLACE, min_size=1, max_size=4)


def occasions_at(calendar, last, places):
    """Occasions that begin so many periods from the end, so many periods long; of one site or all, holidays or not."""
    return tuple(
        Occasion(
            name="it",
            first_day=calendar.first_day(last + begin),
            last_day=calendar.last_day(last + begin + length),
            site_code="site-0" if of_site else None,
            is_holiday=is_holiday,
        )
        for begin, length, of_site, is_holiday in places
    )


def years_of(panel, request, way, power):
    choice = [EffectChoice(name="it", way=way)]
    return tuple(learn_both(panel, request, held, Trust(power=power, own=power > 0), choice) for held in (3, 0))


@settings(max_examples=10, deadline=None)
@given(
    history=HISTORIES,
    after=st.lists(st.sampled_from([0.0, 3.0, 900.0]), min_size=3, max_size=3),
    calendar=CALENDARS,
    places=PLACES,
    way=WAYS,
    power=st.sampled_from([0.0, 1.0]),
)
def test_demand_after_a_cutoff_changes_no_forecast_from_it(
    make_panel, make_request, *, history, after, calendar, places, way, power
):
    request = make_request(calendar=calendar)
    request = replace(request, occasions=occasions_at(calendar, request.last_period, places))

    def means_with(end):
        panel = make_panel([*history[:-3], *end], [*history[::-1][:-3], *end])
        years = years_of(panel, request, way, power)
        gathered = PanelEvidence(
            panel, request, candidates_of(request), cutoffs=(3,), profile=None, learned=None, years=years
        )
        return {model: steps.tolist() for model, steps in gathered.backtest().evidence.means.items()}

    assert str(means_with(history[-3:])) == str(means_with(after))


@settings(max_examples=8, deadline=None)
@given(histories=st.lists(HISTORIES, min_size=2, max_size=4), calendar=CALENDARS, places=PLACES, way=WAYS)
def test_neighbours_change_no_bit(make_panel, make_request, histories, calendar, places, way):  # noqa: PLR0917
    panel, request = make_panel(*histories), make_request(calendar=calendar)
    request = replace(request, occasions=occasions_at(calendar, request.last_period, places))
    knowledge = replace(learn_knowledge(panel, request), years=years_of(panel, request, way, 1.0))

    whole = forecast_panel(panel, request, knowledge)
    first = forecast_panel(panel.chunk(0, 1), request, knowledge)

    steps = len(first.forecast)
    assert first.forecast["forecast_raw"].to_pylist() == whole.forecast["forecast_raw"].to_pylist()[:steps]
    assert first.stock["reorder_point"].to_pylist() == whole.stock["reorder_point"].to_pylist()[:1]
