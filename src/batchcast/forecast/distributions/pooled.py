"""The distribution that like parts teach of a part with few demands, as a candidate; and its share in `auto`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from batchcast.forecast.distributions.candidate import Calibration, Candidate, Levels, Rows
from batchcast.forecast.distributions.pooling import MOST_FEW, Expected, measure_demands
from batchcast.forecast.evidence import Evidence

Floats = NDArray[np.float64]

SHARES = (0.0, 1.0, 1.0, 0.5, 0.5, 0.5)  # of it in `auto`, by number of demands; none of more than MOST_FEW
LARGEST_LEVEL = 0.9999  # of the quantile that is plausible


@dataclass(frozen=True)
class Pooled(Candidate):
    """Few demands, by what like parts teach. It answers for every series; `auto` has it for few demands alone."""

    def sums(self, evidence: Evidence, calibration: Calibration, levels: Levels, count: int) -> tuple[Floats, Floats]:
        """At each fold with what was known of like parts then."""
        expected = self.expect(evidence, calibration)
        return evidence.whole(evidence.lifted(expected.quantiles(levels))), evidence.spread(expected.mean, count)

    def steps(self, evidence: Evidence, calibration: Calibration, rows: Rows, count: int, levels: Levels) -> Floats:
        """As if the number of demands were spread over the steps as their mean is."""
        expected = self.expect(evidence, calibration)
        share = evidence.spread(np.ones_like(expected.number), count)[-1, rows]
        number, shape, size = (part[-1, rows][:, None] for part in (expected.number, expected.shape, expected.size))
        every = Expected(
            number=number * share,
            shape=np.broadcast_to(shape, share.shape),
            size=np.broadcast_to(size, share.shape),
            variation=expected.variation[-1],
        )
        return every.quantiles(levels)

    def none(self, evidence: Evidence, calibration: Calibration) -> Floats:
        """The chance of no demand over the span, shape (cutoffs, series), of any number of demands."""
        table = measure_demands(evidence.values, evidence.starts, evidence.ends, evidence.last_periods)
        found = [
            calibration.pool_of(fold, evidence).none(one, evidence.site_codes, evidence.span)
            for fold, one in zip(evidence.folds.tolist(), table, strict=True)
        ]
        return np.array(found).reshape(evidence.starts.shape)

    def expect(self, evidence: Evidence, calibration: Calibration) -> Expected:
        """What comes in the span after each cutoff, without its year."""
        table = measure_demands(evidence.values, evidence.starts, evidence.ends, evidence.last_periods)
        found = [
            calibration.pool_of(fold, evidence).expect(one, evidence.site_codes, evidence.span)
            for fold, one in zip(evidence.folds.tolist(), table, strict=True)
        ]
        number, shape, size = (
            np.array([getattr(one, name) for one in found]).reshape(evidence.starts.shape)
            for name in ("number", "shape", "size")
        )
        variation = np.array([one.variation for one in found]).reshape(-1, 1)
        return Expected(number=number, shape=shape, size=size, variation=variation)

    def share(self, evidence: Evidence, calibration: Calibration) -> tuple[Floats, NDArray[np.bool_]]:
        """Its share in `auto`, and whether few demands are far beyond the sizes of like parts: (cutoffs, series) each.

        Of these all models of single series would take the sizes as they are, so its share is all.
        """
        demands = evidence.measure.demands.astype(np.int64)
        share = np.where(demands <= MOST_FEW, np.array(SHARES)[np.minimum(demands, MOST_FEW)], 0.0)
        table = measure_demands(evidence.values, evidence.starts, evidence.ends, evidence.last_periods)
        pools = [calibration.pool_of(fold, evidence) for fold in evidence.folds.tolist()]
        unlike = [pool.is_unlike(one, evidence.site_codes) for pool, one in zip(pools, table, strict=True)]
        is_unlike = (share > 0) & np.array(unlike, dtype=np.bool_).reshape(share.shape)
        return np.where(is_unlike, 1.0, share), is_unlike

    def stands_alone(self, evidence: Evidence, calibration: Calibration) -> NDArray[np.bool_]:
        """Where a forecast is what other batches teach, as this one has too few like parts: (cutoffs, series)."""
        demands = evidence.measure.demands.astype(np.int64)
        pools = [calibration.pool_of(fold, evidence) for fold in evidence.folds.tolist()]
        is_prior = np.array([pool.usual is None for pool in pools], dtype=np.bool_)
        share = np.array(SHARES)[np.minimum(demands, MOST_FEW)]
        return np.asarray((demands > 0) & (share == 1.0) & is_prior[:, None])

    def limit(self, evidence: Evidence, calibration: Calibration) -> Floats:
        """The most that like parts make plausible of the sum, shape (cutoffs, series); infinite of many demands."""
        most = evidence.lifted(self.expect(evidence, calibration).quantiles([LARGEST_LEVEL]))
        return np.where(evidence.measure.demands <= MOST_FEW, most[..., 0], np.inf)
