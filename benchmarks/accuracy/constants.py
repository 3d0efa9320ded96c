"""`python -m accuracy.constants`: each constant of choice and trees, chosen without the set it is judged on.

For every constant and every data set: the value that is best on the OTHER sets (geometric mean of the loss of `auto`),
and what that choice costs on the set left out, against the value in use. Prints the tables of constants in
`docs/accuracy-tables.md`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np

from accuracy import ours
from accuracy.scores import score
from accuracy.sets import SETS, DataSet, cut, read_set
from batchcast.domain import cutoffs
from batchcast.forecast import combine, metrics
from batchcast.forecast.distributions import registry
from batchcast.forecast.learned import booster
from batchcast.forecast.models.table import MODELS, Model


def _shares(of_quantiles: float, of_mean: float) -> Mapping[str, Model]:
    """The learned models with other shares of the average."""
    shares = {"lightgbm_quantile": of_quantiles, "lightgbm_tweedie": of_mean}
    return {name: replace(MODELS[name], share=share) for name, share in shares.items()}


# module, constant, values tried; the value in use is among them
TRIED: tuple[tuple[ModuleType, str, tuple[Any, ...]], ...] = (
    (combine, "POOL_WEIGHT", (25.0, 100.0, 400.0)),
    (combine, "COMPETITORS", (2, 3, 4)),
    (registry, "MODELS", (_shares(1 / 3, 1 / 3), _shares(0.5, 0.25), _shares(0.7, 0.15))),
    (combine, "TAIL_STRETCH", (1.0, 1.15, 1.3)),
    (metrics, "FOLD_DECAY", (1.0, 0.5, 0.25)),
    (cutoffs, "LEAD_TIMES", (4, 8, 12)),
    (booster, "ROUNDS", (15, 30, 60)),
    (booster, "SETTINGS", ({"num_leaves": 6}, {"num_leaves": 12}, {"num_leaves": 24})),
)


def main() -> None:
    """Print a table for each constant."""
    in_use = np.array([_loss(chosen) for chosen in SETS])
    for module, name, values in TRIED:
        print("\n".join(_table(module, name, values, in_use)), flush=True)


def _table(module: ModuleType, name: str, values: tuple[Any, ...], in_use: np.ndarray) -> list[str]:
    losses = np.array([in_use if _is_in_use(module, name, value) else _losses(module, name, value) for value in values])
    shown = [_show(value) for value in values]
    lines = [f"\n### {name} (in use: {_show(_current(module, name, values))})\n"]
    lines += [
        f"| left out | {' | '.join(shown)} | chosen without it | its loss / in use |",
        "|---" * (len(shown) + 3) + "|",
    ]
    kept = []
    for k, chosen in enumerate(SETS):
        others = np.delete(np.log(losses), k, axis=1).mean(axis=1)
        best = int(others.argmin())
        kept.append(losses[best, k] / in_use[k])
        row = " | ".join(f"{loss:.4f}" for loss in losses[:, k])
        lines.append(f"| {chosen.name} | {row} | {shown[best]} | {kept[-1]:.3f} |")
    means = " | ".join(f"{np.exp(np.log(row / in_use).mean()):.4f}" for row in losses)
    lines.append(f"| geometric mean, / in use | {means} | | {np.exp(np.log(kept).mean()):.4f} |")
    return lines


def _losses(module: ModuleType, name: str, value: Any) -> np.ndarray:
    before = getattr(module, name)
    setattr(module, name, {**before, **value} if isinstance(value, Mapping) else value)
    try:
        return np.array([_loss(chosen) for chosen in SETS])
    finally:
        setattr(module, name, before)


def _loss(chosen: DataSet) -> float:
    origins = list(cut(read_set(chosen), chosen.horizon))
    said = [ours.forecast(origin.panel, chosen) for origin in origins]
    print(".", end="", file=sys.stderr, flush=True)
    return score([o.panel for o in origins], [o.actuals for o in origins], said).pinball


def _is_in_use(module: ModuleType, name: str, value: Any) -> bool:
    before = getattr(module, name)
    return {**before, **value} == before if isinstance(value, Mapping) else bool(before == value)


def _current(module: ModuleType, name: str, values: tuple[Any, ...]) -> Any:
    return next(value for value in values if _is_in_use(module, name, value))


def _show(value: Any) -> str:
    if not isinstance(value, Mapping):
        return f"{value:g}"
    return ", ".join(f"{k} {v.share if isinstance(v, Model) else v:.3g}" for k, v in value.items())


if __name__ == "__main__":
    main()
