"""The preparation step of a batch: learn the pool from a sample of the whole history."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from batchcast.domain.calendar import Frequency
from batchcast.domain.plan import ForecastRequest
from batchcast.forecast.backtest import choose_cutoffs, run_families
from batchcast.forecast.calibrate import calibrate
from batchcast.forecast.families import Conformal, families_of
from batchcast.forecast.outlook import Outlook
from batchcast.forecast.panel import Panel, read_panel
from batchcast.forecast.pool import Pool, sum_losses, untaught_pool
from batchcast.forecast.profile import learn_profile
from batchcast.forecast.sample import choose_sample
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
    families = families_of(request.models)
    lengths = panel.lengths[panel.lengths > 0]
    typical = int(np.sort(lengths)[(3 * len(lengths)) // 4]) if len(lengths) else 0
    cutoffs = choose_cutoffs(request, typical)
    if not cutoffs:
        return untaught_pool([family.name for family in families if not isinstance(family, Conformal)])
    profile = learn_profile(panel, cutoffs[-1]) if request.calendar.frequency is Frequency.DAILY else None
    backtest = Outlook(panel, request, families, cutoffs, profile).backtest()
    calibration, families = calibrate(families, backtest)
    quantiles, means = run_families(families, backtest.evidence, calibration, backtest.levels, request.horizon)
    pinball = np.array([backtest.score(quantiles[k], means[k], Tally()) for k in range(len(families))])
    losses, common, cases = sum_losses(pinball, backtest.evidence.classes)
    return Pool(
        cutoffs=cutoffs,
        families=tuple(family.name for family in families),
        profile=profile,
        calibration=calibration,
        losses=losses,
        common=common,
        cases=cases,
    )
