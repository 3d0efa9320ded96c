"""From a panel and the knowledge of its batch to forecasts, stock figures and accuracy: a pure function of each series.

Series are taken a chunk at a time, which bounds memory and changes nothing else. In a chunk:

1. Point models forecast every series at every fold and at the end, and candidates make distributions of them.
2. The backtest scores each candidate; `auto` is scored too, choosing at each fold WITHOUT the outcomes of that fold: by
   the other folds of the series and of the sample. With a single fold the choice rests on the prior losses alone
   (`Model.prior_loss`).
3. For the final forecast the choice uses every fold; the quantiles of its members are averaged by their weights.
   How the sum is spread over its steps is a choice of its own, by which shapes demand came in at the folds.
4. Series with few demands are forecast by what like parts teach, the fewer the more: `auto` mixes that in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from batchcast.domain import columns
from batchcast.domain.cutoffs import SETTLED_DEMANDS
from batchcast.domain.plan import ForecastRequest
from batchcast.domain.stock import levels_with
from batchcast.forecast.backtest import MEDIAN, Backtest, FoldForecasts, run_candidates
from batchcast.forecast.combine import (
    NONE,
    SHARE_OF_MEANS,
    are_flat,
    average_chosen,
    choose_members,
    cut_to_none,
    spread_over_steps,
    stretch_tail,
    weigh_means,
    weigh_members,
    weigh_shapes,
    zero_as_most,
    zero_with_sum,
)
from batchcast.forecast.distributions.candidate import Candidate, Distribution
from batchcast.forecast.distributions.negbin import step_quantiles
from batchcast.forecast.distributions.registry import (
    FALLBACK_CANDIDATE,
    POOLED_CANDIDATE,
    baselines_beside,
    candidates_of,
)
from batchcast.forecast.evidence import Evidence, limit_quantiles, limit_to_even, plausible_step, plausible_sum
from batchcast.forecast.extremes import Extremes, cut_to_limits, find_extremes
from batchcast.forecast.knowledge import SharedKnowledge
from batchcast.forecast.metrics import Tallies, fold_weights
from batchcast.forecast.models.table import AUTO, FALLBACK_NAME, POOLED, YARDSTICK
from batchcast.forecast.panel import Panel
from batchcast.forecast.panel_evidence import PanelEvidence
from batchcast.forecast.seasons.levels import LevelChanges, level_changes

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CHUNK_SERIES = 2048  # at most, and ...
CHUNK_CELLS = 2_000_000  # ... about as many periods, so that memory is bounded whatever the shape


@dataclass(frozen=True, kw_only=True)
class Accuracy:
    """What the backtest says of each series, shape (series,); NaN where it says nothing."""

    scores: Mapping[str, Floats]  # candidate -> mean scaled pinball over the folds
    folds: Ints  # backtests of the series
    pinball: Floats  # of `auto`
    pinball_naive: Floats
    covered: Floats  # share of folds whose demand was at or under the stock of `auto`
    bias: Floats  # of `auto`, forecast / actual - 1 over the folds; NaN too where nothing was demanded
    fold_forecasts: FoldForecasts  # of `auto`, fold by fold


@dataclass(frozen=True, kw_only=True)
class ChunkForecast:
    """Forecasts of the series of a chunk; arrays have shape (series, ...)."""

    panel: Panel
    models: list[str]  # what each series was forecast with: names joined by +
    raw: Floats  # mean of each step from the end of history to the last published one, (series, steps)
    quantiles: Floats  # of each step at the levels asked for, (series, steps, levels)
    running_mean: Floats  # of demand added up from the end of history on, (series, steps or the lead time)
    lead_time_mean: Floats  # of the demand over the lead time, (series,)
    lead_time_quantiles: Floats  # of the same at `levels_with(service_level)`, (series, levels)
    flags: Mapping[str, NDArray[np.bool_]]  # what a person should know of each series, by name of the flag
    extremes: Extremes  # of the series that have one
    with_extremes: tuple[Floats, Floats]  # lead-time quantiles and mean of these, if an extreme counted as it is
    level_changes: LevelChanges  # of the series that have one
    classes: NDArray[np.int8]
    accuracy: Accuracy


def chunks_of(panel: Panel) -> Iterator[Panel]:
    """The panel cut into chunks of bounded size and one end, in order; an empty panel is one empty chunk."""
    if not len(panel):
        yield panel
    start = 0
    while start < len(panel):
        room = panel.offsets[start] + CHUNK_CELLS
        stop = int(np.searchsorted(panel.offsets, room, side="right")) - 1
        stop = min(max(stop, start + 1), start + CHUNK_SERIES, len(panel))
        stop = start + int(np.argmax(np.append(panel.last_periods[start:stop] != panel.last_periods[start], True)))
        yield panel.chunk(start, stop)
        start = stop


@dataclass(frozen=True, kw_only=True)
class Task:
    """What is asked of every chunk of a partition."""

    request: ForecastRequest
    knowledge: SharedKnowledge
    tallies: Tallies  # counts what the backtest of each chunk shows

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """The candidates of the request that could be fitted to the sample."""
        return tuple(one for one in candidates_of(self.request) if one.name in self.knowledge.candidates)

    @property
    def groups(self) -> Ints:
        """Number of the group of each candidate."""
        groups = list(dict.fromkeys(candidate.model.group for candidate in self.candidates))
        return np.array([groups.index(candidate.model.group) for candidate in self.candidates], dtype=np.int64)

    @property
    def shares(self) -> Floats:
        """Share of each candidate in every average; 0 where it competes for what is left."""
        return np.array([candidate.model.share for candidate in self.candidates])

    @property
    def as_published(self) -> NDArray[np.bool_]:
        """At which folds the average could have the same members as at the end, shape (folds,).

        Trees of a fold learn from what lies before it: a short history teaches those of the end, and none of a fold.
        """
        learned, folds = self.knowledge.learned, len(self.knowledge.cutoffs)
        if learned is None:
            return np.ones(folds, dtype=np.bool_)
        there = [trees is not None for trees in learned.folds]
        return np.array([one == there[-1] for one in there[:folds]], dtype=np.bool_)

    def weigh(self, chosen: Ints) -> tuple[Floats, Floats]:
        """Weights of the members of each series in the average of quantiles and in that of means."""
        has_mean = np.array([candidate.has_own_mean for candidate in self.candidates], dtype=np.bool_)
        means = weigh_means(chosen, np.where(has_mean & (self.shares > 0), SHARE_OF_MEANS, 0.0), has_mean)
        return weigh_members(chosen, self.shares), means

    def pooled(self, evidence: Evidence) -> Floats | None:
        """The share of what like parts teach, shape (cutoffs, series); None where models were asked for."""
        if self.request.models:
            return None
        return POOLED_CANDIDATE.share(evidence, self.knowledge.calibration)[0]

    def limits(self, final: Evidence) -> tuple[Floats, Floats]:
        """The plausible limits of the sum and of a step at the end of history, shape (series,).

        Of few demands like parts say what is plausible; of others their own largest demand does.
        """
        limit, step = plausible_sum(final.measure)[0], plausible_step(final.measure)[0]
        if self.pooled(final) is None:
            return limit, step
        of_few = POOLED_CANDIDATE.limit(final, self.knowledge.calibration)[0]
        few, unit = np.isfinite(of_few), final.measure.unit[0]
        of_few = np.where(unit > 0, np.ceil(of_few), of_few)
        return np.where(few, of_few, limit), np.where(few, of_few, step)

    def shapes(self, evidence: Evidence, cutoff: int, count: int) -> Floats:
        """What competes for the steps at a cutoff, shape (shapes, series, count); NaN where there is none."""
        names = self.knowledge.steps.shapes if self.knowledge.steps else ()
        return np.array([evidence.steps(name, count)[cutoff] for name in names]).reshape(len(names), -1, count)

    def shape_losses(self, past: Backtest) -> Floats:
        """How far demand came in other proportions than each shape, shape (shapes, folds, series)."""
        names = self.knowledge.steps.shapes if self.knowledge.steps else ()
        losses = [past.score_shapes(past.evidence.steps(name, self.request.lead_time)) for name in names]
        return np.array(losses).reshape(len(names), *past.usable.shape)

    def spread(
        self, means: Floats, evidence: Evidence, cutoff: int, losses: Floats, without_fold: int | None
    ) -> Floats:
        """Means of steps in the proportions of the shapes that suit each series, their sum as it was: (series, steps).

        Args:
            means: as the members of the sum have them, shape (series, steps).
            evidence: of the series.
            cutoff: place among its cutoffs.
            losses: of the shapes, shape (shapes, folds, series); NaN where there is none.
            without_fold: the fold whose outcomes must not be used; None for the final forecast.
        """
        if self.knowledge.steps is None:
            return means
        shapes, span = self.shapes(evidence, cutoff, means.shape[1]), self.request.lead_time
        own, folds = _own_losses(losses, without_fold)
        pooled = self.knowledge.steps.relative_losses(without_fold)[evidence.classes[cutoff]]
        weights = weigh_shapes(own, folds, pooled, np.asarray(np.isfinite(shapes).all(axis=2)))
        year = self.request.calendar.frequency.periods_in_year
        has_beyond = np.full(len(means), span >= year)
        if year // 2 <= span < min(year, means.shape[1]):
            has_beyond = evidence.repeats_its_year(cutoff) & are_flat(means[:, span:])
        return spread_over_steps(means, shapes, weights, span, has_beyond)

    def choose(
        self, losses: Floats, classes: NDArray[np.int8], answers: NDArray[np.bool_], without_fold: int | None
    ) -> Ints:
        """The members of each series, shape (series, members), by every fold but one.

        Args:
            losses: scaled pinball, shape (candidates, folds, series); NaN where there is none.
            classes: demand class of each series, shape (series,).
            answers: does the candidate have a forecast to give, shape (candidates, series).
            without_fold: the fold whose outcomes must not be used; None for the final forecast.
        """
        own, folds = _own_losses(losses, without_fold)
        pooled = self.knowledge.relative_losses(without_fold)[classes]
        return choose_members(own, folds, pooled, answers, self.groups, self.shares)


def forecast_chunk(panel: Panel, task: Task) -> ChunkForecast:
    """Forecast every series of a chunk; each must have at least one period."""
    baselines = baselines_beside(task.candidates)
    knowledge, candidates = task.knowledge, (*task.candidates, *baselines)
    gathered = PanelEvidence(
        panel,
        task.request,
        candidates,
        cutoffs=knowledge.cutoffs,
        profile=knowledge.profile,
        learned=knowledge.learned,
        years=knowledge.years,
        step_years=knowledge.steps.years if knowledge.steps else (),
    )
    accuracy, losses, shape_losses = _look_back(gathered.backtest(), baselines, task)
    return _look_ahead(panel, gathered.final(), (losses, shape_losses), accuracy, task)


def _with_extremes(panel: Panel, extremes: Extremes, losses: Floats, task: Task) -> tuple[Floats, Floats]:
    """Quantiles and mean of the lead-time demand of the series with extremes, if these counted as they are."""
    levels = levels_with(task.request.service_level)
    if not len(extremes.rows):
        return np.zeros((0, len(levels))), np.zeros(0)
    knowledge, rows = task.knowledge, extremes.rows
    final = PanelEvidence(
        cut_to_limits(panel, 0, np.full(len(panel), np.inf), rows),
        task.request,
        task.candidates,
        cutoffs=knowledge.cutoffs,
        profile=knowledge.profile,
        learned=knowledge.learned,
        years=knowledge.years,
        bounds_extremes=False,
    ).final()
    ahead = _average_ahead(final, (losses[:, :, rows], None), task, levels, task.request.lead_time)
    return limit_quantiles(ahead.quantiles, task.limits(final)[0])[0], ahead.total


def _look_back(past: Backtest, baselines: Sequence[Distribution], task: Task) -> tuple[Accuracy, Floats, Floats]:
    """Score every candidate, `auto` and the baselines.

    Returns:
        Accuracy, the losses, shape (candidates, folds, series), and those of shapes of steps, (shapes, folds, series).
    """
    knowledge, span, tallies = task.knowledge, task.request.lead_time, task.tallies
    quantiles, means = run_candidates(task.candidates, past.evidence, knowledge.calibration, past.levels, span)
    losses = np.empty((len(task.candidates), *past.usable.shape))
    for k, candidate in enumerate(task.candidates):
        losses[k] = past.score(quantiles[k], means[k], tallies.of(candidate.name))
    by_name = {candidate.name: losses[k] for k, candidate in enumerate(task.candidates)}
    for baseline in baselines:
        (own,), (steps,) = run_candidates([baseline], past.evidence, knowledge.calibration, past.levels, span)
        by_name[baseline.name] = past.score(own, steps, tallies.of(baseline.name))
    # A single demand tells the models of single series nothing: it has no say in their choice.
    losses = np.where(past.evidence.moments.demands >= SETTLED_DEMANDS, losses, np.nan)
    shape_losses = task.shape_losses(past)
    auto_quantiles, auto_means = choose_back(past, (quantiles, means), losses, shape_losses, task)
    pooled = task.pooled(past.evidence)
    if pooled is not None:
        own, steps = POOLED_CANDIDATE.sums(past.evidence, knowledge.calibration, past.levels, span)
        few = np.where(pooled[..., None] > 0, own, np.nan)
        by_name[POOLED] = past.score(few, steps, tallies.of(POOLED))
        auto_quantiles, auto_means = _mixed(auto_quantiles, own, pooled), _mixed(auto_means, steps, pooled)
        none = POOLED_CANDIDATE.none(past.evidence, knowledge.calibration)
        auto_quantiles = cut_to_none(auto_quantiles, past.levels, none)
    auto_quantiles = _to_whole(auto_quantiles, past.evidence.moments.unit)
    shown = task.as_published[:, None]  # what is said of `auto` is of the average that is published
    of_auto = replace(past, usable=past.usable & shown)
    pinball = of_auto.score(auto_quantiles, auto_means, tallies.of(AUTO))
    for name, own in {**by_name, AUTO: pinball}.items():
        tallies.of(name).set_beside(own, pinball)
    scores = {name: _fold_mean(np.where(shown, own, np.nan)) for name, own in by_name.items()}
    return _account(past, scores, pinball, auto_quantiles, auto_means), losses, shape_losses


def choose_back(
    past: Backtest, forecasts: tuple[Floats, Floats], losses: Floats, shape_losses: Floats, task: Task
) -> tuple[Floats, Floats]:
    """Averages at each fold, chosen without its outcomes: quantiles and means, shape (folds, series, ...).

    Args:
        past: the backtest.
        forecasts: quantiles and means of every candidate, shape (candidates, folds, series, ...) each.
        losses: of the candidates, shape (candidates, folds, series).
        shape_losses: of the shapes of steps, shape (shapes, folds, series).
        task: what is asked for.
    """
    quantiles, means = forecasts
    average, steps = np.empty(quantiles.shape[1:]), np.empty(means.shape[1:])
    for fold in range(len(task.knowledge.cutoffs)):
        answers = ~np.isnan(quantiles[:, fold, :, 0])
        chosen = task.choose(losses, past.evidence.classes[fold], answers, fold)
        weights, mean_weights = task.weigh(chosen)
        average_chosen(quantiles[:, fold], chosen, weights, average[fold])
        average[fold] = zero_as_most(average[fold], quantiles[:, fold], chosen, weights, past.levels)
        average_chosen(means[:, fold], chosen, mean_weights, steps[fold])
        steps[fold] = task.spread(steps[fold], past.evidence, fold, shape_losses, fold)
    average = stretch_tail(average, past.levels)
    middle = past.levels.index(MEDIAN)
    return limit_to_even(average, steps.sum(axis=2), past.evidence.even_deviation, middle), steps


def _account(
    past: Backtest, scores: Mapping[str, Floats], pinball: Floats, quantiles: Floats, means: Floats
) -> Accuracy:
    """What the backtest of `auto` says of each series; the last three have shape (folds, series, ...)."""
    fold_forecasts = past.fold_forecasts(~np.isnan(pinball), quantiles, means)
    scored, actual = fold_forecasts.scored, fold_forecasts.actual
    demanded = np.where(scored, actual, 0.0).sum(axis=0)
    expected = np.where(scored, fold_forecasts.forecast, 0.0).sum(axis=0)
    return Accuracy(
        scores=scores,
        folds=scored.sum(axis=0),
        pinball=_fold_mean(pinball),
        pinball_naive=scores[YARDSTICK],
        covered=_fold_mean(np.where(scored, (actual <= fold_forecasts.stock).astype(np.float64), np.nan)),
        bias=np.where(demanded > 0, expected / np.where(demanded > 0, demanded, 1.0) - 1.0, np.nan),
        fold_forecasts=fold_forecasts,
    )


@dataclass(frozen=True, kw_only=True)
class _Ahead:
    """Averages of members at the end of history; arrays have shape (series, ...)."""

    chosen: Ints  # members
    quantiles: Floats  # of the lead-time demand, whole where demand is
    total: Floats  # mean of the lead-time demand, shape (series,)
    means: Floats  # of each step
    alone: Floats  # same, without what like parts teach
    pooled: Floats  # share of what like parts teach, shape (series,)
    fallen: Ints  # series without a member, where the fallback stands in


def _average_ahead(
    final: Evidence, losses: tuple[Floats, Floats | None], task: Task, levels: tuple[float, ...], ahead: int
) -> _Ahead:
    """Choose by every fold, and average the members over `ahead` steps; without losses of shapes these stay theirs."""
    calibration = task.knowledge.calibration
    sums, steps = run_candidates(task.candidates, final, calibration, levels, ahead)
    chosen = task.choose(losses[0], final.classes[0], ~np.isnan(sums[:, 0, :, 0]), None)
    quantiles, means = np.empty(sums.shape[2:]), np.empty(steps.shape[2:])
    weights, mean_weights = task.weigh(chosen)
    average_chosen(sums[:, 0], chosen, weights, quantiles)
    quantiles = zero_as_most(quantiles, sums[:, 0], chosen, weights, levels)
    average_chosen(steps[:, 0], chosen, mean_weights, means)
    fallen = np.flatnonzero(chosen[:, 0] == NONE)
    if len(fallen):
        stand_in, stand_in_steps = FALLBACK_CANDIDATE.sums(final, calibration, levels, ahead)
        quantiles[fallen], means[fallen] = stand_in[0, fallen], stand_in_steps[0, fallen]
    quantiles = stretch_tail(quantiles, levels)
    total = means[:, : task.request.lead_time].sum(axis=1)
    quantiles = limit_to_even(quantiles, total, final.even_deviation[0], levels.index(MEDIAN))
    alone = means if losses[1] is None else task.spread(means, final, 0, losses[1], None)
    pooled = task.pooled(final)
    spread = alone
    if pooled is not None:
        own, own_steps = POOLED_CANDIDATE.sums(final, calibration, levels, ahead)
        quantiles, means = _mixed(quantiles, own[0], pooled[0]), _mixed(means, own_steps[0], pooled[0])
        quantiles = cut_to_none(quantiles, levels, POOLED_CANDIDATE.none(final, calibration)[0])
        spread = _mixed(alone, own_steps[0], pooled[0])
    return _Ahead(
        chosen=chosen,
        quantiles=_to_whole(quantiles, final.moments.unit[0]),
        total=means[:, : task.request.lead_time].sum(axis=1),
        means=spread,
        alone=alone,
        pooled=np.zeros(len(chosen)) if pooled is None else pooled[0],
        fallen=fallen,
    )


def _look_ahead(
    panel: Panel, final: Evidence, losses: tuple[Floats, Floats], accuracy: Accuracy, task: Task
) -> ChunkForecast:
    """The forecast of a chunk at the end of history, limited to what is plausible.

    Args:
        panel: the chunk.
        final: its evidence at the end.
        losses: of the candidates and of the shapes of steps, shape (..., folds, series) each.
        accuracy: what the backtest says.
        task: what is asked for.
    """
    request, calibration = task.request, task.knowledge.calibration
    published = request.steps_from(panel.last_period)
    levels, steps = levels_with(request.service_level), max(published, request.lead_time)
    ahead = _average_ahead(final, losses, task, levels, steps)
    bands = step_quantiles(final, 0, ahead.alone, calibration.step_spread, request.quantiles)
    few = np.flatnonzero(ahead.pooled > 0)
    if len(few):
        own_bands = POOLED_CANDIDATE.steps(final, calibration, few, steps, request.quantiles)
        bands[few] = _mixed(bands[few], own_bands, ahead.pooled[few])
    within = slice(0, request.lead_time)
    bands[:, within] = zero_with_sum(bands[:, within], request.quantiles, ahead.quantiles, levels)
    limit, step_limit = task.limits(final)
    held, _ = limit_quantiles(ahead.quantiles, limit)
    own = levels.index(request.service_level)
    beyond = held[:, own] < ahead.quantiles[:, own]  # a flag is for what is published: that at the service level
    whole_bands = _to_whole(bands, final.moments.unit[0])
    limited_bands, _ = limit_quantiles(whole_bands, step_limit)
    beyond_steps = (limited_bands < whole_bands)[:, : request.lead_time].any(axis=(1, 2))  # whatever the horizon
    extremes = find_extremes(panel, request.calendar.frequency)
    return ChunkForecast(
        panel=panel,
        models=_names_of(ahead, task.candidates),
        raw=ahead.means[:, :published],
        quantiles=limited_bands[:, :published],
        running_mean=np.cumsum(ahead.means, axis=1),
        lead_time_mean=ahead.total,
        lead_time_quantiles=held,
        flags={columns.LIMITED: beyond | beyond_steps, **_holds(panel, final, ahead, task)},
        extremes=extremes,
        with_extremes=_with_extremes(panel, extremes, losses[0], task),
        level_changes=level_changes(panel, request.calendar.frequency, extremes.limits(len(panel))),
        classes=final.classes[0],
        accuracy=accuracy,
    )


def _holds(panel: Panel, final: Evidence, ahead: _Ahead, task: Task) -> dict[str, NDArray[np.bool_]]:
    """Where neither the history of a series nor like parts justify an order, shape (series,): a person has to.

    More over the lead time than was ever demanded is asked about, whatever the horizon is; what was demanded is
    stretched to a lead time where the whole batch has less history.
    """
    span, periods = task.request.lead_time, task.knowledge.periods
    stretch = span / periods if 0 < periods < span else 1.0
    demanded = np.add.reduceat(np.append(panel.values, 0.0), panel.offsets[:-1]) * stretch
    _, unlike = POOLED_CANDIDATE.share(final, task.knowledge.calibration)
    alone = POOLED_CANDIDATE.stands_alone(final, task.knowledge.calibration) & (not task.request.models)
    return {
        columns.ABOVE_HISTORY: ahead.total >= demanded + 1.0,
        columns.UNLIKE_OTHERS: unlike[-1],
        columns.NOTHING_ALIKE: alone[-1],
    }


def _own_losses(losses: Floats, without_fold: int | None) -> tuple[Floats, Ints]:
    """Mean loss of each of what competes over the folds of a series but one, and how many folds that is."""
    weights = fold_weights(losses.shape[1])
    if without_fold is not None:
        losses, weights = np.delete(losses, without_fold, axis=1), np.delete(weights, without_fold)
    known = ~np.isnan(losses)
    return _mean_of_known(losses, known * weights[:, None], axis=1), known.any(axis=0).sum(axis=0)


def _names_of(ahead: _Ahead, candidates: Sequence[Candidate]) -> list[str]:
    """What each series is forecast with: names joined by +."""
    names = [candidate.name for candidate in candidates]
    rows, place = np.unique(ahead.chosen, axis=0, return_inverse=True)
    joined = ["+".join(names[k] for k in row if k != NONE) or FALLBACK_NAME for row in rows.tolist()]
    shares = zip((joined[k] for k in place.ravel().tolist()), ahead.pooled.tolist(), strict=True)
    return [name if not share else POOLED if share == 1.0 else f"{POOLED}+{name}" for name, share in shares]


def _mixed(others: Floats, own: Floats, share: Floats) -> Floats:
    """The average of two forecasts, shape (..., series, values), by the share of the second, shape (..., series)."""
    weight = share[..., None]
    if own.ndim > weight.ndim:
        weight = weight[..., None]
    mixed = np.where(weight == 1.0, own, (1.0 - weight) * others + weight * own)
    return np.where(weight > 0, np.where(np.isnan(others), own, mixed), others)


def _fold_mean(values: Floats) -> Floats:
    """Mean over the folds of each series, of what is there; NaN where nothing is."""
    return _mean_of_known(values, ~np.isnan(values), axis=0)


def _mean_of_known(values: Floats, weights: Floats | NDArray[np.bool_], axis: int) -> Floats:
    """Mean weighted so; NaN where all weights are 0."""
    weight = weights.sum(axis=axis)
    total = np.where(weights > 0, values * weights, 0.0).sum(axis=axis)
    return np.where(weight > 0, total / np.where(weight > 0, weight, 1.0), np.nan)


def _to_whole(quantiles: Floats, unit: Floats) -> Floats:
    """Averaged quantiles to the nearest whole number where demand is whole; `unit` lacks the trailing axes."""
    whole = unit.reshape(*unit.shape, *[1] * (quantiles.ndim - unit.ndim)) > 0
    return np.where(whole, np.floor(quantiles + 0.5), quantiles)
