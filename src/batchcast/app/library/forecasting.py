"""From a history to a result, in this process."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from batchcast.app.installation.timings import TYPICAL_PACE
from batchcast.app.library.demand import Demand, Source, read_demand
from batchcast.app.library.result import Forecast, read_result
from batchcast.app.library.tables import remove_with
from batchcast.app.words.settings_text import check_models
from batchcast.domain.settings import BatchSettings, deciding, event_of
from batchcast.forecast.models.table import learns_across_series
from batchcast.ingest.eventfile import read_events, read_events_table
from batchcast.ingest.history.stored import read_series_table
from batchcast.plan.planner import plan_batch


def forecast(
    history: Demand | Source,
    *,
    horizon: int | None = None,
    on_progress: Callable[[float], None] | None = None,
    **settings: Any,
) -> Forecast:
    """Forecast every series of a history, in this process and on one core.

    The numbers are those of a batch with the same settings, bit for bit, however it is partitioned.

    Args:
        history: what `read_demand` gave, or anything it takes.
        horizon: periods to forecast; None: 7 days, 8 weeks or 12 months.
        on_progress: called with the share of the work done, 0 to 1.
        settings: any other field of `BatchSettings`; `events` may be a file, or a table of its columns.

    Raises:
        InvalidInput, InvalidSettings: as `read_demand`.
    """
    settings |= {"horizon": horizon, "batch_mode": "off"}
    if "events" in settings:
        settings["events"] = _events_of(settings["events"])
    chosen = check_models(BatchSettings.from_json(settings))
    ingest_settings = {name: getattr(chosen, name) for name in deciding("reading")}
    demand = history if isinstance(history, Demand) else read_demand(history, **ingest_settings)
    plan = plan_batch(
        demand.facts,
        read_series_table(demand.history),
        chosen,
        TYPICAL_PACE,
        learns=learns_across_series(chosen.models),
    )
    from batchcast.forecast.partition import forecast_partition
    from batchcast.forecast.prepare import prepare_knowledge

    path = demand.history.path
    knowledge = prepare_knowledge(path, plan.request, demand.facts.series)
    into, told = Path(tempfile.mkdtemp(prefix="batchcast-")), on_progress or _ignore
    try:
        forecast_partition(path, plan.partitions[0].ranges, plan.request, knowledge, into=into, on_progress=told)
        result = read_result(into, path, plan, demand.style)
    except BaseException:
        shutil.rmtree(into)
        raise
    remove_with(result, into)
    return result


def _events_of(given: Any) -> Any:
    """Events as the setting has them: those of a file or table, or texts as they are."""
    match given:
        case str() if event_of(given):
            return (given,)
        case str() | Path():
            return read_events(Path(given))
        case list() | tuple():
            return tuple(given)
    return read_events_table(given)


def _ignore(_share: float) -> None:
    return None
