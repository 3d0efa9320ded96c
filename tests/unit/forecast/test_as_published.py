"""What is said of a forecast is said of the average that is published, not of another one."""

from __future__ import annotations

import numpy as np
import pytest

from batchcast.domain.calendar import Calendar, Frequency
from batchcast.domain.plan import ForecastRequest
from batchcast.forecast.forecaster import ChunkForecast, Task, forecast_chunk
from batchcast.forecast.knowledge import SharedKnowledge
from batchcast.forecast.metrics import CASES, Tallies
from batchcast.forecast.models.table import AUTO, CANDIDATES
from batchcast.forecast.panel import Panel
from batchcast.forecast.prepare import learn_knowledge

SERIES = 120
LEARNED = {name for name, model in CANDIDATES.items() if model.is_learned}


def forecast(months: int, horizon: int, seed: int) -> tuple[ChunkForecast, SharedKnowledge, Tallies]:
    """Parts of all paces with so many months of history."""
    rng = np.random.default_rng(seed)
    panel = Panel(
        values=rng.poisson(np.repeat(rng.gamma(0.7, 4.0, SERIES), months)).astype(np.float64),
        offsets=np.arange(0, SERIES * months + 1, months),
        site_codes=["S"] * SERIES,
        partnumbers=[f"P{k}" for k in range(SERIES)],
        last_demand=np.full(SERIES, 600, dtype=np.int32),
        last_period=600,
    )
    request = ForecastRequest(
        calendar=Calendar(frequency=Frequency.MONTHLY),
        last_period=600,
        skip=0,
        horizon=horizon,
        lead_time=horizon,
        quantiles=(0.5,),
        models=(),
        service_level=0.95,
        rounding="none",
        zero_threshold=0.5,
        folds=3,
        seed=0,
    )
    knowledge, tallies = learn_knowledge(panel, request), Tallies()
    return forecast_chunk(panel, Task(request=request, knowledge=knowledge, tallies=tallies)), knowledge, tallies


@pytest.mark.parametrize(("months", "horizon"), [(24, 9), (30, 9), (48, 6), (9, 3), (14, 9)])
def test_each_fold_that_is_judged_has_the_models_of_the_forecast(months: int, horizon: int):
    found, knowledge, tallies = forecast(months, horizon, seed=months)
    published = {name for names in found.models for name in names.split("+")}
    learned_at_end = bool(published & LEARNED)
    learned_at = [
        knowledge.learned is not None and knowledge.learned.folds[fold] is not None
        for fold in range(len(knowledge.cutoffs))
    ]

    scored = found.accuracy.fold_forecasts.scored

    for fold, learned in enumerate(learned_at):
        assert scored[fold].any() == (learned == learned_at_end)
    shown = scored[[k for k, learned in enumerate(learned_at) if learned == learned_at_end]].sum()
    assert tallies.of(AUTO).counts[CASES] == shown
    assert bool(np.isnan(found.accuracy.pinball).all()) == (shown == 0)


def test_a_history_too_short_to_judge_what_was_learned_shows_no_figure():
    found, knowledge, _ = forecast(24, 9, seed=24)

    assert knowledge.learned is not None
    assert knowledge.cutoffs
    assert not any(knowledge.learned.folds[:-1])
    assert not found.accuracy.folds.any()
    assert np.isnan(found.accuracy.bias).all()
    assert all(np.isnan(scores).all() for scores in found.accuracy.scores.values())
