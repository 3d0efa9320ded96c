"""The table of models: what it says fits together, and no model is named outside it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.plugins.sources import PACKAGE, python_sources, tree_of

from batchcast.forecast.distributions.registry import make_candidate
from batchcast.forecast.kernels.lanes import KernelInput
from batchcast.forecast.models.points import run_kernel
from batchcast.forecast.models.table import (
    ANCHORS,
    CANDIDATES,
    FALLBACK,
    LEARNED_MEAN,
    MODELS,
    POINT_MODELS,
    STEP_SHAPE,
    YARDSTICK,
    feature_models,
    resolve_names,
)

ORDINARY_WORDS = {"mean", "naive", "zero"}  # names of models that are words of other things too


@pytest.mark.parametrize("kernel", sorted({model.kernel for model in POINT_MODELS.values()}))
def test_a_kernel_forecasts_the_models_that_the_table_says(kernel: str) -> None:
    values = np.arange(40.0) % 7
    given = KernelInput(values=values, offsets=np.array([0, 40]), held=np.array([0, 3]), steps=5, season_length=7)

    means = run_kernel(kernel, given)

    assert set(means) == {name for name, model in POINT_MODELS.items() if model.kernel == kernel}
    assert {mean.shape for mean in means.values()} <= {(2, 1, 1), (2, 1, 5)}


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
def test_a_model_has_a_mean_or_past_sums_to_make_a_distribution_of(model) -> None:
    candidate = make_candidate(model)

    assert candidate.name == model.candidate
    if model.distribution in {"windows", "bootstrap", "like_parts"}:
        assert candidate.mean_model == ""
    else:
        assert candidate.mean_model in {*POINT_MODELS, LEARNED_MEAN}


def test_features_have_a_column_each_and_shares_leave_room_for_the_others() -> None:
    columns = sorted(model.feature for model in MODELS.values() if model.feature is not None)

    assert columns == list(range(len(columns)))
    assert [MODELS[name].feature for name in feature_models()] == columns
    assert 0 < sum(model.share for model in MODELS.values()) < 1
    assert {model.share > 0 for model in MODELS.values() if model.is_learned} == {True}


def test_the_models_with_a_part_of_their_own_are_point_models() -> None:
    assert {*ANCHORS, STEP_SHAPE, FALLBACK, YARDSTICK} <= set(POINT_MODELS)
    assert MODELS[YARDSTICK].is_baseline
    assert {*ANCHORS, STEP_SHAPE} <= set(feature_models())


def test_a_model_is_known_by_its_own_name_and_by_that_in_leaderboards() -> None:
    assert resolve_names(["negbin_imapa", "conformal_ses", "imapa", "wss"]) == ("imapa", "conformal_ses", "wss")
    assert resolve_names(["negbin_prophet", "negbin_wss"]) == ("negbin_prophet", "negbin_wss")


@pytest.mark.compiled
@pytest.mark.xdist_group("sources")
def test_no_model_is_named_outside_the_table_and_its_kernel() -> None:
    """A model that has to be entered in a second list is forgotten there."""
    names = {*MODELS, *CANDIDATES} - ORDINARY_WORDS
    found = []
    for path in python_sources():
        place = path.relative_to(PACKAGE).as_posix()
        kernel = path.stem if place.startswith("forecast/kernels/") else None
        own = {name for name, model in MODELS.items() if model.kernel == kernel}
        if place != "forecast/models/table.py":
            found += [f"{place}: {text}" for text in texts_of(path) if text in names - own]

    assert found == []


def texts_of(path: Path) -> Iterator[str]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
