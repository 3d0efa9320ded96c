"""The families of distributions that compete, and the registry of them.

A new family (a learned one, say) is a class with the members of `family.Family`, entered in `families_of`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from batchcast.forecast.classes import LONG_INTERVAL, demand_interval
from batchcast.forecast.distributions.bend import bend
from batchcast.forecast.distributions.conformal import conformal_quantiles, typical_deviation
from batchcast.forecast.distributions.empirical import window_quantiles
from batchcast.forecast.distributions.negbin import negbin_quantiles
from batchcast.forecast.distributions.wss import bootstrap_quantiles, mixture_quantiles
from batchcast.forecast.evidence import FEW_DEMANDS, Evidence
from batchcast.forecast.family import DEFAULT_SPREAD, Calibration, Family, Levels, Rows, Scored
from batchcast.forecast.learned.features import LOCAL_MEANS
from batchcast.forecast.learned.learned import LEVELS as LEARNED_LEVELS

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class NegativeBinomial:
    """Negative binomial around the mean of a point model."""

    model: str
    kin: str
    has_mean: bool = True

    @property
    def name(self) -> str:
        """`negbin_` and the point model."""
        return f"negbin_{self.model}"

    @property
    def share(self) -> float:
        """None, unless the mean is a learned one."""
        return SHARES.get(self.model, 0.0)

    def sums(self, evidence: Evidence, calibration: Calibration, levels: Levels, count: int) -> tuple[Floats, Floats]:
        """Dispersion is that of past sums, times the factor that fitted the sample."""
        mean = evidence.steps(self.model, evidence.span).sum(axis=2)
        dispersion = evidence.dispersion * calibration.spread_of(self.name, evidence.classes)
        return _negbin_sums(mean, dispersion, evidence.moments.unit, levels), evidence.steps(self.model, count)

    def steps(self, evidence: Evidence, calibration: Calibration, rows: Rows, count: int, levels: Levels) -> Floats:
        """Dispersion is that of single periods, times the same factor."""
        mean = evidence.steps(self.model, count)[-1, rows]
        dispersion = _step_dispersion(evidence, rows) * calibration.spread_of(self.name, evidence.classes[-1, rows])
        unit = np.repeat(evidence.moments.unit[-1, rows], count)
        quantiles = negbin_quantiles(mean.ravel(), np.repeat(dispersion, count), unit, levels)
        return quantiles.reshape(len(rows), count, len(levels))


@dataclass(frozen=True)
class EmpiricalWindows:
    """The sums of past windows, as they were."""

    name: str = "empirical"
    kin: str = "history"
    share: float = 0.0
    has_mean: bool = True

    def sums(self, evidence: Evidence, calibration: Calibration, levels: Levels, count: int) -> tuple[Floats, Floats]:
        """Of the most recent overlapping windows."""
        quantiles, means = window_quantiles(
            evidence.values, evidence.offsets, evidence.held, evidence.span, evidence.moments.unit, levels
        )
        return quantiles, evidence.spread(means, count)

    def steps(self, evidence: Evidence, calibration: Calibration, rows: Rows, count: int, levels: Levels) -> Floats:
        """Of single periods of the past, times the weekday weight of the step."""
        unit = evidence.moments.unit[-1:]
        quantiles, _ = window_quantiles(evidence.values, evidence.offsets, evidence.held[-1:], 1, unit, levels)
        steps = np.repeat(quantiles[0, rows, None, :], count, axis=1)
        if evidence.weights is None:
            return steps
        weighted = steps * evidence.weights[-1, rows, evidence.skip : evidence.skip + count, None]
        return _to_units(weighted, unit[0, rows, None, None])


@dataclass(frozen=True)
class Bootstrap:
    """WSS bootstrap; of intermittent demand only, unless it was asked for by name."""

    everywhere: bool = False
    name: str = "wss"
    kin: str = "bootstrap"
    share: float = 0.0
    has_mean: bool = True

    def sums(self, evidence: Evidence, calibration: Calibration, levels: Levels, count: int) -> tuple[Floats, Floats]:
        """Of sums drawn for the span."""
        wanted = (demand_interval(evidence.moments) >= LONG_INTERVAL) | self.everywhere
        quantiles, means = bootstrap_quantiles(
            evidence.values,
            evidence.offsets,
            evidence.held,
            evidence.skip,
            evidence.span,
            evidence.moments.unit,
            levels,
            evidence.keys,
            wanted,
        )
        return quantiles, evidence.spread(means, count)

    def steps(self, evidence: Evidence, calibration: Calibration, rows: Rows, count: int, levels: Levels) -> Floats:
        """Nothing with the chain's chance, else one of the sizes seen."""
        unit = evidence.moments.unit[-1, rows]
        quantiles = mixture_quantiles(evidence.values, evidence.offsets, rows, evidence.skip, unit, levels, count)
        if evidence.weights is None:
            return quantiles
        weighted = quantiles * evidence.weights[-1, rows, evidence.skip : evidence.skip + count, None]
        return _to_units(weighted, unit[:, None, None])


@dataclass(frozen=True)
class Conformal:
    """A point model and the errors it made on the sample of the batch, in standard deviations."""

    model: str
    kin: str = "conformal"
    share: float = 0.0
    has_mean: bool = True

    @property
    def name(self) -> str:
        """`conformal_` and the point model."""
        return f"conformal_{self.model}"

    def sums(self, evidence: Evidence, calibration: Calibration, levels: Levels, count: int) -> tuple[Floats, Floats]:
        """At each fold with the errors of the other folds."""
        mean, deviation = self.centre(evidence)
        table = calibration.residuals[self.name][evidence.folds[:, None], evidence.classes]
        quantiles = conformal_quantiles(mean, deviation, table, evidence.moments.unit, levels)
        return quantiles, evidence.steps(self.model, count)

    def centre(self, evidence: Evidence) -> tuple[Floats, Floats]:
        """Mean of the sum and the deviation its errors are measured in, shape (cutoffs, series)."""
        mean = evidence.steps(self.model, evidence.span).sum(axis=2)
        usual = evidence.moments.mean * evidence.span
        return mean, typical_deviation(mean, usual, evidence.dispersion, evidence.moments.unit)

    def steps(self, evidence: Evidence, calibration: Calibration, rows: Rows, count: int, levels: Levels) -> Floats:
        """A negative binomial step: errors are pooled for sums only."""
        return NegativeBinomial(self.model, self.kin).steps(evidence, calibration, rows, count, levels)


@dataclass(frozen=True)
class LearnedQuantiles:
    """Quantiles of the sum over the horizon that trees have learned across series; between and beyond those levels it
    has the shape of a negative binomial around the mean they learned.
    """

    name: str = "lightgbm_quantile"
    kin: str = "learned_quantiles"
    has_mean: bool = False

    @property
    def share(self) -> float:
        """Most of the average: on sets it was not chosen on as on the others, this was best."""
        return SHARES[self.name]

    def sums(self, evidence: Evidence, calibration: Calibration, levels: Levels, count: int) -> tuple[Floats, Floats]:
        """NaN where the span is another than the horizon that was learned."""
        steps = evidence.steps(LEARNED_MEAN, count)
        if evidence.learned is None:
            return np.full((*steps.shape[:2], len(levels)), np.nan), steps
        mean = evidence.steps(LEARNED_MEAN, evidence.span).sum(axis=2)
        every = tuple(sorted({*LEARNED_LEVELS, *levels}))
        shape = _negbin_sums(mean, evidence.dispersion * DEFAULT_SPREAD, evidence.moments.unit, every)
        own = shape[:, :, [every.index(level) for level in LEARNED_LEVELS]]
        wanted = shape[:, :, [every.index(level) for level in levels]]
        quantiles = bend(wanted, levels, own, _with_tail_of(own, evidence.learned), LEARNED_LEVELS)
        unit = evidence.moments.unit[:, :, None]
        return np.where(unit > 0, np.floor(quantiles + 0.5), quantiles), steps

    def steps(self, evidence: Evidence, calibration: Calibration, rows: Rows, count: int, levels: Levels) -> Floats:
        """A negative binomial step around the learned mean: what is learned is the sum."""
        return NegativeBinomial(LEARNED_MEAN, self.kin).steps(evidence, calibration, rows, count, levels)


@dataclass(frozen=True)
class Certain:
    """A point model taken at its word, every quantile its mean: a baseline to stand beside, never a candidate."""

    model: str

    @property
    def name(self) -> str:
        """That of the point model."""
        return self.model

    def sums(self, evidence: Evidence, calibration: Calibration, levels: Levels, count: int) -> tuple[Floats, Floats]:
        """The mean, at every level."""
        mean = evidence.steps(self.model, evidence.span).sum(axis=2)
        return np.repeat(mean[:, :, None], len(levels), axis=2), evidence.steps(self.model, count)


_POINT_KINS = {
    "zero": "zero",
    "naive": "naive",
    "seasonal_naive": "season",
    "mean": "history",
    "moving_average": "level",
    "ses": "level",
    "holt_damped": "trend",
    "holt_winters": "season",
    "theta": "trend",
    "croston": "interval",
    "sba": "interval",
    "tsb": "chance",
    "adida": "bucket",
    "imapa": "bucket",
    "linear_decay": "decay",
    "lightgbm_tweedie": "learned_mean",
}
AUTO_MODELS = (
    "mean",
    "seasonal_naive",
    "moving_average",
    "ses",
    "holt_damped",
    "holt_winters",
    "theta",
    "sba",
    "tsb",
    "adida",
    "imapa",
    "linear_decay",
)
CONFORMAL_MODELS = ("imapa", "ses")
LEARNED_MEAN = "lightgbm_tweedie"
SHARES = {"lightgbm_quantile": 0.5, LEARNED_MEAN: 0.25}  # of what is learned in every average (decision 0011)
LEARNED_FAMILIES: tuple[Family, ...] = (NegativeBinomial(LEARNED_MEAN, "learned_mean"), LearnedQuantiles())
FALLBACK = NegativeBinomial("mean", "fallback")  # where every family failed
FALLBACK_NAME = "fallback_mean"


def families_of(models: Sequence[str]) -> tuple[Family, ...]:
    """The families that compete: those of the models asked for, or all where none is."""
    if models:
        return tuple(_family_of(model) for model in models)
    around = tuple(NegativeBinomial(m, _POINT_KINS[m]) for m in AUTO_MODELS)
    conformal = (Conformal(model) for model in CONFORMAL_MODELS)
    return (*around, EmpiricalWindows(), Bootstrap(), *conformal, *LEARNED_FAMILIES)


def baselines_beside(families: Sequence[Scored]) -> tuple[Scored, ...]:
    """What every leaderboard shows besides: zero, naive and the in-sample quantile."""
    shown = {family.name for family in families}
    baselines: tuple[Scored, ...] = (Certain("zero"), Certain("naive"), EmpiricalWindows())
    return tuple(family for family in baselines if family.name not in shown)


def _family_of(model: str) -> Family:
    match model:
        case "empirical":
            return EmpiricalWindows()
        case "wss":
            return Bootstrap(everywhere=True)
        case "lightgbm_quantile":
            return LearnedQuantiles()
        case _:
            return NegativeBinomial(model, _POINT_KINS[model])


def point_models_of(families: Sequence[Scored]) -> tuple[str, ...]:
    """The point models these families need and that of the fallback, each once; what is learned looks at many."""
    needed = [family.model for family in families if isinstance(family, NegativeBinomial | Conformal | Certain)]
    looked_at = LOCAL_MEANS if is_learned(families) else ()
    return tuple(m for m in dict.fromkeys([*needed, *looked_at, FALLBACK.model]) if m != LEARNED_MEAN)


def is_learned(families: Sequence[Scored]) -> bool:
    """Does any of them need what is learned across series?"""
    return any(family.name in {learned.name for learned in LEARNED_FAMILIES} for family in families)


def _negbin_sums(mean: Floats, dispersion: Floats, unit: Floats, levels: Levels) -> Floats:
    quantiles = negbin_quantiles(mean.ravel(), dispersion.ravel(), unit.ravel(), levels)
    quantiles[np.isnan(mean.ravel())] = np.nan
    return quantiles.reshape(*mean.shape, len(levels))


def _with_tail_of(shape: Floats, learned: Floats) -> Floats:
    """Learned quantiles, the highest at least as far above the next as in the shape, both of shape (..., levels).

    So few cases lie beyond the highest that trees see too short a tail: one in a hundred, at the least forty in a leaf.
    """
    highest = np.maximum(learned[..., -1], learned[..., -2] + shape[..., -1] - shape[..., -2])
    return np.concatenate([learned[..., :-1], highest[..., None]], axis=-1)


def _step_dispersion(evidence: Evidence, rows: Rows) -> Floats:
    """Variance of single periods divided by their mean; the mean demand where there are few demands."""
    moments = evidence.moments
    mean = moments.mean[-1, rows]
    single = np.where(mean > 0, moments.variance[-1, rows] / np.where(mean > 0, mean, 1.0), 0.0)
    lump = np.where(moments.demands[-1, rows] < FEW_DEMANDS, moments.size_mean[-1, rows], 0.0)
    return np.maximum(single, lump)


def _to_units(values: Floats, unit: Floats) -> Floats:
    """Values raised to the next multiple of the unit, where there is one."""
    grain = np.where(unit > 0, unit, 1.0)
    return np.where(unit > 0, np.ceil(values / grain - 1e-9) * grain, values)
