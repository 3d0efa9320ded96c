"""From a panel and the pool of its batch to forecasts, stock figures and accuracy: a pure function of each series.

Series are taken a chunk at a time, which bounds memory and changes nothing else. In a chunk:

1. Point models forecast every series at every fold and at the end, and families make distributions of them.
2. The backtest scores each family; `auto` is scored too, choosing at each fold WITHOUT the outcomes of that fold: by
   the other folds of the series and by the pool without that fold. With a single fold the choice rests on reference
   experience alone (`pool.PRIOR_LOSSES`).
3. For the final forecast the choice uses every fold; the quantiles of the best three families are averaged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.plan import ForecastRequest
from batchcast.forecast.backtest import Backtest, run_families
from batchcast.forecast.combine import NONE, average_chosen, choose_families
from batchcast.forecast.evidence import Evidence
from batchcast.forecast.families import FALLBACK, FALLBACK_NAME, Family, baselines_beside, families_of
from batchcast.forecast.fence import fence_of_steps, fence_of_sums, hold_back
from batchcast.forecast.outlook import Outlook
from batchcast.forecast.panel import Panel
from batchcast.forecast.pool import Pool
from batchcast.forecast.statistics import AUTO, Tallies
from batchcast.forecast.stock import Stock, stock_figures, stock_levels

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CHUNK_SERIES = 2048  # at most, and ...
CHUNK_CELLS = 2_000_000  # ... about as many periods, so that memory is bounded whatever the shape


@dataclass(frozen=True, kw_only=True)
class Accuracy:
    """What the backtest says of each series, shape (series,); NaN where it says nothing."""

    scores: Mapping[str, Floats]  # family -> mean scaled pinball over the folds
    folds: Ints  # backtests of the series
    pinball: Floats  # of `auto`
    pinball_naive: Floats
    covered: Floats  # share of folds whose demand was at or under the stock of `auto`
    bias: Floats  # of `auto`, forecast / actual - 1 over the folds; NaN too where nothing was demanded


@dataclass(frozen=True, kw_only=True)
class ChunkForecast:
    """Forecasts of the series of a chunk; arrays have shape (series, ...)."""

    panel: Panel
    models: list[str]  # what each series was forecast with: names joined by +
    raw: Floats  # mean of each step, (series, horizon)
    quantiles: Floats  # of each step at the levels asked for, (series, horizon, levels)
    stock: Stock
    flagged: NDArray[np.bool_]  # were quantiles held back at the fence
    classes: NDArray[np.int8]
    accuracy: Accuracy


def chunks_of(panel: Panel) -> Iterator[Panel]:
    """The panel cut into chunks of bounded size, in order."""
    start = 0
    while start < len(panel):
        room = panel.offsets[start] + CHUNK_CELLS
        stop = int(np.searchsorted(panel.offsets, room, side="right")) - 1
        stop = min(max(stop, start + 1), start + CHUNK_SERIES, len(panel))
        yield panel.chunk(start, stop)
        start = stop


def candidates(request: ForecastRequest, pool: Pool) -> tuple[Family, ...]:
    """The families of the request that the pool knows, in its order."""
    return tuple(family for family in families_of(request.models) if family.name in pool.families)


def forecast_chunk(panel: Panel, request: ForecastRequest, pool: Pool, tallies: Tallies) -> ChunkForecast:
    """Forecast every series of a chunk; each must have at least one period."""
    families = candidates(request, pool)
    baselines = baselines_beside(families)
    outlook = Outlook(panel, request, (*families, *baselines), pool.cutoffs, pool.profile)
    past, final = outlook.backtest(), outlook.final()
    ahead = max(request.horizon, request.lead_time)
    sums, steps = run_families(families, final, pool.calibration, stock_levels(request.service_level), ahead)
    answers = ~np.isnan(sums[:, 0, :, 0])
    accuracy, losses = _look_back(past, families, baselines, request, pool, tallies)
    chosen = _choose(losses, None, families, pool, final.classes[0], answers)
    return _look_ahead(panel, request, pool, families, final, chosen, sums[:, 0], steps[:, 0], accuracy)


def _look_back(
    past: Backtest,
    families: Sequence[Family],
    baselines: Sequence[Family],
    request: ForecastRequest,
    pool: Pool,
    tallies: Tallies,
) -> tuple[Accuracy, Floats]:
    """Score every family, `auto` and the baselines: accuracy and the losses, shape (families, folds, series)."""
    quantiles, means = run_families(families, past.evidence, pool.calibration, past.levels, request.horizon)
    losses = np.empty((len(families), *past.usable.shape))
    for k, family in enumerate(families):
        losses[k] = past.score(quantiles[k], means[k], tallies.of(family.name))
    scores = {family.name: _fold_mean(losses[k]) for k, family in enumerate(families)}
    for family in baselines:
        (own_quantiles,), (own_means,) = run_families(
            [family], past.evidence, pool.calibration, past.levels, request.horizon
        )
        scores[family.name] = _fold_mean(past.score(own_quantiles, own_means, tallies.of(family.name)))
    auto_quantiles, auto_means = np.empty(quantiles.shape[1:]), np.empty(means.shape[1:])
    for fold in range(len(pool.cutoffs)):
        answers = ~np.isnan(quantiles[:, fold, :, 0])
        chosen = _choose(losses, fold, families, pool, past.evidence.classes[fold], answers)
        average_chosen(quantiles[:, fold], chosen, auto_quantiles[fold])
        average_chosen(means[:, fold], chosen, auto_means[fold])
    auto_quantiles = _to_whole(auto_quantiles, past.evidence.moments.unit)
    pinball = past.score(auto_quantiles, auto_means, tallies.of(AUTO))
    scored = ~np.isnan(pinball)
    actual = past.actuals.sum(axis=2)
    stock = auto_quantiles[:, :, past.levels.index(request.service_level)]
    demanded = np.where(scored, actual, 0.0).sum(axis=0)
    expected = np.where(scored, auto_means.sum(axis=2), 0.0).sum(axis=0)
    accuracy = Accuracy(
        scores=scores,
        folds=scored.sum(axis=0),
        pinball=_fold_mean(pinball),
        pinball_naive=scores["naive"],
        covered=_fold_mean(np.where(scored, (actual <= stock).astype(np.float64), np.nan)),
        bias=np.where(demanded > 0, expected / np.where(demanded > 0, demanded, 1.0) - 1.0, np.nan),
    )
    return accuracy, losses


def _look_ahead(
    panel: Panel,
    request: ForecastRequest,
    pool: Pool,
    families: Sequence[Family],
    final: Evidence,
    chosen: Ints,
    sums: Floats,
    steps: Floats,
    accuracy: Accuracy,
) -> ChunkForecast:
    """Average the chosen families at the end of history; `sums` and `steps` have shape (families, series, ...)."""
    unit = final.moments.unit[0]
    quantiles, means = np.empty(sums.shape[1:]), np.empty(steps.shape[1:])
    average_chosen(sums, chosen, quantiles)
    average_chosen(steps, chosen, means)
    bands = _average_steps(families, final, pool, request, chosen)
    fallen = np.flatnonzero(chosen[:, 0] == NONE)
    if len(fallen):
        own, own_steps = FALLBACK.sums(final, pool.calibration, stock_levels(request.service_level), means.shape[1])
        quantiles[fallen], means[fallen] = own[0, fallen], own_steps[0, fallen]
        bands[fallen] = FALLBACK.steps(final, pool.calibration, fallen, request.horizon, request.quantiles)
    quantiles, beyond = hold_back(_to_whole(quantiles, unit), fence_of_sums(final.moments)[0])
    bands, beyond_steps = hold_back(_to_whole(bands, unit), fence_of_steps(final.moments)[0])
    names = [family.name for family in families]
    return ChunkForecast(
        panel=panel,
        models=["+".join(names[k] for k in row if k != NONE) or FALLBACK_NAME for row in chosen.tolist()],
        raw=means[:, : request.horizon],
        quantiles=bands,
        stock=stock_figures(means[:, : request.lead_time].sum(axis=1), quantiles, request.service_level),
        flagged=beyond | beyond_steps,
        classes=final.classes[0],
        accuracy=accuracy,
    )


def _average_steps(
    families: Sequence[Family], final: Evidence, pool: Pool, request: ForecastRequest, chosen: Ints
) -> Floats:
    """Averaged quantiles of each step, shape (series, horizon, levels); each family answers only where it is chosen."""
    total = np.zeros((len(chosen), request.horizon, len(request.quantiles)))
    for k, family in enumerate(families):
        rows = np.flatnonzero((chosen == k).any(axis=1))
        if len(rows):
            total[rows] += family.steps(final, pool.calibration, rows, request.horizon, request.quantiles)
    return total / np.maximum((chosen != NONE).sum(axis=1), 1)[:, None, None]


def _choose(
    losses: Floats,
    without_fold: int | None,
    families: Sequence[Family],
    pool: Pool,
    classes: NDArray[np.int8],
    answers: NDArray[np.bool_],
) -> Ints:
    """The best families of each series, shape (series, BEST), by every fold but one."""
    kept = losses if without_fold is None else np.delete(losses, without_fold, axis=1)
    known = ~np.isnan(kept)
    kins = list(dict.fromkeys(family.kin for family in families))
    return choose_families(
        _mean_of_known(kept, known, axis=1),
        known.any(axis=0).sum(axis=0),
        pool.relative_losses(without_fold)[classes],
        answers,
        np.array([kins.index(family.kin) for family in families], dtype=np.int64),
    )


def _fold_mean(values: Floats) -> Floats:
    """Mean over the folds of each series, of what is there; NaN where nothing is."""
    return _mean_of_known(values, ~np.isnan(values), axis=0)


def _mean_of_known(values: Floats, known: NDArray[np.bool_], axis: int) -> Floats:
    count = known.sum(axis=axis)
    total = np.where(known, values, 0.0).sum(axis=axis)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _to_whole(quantiles: Floats, unit: Floats) -> Floats:
    """Averaged quantiles to the nearest whole number where demand is whole; `unit` lacks the trailing axes."""
    whole = unit.reshape(*unit.shape, *[1] * (quantiles.ndim - unit.ndim)) > 0
    return np.where(whole, np.floor(quantiles + 0.5), quantiles)
