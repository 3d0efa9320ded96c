"""batchcast: `auto` as a batch would run it, and each of its models as if it had been asked for alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from accuracy.scores import Forecast
from accuracy.sets import DataSet
from batchcast.domain.accuracy import MEASURED_QUANTILES
from batchcast.domain.calendar import Calendar
from batchcast.domain.plan import ForecastRequest
from batchcast.domain.stock import levels_with
from batchcast.forecast.forecaster import Task, chunks_of, forecast_chunk
from batchcast.forecast.metrics import Tallies
from batchcast.forecast.models.table import MODELS
from batchcast.forecast.panel import Panel
from batchcast.forecast.prepare import learn_knowledge


def request_of(panel: Panel, chosen: DataSet, models: tuple[str, ...]) -> ForecastRequest:
    """What the command asks for where only the horizon is given."""
    return ForecastRequest(
        calendar=Calendar(frequency=chosen.frequency),
        last_period=panel.last_period,
        skip=0,
        horizon=chosen.horizon,
        lead_time=chosen.horizon,
        quantiles=(0.1, 0.5, 0.9),
        models=models,
        service_level=0.95,
        rounding="keep_total",
        zero_threshold=0.5,
        folds=3,
        seed=0,
    )


def forecast(panel: Panel, chosen: DataSet, models: tuple[str, ...] = ()) -> Forecast:
    """The quantiles of the sum and the means of steps that a batch would publish."""
    request = request_of(panel, chosen, models)
    task = Task(request=request, knowledge=learn_knowledge(panel, request), tallies=Tallies())
    levels = levels_with(request.service_level)
    places = [levels.index(level) for level in MEASURED_QUANTILES]
    chunks = [forecast_chunk(part, task) for part in chunks_of(panel)]
    return Forecast(
        quantiles=np.concatenate([chunk.lead_time_quantiles[:, places] for chunk in chunks]),
        means=np.concatenate([chunk.raw for chunk in chunks]),
    )


def alone(panel: Panel, chosen: DataSet) -> Mapping[str, Forecast]:
    """Each model by itself, by its name."""
    return {f"batchcast {model}": forecast(panel, chosen, (model,)) for model in MODELS}


OURS: Mapping[str, Callable[[Panel, DataSet], Mapping[str, Forecast]]] = {
    "batchcast auto": lambda panel, chosen: {"batchcast auto": forecast(panel, chosen)},
    "batchcast models": alone,
}
