"""The preparation step of a batch: learns the shared knowledge from a sample of the whole history."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.calendar import Frequency
from batchcast.domain.cutoffs import (
    FEWEST_CASES,
    SETTLED_DEMANDS,
    choose_cutoffs,
    choose_practice,
    has_a_year,
    typical_length,
)
from batchcast.domain.plan import ForecastRequest
from batchcast.forecast.backtest import Backtest, run_candidates, take_actuals
from batchcast.forecast.distributions.candidate import DEFAULT_SPREAD, Calibration, Candidate
from batchcast.forecast.distributions.conformal import FEWEST_RESIDUALS, Conformal, residual_table, standardise
from batchcast.forecast.distributions.negbin import NegativeBinomial, PointMass, step_quantiles
from batchcast.forecast.distributions.registry import candidates_of, is_learned
from batchcast.forecast.evidence import Evidence
from batchcast.forecast.extremes import bound_extremes
from batchcast.forecast.forecaster import Task, choose_back
from batchcast.forecast.knowledge import SharedKnowledge, StepKnowledge, prior_knowledge, sum_losses
from batchcast.forecast.learned.learned import Learned
from batchcast.forecast.learned.learner import learn, log_too_few_cases
from batchcast.forecast.metrics import ErrorTally, Tallies, fold_weights
from batchcast.forecast.models.table import MODELS, OWN_YEAR, STEP_SHAPES, YEAR, feature_models
from batchcast.forecast.moments import DEMAND_CLASSES
from batchcast.forecast.panel import Panel, choose_sample, read_panel
from batchcast.forecast.panel_evidence import PanelEvidence
from batchcast.forecast.pool import learn_pools
from batchcast.forecast.seasons.weekdays import WeekdayProfile, flatten_week, learn_profile
from batchcast.forecast.seasons.year import YearProfile
from batchcast.forecast.seasons.year_choice import Trust, YearChoice, choose_year, learn_both

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SPREADS = (0.35, 0.5, 0.7, 1.0, 1.25, 1.6, 2.0, 2.8, 4.0, 5.6)  # factors of variance that are tried
STEP_SPREADS = (0.5, 0.7, 1.0, 1.25, 1.6, 2.0, 2.4, 2.8)  # of single periods, that are tried
STEP_GROWTHS = (0.0, 1.0, 2.0, 4.0, 8.0)  # of how their spread grows with the step
STEP_LEVELS = (0.1, 0.5, 0.9)  # by which they are fitted
MOST_JUDGED, MOST_STEPS = 200, 8  # series of a fold and steps, by which they are
NEAR_BEST = 1.1  # times the least loss of a class, up to which the yearly profile is kept for the steps
OF_STEPS = Trust(power=1.0, own=True)
CLASS_CASES = 100.0  # cases of its own at which a demand class weighs as much as all classes together
PRIOR_CASES = 100.0  # cases of the batch at which they weigh as much as the default
PRIOR_CURVATURE = 0.05  # relative loss of a factor e times the default, the weight of the default


OnProgress = Callable[[float], None]

# The share of the work that is done once trees have seen past cutoffs, are fitted, the candidates are compared, ...
_SEEN, _FITTED, _COMPARED, _CALIBRATED, _RUN = 0.3, 0.6, 0.7, 0.8, 0.85


def _unwatched(_share: float) -> None:
    """Nothing is told."""


def prepare_knowledge(
    history_path: Path, request: ForecastRequest, total_series: int, on_progress: OnProgress = _unwatched
) -> SharedKnowledge:
    """Learn the knowledge of a batch from the series of the history with the smallest hashes; all, where they are few.

    Args:
        history_path: the checked history of the whole batch.
        request: what is to be forecast.
        total_series: rows of the history file.
        on_progress: told the share of the work that is done, 0 to 1, as cutoffs and fits are.
    """
    ranges = choose_sample(history_path, request.seed, total_series)
    return learn_knowledge(read_panel(history_path, ranges, request), request, on_progress)


def learn_knowledge(panel: Panel, request: ForecastRequest, on_progress: OnProgress = _unwatched) -> SharedKnowledge:
    """Learn the knowledge of a batch from a panel that stands for it."""
    candidates = candidates_of(request)
    typical = typical_length(panel.lengths, request)
    cutoffs = choose_cutoffs(request, typical)
    if not cutoffs:
        kept = [f for f in candidates if not isinstance(f, Conformal) and (request.models or not is_learned([f]))]
        return prior_knowledge([candidate.name for candidate in kept], learn_pools(panel, request, ()), typical)
    frequency, profile = request.calendar.frequency, None
    if frequency is Frequency.DAILY:
        profile = learn_profile(bound_extremes(panel, frequency, cutoffs[-1]), cutoffs[-1])
    year = choose_year(panel, profile, request, typical, cutoffs)
    years = (year.learn(cutoffs[-1]), year.learn(0)) if year else None
    learned = (
        _learn(panel, request, cutoffs, profile, year, on_progress=on_progress) if is_learned(candidates) else None
    )
    on_progress(_FITTED)
    if learned is None and not request.models:
        candidates = tuple(candidate for candidate in candidates if not is_learned([candidate]))
    step_years = _step_years(panel, request, cutoffs, profile, year)
    backtest = PanelEvidence(
        panel,
        request,
        candidates,
        cutoffs=cutoffs,
        profile=profile,
        learned=learned,
        years=years,
        step_years=step_years,
        as_they_came=True,
    ).backtest(SETTLED_DEMANDS)
    on_progress(_COMPARED)
    calibration, candidates = calibrate(candidates, backtest)
    on_progress(_CALIBRATED)
    calibration = replace(calibration, pools=learn_pools(panel, request, cutoffs))
    quantiles, means = run_candidates(candidates, backtest.evidence, calibration, backtest.levels, request.lead_time)
    on_progress(_RUN)
    pinball = np.empty((len(candidates), *backtest.usable.shape))  # of no candidate, where all asked for lack residuals
    for k in range(len(candidates)):
        pinball[k] = backtest.score(quantiles[k], means[k], ErrorTally())
    losses, common, cases = sum_losses(pinball, backtest.evidence.classes)
    knowledge = SharedKnowledge(
        cutoffs=cutoffs,
        candidates=tuple(candidate.name for candidate in candidates),
        profile=profile,
        calibration=calibration,
        losses=losses,
        common=common,
        cases=cases,
        periods=typical,
        years=years,
        learned=learned,
        steps=_judge_shapes(backtest, request, step_years),
    )
    return replace(knowledge, calibration=_fit_steps(knowledge, backtest, request, (quantiles, means), pinball))


def _step_years(
    panel: Panel,
    request: ForecastRequest,
    cutoffs: Sequence[int],
    profile: WeekdayProfile | None,
    year: YearChoice | None,
) -> tuple[YearProfile | None, ...]:
    """A yearly profile for the steps at each fold and at the end, with the effects of occasions that are used.

    None where less than a year is known; none at all where that is so at every fold, or steps are not chosen.
    """
    known, needed = typical_length(panel.lengths, request), request.calendar.frequency.periods_in_year
    if not _has_steps(request) or known - cutoffs[0] < needed:
        return ()
    if profile is not None:
        panel = replace(panel, values=flatten_week(panel, profile.of_series(panel.site_codes)).values)
    effects, frequency = year.effects if year else (), request.calendar.frequency

    def learned(held: int) -> YearProfile:
        return learn_both(bound_extremes(panel, frequency, held), request, held, OF_STEPS, effects)

    return tuple(learned(held) if known - held >= needed else None for held in (*cutoffs, 0))


def _has_steps(request: ForecastRequest) -> bool:
    """Whether the lead time has steps to choose for; models that were asked for keep theirs."""
    return request.lead_time > 1 and not request.models


def _judge_shapes(
    backtest: Backtest, request: ForecastRequest, years: tuple[YearProfile | None, ...]
) -> StepKnowledge | None:
    """Losses of the shapes of steps; those of the yearly profile are kept where they are near the best anywhere."""
    if not _has_steps(request):
        return None
    evidence = backtest.evidence
    shapes = tuple(name for name in STEP_SHAPES if name in evidence.means)
    losses = np.array([backtest.score_shapes(evidence.steps(name, request.lead_time)) for name in shapes])
    tables = dict(zip(("losses", "common", "cases"), sum_losses(losses, evidence.classes), strict=True))
    found = StepKnowledge(shapes=shapes, years=years, **tables)
    relative = found.relative_losses(None)
    near = (relative <= NEAR_BEST * relative.min(axis=1, keepdims=True)).any(axis=0)
    if any(near[k] for k, name in enumerate(shapes) if name in {YEAR, OWN_YEAR}):
        return found
    rest = [k for k, name in enumerate(shapes) if name not in {YEAR, OWN_YEAR}]
    tables = dict(zip(tables, sum_losses(losses[rest], evidence.classes), strict=True))
    return StepKnowledge(shapes=tuple(shapes[k] for k in rest), years=(), **tables)


def _fit_steps(
    knowledge: SharedKnowledge,
    backtest: Backtest,
    request: ForecastRequest,
    forecasts: tuple[Floats, Floats],
    pinball: Floats,
) -> Calibration:
    """The calibration with the spread of single periods that fits those of `auto` at the folds best, by class.

    Each class is drawn to all of them.
    """
    task = Task(request=request, knowledge=knowledge, tallies=Tallies())
    _, means = choose_back(backtest, forecasts, pinball, task.shape_losses(backtest), task)
    judged = _StepJudge.of(backtest, means)
    return replace(knowledge.calibration, steps=judged.best(tuple(product(STEP_SPREADS, STEP_GROWTHS))))


@dataclass(frozen=True, kw_only=True)
class _StepJudge:
    """Some series and steps of a backtest, by which the spread of single periods is fitted."""

    folds: list[tuple[Evidence, Floats, Floats, Floats]]  # of one cutoff, means, demand, and scale; each of its series
    places: Ints  # of the steps that are judged

    @classmethod
    def of(cls, backtest: Backtest, means: Floats) -> Self:
        """At most MOST_JUDGED series at each fold, and MOST_STEPS steps."""
        count, folds = means.shape[2], []
        places = np.unique(np.linspace(0, count - 1, min(count, MOST_STEPS)).astype(np.int64))
        for fold, usable in enumerate(backtest.usable):
            known = np.flatnonzero(usable & np.isfinite(means[fold]).all(axis=1))
            rows = known[:: max(-(-len(known) // MOST_JUDGED), 1)]
            evidence = backtest.evidence.only(fold, rows)
            steps = evidence.measure.naive_errors[0] / np.maximum(evidence.measure.periods[0] - 1.0, 1.0)
            folds.append((evidence, means[fold][rows], backtest.actuals[fold][rows], np.maximum(steps, 1.0)))
        return cls(folds=folds, places=places)

    def best(self, tried: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
        """Of the factors of spread and growth that are tried, those with the least loss in each class."""
        curves, cases = np.zeros((len(DEMAND_CLASSES), len(tried))), np.zeros(len(DEMAND_CLASSES))
        for (evidence, means, came, scale), recency in zip(self.folds, fold_weights(len(self.folds)), strict=True):
            classes = evidence.classes[0]
            for k, pair in enumerate(tried):
                factor, growth = (np.full(len(DEMAND_CLASSES), one) for one in pair)
                losses = self._losses(evidence, means, came, (factor, growth)) / scale
                curves[:, k] += np.bincount(classes, losses * recency, len(DEMAND_CLASSES))
            cases += np.bincount(classes, minlength=len(DEMAND_CLASSES)) * recency
        overall = _relative(curves.sum(axis=0))
        mixed = [_mixed(_relative(own), n, overall, CLASS_CASES) for own, n in zip(curves, cases, strict=True)]
        return tuple(tried[int(curve.argmin())] for curve in mixed)

    def _losses(self, evidence: Evidence, means: Floats, came: Floats, spread: tuple[Floats, Floats]) -> Floats:
        quantiles = step_quantiles(evidence, 0, means, spread, STEP_LEVELS, self.places)
        error, levels = came[:, self.places, None] - quantiles, np.array(STEP_LEVELS)
        return np.asarray(np.maximum(levels * error, (levels - 1.0) * error).mean(axis=(1, 2)))


def _learn(
    panel: Panel,
    request: ForecastRequest,
    cutoffs: Sequence[int],
    profile: WeekdayProfile | None,
    year: YearChoice | None,
    *,
    on_progress: OnProgress,
) -> Learned | None:
    """Trees from the panel at many past cutoffs; None where there is too little."""
    typical = typical_length(panel.lengths, request)
    practice = choose_practice(request, typical, len(panel))
    if len(panel) * len(practice) < FEWEST_CASES:
        log_too_few_cases(len(panel) * len(practice))
        return None
    local = tuple(PointMass(MODELS[name]) for name in feature_models())
    parts, seen = [], 0
    for some in year.group(practice) if year else [practice]:
        known = year.learn(some[-1]) if year else None
        years = (known, known) if known else None
        gathered = PanelEvidence(
            panel,
            request,
            local,
            cutoffs=some,
            profile=profile,
            learned=None,
            years=years,
            as_they_came=True,
        )
        parts.append(gathered.backtest(SETTLED_DEMANDS))
        seen += len(some)
        on_progress(_SEEN * seen / len(practice))
    last_year = request.calendar.frequency is Frequency.DAILY and has_a_year(request, typical, cutoffs)
    came = _came(panel, request, practice, (*cutoffs, 0))

    def fitted(share: float) -> None:
        on_progress(_SEEN + (_FITTED - _SEEN) * share)

    return learn(parts, came, request, tuple(cutoffs), last_year=last_year, on_progress=fitted)


def _came(panel: Panel, request: ForecastRequest, practice: Sequence[int], known: Sequence[int]) -> list[Floats]:
    """Lead-time demand after each practice cutoff, shape (practice, series), extremes bounded as known at others."""
    as_it_is = take_actuals(panel.values, panel.offsets, practice, request.lead_time).sum(axis=2)
    came = []
    for held in known:
        one = bound_extremes(panel, request.calendar.frequency, held)
        differs = one is not panel
        sums = take_actuals(one.values, one.offsets, practice, request.lead_time).sum(axis=2) if differs else as_it_is
        came.append(sums)
    return came


def calibrate(candidates: Sequence[Candidate], backtest: Backtest) -> tuple[Calibration, tuple[Candidate, ...]]:
    """Fit every candidate to the sample.

    Returns:
        The calibration, and the candidates that can be used with it: conformal ones need enough residuals at each fold.
    """
    residuals = {f.name: _residuals(f, backtest) for f in candidates if isinstance(f, Conformal)}
    kept = {name: table for name, table in residuals.items() if table is not None}
    usable = tuple(f for f in candidates if f.name in kept or not isinstance(f, Conformal))
    spread = {f.name: _best_spread(f, backtest) for f in usable if isinstance(f, NegativeBinomial)}
    return Calibration(spread=spread, residuals=kept), usable


def _best_spread(candidate: NegativeBinomial, backtest: Backtest) -> list[float]:
    """The factor with the least pinball in each class, drawn towards that of all classes and the default."""
    evidence, classes = backtest.evidence, backtest.evidence.classes
    curves = np.zeros((len(DEMAND_CLASSES), len(SPREADS)))
    cases = np.zeros(len(DEMAND_CLASSES))
    for place, factor in enumerate(SPREADS):
        trial = Calibration(spread={candidate.name: [factor] * len(DEMAND_CLASSES)})
        pinball = backtest.score(
            *candidate.sums(evidence, trial, backtest.levels, backtest.actuals.shape[2]), ErrorTally()
        )
        known = ~np.isnan(pinball)
        if place == 0:
            usual = np.array([fold[~np.isnan(fold)].mean() if (fold > 0).any() else 1.0 for fold in pinball])
        recency = np.broadcast_to(fold_weights(len(pinball))[:, None], pinball.shape)[known]
        relative = (pinball / usual[:, None])[known]  # so that a fold in which all erred does not decide alone
        curves[:, place] = np.bincount(classes[known], relative * recency, len(DEMAND_CLASSES))
        cases += np.bincount(classes[known], recency, len(DEMAND_CLASSES)) / len(SPREADS)
    prior = PRIOR_CURVATURE * np.log(np.array(SPREADS) / DEFAULT_SPREAD) ** 2
    overall = _mixed(_relative(curves.sum(axis=0)), cases.sum(), prior, PRIOR_CASES)
    best = [_mixed(_relative(curve), n, overall, CLASS_CASES).argmin() for curve, n in zip(curves, cases, strict=True)]
    return [SPREADS[place] for place in best]


def _relative(curve: Floats) -> Floats:
    """Losses as excess over the mean, relative to it."""
    mean = float(curve.mean())
    return curve / mean - 1.0 if mean > 0 else np.zeros_like(curve)


def _mixed(curve: Floats, cases: float, prior: Floats, weight: float) -> Floats:
    return (cases * curve + weight * prior) / (cases + weight)


def _residuals(candidate: Conformal, backtest: Backtest) -> Floats | None:
    """Residual tables by fold left out (the last: none) and class; None where a fold leaves too few."""
    evidence = backtest.evidence
    folds = len(evidence.held)
    errors = standardise(backtest.actuals.sum(axis=2), *candidate.centre(evidence))
    errors = np.where(backtest.usable, errors, np.nan)
    tables = []
    for left_out in range(folds + 1):
        mine = errors.copy()
        mine[left_out : left_out + 1] = np.nan
        if np.count_nonzero(~np.isnan(mine)) < FEWEST_RESIDUALS:
            return None
        tables.append([_class_table(mine, evidence.classes == kind) for kind in range(len(DEMAND_CLASSES))])
    return np.array(tables)


def _class_table(errors: Floats, mine: NDArray[np.bool_]) -> Floats:
    enough = np.count_nonzero(~np.isnan(errors[mine])) >= FEWEST_RESIDUALS
    return residual_table(errors[mine] if enough else errors.ravel())
