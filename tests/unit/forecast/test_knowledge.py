"""What the batch knows: counted by class and fold, shrunk, saved to the bit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from batchcast.forecast.distributions.candidate import Calibration
from batchcast.forecast.distributions.conformal import (
    RESIDUAL_LEVELS,
    conformal_quantiles,
    residual_table,
    standardise,
    typical_deviation,
)
from batchcast.forecast.knowledge import (
    CLASS_SHRINKAGE,
    PRIOR_SHRINKAGE,
    SharedKnowledge,
    prior_knowledge,
    sum_losses,
)
from batchcast.forecast.models.table import CANDIDATES
from batchcast.forecast.moments import DEMAND_CLASSES, ERRATIC, SMOOTH
from batchcast.forecast.prepare import learn_knowledge
from batchcast.forecast.seasons.weekdays import WeekdayProfile


def knowledge_of(pinball: np.ndarray, classes: np.ndarray, candidates: tuple[str, ...]) -> SharedKnowledge:
    losses, common, cases = sum_losses(pinball, classes)
    folds = tuple(range(3, 3 + pinball.shape[1]))
    tables = {"losses": losses, "common": common, "cases": cases}
    return SharedKnowledge(cutoffs=folds, candidates=candidates, profile=None, calibration=Calibration(), **tables)


def test_losses_are_summed_by_fold_class_and_candidate():
    # two candidates, one fold, three series: losses 1 2 4 and 3 2 none
    pinball = np.array([[[1.0, 2, 4]], [[3.0, 2, np.nan]]])
    classes = np.array([[SMOOTH, SMOOTH, ERRATIC]], dtype=np.int8)

    losses, common, cases = sum_losses(pinball, classes)

    assert losses[0, SMOOTH].tolist() == [3, 5]
    assert common[0, SMOOTH].tolist() == [4, 4]
    assert losses[0, ERRATIC].tolist() == [4, 0]
    assert cases[0, ERRATIC].tolist() == [1, 0]
    assert cases.sum() == 5


def test_the_outcomes_of_a_fold_are_left_out_of_what_is_known_there():
    rng = np.random.default_rng(0)
    pinball, classes = rng.gamma(2, 1, (3, 2, 50)), np.zeros((2, 50), dtype=np.int8)
    other = pinball.copy()
    other[:, 1] *= rng.gamma(2, 5, (3, 50))
    names = ("negbin_ses", "negbin_imapa", "empirical")

    before, after = knowledge_of(pinball, classes, names), knowledge_of(other, classes, names)

    assert before.relative_losses(1).tolist() == after.relative_losses(1).tolist()
    assert before.relative_losses(0).tolist() != after.relative_losses(0).tolist()
    assert before.relative_losses(None).tolist() != after.relative_losses(None).tolist()


def test_experience_is_shrunk_by_hand():
    # one class with 40 cases, of which the first candidate loses half the mean; priors are those of the reference sets
    pinball = np.array([[[0.5] * 40], [[1.5] * 40]])
    names = ("negbin_imapa", "negbin_naive")

    relative = knowledge_of(pinball, np.zeros((1, 40), dtype=np.int8), names).relative_losses(None)

    overall = (40 * 0.5 + PRIOR_SHRINKAGE * CANDIDATES["negbin_imapa"].prior_loss) / (40 + PRIOR_SHRINKAGE)
    assert relative[SMOOTH, 0] == pytest.approx((40 * 0.5 + CLASS_SHRINKAGE * overall) / (40 + CLASS_SHRINKAGE))
    assert relative[ERRATIC, 0] == pytest.approx(overall)
    other = (40 * 1.5 + PRIOR_SHRINKAGE * CANDIDATES["negbin_naive"].prior_loss) / (40 + PRIOR_SHRINKAGE)
    assert relative[ERRATIC, 1] == pytest.approx(other)


def test_a_batch_without_a_backtest_has_reference_experience_alone():
    knowledge = prior_knowledge(["negbin_imapa", "empirical"])

    expected = [CANDIDATES["negbin_imapa"].prior_loss, CANDIDATES["empirical"].prior_loss]
    assert knowledge.relative_losses(None)[SMOOTH] == pytest.approx(expected)
    assert knowledge.relative_losses(None).shape == (len(DEMAND_CLASSES), 2)


@pytest.mark.compiled
def test_a_knowledge_is_read_back_as_it_was_saved(tmp_path: Path, make_panel, make_request):
    rng = np.random.default_rng(4)
    panel = make_panel(*(rng.negative_binomial(0.5, 0.2, 40) for _ in range(60)))
    profile = WeekdayProfile(overall=(1.0,) * 7, sites={"s": (0.1, 1.9, 1, 1, 1, 1, 1)})
    knowledge = replace(learn_knowledge(panel, make_request()), profile=profile)

    knowledge.save(tmp_path / "knowledge.json")
    found = SharedKnowledge.load(tmp_path / "knowledge.json")

    for name in ("cutoffs", "candidates", "profile"):
        assert getattr(found, name) == getattr(knowledge, name)
    assert found.calibration.spread == knowledge.calibration.spread
    for name in ("losses", "common", "cases"):
        assert getattr(found, name).tolist() == getattr(knowledge, name).tolist()
    for candidate, table in knowledge.calibration.residuals.items():
        assert found.calibration.residuals[candidate].tolist() == table.tolist()


def test_what_was_read_is_kept_by_its_content(tmp_path: Path):
    one, other, path = tmp_path / "one.json", tmp_path / "other.json", tmp_path / "same.json"
    prior_knowledge(["negbin_ses"]).save(one)
    prior_knowledge(["negbin_ses"], periods=7).save(other)

    path.write_bytes(one.read_bytes())
    first = SharedKnowledge.load(path)
    assert SharedKnowledge.load(one) is first  # the same content elsewhere
    path.write_bytes(other.read_bytes())
    assert SharedKnowledge.load(path).periods == 7  # another content at the same place
    assert SharedKnowledge.load(one) is first


def test_prior_knowledge_is_read_back(tmp_path: Path):
    knowledge = prior_knowledge(["negbin_ses"])

    knowledge.save(tmp_path / "knowledge.json")

    found = SharedKnowledge.load(tmp_path / "knowledge.json")
    assert found.relative_losses(None).tolist() == knowledge.relative_losses(None).tolist()


def test_a_few_series_of_a_batch_leave_conformal_candidates_out(make_panel, make_request):
    knowledge = learn_knowledge(
        make_panel(*[[1, 2, 0, 4, 5, 3, 2, 1, 0, 3, 2, 4, 3, 2, 1, 4, 2, 3]] * 3), make_request()
    )

    assert not [candidate for candidate in knowledge.candidates if candidate.startswith("conformal")]
    assert knowledge.cutoffs == (3, 6, 9)


@pytest.mark.compiled
def test_spread_is_fitted_where_there_is_enough_to_fit(make_panel, make_request):
    rng = np.random.default_rng(8)
    # a level that varies: its own past varies far more than what is ahead of its last value
    histories = [np.round(200 * np.exp(np.cumsum(rng.normal(0, 0.25, 40)))) for _ in range(300)]

    spread = learn_knowledge(make_panel(*histories), make_request()).calibration.spread["negbin_ses"]

    few = learn_knowledge(make_panel(*histories[:1]), make_request()).calibration.spread["negbin_ses"]
    assert set(few) <= {1.0, 1.25, 1.6}
    assert spread[ERRATIC] < 1.0  # most of them


def test_residuals_are_read_off_at_their_levels():
    table = residual_table(np.append(np.arange(999.0), np.nan))

    found = dict(zip(RESIDUAL_LEVELS.tolist(), table.tolist(), strict=True))
    assert found[0.5] == pytest.approx(499)
    assert found[0.9] == pytest.approx(899)


def test_conformal_quantiles_by_hand():
    # mean 4, deviation 2; residuals -3 (under 0), 0.1, 1.2
    table = np.interp(RESIDUAL_LEVELS, [0.1, 0.5, 0.9], [-3.0, 0.1, 1.2])[None, None, :]
    mean, deviation = np.array([[4.0]]), np.array([[2.0]])

    whole = conformal_quantiles(mean, deviation, table, np.ones((1, 1)), (0.1, 0.5, 0.9))
    fractional = conformal_quantiles(mean, deviation, table, np.zeros((1, 1)), (0.1, 0.5, 0.9))

    assert whole[0, 0].tolist() == [0, 4, 6]
    assert fractional[0, 0] == pytest.approx([0, 4.2, 6.4])


def test_errors_are_measured_in_deviations_of_the_series():
    mean, usual = np.array([[9.0, 0.0, 0.0, np.nan]]), np.array([[9.0, 50.0, 0.0, 9.0]])

    deviation = typical_deviation(mean, usual, np.full((1, 4), 3.91), np.ones((1, 4)))
    errors = standardise(np.array([[15.0, 1.0, 1.0, 1.0]]), mean, deviation)

    assert deviation[0, 0] == pytest.approx(6.0)  # sqrt(9 * 3.91 + 0.9²)
    assert errors[0, 0] == pytest.approx(1.0)
    assert errors[0, 1] == pytest.approx(1 / np.sqrt(5 * 3.91 + 0.25))  # as if a tenth of the usual were forecast
    assert np.isnan(errors[0, 2:]).all()
