"""What `forecast` gives back: the tables of a result, and what is told of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from batchcast.app.library.tables import Table, TableStyle
from batchcast.domain import columns
from batchcast.domain.inventory import MOST_PURCHASES, Promise, notes_of, promise_of
from batchcast.domain.plan import ACCURACY_FILE, FIGURES_FILE, FORECAST_FILE, STOCK_FILE, SUMMARY_FILE, Plan
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.stock.stockfile import read_stock, read_stock_table
from batchcast.publish.combined import attribute_columns, named_as_sent
from batchcast.results.ordering import order, order_tables
from batchcast.results.sums import DEFAULT_LEVELS, check_sums, default_windows, sums_table

_ATTRIBUTES_FILE = "attributes.parquet"  # in the folder of a Forecast: suppliers of orders are read from it


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
    style: TableStyle = field(repr=False)  # of the tables

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
        return self.style.dress(sums_table(self.folder / STOCK_FILE, self.folder / FIGURES_FILE, chosen, levels))

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
        tables = {kind: self.style.dress(table) for kind, table in order_tables(found).items()}
        said = tuple(str(message) for message in (*promise_of(found), *notes_of(found)))
        return OrderTables(**tables, promise=found.promise, sentences=said)


def read_result(folder: Path, history: Path, plan: Plan, style: TableStyle) -> Forecast:
    """The tables of a finished folder."""
    import json

    summary = json.loads((folder / SUMMARY_FILE).read_text(encoding="utf-8"))
    refused = tuple((site, part, reason) for site, part, reason in summary["refused"])
    attributes = _read_attributes(history)
    if attributes is not None:
        _keep_attributes(attributes, {(site, part) for site, part, _ in refused}, folder / _ATTRIBUTES_FILE)
    return Forecast(
        forecasts=style.read(folder / FORECAST_FILE),
        stock=style.read(folder / STOCK_FILE),
        accuracy=style.read(folder / ACCURACY_FILE),
        attributes=None if attributes is None else style.dress(attributes),
        plan=plan,
        refused=refused,
        folder=folder,
        style=style,
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
