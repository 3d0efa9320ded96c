"""What the sample of a batch teaches about families: how much wider than the past the future is, and residuals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from batchcast.forecast.backtest import Backtest
from batchcast.forecast.distributions.conformal import FEWEST_RESIDUALS, residual_table, standardise
from batchcast.forecast.evidence import DEFAULT_SPREAD, Calibration, Family, fold_weights
from batchcast.forecast.families.around_means import Conformal, NegativeBinomial
from batchcast.forecast.moments import DEMAND_CLASSES
from batchcast.forecast.statistics import Tally

Floats = NDArray[np.float64]

SPREADS = (0.35, 0.5, 0.7, 1.0, 1.25, 1.6, 2.0, 2.8, 4.0, 5.6)  # factors of variance that are tried
CLASS_CASES = 100.0  # cases of its own at which a demand class weighs as much as all classes together
PRIOR_CASES = 100.0  # cases of the batch at which they weigh as much as the default
PRIOR_CURVATURE = 0.05  # relative loss of a factor e times the default, as far as the default is believed


def calibrate(families: Sequence[Family], backtest: Backtest) -> tuple[Calibration, tuple[Family, ...]]:
    """Fit every family to the sample.

    Returns:
        The calibration, and the families that can be used with it: conformal ones need enough residuals at each fold.
    """
    residuals = {f.name: _residuals(f, backtest) for f in families if isinstance(f, Conformal)}
    kept = {name: table for name, table in residuals.items() if table is not None}
    usable = tuple(f for f in families if f.name in kept or not isinstance(f, Conformal))
    spread = {f.name: _best_spread(f, backtest) for f in usable if isinstance(f, NegativeBinomial)}
    return Calibration(spread=spread, residuals=kept), usable


def _best_spread(family: NegativeBinomial, backtest: Backtest) -> list[float]:
    """The factor with the least pinball in each class, drawn towards that of all classes and the default."""
    evidence, classes = backtest.evidence, backtest.evidence.classes
    curves = np.zeros((len(DEMAND_CLASSES), len(SPREADS)))
    cases = np.zeros(len(DEMAND_CLASSES))
    for place, factor in enumerate(SPREADS):
        trial = Calibration(spread={family.name: [factor] * len(DEMAND_CLASSES)})
        pinball = backtest.score(*family.sums(evidence, trial, backtest.levels, backtest.actuals.shape[2]), Tally())
        known = ~np.isnan(pinball)
        if place == 0:
            usual = np.array([fold[~np.isnan(fold)].mean() if (fold > 0).any() else 1.0 for fold in pinball])
        recency = np.broadcast_to(fold_weights(len(pinball))[:, None], pinball.shape)[known]
        relative = (pinball / usual[:, None])[known]  # so that a fold in which all erred does not decide alone
        curves[:, place] = np.bincount(classes[known], relative * recency, len(DEMAND_CLASSES))
        cases += np.bincount(classes[known], recency, len(DEMAND_CLASSES)) / len(SPREADS)
    prior = PRIOR_CURVATURE * np.log(np.array(SPREADS) / DEFAULT_SPREAD) ** 2
    overall = _mixed(_relative(curves.sum(axis=0)), cases.sum(), prior, PRIOR_CASES)
    best = [_mixed(_relative(curve), n, overall, CLASS_CASES).argmin() for curve, n in zip(curves, cases, strict=True)]
    return [SPREADS[place] for place in best]


def _relative(curve: Floats) -> Floats:
    """Losses as excess over the mean, relative to it."""
    mean = float(curve.mean())
    return curve / mean - 1.0 if mean > 0 else np.zeros_like(curve)


def _mixed(curve: Floats, cases: float, prior: Floats, weight: float) -> Floats:
    return (cases * curve + weight * prior) / (cases + weight)


def _residuals(family: Conformal, backtest: Backtest) -> Floats | None:
    """Residual tables by fold left out (the last: none) and class; None where a fold leaves too few."""
    evidence = backtest.evidence
    folds = len(evidence.held)
    errors = standardise(backtest.actuals.sum(axis=2), *family.centre(evidence))
    errors = np.where(backtest.usable, errors, np.nan)
    tables = []
    for left_out in range(folds + 1):
        mine = errors.copy()
        mine[left_out : left_out + 1] = np.nan
        if np.count_nonzero(~np.isnan(mine)) < FEWEST_RESIDUALS:
            return None
        tables.append([_class_table(mine, evidence.classes == kind) for kind in range(len(DEMAND_CLASSES))])
    return np.array(tables)


def _class_table(errors: Floats, mine: NDArray[np.bool_]) -> Floats:
    enough = np.count_nonzero(~np.isnan(errors[mine])) >= FEWEST_RESIDUALS
    return residual_table(errors[mine] if enough else errors.ravel())
