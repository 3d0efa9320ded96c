"""What is learned across series: from what, when not at all, and what is said of it."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from batchcast.domain.cutoffs import MOST_CASES, choose_practice, count_cases
from batchcast.forecast.distributions.negbin import PointMass
from batchcast.forecast.distributions.registry import make_candidate
from batchcast.forecast.knowledge import SharedKnowledge
from batchcast.forecast.learned import learner
from batchcast.forecast.learned.features import sum_stretches
from batchcast.forecast.learned.learned import LEVELS, Learned, Prediction, attach_predictions
from batchcast.forecast.models.table import MODELS
from batchcast.forecast.panel_evidence import PanelEvidence
from batchcast.forecast.partition import forecast_panel
from batchcast.forecast.prepare import learn_knowledge

pytestmark = pytest.mark.xdist_group("learned")  # one knowledge for all

LEARNED = tuple(make_candidate(model) for model in MODELS.values() if model.is_learned)
NAMES = {candidate.name for candidate in LEARNED}
SERIES, PERIODS = 260, 30


@pytest.fixture(scope="module")
def histories():
    rng = np.random.default_rng(5)
    means = rng.gamma(1.0, 4.0, SERIES)
    return [rng.poisson(mean * rng.gamma(2.0, 0.5, PERIODS)).astype(float) for mean in means]


@pytest.fixture(scope="module")
def panel(make_panel, histories):
    return make_panel(*histories)


@pytest.fixture(scope="module")
def knowledge(panel, make_request):
    return learn_knowledge(panel, make_request())


def predict(learned, panel, request, cutoffs=(3, 6, 9)):
    gathered = PanelEvidence(panel, request, LEARNED, cutoffs=cutoffs, profile=None, learned=None)
    return learned.predict(gathered.backtest().evidence)


def test_stretches_are_means_of_what_lies_before_the_cutoff():
    values, sums = np.array([1.0, 2.0, 3.0, 4.0, 9.0]), np.empty((2, 1, 3))
    starts, stops = np.array([1, 2, 4]), np.array([0, 1, 0])

    sum_stretches(values, np.zeros((2, 1), dtype=np.int64), np.array([[4], [3]]), starts, stops, sums)

    assert sums[0, 0].tolist() == [4.0, 3.0, 2.5]
    assert sums[1, 0, :2].tolist() == [3.0, 2.0]
    assert np.isnan(sums[1, 0, 2])  # history does not reach as far back


def test_practice_lies_within_history_and_its_bounds(make_request):
    request = make_request(lead_time=6)

    few, many = choose_practice(request, 60, 100), choose_practice(request, 60, 2000)

    assert (few[0], many[0]) == (6, 6)
    assert (len(few), len(many)) == (24, 12)
    assert len(many) * 2000 == MOST_CASES
    assert few[-1] <= 60 - 4
    assert choose_practice(request, 9, 100) == ()


@pytest.mark.compiled
def test_a_plan_knows_about_how_many_cases_are_learned_from(knowledge, make_request):
    taught = knowledge.learned.rows
    practice = choose_practice(make_request(), PERIODS, SERIES)
    known = [SERIES * sum(held >= fold + 3 for held in practice) for fold in knowledge.cutoffs]

    assert taught <= SERIES * len(practice) < 1.1 * taught
    assert count_cases(make_request(), PERIODS, SERIES) == SERIES * len(practice) + sum(known)
    assert [trees is not None for trees in knowledge.learned.folds] == [n >= 334 for n in known] + [True]
    assert count_cases(make_request(), 8, SERIES) == 0


def test_cutoffs_spread_as_far_as_history_goes_and_no_further_than_eight_lead_times(make_request):
    request = make_request(lead_time=6)

    short, long, longer = (choose_practice(request, length, 2000) for length in (30, 60, 600))

    assert short == tuple(range(6, 18))
    assert long == longer == tuple(range(6, 6 + 12 * 4, 4))


@pytest.mark.compiled
def test_what_is_learned_competes_and_is_scored(panel, knowledge, make_request):
    found = forecast_panel(panel, make_request(), knowledge)

    assert set(knowledge.candidates) >= NAMES
    assert set(found.summary["statistics"]) >= NAMES
    assert any("lightgbm" in model for model in found.forecast["model"].to_pylist())


@pytest.mark.compiled
def test_quantiles_ascend_and_the_trees_tell_large_parts_from_small_ones(panel, knowledge, histories, make_request):
    said = predict(knowledge.learned, panel, make_request())

    assert said.quantiles.shape == (3, SERIES, len(LEVELS))
    known = ~np.isnan(said.mean)
    assert known[0].all()
    assert (np.diff(said.quantiles[known], axis=1) >= 0).all()
    came = np.array([history[-3:].sum() for history in histories])
    usual = np.array([history[:-3].mean() for history in histories])
    as_means_do = np.corrcoef(usual, came)[0, 1]
    assert np.corrcoef(said.mean[0], came)[0, 1] > 0.95 * as_means_do > 0.7


@pytest.mark.compiled
def test_the_trees_of_a_fold_know_nothing_after_it(make_panel, histories, knowledge, make_request):
    changed = [
        np.append(history[:-3], history[-3:] * 50 + 7) for history in histories
    ]  # what comes after the first fold

    other = learn_knowledge(make_panel(*changed), make_request()).learned

    assert other.folds[:3] == knowledge.learned.folds[:3]
    assert other.folds[3] != knowledge.learned.folds[3]


@pytest.mark.compiled
@pytest.mark.parametrize(("largest", "expected"), [(70.0, 1.0), (5000.0, None)])
def test_the_mean_keeps_the_total_that_it_was_taught(largest, expected):
    """Seldom a demand, then many times what was expected: boosting and the bound of a ratio lose of it."""
    rng = np.random.default_rng(3)
    table = rng.normal(size=(4000, 5)).astype(np.float32)
    target = np.where(rng.random(4000) < 0.1, rng.choice([2.0, 20.0, largest], 4000), 0.0)
    anchor = rng.gamma(1.0, 1.0, 4000)

    trees = learner._fit(table, target, anchor, anchor)

    raw = (anchor * trees.mean_ratio(table)).sum() / (anchor * target).sum()
    assert raw < 0.9
    assert raw * trees.level == pytest.approx(expected or 2.0 * raw)  # never more than twice


@pytest.mark.compiled
def test_one_huge_part_does_not_lift_the_means_of_all():
    rng = np.random.default_rng(4)
    table = rng.normal(size=(4000, 5)).astype(np.float32)
    target, anchor = rng.gamma(1.0, 1.0, 4000), np.ones(4000)
    target[0], anchor[0] = 4.0, 1e6  # by itself it would double every mean

    level = learner._fit(table, target, np.ones(4000), anchor).level

    assert level == pytest.approx(1.0, abs=0.1)  # it counts as a hundred parts, not as a million


@pytest.mark.compiled
def test_a_prediction_depends_on_no_neighbour(panel, knowledge, make_request):
    whole = predict(knowledge.learned, panel, make_request())
    alone = predict(knowledge.learned, panel.chunk(7, 8), make_request())

    np.testing.assert_array_equal(alone.quantiles[:, 0], whole.quantiles[:, 7])
    np.testing.assert_array_equal(alone.mean[:, 0], whole.mean[:, 7])


@pytest.mark.compiled
def test_the_same_batch_teaches_the_same_trees_and_they_are_read_back(panel, knowledge, make_request, tmp_path):
    knowledge.save(tmp_path / "knowledge.json")

    assert learn_knowledge(panel, make_request()).learned == knowledge.learned
    assert SharedKnowledge.load(tmp_path / "knowledge.json").learned == knowledge.learned
    assert Learned.from_json(json.loads(json.dumps(knowledge.learned.as_json()))) == knowledge.learned


@pytest.mark.compiled
def test_a_small_batch_goes_without_and_says_so(make_panel, histories, make_request, monkeypatch):
    said = []
    monkeypatch.setattr(learner.log, "info", lambda text, *values: said.append(text % values))

    knowledge = learn_knowledge(make_panel(*histories[:20]), make_request())

    assert knowledge.learned is None
    assert not NAMES & set(knowledge.candidates)
    assert "too few" in said[0]


@pytest.mark.compiled
def test_a_machine_without_lightgbm_goes_without_and_says_so(panel, make_request, monkeypatch):
    said = []
    monkeypatch.setattr(learner.log, "warning", said.append)
    monkeypatch.setattr(learner, "is_available", lambda: False)

    knowledge = learn_knowledge(panel, make_request())

    assert knowledge.learned is None
    assert not NAMES & set(knowledge.candidates)
    assert "LightGBM" in said[0]


@pytest.mark.compiled
@pytest.mark.parametrize("horizon", [1, 8])
def test_whatever_the_horizon_what_is_learned_is_the_lead_time_demand(panel, knowledge, make_request, horizon):
    request = make_request(horizon=horizon, lead_time=3)

    other = learn_knowledge(panel, request)
    found, usual = forecast_panel(panel, request, other), forecast_panel(panel, make_request(), knowledge)

    assert other.candidates == knowledge.candidates
    assert found.stock.equals(usual.stock)
    assert found.accuracy.equals(usual.accuracy)
    assert found.summary["statistics"] == usual.summary["statistics"]


def test_steps_beyond_the_lead_time_go_on_as_far_off_as_those_within(panel, make_request):
    request = make_request(horizon=5, lead_time=3)
    evidence = PanelEvidence(
        panel, request, (PointMass(MODELS["theta"]),), cutoffs=(), profile=None, learned=None
    ).final()
    season = np.tile([0.0, 0.0, 0.3, 9.0, 12.0], (1, SERIES, 1))  # next to nothing within, all of it beyond
    evidence = replace(evidence, means=evidence.means | {"theta": season})
    said = Prediction(mean=np.full((1, SERIES), 6.0), quantiles=np.full((1, SERIES, len(LEVELS)), 6.0))

    steps = attach_predictions(evidence, said).means["lightgbm_tweedie"]

    assert np.allclose(steps[0, 0], [0.0, 0.0, 6.0, 10.9, 13.9])


def test_beyond_the_lead_time_a_day_on_which_nothing_is_wanted_stays_one(panel, make_request):
    request = make_request(horizon=6, lead_time=3)
    evidence = PanelEvidence(
        panel, request, (PointMass(MODELS["theta"]),), cutoffs=(), profile=None, learned=None
    ).final()
    week = np.tile([1.5, 1.5, 0.0], (1, SERIES, 2))
    known, unknown = 4.0 * week, np.full_like(week, np.nan)
    said = Prediction(mean=np.full((1, SERIES), 6.0), quantiles=np.full((1, SERIES, len(LEVELS)), 6.0))

    for theta in (known, unknown):
        weekly = replace(evidence, weights=week, means=evidence.means | {"theta": theta})
        steps = attach_predictions(weekly, said).means["lightgbm_tweedie"]

        assert np.allclose(steps[0, 0], [3.0, 3.0, 0.0, 3.0, 3.0, 0.0])


@pytest.mark.compiled
def test_asked_for_alone_a_learned_model_answers_or_the_fallback_is_visible(panel, make_panel, histories, make_request):
    request = make_request(models=("lightgbm_quantile",))

    enough = forecast_panel(panel, request, learn_knowledge(panel, request))
    few = make_panel(*histories[:20])
    fallen = forecast_panel(few, request, learn_knowledge(few, request))

    assert set(enough.forecast["model"].to_pylist()) == {"lightgbm_quantile"}
    assert set(fallen.forecast["model"].to_pylist()) == {"fallback_mean"}
