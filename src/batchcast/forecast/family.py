"""What a family of distributions is: the protocol each fulfils, and what the sample of the batch taught about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from batchcast.forecast.classes import DEMAND_CLASSES
from batchcast.forecast.evidence import Evidence

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Levels = tuple[float, ...]  # ascending, in (0, 1)

FOLD_DECAY = 0.5  # of the weight of a fold against the one after it
DEFAULT_SPREAD = 1.25  # moments of the past understate what comes: they leave out that the mean itself is uncertain


def fold_weights(folds: int) -> Floats:
    """How much each fold counts, the latest first, 1 on average: what came last is most like what comes."""
    weights = FOLD_DECAY ** np.arange(folds)
    return np.asarray(weights * folds / max(weights.sum(), 1.0))


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """What the sample of the batch taught about families; empty before it was looked at."""

    spread: Mapping[str, Sequence[float]] = field(default_factory=dict)  # family -> factor of variance by class
    residuals: Mapping[str, Floats] = field(default_factory=dict)  # family -> (folds + 1, classes, RESIDUAL_LEVELS)

    def spread_of(self, family: str, classes: NDArray[np.int8]) -> Floats:
        """The factor for each entry of `classes`, same shape."""
        return np.array(self.spread.get(family, [DEFAULT_SPREAD] * len(DEMAND_CLASSES)))[classes]


class Scored(Protocol):
    """A way to turn evidence into the distribution of the demand to come. NaN: nothing to say of that series."""

    @property
    def name(self) -> str:
        """Its name in tables: negbin_ses."""

    def sums(self, evidence: Evidence, calibration: Calibration, levels: Levels, count: int) -> tuple[Floats, Floats]:
        """Quantiles of the sum over the span and means of `count` steps.

        Returns:
            Shapes (cutoffs, series, levels), ascending, and (cutoffs, series, count).
        """


class Family(Scored, Protocol):
    """One that can be chosen."""

    @property
    def kin(self) -> str:
        """Families of one kin are near copies: an average holds one of them where it can."""

    @property
    def share(self) -> float:
        """Its share in every average; 0: it competes with the others for what is left."""

    @property
    def has_mean(self) -> bool:
        """Has it a mean of its own; else it shows that of another, which is not to be averaged twice."""

    def steps(self, evidence: Evidence, calibration: Calibration, rows: Rows, count: int, levels: Levels) -> Floats:
        """Quantiles of each step at the last cutoff, for some series: shape (rows, count, levels), ascending."""
