"""From a history to a result, in this process."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, Unpack, overload

from batchcast.app.installation.timings import TYPICAL_PACE
from batchcast.app.library.demand import Demand, Source, read_demand
from batchcast.app.library.keeping import new_folder
from batchcast.app.library.progress import OnProgress, followed, forecasting, learning
from batchcast.app.library.result import BacktestResult, Forecast, keep_attributes, read_result
from batchcast.app.library.tables import remove_with
from batchcast.app.library.typed_settings import ForecastSettings
from batchcast.app.words.settings_text import check_models
from batchcast.domain.plan import Plan
from batchcast.domain.settings import BatchSettings, deciding, event_of
from batchcast.forecast.models.table import learns_across_series
from batchcast.ingest.eventfile import read_events, read_events_table
from batchcast.ingest.history.stored import read_series_table
from batchcast.ingest.history.writer import HISTORY_FILE
from batchcast.plan.planner import plan_batch

if TYPE_CHECKING:
    import pandas
    import polars

ResultT = TypeVar("ResultT", bound=BacktestResult[Any])


def forecast(
    history: Demand[Any] | Source,
    *,
    horizon: int | None,
    on_progress: OnProgress | None,
    progress: bool | None,
    settings: ForecastSettings,
) -> Forecast[Any]:
    """Forecast every series of a history: as `batchcast.forecast`, which has its types and its example."""
    return _carry_out(Forecast, history, {**settings, "horizon": horizon}, progress, on_progress)


@overload
def backtest(
    history: Demand[pandas.DataFrame] | pandas.DataFrame,
    *,
    horizon: int | None = None,
    on_progress: OnProgress | None = None,
    progress: bool | None = None,
    **settings: Unpack[ForecastSettings],
) -> BacktestResult[pandas.DataFrame]: ...
@overload
def backtest(
    history: Demand[polars.DataFrame] | polars.DataFrame | polars.LazyFrame,
    *,
    horizon: int | None = None,
    on_progress: OnProgress | None = None,
    progress: bool | None = None,
    **settings: Unpack[ForecastSettings],
) -> BacktestResult[polars.DataFrame]: ...
@overload
def backtest(
    history: Demand[Any] | Source,
    *,
    horizon: int | None = None,
    on_progress: OnProgress | None = None,
    progress: bool | None = None,
    **settings: Unpack[ForecastSettings],
) -> BacktestResult[Any]: ...
def backtest(
    history: Demand[Any] | Source,
    *,
    horizon: int | None = None,
    on_progress: OnProgress | None = None,
    progress: bool | None = None,
    **settings: Unpack[ForecastSettings],
) -> BacktestResult[Any]:
    """Judge every model on the past of a history: forecasts from past cutoffs, scored over the lead time.

    Args:
        history, horizon, on_progress, progress, settings: as `batchcast.forecast` takes them.

    Raises:
        InvalidInput, InvalidSettings: as `read_demand`.

    Example:
        >>> judged = batchcast.backtest(df, models=["ses", "imapa"])
        >>> judged.leaderboard
        >>> print(*judged.hindsight, sep="\\n")
    """
    return _carry_out(BacktestResult, history, {**settings, "horizon": horizon}, progress, on_progress)


def _carry_out(
    kind: type[ResultT],
    history: Demand[Any] | Source,
    settings: Mapping[str, Any],
    progress: bool | None,
    on_progress: OnProgress | None,
) -> ResultT:
    demand, plan = _taken_in(history, settings)
    into = new_folder()
    try:
        with followed(progress, on_progress) as told:
            _forecast_into(into, demand, plan, told)
        keep_attributes(demand.history.path, into)
        _link(demand.history.path, into / HISTORY_FILE)
        result: ResultT = read_result(kind, into, demand.history, plan, demand.style)
    except BaseException:
        shutil.rmtree(into)
        raise
    remove_with(result, into)
    return result


def run_forecast(demand: Demand[Any], settings: Mapping[str, Any]) -> Forecast[Any]:
    """Forecast a history, without a bar."""
    return _carry_out(Forecast, demand, settings, False, None)


def plan_of(demand: Demand[Any], settings: Mapping[str, Any]) -> Plan:
    """How a history would be forecast with these settings.

    Raises:
        InvalidSettings: if one is unknown, out of its range, or does not fit the history.
    """
    return _taken_in(demand, settings)[1]


def _taken_in(history: Demand[Any] | Source, given: Mapping[str, Any]) -> tuple[Demand[Any], Plan]:
    """The history, read where it is not yet, and its plan."""
    settings = {**given, "batch_mode": "off"}
    if "events" in settings:
        settings["events"] = _events_of(settings["events"])
    chosen = check_models(BatchSettings.from_json(settings))
    of_reading: Any = {name: getattr(chosen, name) for name in deciding("reading")}
    demand = history if isinstance(history, Demand) else read_demand(history, **of_reading)
    read, learns = read_series_table(demand.history), learns_across_series(chosen.models)
    return demand, plan_batch(demand.facts, read, chosen, TYPICAL_PACE, learns=learns)


def _forecast_into(into: Path, demand: Demand[Any], plan: Plan, told: OnProgress) -> None:
    from batchcast.forecast.partition import forecast_partition
    from batchcast.forecast.prepare import prepare_knowledge

    path, ranges = demand.history.path, plan.partitions[0].ranges
    knowledge = prepare_knowledge(path, plan.request, demand.facts.series, learning(told))
    forecast_partition(path, ranges, plan.request, knowledge, into=into, on_progress=forecasting(told))


def _link(file: Path, into: Path) -> None:
    """The same file in another folder, which may be removed without the other."""
    try:
        os.link(file, into)
    except OSError:  # a file system without links
        shutil.copyfile(file, into)


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
