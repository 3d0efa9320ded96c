"""Every model that can be asked for, declared once; all other lists of models are read off this table.

A new point model is a line here, a module in `forecast/kernels` that has a function `forecast`, and tests of its own:
the suites that every model must pass go through this table. The order is that of the columns of `accuracy.csv`, and
of the sums that the choice of models rests on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.errors import N_

AUTO = "auto"  # in place of models: they are chosen for each series; in a leaderboard: what was chosen
DistributionKind = Literal["negative_binomial", "windows", "bootstrap", "conformal", "learned_quantiles", "like_parts"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """A model: what forecasts the mean of each step, and how demand is distributed around it."""

    name: str  # as it is asked for
    words: str  # as a page calls it within a sentence
    group: str  # models of one group are near copies: an average holds one of them where it can
    kernel: str = ""  # module of `forecast.kernels` that forecasts its mean; "": it has no kernel of its own
    distribution: DistributionKind = "negative_binomial"
    mean_of: str = ""  # the model whose mean it takes; "": its own
    periods: int = 1  # the shortest history it can learn from, and ...
    seasons: int = 0  # ... the whole seasons it must have; 0: it works without a season
    prior_loss: float = 1.1  # relative to the mean of all models: averages over ten public sets of parts and products
    share: float = 0.0  # of every average of quantiles; 0: it competes with the others for what is left (decision 0011)
    feature: int | None = None  # column of its mean among the features of the learned models; None: not one of them
    is_candidate: bool = True  # competes where no models are asked for
    is_baseline: bool = False  # stands in every leaderboard, for comparison
    is_learned: bool = False  # across all series of a batch; left out where the batch is too small

    @property
    def candidate(self) -> str:
        """Its name in a leaderboard and in the columns of results, which says its distribution: negbin_ses."""
        return f"negbin_{self.name}" if self.distribution == "negative_binomial" else self.name

    def is_usable(self, periods: NDArray[np.int64], season_length: int) -> NDArray[np.bool_]:
        """Whether it can forecast from histories of so many periods, element by element; a season of 1 is none."""
        if self.seasons and season_length == 1:
            return np.zeros(periods.shape, dtype=np.bool_)
        return np.asarray(periods >= max(self.periods, self.seasons * season_length))


_ALL = (
    # no demand at all
    Model(name="zero", words=N_("no demand"), kernel="simple", group="zero", is_candidate=False, is_baseline=True),
    # the last period again
    Model(
        name="naive",
        words=N_("the last period again"),
        kernel="simple",
        group="naive",
        is_candidate=False,
        is_baseline=True,
    ),
    # the mean of the whole history
    Model(name="mean", words=N_("mean of the history"), kernel="simple", group="history", prior_loss=1.09, feature=0),
    # the last season again
    Model(
        name="seasonal_naive",
        words=N_("the last season again"),
        kernel="simple",
        group="season",
        seasons=1,
        prior_loss=1.25,
        feature=9,
    ),
    # the mean of the recent periods
    Model(
        name="moving_average", words=N_("moving average"), kernel="simple", group="level", prior_loss=0.92, feature=1
    ),
    # simple exponential smoothing
    Model(name="ses", words=N_("exponential smoothing"), kernel="ses", group="level", prior_loss=0.95, feature=2),
    # a level and a trend that fades (Holt)
    Model(
        name="holt_damped",
        words=N_("fading trend (Holt)"),
        kernel="holt",
        group="trend",
        periods=8,
        prior_loss=1.0,
        feature=3,
    ),
    # level, trend and season (Holt and Winters)
    Model(
        name="holt_winters",
        words=N_("trend and season (Holt-Winters)"),
        kernel="holt_winters",
        group="season",
        periods=8,
        seasons=2,
        prior_loss=0.95,
        feature=10,
    ),
    # a smoothed level and part of the trend line (dynamic optimised theta)
    Model(
        name="theta",
        words=N_("trend line (theta)"),
        kernel="theta",
        group="trend",
        periods=4,
        prior_loss=0.91,
        feature=4,
    ),
    # the size of a demand divided by the gap between demands
    Model(name="croston", words=N_("size and gap (Croston)"), kernel="croston", group="interval", is_candidate=False),
    # Croston without its bias (Syntetos and Boylan)
    Model(
        name="sba",
        words=N_("Croston without bias (SBA)"),
        kernel="croston",
        group="interval",
        prior_loss=1.12,
        feature=5,
    ),
    # the probability of a demand times its size (Teunter, Syntetos and Babai)
    Model(name="tsb", words=N_("chance and size (TSB)"), kernel="tsb", group="chance", prior_loss=0.93, feature=6),
    # smoothed sums over the mean gap between demands
    Model(
        name="adida",
        words=N_("sums over the mean gap (ADIDA)"),
        kernel="buckets",
        group="bucket",
        prior_loss=0.94,
        feature=11,
    ),
    # smoothed sums over many lengths, averaged
    Model(
        name="imapa",
        words=N_("sums over many lengths (IMAPA)"),
        kernel="buckets",
        group="bucket",
        prior_loss=0.9,
        feature=7,
    ),
    # Croston that fades to zero in finite time (obsolescence)
    Model(
        name="linear_decay", words=N_("Croston that fades"), kernel="croston", group="decay", prior_loss=0.96, feature=8
    ),
    # the sums that past windows had
    Model(
        name="empirical",
        words=N_("sums of past windows"),
        distribution="windows",
        group="history",
        prior_loss=1.3,
        is_baseline=True,
    ),
    # sums drawn from the sizes seen (Willemain, Smart and Schwarz)
    Model(
        name="wss",
        words=N_("drawn from past sizes (WSS)"),
        distribution="bootstrap",
        group="bootstrap",
        prior_loss=1.05,
    ),
    # the errors that the point model made on like series
    Model(
        name="conformal_imapa",
        words=N_("IMAPA with the errors of like parts"),
        distribution="conformal",
        mean_of="imapa",
        group="conformal",
        prior_loss=0.9,
    ),
    Model(
        name="conformal_ses",
        words=N_("smoothing with the errors of like parts"),
        distribution="conformal",
        mean_of="ses",
        group="conformal",
        prior_loss=0.95,
    ),
    # few demands, by what like parts teach: a member of `auto` for parts with few demands, beside the others
    Model(
        name="pooled", words=N_("what like parts teach"), distribution="like_parts", group="pooled", is_candidate=False
    ),
    # trees for the quantiles, and trees for the mean, of lead-time demand
    Model(
        name="lightgbm_quantile",
        words=N_("trees for the quantiles (LightGBM)"),
        distribution="learned_quantiles",
        mean_of="lightgbm_tweedie",
        group="learned_quantiles",
        prior_loss=0.86,
        share=0.5,
        is_learned=True,
    ),
    Model(
        name="lightgbm_tweedie",
        words=N_("trees for the mean (LightGBM)"),
        group="learned_mean",
        prior_loss=0.86,
        share=0.25,
        is_learned=True,
    ),
)
MODELS: Mapping[str, Model] = MappingProxyType({model.name: model for model in _ALL})  # by name
CANDIDATES: Mapping[str, Model] = MappingProxyType(
    {model.candidate: model for model in _ALL}
)  # by name in leaderboards
POINT_MODELS: Mapping[str, Model] = MappingProxyType({model.name: model for model in _ALL if model.kernel})

FALLBACK = "mean"  # stands in where no model has a forecast, and ...
FALLBACK_NAME = "fallback_mean"  # ... how results name it then; it cannot be asked for
WORDS: Mapping[str, str] = MappingProxyType(
    {name: model.words for name, model in [*MODELS.items(), *CANDIDATES.items(), (FALLBACK_NAME, MODELS[FALLBACK])]}
)  # of each model, by every name that results have for it
POOLED = "pooled"  # what like parts teach of few demands
YARDSTICK = "naive"  # what value added is measured against
LEARNED_MEAN = "lightgbm_tweedie"  # whose mean is that of the trees
YEAR, OWN_YEAR = "year", "own_year"  # steps by the yearly profile of all series, and with the correction of a series
STEP_SHAPES = ("mean", "theta", "holt_winters", "seasonal_naive", YEAR, OWN_YEAR)  # compete for the steps of the sum
STEP_SHAPE = "theta"  # gives the learned mean its season and trend: trees learn only the sum over the lead time
ANCHORS = ("imapa", "ses", "tsb", "moving_average")  # steady means: their average is what a series expects of itself


def feature_models() -> tuple[str, ...]:
    """The point models whose means are features of the learned models, in the order of their columns."""
    features = [model for model in _ALL if model.feature is not None]
    return tuple(model.name for model in sorted(features, key=lambda model: model.feature or 0))


def resolve_names(names: Iterable[str]) -> tuple[str, ...]:
    """The models meant, each once: by name, or by the name in a leaderboard (negbin_ses is ses).

    Names of no model are left as they are.
    """
    return tuple(dict.fromkeys(CANDIDATES[name].name if name in CANDIDATES else name for name in names))


def learns_across_series(names: Iterable[str]) -> bool:
    """Whether any of the models asked for learns across series; True where none is asked for: auto does."""
    asked = tuple(names)
    return not asked or any(MODELS[name].is_learned for name in asked)
