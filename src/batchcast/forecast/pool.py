"""What the whole batch knows: learned once, on a sample that no partition plan can change; partitions only read it.

It holds the cutoffs of the backtest, the weekday profile, how each family is calibrated, and how each family did at
each fold in each demand class. The sample's own folds are in it: at a fold the scores and residuals of that fold
are left out (see `relative_losses`), while the factors of spread, one number a family and class, are fitted on all.
"""

# ruff: noqa: PLR0917 (compiled functions take plain arrays, in their order)

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from batchcast.domain import columns
from batchcast.forecast.compiled import compiled
from batchcast.forecast.evidence import Calibration, fold_weights
from batchcast.forecast.learned.learned import Learned
from batchcast.forecast.moments import DEMAND_CLASSES
from batchcast.forecast.profile import WeekdayProfile

Floats = NDArray[np.float64]

CLASS_SHRINKAGE = 60.0  # cases of its own at which a demand class weighs as much as all classes together
PRIOR_SHRINKAGE = 20.0  # cases of the batch at which its experience weighs as much as that of the reference sets

# Loss of each family relative to the mean family: averages over ten public sets of spare parts and products.
PRIOR_LOSSES = {
    "negbin_mean": 1.09,
    "negbin_seasonal_naive": 1.25,
    "negbin_moving_average": 0.92,
    "negbin_ses": 0.95,
    "negbin_holt_damped": 1.0,
    "negbin_holt_winters": 0.95,
    "negbin_theta": 0.91,
    "negbin_sba": 1.12,
    "negbin_tsb": 0.93,
    "negbin_adida": 0.94,
    "negbin_imapa": 0.9,
    "negbin_linear_decay": 0.96,
    "empirical": 1.3,
    "wss": 1.05,
    "conformal_imapa": 0.9,
    "conformal_ses": 0.95,
    "negbin_lightgbm_tweedie": 0.86,
    "lightgbm_quantile": 0.86,
}
PRIOR_LOSS = 1.1  # of a family that is not named there


@dataclass(frozen=True, kw_only=True)
class Pool:
    """Knowledge of the whole batch, the same for every partition."""

    cutoffs: tuple[int, ...]  # periods held back at each fold, ascending
    families: tuple[str, ...]  # the candidates
    profile: WeekdayProfile | None
    calibration: Calibration
    losses: Floats  # summed scaled pinball, shape (folds, classes, families)
    common: Floats  # summed mean of all families on the same cases, same shape
    cases: Floats  # number of those cases, same shape
    learned: Learned | None = None  # across series; None: the batch is too small for it

    def relative_losses(self, without_fold: int | None) -> Floats:
        """Loss of each family relative to the mean family, by demand class: shape (classes, families).

        Args:
            without_fold: number of the fold whose outcomes must not be used; None for the final forecast.
        """
        kept = np.ones(len(self.cutoffs), dtype=np.bool_)
        if without_fold is not None:
            kept[without_fold] = False
        weights = np.where(kept, fold_weights(len(self.cutoffs)), 0.0)[:, None, None]
        losses, common, cases = ((part * weights).sum(axis=0) for part in (self.losses, self.common, self.cases))
        prior = np.array([PRIOR_LOSSES.get(family, PRIOR_LOSS) for family in self.families])
        overall = _shrunk(losses.sum(axis=0), common.sum(axis=0), cases.sum(axis=0), prior, PRIOR_SHRINKAGE)
        return _shrunk(losses, common, cases, overall, CLASS_SHRINKAGE)

    def save(self, path: Path) -> None:
        """Write everything as JSON; `load` reads the same numbers back, to the bit."""
        profile = self.profile
        values = {
            "cutoffs": self.cutoffs,
            "families": self.families,
            "profile": profile and {"overall": profile.overall, "sites": dict(profile.sites)},
            "spread": {family: list(factors) for family, factors in self.calibration.spread.items()},
            "residuals": {family: table.tolist() for family, table in self.calibration.residuals.items()},
            "losses": self.losses.tolist(),
            "common": self.common.tolist(),
            "cases": self.cases.tolist(),
            "learned": self.learned and self.learned.as_json(),
        }
        path.write_text(json.dumps(values), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Pool:
        """Read what `save` wrote."""
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        profile = values["profile"]
        sites = {site: tuple(weights) for site, weights in profile["sites"].items()} if profile else {}
        shape = (len(values["cutoffs"]), len(DEMAND_CLASSES), len(values["families"]))
        tables = {
            name: np.array(values[name], dtype=np.float64).reshape(shape) for name in ("losses", "common", "cases")
        }
        return cls(
            cutoffs=tuple(values["cutoffs"]),
            families=tuple(values["families"]),
            profile=WeekdayProfile(overall=tuple(profile["overall"]), sites=sites) if profile else None,
            calibration=Calibration(
                spread=values["spread"],
                residuals={family: np.array(table) for family, table in values["residuals"].items()},
            ),
            learned=Learned.from_json(values["learned"]) if values["learned"] else None,
            **tables,
        )


def sum_losses(pinball: Floats, classes: NDArray[np.int8]) -> tuple[Floats, Floats, Floats]:
    """Losses, common losses and cases by fold, class and family: what a Pool keeps.

    Args:
        pinball: shape (families, folds, series); NaN where a family has no score.
        classes: shape (folds, series).
    """
    families, folds, _ = pinball.shape
    known = ~np.isnan(pinball)
    filled = np.where(known, pinball, 0.0)
    mean = filled.sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    sums = np.zeros((3, folds, len(DEMAND_CLASSES), families))
    for kind in range(len(DEMAND_CLASSES)):
        mine = known & (classes == kind)
        for k, values in enumerate((filled, np.broadcast_to(mean, pinball.shape), np.ones(pinball.shape))):
            sums[k, :, kind, :] = np.where(mine, values, 0.0).sum(axis=2).T
    return sums[0], sums[1], sums[2]


def untaught_pool(families: Sequence[str]) -> Pool:
    """The pool of a batch in which nothing can be backtested: reference experience alone."""
    nothing = np.zeros((0, len(DEMAND_CLASSES), len(families)))
    return Pool(
        cutoffs=(),
        families=tuple(families),
        profile=None,
        calibration=Calibration(),
        losses=nothing,
        common=nothing,
        cases=nothing,
    )


def _shrunk(losses: Floats, common: Floats, cases: Floats, prior: Floats, weight: float) -> Floats:
    """Relative losses drawn towards the prior as if that were the experience of `weight` cases."""
    relative = np.where(common > 0, losses / np.where(common > 0, common, 1.0), 1.0)
    relative = np.where((common > 0) | (cases == 0), relative, prior)
    return (cases * relative + weight * prior) / (cases + weight)


# Which series stand for the whole history: those with the smallest hashes of site and part.
#
# The hash is a property of the series alone, so the sample depends neither on the order of the series nor on their
# partitions. The same hash seeds whatever is drawn at random for a series.

Keys = NDArray[np.uint64]

SAMPLE_SIZE = 2_000  # series; enough for shares and ratios to 1-2 %
_SEPARATOR = np.uint8(0)
_PRIME = np.uint64(0x100000001B3)
_BASIS = np.uint64(0xCBF29CE484222325)


def series_keys(site_codes: Any, partnumbers: Any, seed: int) -> Keys:
    """A 64-bit hash of the UTF-8 bytes of (seed, site, part) of each series: FNV-1a, then mixed.

    Both columns are pyarrow arrays of text, chunked or not.
    """
    sites, parts = (_bytes_and_offsets(texts) for texts in (site_codes, partnumbers))
    keys = np.empty(len(site_codes), dtype=np.uint64)
    _hash(*sites, *parts, np.uint64(seed % 2**64), keys)
    return keys


def choose_sample(history_path: Path, seed: int, total_series: int) -> tuple[tuple[int, int], ...]:
    """Ranges [start, stop) of rows of the history file: the SAMPLE_SIZE series with the smallest hashes, or all."""
    if total_series <= SAMPLE_SIZE:
        return ((0, total_series),)
    names = pq.read_table(history_path, columns=[columns.SITE_CODE, columns.PARTNUMBER], memory_map=False)
    keys = series_keys(names.column(0), names.column(1), seed)
    rows = np.sort(np.argsort(keys, kind="stable")[:SAMPLE_SIZE])
    return tuple((int(row), int(row) + 1) for row in rows)


def _bytes_and_offsets(texts: Any) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """UTF-8 bytes of all texts, one after the other, and where each begins."""
    texts = texts.cast(pa.large_string())
    if isinstance(texts, pa.ChunkedArray):
        texts = pa.concat_arrays(texts.chunks or [pa.array([], pa.large_string())])
    _, offsets, data = texts.buffers()
    places = np.frombuffer(offsets, dtype=np.int64)[texts.offset : texts.offset + len(texts) + 1]
    letters = np.frombuffer(data, dtype=np.uint8) if data is not None else np.zeros(0, dtype=np.uint8)
    return letters.copy(), places.copy()


@compiled
def _hash(
    site_bytes: NDArray[np.uint8],
    site_offsets: NDArray[np.int64],
    part_bytes: NDArray[np.uint8],
    part_offsets: NDArray[np.int64],
    seed: np.uint64,
    keys: Keys,
) -> None:
    for i in range(len(keys)):
        value = _BASIS ^ seed
        for k in range(site_offsets[i], site_offsets[i + 1]):
            value = (value ^ np.uint64(site_bytes[k])) * _PRIME
        value = (value ^ np.uint64(_SEPARATOR)) * _PRIME
        for k in range(part_offsets[i], part_offsets[i + 1]):
            value = (value ^ np.uint64(part_bytes[k])) * _PRIME
        value = (value ^ (value >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
        value = (value ^ (value >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
        keys[i] = value ^ (value >> np.uint64(33))
