"""Boosted trees of LightGBM; no other file uses it."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Table = NDArray[np.float32]

ROUNDS = 30  # and larger steps: as good as twice as many smaller ones
SETTINGS: Mapping[str, Any] = {
    "learning_rate": 0.15,
    "num_leaves": 12,
    "min_data_in_leaf": 40,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "feature_fraction": 0.6,
    "lambda_l2": 1.0,
    "max_bin": 63,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "seed": 0,
    "verbosity": -1,
}


@dataclass(frozen=True)
class Booster:
    """Trees that were fitted, as text."""

    text: str

    @cached_property
    def _trees(self) -> Any:
        import lightgbm

        return lightgbm.Booster(model_str=self.text)

    def predict(self, table: Table) -> Floats:
        """A number for each row, independent of the other rows."""
        return np.asarray(self._trees.predict(table, num_threads=1), dtype=np.float64)


def is_available() -> bool:
    """Whether LightGBM can be loaded: its wheel needs the compiler's OpenMP library, which small machines may lack."""
    try:
        import lightgbm  # noqa: F401
    except (ImportError, OSError):
        return False
    return True


def fit(table: Table, target: Floats, weight: Floats, objectives: list[Mapping[str, Any]]) -> list[Booster]:
    """A booster for each objective, of the same rows; two at a time, the same trees whatever the machine.

    Args:
        table: features, shape (rows, features); NaN where unknown.
        target: at least 0, shape (rows,).
        weight: of each row in the loss, same shape.
        objectives: the settings of each, such as {"objective": "quantile", "alpha": 0.9}.
    """
    import lightgbm

    binning = {name: SETTINGS[name] for name in ("max_bin", "min_data_in_leaf", "num_threads", "verbosity")}
    rows = lightgbm.Dataset(table, label=target, weight=weight, params=binning, free_raw_data=False).construct()

    def fit_one(objective: Mapping[str, Any]) -> Booster:
        own = rows.subset(list(range(len(target))))
        trees = lightgbm.train({**SETTINGS, **objective}, own, num_boost_round=ROUNDS)
        return Booster(trees.model_to_string())

    with ThreadPoolExecutor(2) as two:
        return list(two.map(fit_one, objectives))
