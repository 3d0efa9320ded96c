"""The shared knowledge of a batch: learned once from a sample that does not depend on partitions, then only read.

It holds the cutoffs of the backtest, the weekday profile, the calibration of each candidate, and the losses of each
candidate at each fold in each demand class. At a fold the losses and residuals of that fold are left out (see
`relative_losses`); the factors of spread, one number for a candidate and class, are fitted on all folds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.accuracy import SeasonUse
from batchcast.domain.plan import Occasion
from batchcast.forecast.distributions.candidate import Calibration
from batchcast.forecast.distributions.pooling import Pool
from batchcast.forecast.learned.learned import Learned
from batchcast.forecast.metrics import fold_weights
from batchcast.forecast.models.table import CANDIDATES
from batchcast.forecast.moments import DEMAND_CLASSES
from batchcast.forecast.seasons.effects import use_of
from batchcast.forecast.seasons.weekdays import WeekdayProfile
from batchcast.forecast.seasons.year import YearProfile

Floats = NDArray[np.float64]

CLASS_SHRINKAGE = 60.0  # cases of its own at which a demand class weighs as much as all classes together
PRIOR_SHRINKAGE = 20.0  # cases of the batch at which its experience weighs as much as that of the reference sets


@dataclass(frozen=True, kw_only=True)
class StepKnowledge:
    """What is known of the shapes that compete for the steps of lead-time demand; tables as in `SharedKnowledge`."""

    shapes: tuple[str, ...]
    losses: Floats  # see `Backtest.score_shapes`
    common: Floats
    cases: Floats
    years: tuple[YearProfile | None, ...]  # by number of the fold, that of the end last; None: under a year is known

    def relative_losses(self, without_fold: int | None) -> Floats:
        """As those of candidates, shape (classes, shapes); infinite where a shape was never judged."""
        prior = np.where(self.cases.sum(axis=(0, 1)) > 0, 1.0, np.inf)
        return _relative((self.losses, self.common, self.cases), prior, without_fold)

    def as_json(self) -> dict[str, Any]:
        """Plain values; `from_json` reads the same back, to the bit."""
        tables = {name: getattr(self, name).tolist() for name in ("losses", "common", "cases")}
        return tables | {"shapes": self.shapes, "years": [year and year.as_json() for year in self.years]}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """What `as_json` gave."""
        years = tuple(YearProfile.from_json(year) if year else None for year in values["years"])
        tables = {name: np.array(values[name], dtype=np.float64) for name in ("losses", "common", "cases")}
        return cls(shapes=tuple(values["shapes"]), years=years, **tables)


@dataclass(frozen=True, kw_only=True)
class SharedKnowledge:
    """What was learned from the sample of a batch, the same for every partition."""

    cutoffs: tuple[int, ...]  # periods held back at each fold, ascending
    candidates: tuple[str, ...]  # the candidates
    profile: WeekdayProfile | None
    calibration: Calibration
    losses: Floats  # summed scaled pinball, shape (folds, classes, candidates)
    common: Floats  # summed mean of all candidates on the same cases, same shape
    cases: Floats  # number of those cases, same shape
    periods: int = 0  # of a series of typical length; 0: not known
    years: tuple[YearProfile, YearProfile] | None = None  # of the folds and of the final forecast; None: no year
    learned: Learned | None = None  # across series; None: the batch is too small for it
    steps: StepKnowledge | None = None  # how the sum is spread over its steps; None: as the members of the sum do

    def season(self, occasions: Sequence[Occasion]) -> SeasonUse | None:
        """Which times of the year the final forecast tells apart, of the occasions that there are."""
        known = self.years[1] if self.years else None
        effects = known.effects.effects if known and known.effects else ()
        used = {effect.chosen.name for effect in effects}
        own = dict.fromkeys(one.name for one in occasions if not one.is_holiday and one.name not in used)
        has_year = known is not None and known.trust > 0
        if not (has_year or effects or own):
            return None
        return SeasonUse(has_year=has_year, occasions=tuple(map(use_of, effects)), unused=tuple(own))

    def relative_losses(self, without_fold: int | None) -> Floats:
        """Loss of each candidate relative to the mean candidate, by demand class: shape (classes, candidates).

        Args:
            without_fold: number of the fold whose outcomes must not be used; None for the final forecast.
        """
        prior = np.array([CANDIDATES[candidate].prior_loss for candidate in self.candidates])
        return _relative((self.losses, self.common, self.cases), prior, without_fold)

    def save(self, path: Path) -> None:
        """Write everything as JSON; `load` reads the same numbers back, to the bit."""
        profile = self.profile
        values = {
            "cutoffs": self.cutoffs,
            "candidates": self.candidates,
            "profile": profile and {"overall": profile.overall, "sites": dict(profile.sites)},
            "spread": {candidate: list(factors) for candidate, factors in self.calibration.spread.items()},
            "residuals": {candidate: table.tolist() for candidate, table in self.calibration.residuals.items()},
            "step_spread": [list(pair) for pair in self.calibration.steps],
            "pools": [pool.as_json() for pool in self.calibration.pools],
            "periods": self.periods,
            "losses": self.losses.tolist(),
            "common": self.common.tolist(),
            "cases": self.cases.tolist(),
            "years": self.years and [year.as_json() for year in self.years],
            "learned": self.learned and self.learned.as_json(),
            "steps": self.steps and self.steps.as_json(),
        }
        path.write_text(json.dumps(values), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> SharedKnowledge:
        """Read what `save` wrote. Files of the same content give the same object: a worker reads each batch's once."""
        return _parsed(path.read_bytes())


_KEPT = 2  # batches whose knowledge a process keeps: those whose partitions alternate


@lru_cache(_KEPT)
def _parsed(content: bytes) -> SharedKnowledge:
    values: dict[str, Any] = json.loads(content)
    profile = values["profile"]
    sites = {site: tuple(weights) for site, weights in profile["sites"].items()} if profile else {}
    shape = (len(values["cutoffs"]), len(DEMAND_CLASSES), len(values["candidates"]))
    tables = {name: np.array(values[name], dtype=np.float64).reshape(shape) for name in ("losses", "common", "cases")}
    return SharedKnowledge(
        cutoffs=tuple(values["cutoffs"]),
        candidates=tuple(values["candidates"]),
        profile=WeekdayProfile(overall=tuple(profile["overall"]), sites=sites) if profile else None,
        calibration=Calibration(
            spread=values["spread"],
            residuals={candidate: np.array(table) for candidate, table in values["residuals"].items()},
            pools=tuple(map(Pool.from_json, values["pools"])),
            steps=tuple((factor, growth) for factor, growth in values["step_spread"]),
        ),
        periods=values["periods"],
        years=_years(values["years"]),
        learned=Learned.from_json(values["learned"]) if values["learned"] else None,
        steps=StepKnowledge.from_json(values["steps"]) if values["steps"] else None,
        **tables,
    )


def _years(values: Any) -> tuple[YearProfile, YearProfile] | None:
    if not values:
        return None
    of_folds, of_end = map(YearProfile.from_json, values)
    return of_folds, of_end


def sum_losses(pinball: Floats, classes: NDArray[np.int8]) -> tuple[Floats, Floats, Floats]:
    """Losses, common losses and cases by fold, class and candidate: the tables of `SharedKnowledge`.

    Args:
        pinball: shape (candidates, folds, series); NaN where a candidate has no score.
        classes: shape (folds, series).
    """
    candidates, folds, _ = pinball.shape
    known = ~np.isnan(pinball)
    filled = np.where(known, pinball, 0.0)
    mean = filled.sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    sums = np.zeros((3, folds, len(DEMAND_CLASSES), candidates))
    for kind in range(len(DEMAND_CLASSES)):
        mine = known & (classes == kind)
        for k, values in enumerate((filled, np.broadcast_to(mean, pinball.shape), np.ones(pinball.shape))):
            sums[k, :, kind, :] = np.where(mine, values, 0.0).sum(axis=2).T
    return sums[0], sums[1], sums[2]


def prior_knowledge(candidates: Sequence[str], pools: Sequence[Pool] = (), periods: int = 0) -> SharedKnowledge:
    """The knowledge of a batch in which nothing can be backtested: the prior losses, and the pool at the end."""
    nothing = np.zeros((0, len(DEMAND_CLASSES), len(candidates)))
    return SharedKnowledge(
        cutoffs=(),
        candidates=tuple(candidates),
        profile=None,
        calibration=Calibration(pools=pools),
        losses=nothing,
        common=nothing,
        cases=nothing,
        periods=periods,
    )


def _relative(tables: tuple[Floats, Floats, Floats], prior: Floats, without_fold: int | None) -> Floats:
    """Losses relative to the common ones by demand class, later folds weighing more; drawn to the prior."""
    weights = fold_weights(len(tables[0]))
    if without_fold is not None:
        weights[without_fold] = 0.0
    losses, common, cases = ((part * weights[:, None, None]).sum(axis=0) for part in tables)
    overall = _shrunk(losses.sum(axis=0), common.sum(axis=0), cases.sum(axis=0), prior, PRIOR_SHRINKAGE)
    return _shrunk(losses, common, cases, overall, CLASS_SHRINKAGE)


def _shrunk(losses: Floats, common: Floats, cases: Floats, prior: Floats, weight: float) -> Floats:
    """Relative losses drawn towards the prior as if that were the experience of `weight` cases."""
    relative = np.where(common > 0, losses / np.where(common > 0, common, 1.0), 1.0)
    relative = np.where((common > 0) | (cases == 0), relative, prior)
    return (cases * relative + weight * prior) / (cases + weight)
