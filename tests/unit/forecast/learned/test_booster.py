"""The trees are those of LightGBM's own package, without what that package loads."""

from __future__ import annotations

import subprocess
import sys

import lightgbm
import numpy as np
import pytest

from batchcast.forecast.learned import booster
from batchcast.forecast.learned.booster import ROUNDS, SETTINGS, Booster, LightGBMFailed, fit

OBJECTIVES = [
    {"objective": "tweedie", "tweedie_variance_power": 1.5},
    {"objective": "quantile", "alpha": 0.5},
    {"objective": "quantile", "alpha": 0.99},
]


def cases(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features of which some are unknown, targets, and weights."""
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(rows, 7)).astype(np.float32)
    target = np.maximum(table[:, 0] + rng.gamma(1.0, 1.0, rows), 0.0)
    table[rng.random(table.shape) < 0.1] = np.nan
    return table, target, rng.random(rows) * 3.0


@pytest.mark.parametrize("rows", [50, 2_000])  # of the few no tree can be made, and a constant is said
@pytest.mark.parametrize("seed", [0, 1])
def test_they_say_what_those_of_the_package_say(rows, seed):
    table, target, weight = cases(rows, seed)
    asked, _, _ = cases(300, seed + 7)
    data = lightgbm.Dataset(table, label=target, weight=weight, params={"max_bin": 63, "min_data_in_leaf": 40})

    found = fit(table, target, weight, OBJECTIVES)

    for mine, objective in zip(found, OBJECTIVES, strict=True):
        theirs = lightgbm.train({**SETTINGS, **objective}, data, num_boost_round=ROUNDS)
        assert mine.predict(asked).tolist() == theirs.predict(asked).tolist()
        assert Booster(mine.text).predict(asked).tolist() == mine.predict(asked).tolist()


def test_rows_that_do_not_lie_one_after_the_other_are_read_right():
    table, target, weight = cases(2_000, 3)
    (trees,) = fit(table, target, weight, OBJECTIVES[:1])

    assert trees.predict(np.asfortranarray(table)).tolist() == trees.predict(table).tolist()
    assert trees.predict(table[::2]).tolist() == trees.predict(table)[::2].tolist()
    assert trees.predict(table[:0]).tolist() == []


def test_a_text_longer_than_the_room_for_it_is_read_whole(monkeypatch):
    table, target, weight = cases(2_000, 4)
    (usual,) = fit(table, target, weight, OBJECTIVES[:1])
    monkeypatch.setattr(booster, "_TEXT_BYTES", 100)

    (found,) = fit(table, target, weight, OBJECTIVES[:1])

    assert found.text == usual.text
    assert len(found.text) > 1_000


def test_what_the_library_refuses_is_told_in_its_words():
    table, target, weight = cases(200, 5)

    with pytest.raises(LightGBMFailed, match="alpha"):
        fit(table, target, weight, [{"objective": "quantile", "alpha": 7}])
    with pytest.raises(LightGBMFailed):
        Booster("these are no trees").predict(table)


def test_nothing_is_loaded_that_the_package_loads_for_other_input():
    code = (
        "import sys, numpy as np\n"
        "from batchcast.forecast.learned.booster import fit, is_available\n"
        "assert is_available()\n"
        "one = np.ones((9, 2), np.float32)\n"
        "fit(one, np.ones(9), np.ones(9), [{'objective': 'tweedie'}])[0].predict(one)\n"
        "print(*{'lightgbm', 'scipy', 'pandas', 'sklearn'} & set(sys.modules))\n"
    )

    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert asked.stdout.split() == []
