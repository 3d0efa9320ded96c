"""The preparation step of a batch: learn the pool from a sample of the whole history."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from batchcast.domain.calendar import Frequency
from batchcast.domain.cutoffs import FEWEST_CASES, choose_cutoffs, choose_practice, typical_length
from batchcast.domain.plan import ForecastRequest
from batchcast.forecast.backtest import run_families
from batchcast.forecast.calibrate import calibrate
from batchcast.forecast.families.around_means import Conformal, PointMass
from batchcast.forecast.families.registry import families_of, is_learned
from batchcast.forecast.learned.features import LOCAL_MEANS
from batchcast.forecast.learned.learned import Learned
from batchcast.forecast.learned.learner import learn, say_too_few
from batchcast.forecast.outlook import Outlook
from batchcast.forecast.panel import Panel, read_panel
from batchcast.forecast.pool import Pool, choose_sample, sum_losses, untaught_pool
from batchcast.forecast.profile import WeekdayProfile, learn_profile
from batchcast.forecast.statistics import Tally


def prepare_pool(history_path: Path, request: ForecastRequest, total_series: int) -> Pool:
    """Learn the pool of a batch from the series of the history with the smallest hashes; all, where they are few.

    Args:
        history_path: the checked history of the whole batch.
        request: what is to be forecast.
        total_series: rows of the history file.
    """
    ranges = choose_sample(history_path, request.seed, total_series)
    return learn_pool(read_panel(history_path, ranges, request), request)


def learn_pool(panel: Panel, request: ForecastRequest) -> Pool:
    """Learn the pool of a batch from a panel that stands for it."""
    families = families_of(request)
    typical = typical_length(panel.lengths, request)
    cutoffs = choose_cutoffs(request, typical)
    if not cutoffs:
        kept = [f for f in families if not isinstance(f, Conformal) and (request.models or not is_learned([f]))]
        return untaught_pool([family.name for family in kept])
    profile = learn_profile(panel, cutoffs[-1]) if request.calendar.frequency is Frequency.DAILY else None
    learned = _learn(panel, request, cutoffs, typical, profile) if is_learned(families) else None
    if learned is None and not request.models:
        families = tuple(family for family in families if not is_learned([family]))
    backtest = Outlook(panel, request, families, cutoffs=cutoffs, profile=profile, learned=learned).backtest()
    calibration, families = calibrate(families, backtest)
    quantiles, means = run_families(families, backtest.evidence, calibration, backtest.levels, request.lead_time)
    pinball = np.empty((len(families), *backtest.usable.shape))  # of no family, where all asked for lack residuals
    for k in range(len(families)):
        pinball[k] = backtest.score(quantiles[k], means[k], Tally())
    losses, common, cases = sum_losses(pinball, backtest.evidence.classes)
    return Pool(
        cutoffs=cutoffs,
        families=tuple(family.name for family in families),
        profile=profile,
        calibration=calibration,
        losses=losses,
        common=common,
        cases=cases,
        learned=learned,
    )


def _learn(
    panel: Panel, request: ForecastRequest, cutoffs: Sequence[int], typical: int, profile: WeekdayProfile | None
) -> Learned | None:
    """Trees from the panel at many past cutoffs; None where there is too little."""
    practice = choose_practice(request, typical, len(panel))
    if len(panel) * len(practice) < FEWEST_CASES:
        say_too_few(len(panel) * len(practice))
        return None
    local = tuple(PointMass(model) for model in LOCAL_MEANS)
    outlook = Outlook(panel, request, local, cutoffs=practice, profile=profile, learned=None)
    return learn(outlook.backtest(), request, tuple(cutoffs))
