"""The preparation step of a batch: learns the shared knowledge from a sample of the whole history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

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
from batchcast.forecast.distributions.negbin import NegativeBinomial, PointMass
from batchcast.forecast.distributions.registry import candidates_of, is_learned
from batchcast.forecast.extremes import bound_extremes
from batchcast.forecast.knowledge import SharedKnowledge, prior_knowledge, sum_losses
from batchcast.forecast.learned.learned import Learned
from batchcast.forecast.learned.learner import learn, log_too_few_cases
from batchcast.forecast.metrics import ErrorTally, fold_weights
from batchcast.forecast.models.table import MODELS, feature_models
from batchcast.forecast.moments import DEMAND_CLASSES
from batchcast.forecast.panel import Panel, choose_sample, read_panel
from batchcast.forecast.panel_evidence import PanelEvidence
from batchcast.forecast.pool import learn_pools
from batchcast.forecast.weekdays import WeekdayProfile, learn_profile
from batchcast.forecast.year_choice import YearChoice, choose_year

Floats = NDArray[np.float64]

SPREADS = (0.35, 0.5, 0.7, 1.0, 1.25, 1.6, 2.0, 2.8, 4.0, 5.6)  # factors of variance that are tried
CLASS_CASES = 100.0  # cases of its own at which a demand class weighs as much as all classes together
PRIOR_CASES = 100.0  # cases of the batch at which they weigh as much as the default
PRIOR_CURVATURE = 0.05  # relative loss of a factor e times the default, the weight of the default


def prepare_knowledge(history_path: Path, request: ForecastRequest, total_series: int) -> SharedKnowledge:
    """Learn the knowledge of a batch from the series of the history with the smallest hashes; all, where they are few.

    Args:
        history_path: the checked history of the whole batch.
        request: what is to be forecast.
        total_series: rows of the history file.
    """
    ranges = choose_sample(history_path, request.seed, total_series)
    return learn_knowledge(read_panel(history_path, ranges, request), request)


def learn_knowledge(panel: Panel, request: ForecastRequest) -> SharedKnowledge:
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
    learned = _learn(panel, request, cutoffs, profile, year) if is_learned(candidates) else None
    if learned is None and not request.models:
        candidates = tuple(candidate for candidate in candidates if not is_learned([candidate]))
    backtest = PanelEvidence(
        panel, request, candidates, cutoffs=cutoffs, profile=profile, learned=learned, years=years
    ).backtest(SETTLED_DEMANDS)
    calibration, candidates = calibrate(candidates, backtest)
    calibration = replace(calibration, pools=learn_pools(panel, request, cutoffs))
    quantiles, means = run_candidates(candidates, backtest.evidence, calibration, backtest.levels, request.lead_time)
    pinball = np.empty((len(candidates), *backtest.usable.shape))  # of no candidate, where all asked for lack residuals
    for k in range(len(candidates)):
        pinball[k] = backtest.score(quantiles[k], means[k], ErrorTally())
    losses, common, cases = sum_losses(pinball, backtest.evidence.classes)
    return SharedKnowledge(
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
    )


def _learn(
    panel: Panel,
    request: ForecastRequest,
    cutoffs: Sequence[int],
    profile: WeekdayProfile | None,
    year: YearChoice | None,
) -> Learned | None:
    """Trees from the panel at many past cutoffs; None where there is too little."""
    typical = typical_length(panel.lengths, request)
    practice = choose_practice(request, typical, len(panel))
    if len(panel) * len(practice) < FEWEST_CASES:
        log_too_few_cases(len(panel) * len(practice))
        return None
    local = tuple(PointMass(MODELS[name]) for name in feature_models())
    parts = []
    for some in year.group(practice) if year else [practice]:
        known = year.learn(some[-1]) if year else None
        years = (known, known) if known else None
        gathered = PanelEvidence(panel, request, local, cutoffs=some, profile=profile, learned=None, years=years)
        parts.append(gathered.backtest(SETTLED_DEMANDS))
    last_year = request.calendar.frequency is Frequency.DAILY and has_a_year(request, typical, cutoffs)
    came = _came(panel, request, practice, (*cutoffs, 0))
    return learn(parts, came, request, tuple(cutoffs), last_year=last_year)


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
