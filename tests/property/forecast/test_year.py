"""Whatever the demand, a year divided out and multiplied back leaves forecasts plausible and each series by itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from batchcast.domain.calendar import Calendar, Frequency
from batchcast.forecast.distributions.registry import candidates_of
from batchcast.forecast.panel_evidence import PanelEvidence
from batchcast.forecast.partition import forecast_panel
from batchcast.forecast.prepare import learn_knowledge
from batchcast.forecast.seasons.year import LOWEST, learn_year

QUANTITIES = st.one_of(st.just(0.0), st.integers(0, 9).map(float), st.sampled_from([0.25, 500.0, 1e12, 1e-9]))
HISTORIES = st.one_of(
    st.lists(QUANTITIES, min_size=1, max_size=70),
    st.lists(st.sampled_from([0.0, 0.0, 0.0, 1.0, 7.0]), min_size=20, max_size=140),
    st.tuples(st.integers(1, 60), st.integers(2, 5)).map(lambda pair: [0.0] * 8 + [float(pair[0])] * 4 * pair[1]),
    st.lists(st.floats(0.5, 4.0).map(lambda x: round(x, 2)), min_size=12, max_size=12).map(lambda year: year * 4),
)
CALENDARS = st.sampled_from(list(Frequency)).map(lambda frequency: Calendar(frequency=frequency))


def with_year(panel, request, trust, own):
    """What is learned from the panel, with a year whether it has one or not."""
    knowledge = learn_knowledge(panel, request)
    years = (
        learn_year(panel, request.calendar, held, trust=trust, own=own)
        for held in (max(knowledge.cutoffs, default=0), 0)
    )
    return replace(knowledge, years=tuple(years))


def rows_of(table):
    rows = {}
    for row in table.to_pylist():
        rows.setdefault((row["site_code"], row["partnumber"]), []).append(str(row))
    return rows


@settings(max_examples=12, deadline=None)
@given(histories=st.lists(HISTORIES, min_size=1, max_size=5), calendar=CALENDARS, own=st.booleans())
def test_every_series_gets_a_plausible_forecast(make_panel, make_request, histories, calendar, own):
    panel, request = make_panel(*histories), make_request(calendar=calendar, lead_time=4, horizon=6)

    result = forecast_panel(panel, request, with_year(panel, request, 1.0, own))

    assert result.summary["forecast"] == len(histories)
    bands = np.array([result.forecast[name].to_numpy() for name in ("p10", "p50", "p90")])
    assert np.isfinite(bands).all()
    assert (bands >= 0).all()
    assert (np.diff(bands, axis=0) >= 0).all()
    for name in ("lead_time_mean", "lead_time_quantile", "reorder_point"):
        assert np.isfinite(result.stock[name].to_numpy()).all()
        assert (result.stock[name].to_numpy() >= 0).all()


@settings(max_examples=20, deadline=None)
@given(histories=st.lists(HISTORIES, min_size=2, max_size=5), calendar=CALENDARS, trust=st.sampled_from([0.5, 1.0]))
def test_neighbours_change_no_bit(make_panel, make_request, histories, calendar, trust):
    panel, request = make_panel(*histories), make_request(calendar=calendar)
    knowledge = with_year(panel, request, trust, True)

    whole = forecast_panel(panel, request, knowledge)
    first = forecast_panel(panel.chunk(0, 1), request, knowledge)

    for name in ("forecast", "stock", "accuracy"):
        (series, rows), *_ = rows_of(getattr(first, name)).items()
        assert rows == rows_of(getattr(whole, name))[series], name


@settings(max_examples=10, deadline=None)
@given(
    histories=st.lists(st.lists(st.integers(0, 20).map(float), min_size=30, max_size=60), min_size=2, max_size=5),
    calendar=CALENDARS,
    power=st.integers(-4, 8),
)
def test_scaled_demand_has_the_same_year(make_panel, histories, calendar, power):
    factor = 2.0**power
    panel, scaled = make_panel(*histories), make_panel(*[[y * factor for y in history] for history in histories])

    one, other = (learn_year(some, calendar, 2, own=True) for some in (panel, scaled))

    assert one.as_json() == other.as_json()
    np.testing.assert_array_equal(one.of_panel(panel, calendar), other.of_panel(scaled, calendar))


@settings(max_examples=40, deadline=None)
@given(histories=st.lists(HISTORIES, min_size=1, max_size=5), calendar=CALENDARS, own=st.booleans())
def test_factors_are_positive_and_average_to_one(make_panel, histories, calendar, own):
    panel = make_panel(*histories)

    table = learn_year(panel, calendar, 3, own=own).of_panel(panel, calendar)

    assert (table >= 0.5 * LOWEST).all()
    np.testing.assert_allclose(table.mean(axis=1), 1.0)


@settings(max_examples=20, deadline=None)
@given(
    history=st.lists(st.integers(0, 20).map(float), min_size=40, max_size=60),
    after=st.lists(st.sampled_from([0.0, 3.0, 900.0, 1e9]), min_size=3, max_size=3),
    calendar=CALENDARS,
)
def test_demand_after_a_cutoff_changes_no_forecast_from_it(make_panel, make_request, history, after, calendar):
    request = make_request(calendar=calendar)

    def means_with(end):
        panel = make_panel([*history[:-3], *end], [*history[::-1][:-3], *end])
        years = tuple(learn_year(panel, calendar, held, own=True) for held in (3, 0))
        gathered = PanelEvidence(
            panel, request, candidates_of(request), cutoffs=(3,), profile=None, learned=None, years=years
        )
        return {model: steps.tolist() for model, steps in gathered.backtest().evidence.means.items()}

    assert str(means_with(history[-3:])) == str(means_with(after))
