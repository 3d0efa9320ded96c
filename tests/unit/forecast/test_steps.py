"""The season inside the lead time: its steps are chosen beside the sum, and add up to it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from batchcast.domain.calendar import Calendar, Frequency
from batchcast.forecast.combine import spread_over_steps, weigh_shapes
from batchcast.forecast.knowledge import SharedKnowledge
from batchcast.forecast.models.table import OWN_YEAR, STEP_SHAPES, YEAR
from batchcast.forecast.moments import SMOOTH
from batchcast.forecast.partition import forecast_panel
from batchcast.forecast.prepare import learn_knowledge

MONTHS = Calendar(frequency=Frequency.MONTHLY)
EVERY = np.ones((3, 1), dtype=np.bool_)


def weigh(losses, folds, pooled, answers=EVERY):
    return weigh_shapes(np.array([losses]).T, np.array([folds]), np.array([pooled]), answers)[0]


def test_the_weight_of_a_shape_falls_with_its_score_by_hand():
    # without folds the scores are those of the class; the weights go with their eighth power
    found = weigh([np.nan] * 3, 0, [1.0, 2.0, 4.0])

    assert found == pytest.approx(np.array([1.0, 1 / 256, 1 / 65536]) / (1 + 1 / 256 + 1 / 65536))


def test_own_folds_are_weighed_against_the_class_by_hand():
    # mean loss 2: relative 0.5, 1, 1.5; with as many folds as the class counts, the scores are 1, 1 and 1.5
    found = weigh([1.0, 2.0, 3.0], 10, [1.5, 1.0, 1.5])

    assert found == pytest.approx(np.array([1.0, 1.0, 1.5**-8]) / (2 + 1.5**-8))


def test_a_shape_that_was_never_judged_or_is_not_there_has_no_weight():
    known = np.array([[True], [True], [False]])

    assert weigh([1.0, np.nan, 0.1], 1, [1.0, np.inf, 0.1], known).tolist() == [1.0, 0.0, 0.0]
    assert weigh([np.nan] * 3, 0, [np.inf] * 3).tolist() == [0.0, 0.0, 0.0]


def test_steps_take_the_proportions_and_keep_the_sum():
    means = np.array([[2.0, 2.0, 2.0, 5.0], [1.0, 1.0, 1.0, 1.0]])
    shapes = np.array([[[0.0, 1.0, 3.0, 8.0], [0.0, 0.0, 0.0, 1.0]], [[4.0, 0.0, 0.0, 0.0], [9.0, 0.0, 0.0, 0.0]]])
    weights = np.array([[0.5, 0.5], [1.0, 0.0]])

    inside = spread_over_steps(means, shapes, weights, 3, np.array([False]))
    beyond = spread_over_steps(means, shapes, weights, 3, np.array([True]))

    assert inside[0].tolist() == pytest.approx([3.0, 0.75, 2.25, 5.0])
    assert beyond[0].tolist() == pytest.approx([3.0, 0.75, 2.25, 6.0])
    assert inside[1].tolist() == beyond[1].tolist() == means[1].tolist()  # a shape of nothing says nothing


def seasonal(draw, months, *, ratio, phases, level, span=12):
    """Expected demand of each part with so many times the demand in its best month, cosines of a year apart."""
    wave = np.cos(2 * np.pi * (np.arange(months + span) - np.asarray(phases)[:, None]) / 12)
    expected = np.asarray(level)[:, None] * (1.0 + (ratio - 1.0) / (ratio + 1.0) * wave)
    return expected, draw.poisson(expected).astype(float)


@pytest.fixture
def error_of_months(make_panel, make_request):
    """Relative error of the months of the next year, and what was forecast."""

    def error(expected, demand, months, **changes):
        panel = make_panel(*demand[:, :months])
        request = make_request(calendar=MONTHS, horizon=12, lead_time=12, **changes)
        result = forecast_panel(panel, request, learn_knowledge(panel, request))
        raw = result.forecast["forecast_raw"].to_numpy().reshape(len(demand), 12)
        return np.abs(raw - expected[:, months:]).sum() / expected[:, months:].sum(), result, raw

    return error


@pytest.mark.compiled
@pytest.mark.parametrize(("months", "ratio"), [(48, 10.0), (36, 10.0), (24, 10.0), (40, 3.0)])
@pytest.mark.parametrize("mixed", [False, True], ids=["one season", "seasons of their own"])
def test_a_strong_season_is_seen_inside_a_lead_time_of_a_year(error_of_months, months, ratio, mixed):
    draw = np.random.default_rng(3)
    phases = draw.integers(0, 12, 60) if mixed else np.zeros(60)
    expected, demand = seasonal(draw, months, ratio=ratio, phases=phases, level=np.exp(draw.normal(4.3, 0.5, 60)))

    error, result, raw = error_of_months(expected, demand, months)

    assert error <= 0.10
    assert raw.sum(axis=1) == pytest.approx(result.stock["lead_time_mean"].to_numpy(), rel=1e-6)


@pytest.mark.compiled
def test_sparse_parts_share_the_season_that_they_have_in_common(error_of_months):
    draw = np.random.default_rng(5)
    expected, demand = seasonal(draw, 36, ratio=8.0, phases=np.zeros(120), level=np.exp(draw.normal(-0.7, 0.5, 120)))

    _, _, raw = error_of_months(expected, demand, 36)

    off = np.abs(raw.sum(axis=0) - expected[:, 36:].sum(axis=0)).sum() / expected[:, 36:].sum()
    assert off <= 0.12
    assert 4.0 <= raw.sum(axis=0).max() / raw.sum(axis=0).min() <= 10.0


@pytest.mark.compiled
def test_where_there_is_no_season_none_is_made_up(error_of_months):
    draw = np.random.default_rng(6)
    expected, demand = seasonal(draw, 40, ratio=1.0, phases=np.zeros(60), level=np.exp(draw.normal(3.5, 0.6, 60)))

    error, _, raw = error_of_months(expected, demand, 40)

    assert error <= 0.06
    assert raw.sum(axis=0).max() / raw.sum(axis=0).min() <= 1.06


@pytest.mark.compiled
def test_the_choice_of_steps_changes_no_stock(make_panel, make_request):
    draw = np.random.default_rng(7)
    _, demand = seasonal(draw, 48, ratio=6.0, phases=draw.integers(0, 12, 40), level=np.full(40, 40.0))
    panel = make_panel(*demand[:, :48])
    request = make_request(calendar=MONTHS, horizon=12, lead_time=12)
    knowledge = learn_knowledge(panel, request)

    chosen = forecast_panel(panel, request, knowledge)
    of_members = forecast_panel(panel, request, replace(knowledge, steps=None))

    assert chosen.stock.equals(of_members.stock)
    assert not chosen.forecast.equals(of_members.forecast)


@pytest.mark.compiled
def test_what_is_known_of_steps_is_read_back_to_the_bit(tmp_path, make_panel, make_request):
    draw = np.random.default_rng(8)
    _, demand = seasonal(draw, 30, ratio=5.0, phases=np.zeros(30), level=np.full(30, 20.0))
    panel = make_panel(*demand[:, :30])
    knowledge = learn_knowledge(panel, make_request(calendar=MONTHS, horizon=12, lead_time=12))

    knowledge.save(tmp_path / "knowledge.json")
    again = SharedKnowledge.load(tmp_path / "knowledge.json")

    assert knowledge.steps.shapes == again.steps.shapes == STEP_SHAPES
    assert again.steps.as_json() == knowledge.steps.as_json()
    assert again.calibration.steps == knowledge.calibration.steps
    best = knowledge.steps.relative_losses(None)[SMOOTH].argmin()
    assert knowledge.steps.shapes[best] in {YEAR, OWN_YEAR}


def test_models_that_were_asked_for_keep_their_steps(make_panel, make_request):
    panel = make_panel(*np.random.default_rng(9).poisson(9.0, (20, 30)).astype(float))
    request = make_request(calendar=MONTHS, horizon=12, lead_time=12, models=("ses",))

    assert learn_knowledge(panel, request).steps is None


@pytest.mark.parametrize(("ends_with", "first"), [(0.5, 10.0), (40.0, 20.0)])
def test_a_shape_that_ends_soon_says_nothing_of_a_sum_far_beyond_it(ends_with, first):
    """A part that fades, as one member sees it: its last two units are not the first forty of a year of 120."""
    means, fading = np.full((1, 12), 10.0), np.array([4.0, 3.0, 2.0, 1.0, *[0.0] * 8])
    shapes = np.array([[fading * ends_with / 4.0], [np.full(12, 10.0)]])

    spread = spread_over_steps(means, shapes, np.array([[0.5, 0.5]]), 12, np.array([True]))

    assert spread.sum() == pytest.approx(120.0)
    assert (spread[0, 0] == pytest.approx(10.0)) == (first == 10.0)
    assert spread[0, 0] >= first


@pytest.mark.compiled
@pytest.mark.parametrize(("months", "goes_on"), [(24, True), (20, False)])
def test_the_season_goes_on_beyond_a_lead_time_of_half_a_year_where_two_years_repeat_each_other(
    make_panel, make_request, months, goes_on
):
    demand = np.round(55.0 + 45.0 * np.cos(2 * np.pi * (np.arange(months) - months) / 12))
    panel, request = make_panel(demand), make_request(calendar=MONTHS, horizon=12, lead_time=6)

    steps = forecast_panel(panel, request, learn_knowledge(panel, request)).forecast["forecast_raw"].to_numpy()

    assert (steps[6:].max() > 3 * steps[6:].min()) == goes_on
