"""Makes the candidates of a request, and the baselines beside them, from the table of models."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from batchcast.domain.plan import ForecastRequest
from batchcast.forecast.distributions.candidate import Candidate, Distribution
from batchcast.forecast.distributions.conformal import Conformal
from batchcast.forecast.distributions.empirical import EmpiricalWindows
from batchcast.forecast.distributions.learned_quantiles import LearnedQuantiles
from batchcast.forecast.distributions.negbin import NegativeBinomial, PointMass
from batchcast.forecast.distributions.pooled import Pooled
from batchcast.forecast.distributions.wss import Bootstrap
from batchcast.forecast.models.table import (
    FALLBACK,
    LEARNED_MEAN,
    MODELS,
    POOLED,
    DistributionKind,
    Model,
    feature_models,
)

_CLASSES: Mapping[DistributionKind, Callable[[Model], Candidate]] = {
    "negative_binomial": NegativeBinomial,
    "windows": EmpiricalWindows,
    "bootstrap": Bootstrap,
    "conformal": Conformal,
    "learned_quantiles": LearnedQuantiles,
    "like_parts": Pooled,
}
POOLED_CANDIDATE = Pooled(MODELS[POOLED])  # beside the others in `auto`
FALLBACK_CANDIDATE = NegativeBinomial(MODELS[FALLBACK])  # for series that no candidate has a forecast for


def candidates_of(request: ForecastRequest) -> tuple[Candidate, ...]:
    """The candidates: those of the models asked for, or of all that compete where none is.

    The bootstrap is for intermittent demand, unless it is asked for.
    """
    if not request.models:
        return tuple(make_candidate(model) for model in MODELS.values() if model.is_candidate)
    asked = [MODELS[name] for name in request.models]
    return tuple(
        Bootstrap(model, everywhere=True) if model.distribution == "bootstrap" else make_candidate(model)
        for model in asked
    )


def make_candidate(model: Model) -> Candidate:
    """The model with its distribution."""
    return _CLASSES[model.distribution](model)


def baselines_beside(candidates: Sequence[Distribution]) -> tuple[Distribution, ...]:
    """The baselines of every leaderboard that are not among the candidates: zero, naive and the in-sample quantile."""
    baselines = [
        PointMass(model) if model.kernel else make_candidate(model) for model in MODELS.values() if model.is_baseline
    ]
    names = {candidate.name for candidate in candidates}
    return tuple(baseline for baseline in baselines if baseline.name not in names)


def point_models_of(distributions: Sequence[Distribution]) -> tuple[str, ...]:
    """The point models these distributions and the fallback need, each once; learned ones need all features."""
    needed = [one.mean_model for one in distributions if one.mean_model]
    features = feature_models() if is_learned(distributions) else ()
    return tuple(name for name in dict.fromkeys([*needed, *features, FALLBACK]) if name != LEARNED_MEAN)


def is_learned(distributions: Sequence[Distribution]) -> bool:
    """Whether any of them needs what is learned across series."""
    return any(one.model.is_learned for one in distributions)
