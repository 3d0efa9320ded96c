"""The Python library: a history in, tables out, in this process."""

from __future__ import annotations

import importlib.util
import shutil
import tempfile
import weakref
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from batchcast.app.installation.timings import TYPICAL_PACE
from batchcast.app.intake import dated
from batchcast.app.words.settings_text import check_models
from batchcast.domain import columns
from batchcast.domain.history import DemandHistory, HistoryFacts, IngestReport
from batchcast.domain.inventory import MOST_PURCHASES, Promise, notes_of, promise_of
from batchcast.domain.plan import (
    ACCURACY_FILE,
    FIGURES_FILE,
    FORECAST_FILE,
    STOCK_FILE,
    SUMMARY_FILE,
    Plan,
    RowsRefused,
    check_refused,
)
from batchcast.domain.settings import BatchSettings, deciding, event_of
from batchcast.forecast.models.table import learns_across_series
from batchcast.ingest.eventfile import read_events, read_events_table
from batchcast.ingest.history.stored import read_series_table
from batchcast.ingest.reader import ingest_file, ingest_table
from batchcast.ingest.stock.stockfile import read_stock, read_stock_table
from batchcast.plan.planner import plan_batch
from batchcast.publish.combined import attribute_columns, named_as_sent
from batchcast.results.ordering import order, order_tables
from batchcast.results.sums import DEFAULT_LEVELS, check_sums, default_windows, sums_table

_ATTRIBUTES_FILE = "attributes.parquet"  # in the folder of a Forecast: suppliers of orders are read from it

Table = Any  # a pandas or polars DataFrame, or a pyarrow Table: the kind that was given


class Demand:
    """A checked demand history, kept in a temporary folder for as long as this value lives.

    Attributes:
        facts: what it holds: rows, series, sites, dates, frequency.
        report: accounts for every row that was read.
    """

    def __init__(self, history: DemandHistory, report: IngestReport, kind: str) -> None:
        self.history = history
        self.report = report
        self.kind = kind  # of the tables to give back: pandas, polars or pyarrow

    @property
    def facts(self) -> HistoryFacts:
        """What the history holds."""
        return self.history.facts

    def __repr__(self) -> str:
        facts = self.facts
        return (
            f"<Demand: {facts.rows:,} rows, {len(facts.sites):,} sites, {facts.parts:,} parts, "
            f"{facts.first_date} to {facts.last_date}, {facts.frequency}>"
        )


@dataclass(frozen=True, kw_only=True)
class OrderTables:
    """What `Forecast.orders` gives back; the tables are of the kind the history came in."""

    orders: Table  # a row per part of the stock file: reorder point, order quantity, share of demand served, ...
    next_units: Table  # a row per purchase, the best first: units, cost, units short that it avoids, ...
    promise: Promise | None  # what the stock figures promise, beside what they would have kept in the backtests
    sentences: tuple[str, ...]  # the same in words, how the stock was read, and what was left out or supposed


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What `forecast` gives back; the tables are of the kind the history came in."""

    forecasts: Table  # a row per series and period: date, partnumber, site_code, forecast_qty, forecast_raw, p10, ...
    stock: Table  # a row per series: demand class, lead-time demand, safety stock, reorder point
    accuracy: Table  # a row per series: backtest errors and the chosen models
    attributes: Table | None  # a row per series: further columns of the history, such as a family; None: it has none
    plan: Plan  # what was asked for, with every `auto` resolved
    refused: tuple[tuple[str, str, str], ...]  # (site_code, partnumber, reason) of series without a forecast
    folder: Path = field(repr=False)  # holds what orders are made from for as long as this value lives
    kind: str = field(repr=False)  # of the tables

    def sums(self, *, windows: Sequence[float] | None = None, levels: Sequence[float] = DEFAULT_LEVELS) -> Table:
        """The demand of each part summed over windows from the end of its history on.

        Figures of one run are one joint answer: no quantile falls as the window grows, and at the lead time they are
        those of `stock`.

        Args:
            windows: periods of each, up to the end of the forecast; None: one, two, ... lead times.
            levels: of the quantiles, 0.01 to 0.9999.

        Returns:
            A row per series and window: site_code, partnumber, window, mean, no_demand (chance of none), p10, ...

        Raises:
            InvalidSettings: if a window or level is out of its range.
        """
        chosen = default_windows(self.plan.request) if windows is None else tuple(windows)
        check_sums(chosen, levels, self.plan.request)
        return _CONVERTERS[self.kind](sums_table(self.folder / STOCK_FILE, self.folder / FIGURES_FILE, chosen, levels))

    def orders(self, stock: str | Path | Table, *, most: int = MOST_PURCHASES, **settings: Any) -> OrderTables:
        """What to order now and which units to buy next, of what is on hand.

        Args:
            stock: a stock file, or a table of the same columns: partnumber, site_code and any of on_hand, on_order,
                unit_cost, pack_size, lead_time, lead_time_days. A demand history that has some is one too: the
                latest value counts.
            most: purchases that are ranked.
            settings: those of `BatchSettings` that decide how a stock file is read (`OF_STOCK_FILE`).

        Raises:
            InvalidInput: if the stock can't be read.
            InvalidSettings: if a setting is out of its range.
        """
        chosen = BatchSettings.from_json(settings)
        on_hand = read_stock(Path(stock), chosen) if isinstance(stock, str | Path) else read_stock_table(stock, chosen)
        stock_table, figures, attributes = (self.folder / name for name in (STOCK_FILE, FIGURES_FILE, _ATTRIBUTES_FILE))
        found = order(
            on_hand,
            stock_table,
            figures,
            self.plan.request.calendar,
            attributes=attributes if attributes.is_file() else None,
            most=most,
        )
        tables = {kind: _CONVERTERS[self.kind](table) for kind, table in order_tables(found).items()}
        said = tuple(str(message) for message in (*promise_of(found), *notes_of(found)))
        return OrderTables(**tables, promise=found.promise, sentences=said)


def read_demand(source: str | Path | Table, **settings: Any) -> Demand:
    """Read and check a demand history.

    Args:
        source: a file (CSV, XLSX, Parquet, gz), a folder or zip of CSVs, or a pandas / polars / pyarrow table with
            the columns date, partnumber, demand_qty and, where there are several sites, site_code.
        settings: those of `BatchSettings` that decide reading.

    Returns:
        The checked history. Absent periods within a series are zeros.

    Raises:
        InvalidInput: if it can't be a demand history. RowsRefused, one of its kinds, carries the report of every
            row that can't be read; `bad_rows="skip"` leaves them out.
        InvalidSettings: if a setting is out of its range.
    """
    chosen = dated(check_models(BatchSettings.from_json(settings)))
    folder = Path(tempfile.mkdtemp(prefix="batchcast-"))
    try:
        if isinstance(source, str | Path):
            ingested = ingest_file(Path(source), into=folder, settings=chosen)
        else:
            ingested = ingest_table(source, into=folder, settings=chosen)
    except BaseException:
        shutil.rmtree(folder)
        raise
    try:
        if ingested.history is None:
            raise RowsRefused(ingested.report)
        check_refused(ingested.report, chosen)
    except RowsRefused as refused:
        _remove_with(refused, folder)
        raise
    demand = Demand(ingested.history, ingested.report, _kind_of(source))
    _remove_with(demand, folder)
    return demand


def forecast(
    history: Demand | str | Path | Table,
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
        result = _read_result(into, path, plan, demand.kind)
    except BaseException:
        shutil.rmtree(into)
        raise
    _remove_with(result, into)
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


def _remove_with(owner: object, folder: Path) -> None:
    """Remove the folder when its owner is gone, and at the end of the process at the latest."""
    weakref.finalize(owner, shutil.rmtree, folder, ignore_errors=True)


def _read_result(folder: Path, history: Path, plan: Plan, kind: str) -> Forecast:
    import json

    summary = json.loads((folder / SUMMARY_FILE).read_text(encoding="utf-8"))
    refused = tuple((site, part, reason) for site, part, reason in summary["refused"])
    attributes = _read_attributes(history)
    if attributes is not None:
        _keep_attributes(attributes, {(site, part) for site, part, _ in refused}, folder / _ATTRIBUTES_FILE)
    return Forecast(
        forecasts=_read_table(folder / FORECAST_FILE, kind),
        stock=_read_table(folder / STOCK_FILE, kind),
        accuracy=_read_table(folder / ACCURACY_FILE, kind),
        attributes=None if attributes is None else _CONVERTERS[kind](attributes),
        plan=plan,
        refused=refused,
        folder=folder,
        kind=kind,
    )


def _read_attributes(history: Path) -> Table | None:
    """The further columns of a history with its series, as a pyarrow table; None where it has none."""
    import pyarrow.parquet as pq

    found = attribute_columns(history)
    if not found:
        return None
    table = pq.ParquetFile(history, memory_map=False).read(columns=[*columns.SERIES, *found])
    return next(named_as_sent(iter([table])))


def _keep_attributes(attributes: Table, refused: Collection[tuple[str, str]], path: Path) -> None:
    """Write those of the series with a forecast, which stand in the order of the other tables."""
    import pyarrow.parquet as pq

    keys = zip(*(attributes[name].to_pylist() for name in columns.SERIES), strict=True)
    pq.write_table(attributes.filter([key not in refused for key in keys]), path)


def _read_table(path: Path, kind: str) -> Table:
    import pyarrow.parquet as pq

    table = pq.ParquetFile(path, memory_map=False).read()
    return _CONVERTERS[kind](table)


def _to_pandas(table: Any) -> Table:
    return table.to_pandas()


def _to_polars(table: Any) -> Table:
    import polars

    return polars.from_arrow(table)


_CONVERTERS: Mapping[str, Callable[[Any], Table]] = {
    "pandas": _to_pandas,
    "polars": _to_polars,
    "pyarrow": lambda table: table,
}


def _kind_of(source: object) -> str:
    """The library a table belongs to; for a file the first of pandas, polars, pyarrow that is installed."""
    package = type(source).__module__.split(".")[0]
    if package in _CONVERTERS:
        return package
    return next(name for name in _CONVERTERS if importlib.util.find_spec(name))


def _ignore(_share: float) -> None:
    return None
