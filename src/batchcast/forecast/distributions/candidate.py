"""A candidate: a model with the distribution of demand around its mean. Candidates compete for a place in `auto`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from batchcast.forecast.distributions.pooling import Pool, prior_pool
from batchcast.forecast.evidence import Evidence
from batchcast.forecast.models.table import Model
from batchcast.forecast.moments import DEMAND_CLASSES

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]  # numbers of series
Levels = tuple[float, ...]  # of quantiles, ascending, in (0, 1)

DEFAULT_SPREAD = 1.25  # moments of the past understate what comes: they leave out that the mean itself is uncertain
DEFAULT_STEP_SPREAD = (1.6, 1.0)  # of single periods, and of how their spread grows with the step


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """How the distributions are fitted to the sample of the batch; empty before they are."""

    spread: Mapping[str, Sequence[float]] = field(default_factory=dict)  # candidate -> factor of variance by class
    residuals: Mapping[str, Floats] = field(default_factory=dict)  # candidate -> (folds + 1, classes, RESIDUAL_LEVELS)
    steps: Sequence[tuple[float, float]] = (DEFAULT_STEP_SPREAD,) * len(DEMAND_CLASSES)  # of single periods, by class
    pools: Sequence[Pool] = ()  # of parts with few demands, by number of the fold; that of the final forecast last

    def spread_of(self, candidate: str, classes: NDArray[np.int8]) -> Floats:
        """The factor for each entry of `classes`, same shape."""
        return np.array(self.spread.get(candidate, [DEFAULT_SPREAD] * len(DEMAND_CLASSES)))[classes]

    @property
    def step_spread(self) -> tuple[Floats, Floats]:
        """The factor of the dispersion of single periods and that of its growth, by demand class."""
        factor, growth = np.array(self.steps).T
        return factor, growth

    def pool_of(self, fold: int, evidence: Evidence) -> Pool:
        """What like parts teach at a fold; where nothing was learned, what other batches do."""
        return self.pools[fold] if self.pools else prior_pool(evidence.frequency, evidence.span)


@dataclass(frozen=True)
class Distribution(ABC):
    """Makes quantiles of demand from evidence; NaN where it has none for a series."""

    model: Model

    @property
    def name(self) -> str:
        """Its name in leaderboards and columns: negbin_ses."""
        return self.model.candidate

    @property
    def mean_model(self) -> str:
        """The model whose mean it takes; "" where it takes none: its mean is that of past demand."""
        return ""

    @abstractmethod
    def sums(self, evidence: Evidence, calibration: Calibration, levels: Levels, count: int) -> tuple[Floats, Floats]:
        """Quantiles of the sum over the span, and means of `count` steps.

        Returns:
            Shapes (cutoffs, series, levels), ascending, and (cutoffs, series, count).
        """


@dataclass(frozen=True)
class Candidate(Distribution):
    """A distribution that can be a member of an average."""

    has_own_mean: ClassVar[bool] = True  # else it shows that of another candidate, which must not be averaged twice
