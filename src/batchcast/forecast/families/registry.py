"""Who competes, and what each needs. A new family is a class with the members of `family.Family`, entered here."""

from __future__ import annotations

from collections.abc import Sequence

from batchcast.domain.plan import ForecastRequest
from batchcast.forecast.evidence import Family, Scored
from batchcast.forecast.families.around_means import Conformal, NegativeBinomial, PointMass
from batchcast.forecast.families.learned_quantiles import LearnedQuantiles
from batchcast.forecast.families.of_history import Bootstrap, EmpiricalWindows
from batchcast.forecast.families.shares import LEARNED_MEAN
from batchcast.forecast.learned.features import LOCAL_MEANS

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
LEARNED_FAMILIES: tuple[Family, ...] = (LearnedQuantiles(), NegativeBinomial(LEARNED_MEAN, "learned_mean"))
FALLBACK = NegativeBinomial("mean", "fallback")  # where every family failed: FALLBACK_MODEL


def families_of(request: ForecastRequest) -> tuple[Family, ...]:
    """The families that compete: those of the models asked for, or all where none is."""
    return tuple(map(_family_of, request.models)) if request.models else _every_family()


def _every_family() -> tuple[Family, ...]:
    around = tuple(NegativeBinomial(m, _POINT_KINS[m]) for m in AUTO_MODELS)
    conformal = (Conformal(model) for model in CONFORMAL_MODELS)
    return (*around, EmpiricalWindows(), Bootstrap(), *conformal, *LEARNED_FAMILIES)


def baselines_beside(families: Sequence[Scored]) -> tuple[Scored, ...]:
    """What every leaderboard shows besides: zero, naive and the in-sample quantile."""
    shown = {family.name for family in families}
    baselines: tuple[Scored, ...] = (PointMass("zero"), PointMass("naive"), EmpiricalWindows())
    return tuple(family for family in baselines if family.name not in shown)


def _family_of(model: str) -> Family:
    match model:
        case "empirical":
            return EmpiricalWindows()
        case "wss":
            return Bootstrap(everywhere=True)
        case "conformal_imapa" | "conformal_ses":
            return Conformal(model.removeprefix("conformal_"))
        case "lightgbm_quantile":
            return LearnedQuantiles()
        case _:
            return NegativeBinomial(model, _POINT_KINS[model])


def point_models_of(families: Sequence[Scored]) -> tuple[str, ...]:
    """The point models these families need and that of the fallback, each once; what is learned looks at many."""
    needed = [family.model for family in families if isinstance(family, NegativeBinomial | Conformal | PointMass)]
    looked_at = LOCAL_MEANS if is_learned(families) else ()
    return tuple(m for m in dict.fromkeys([*needed, *looked_at, FALLBACK.model]) if m != LEARNED_MEAN)


def is_learned(families: Sequence[Scored]) -> bool:
    """Does any of them need what is learned across series?"""
    return any(family.name in {learned.name for learned in LEARNED_FAMILIES} for family in families)
