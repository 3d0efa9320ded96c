"""What `forecast` and `backtest` give back: the tables of a result, and what is told of them."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar, Unpack

from batchcast.app.library.keeping import Told, packed, read_saved, save_folder, unpacked
from batchcast.app.library.nixtla import long_table, style_of_long
from batchcast.app.library.tables import TableStyle, remove_with
from batchcast.app.library.typed_settings import StockSettings
from batchcast.app.words.findings import findings_of, why_no_findings
from batchcast.domain import columns
from batchcast.domain.accuracy import LeaderboardRow
from batchcast.domain.calendar import date_of
from batchcast.domain.history import DemandHistory
from batchcast.domain.inventory import MOST_PURCHASES, Promise, notes_of, promise_of
from batchcast.domain.plan import ACCURACY_FILE, FIGURES_FILE, FORECAST_FILE, STOCK_FILE, SUMMARY_FILE, Plan
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.history.writer import HISTORY_FILE
from batchcast.ingest.stock.stockfile import read_stock, read_stock_table
from batchcast.publish.combined import attribute_columns, named_as_sent
from batchcast.results.hindsight import look_back_at
from batchcast.results.ordering import order, order_tables
from batchcast.results.sums import DEFAULT_LEVELS, check_sums, default_windows, sums_table

ATTRIBUTES_FILE = "attributes.parquet"  # in the folder of a result; suppliers of orders are read from it
TableT = TypeVar("TableT")  # a DataFrame of pandas or polars, or a Table of pyarrow: the kind that came in


@dataclass(frozen=True, kw_only=True, eq=False)
class OrderTables(Generic[TableT]):
    """What `Forecast.orders` gives back; the tables are like the history that came in."""

    orders: TableT  # a row per part of the stock file: reorder point, order quantity, share of demand served, ...
    next_units: TableT  # a row per purchase, the best first: units, cost, units short that it avoids, ...
    promise: Promise | None  # what the stock figures promise, beside what they would have kept in the backtests
    sentences: tuple[str, ...]  # the same in words, how the stock was read, and what was left out or supposed

    def __repr__(self) -> str:
        return f"<OrderTables: {len(self.orders):,} parts, {len(self.next_units):,} purchases>"  # type: ignore[arg-type]


@dataclass(frozen=True, kw_only=True, eq=False)
class BacktestResult(Generic[TableT]):
    """What `backtest` gives back; the tables are like the history that came in.

    Attributes:
        accuracy: a row per series: backtest errors and the chosen models.
        plan: what was asked for, with every `auto` resolved.
        refused: (site_code, partnumber, reason) of series that could not be judged.
    """

    accuracy: TableT
    plan: Plan
    refused: tuple[tuple[str, str, str], ...]
    history: DemandHistory = field(repr=False)
    folder: Path = field(repr=False)  # holds what all is told from for as long as this value lives
    style: TableStyle = field(repr=False)  # of the tables

    @cached_property
    def leaderboard(self) -> TableT:
        """Accuracy by model over all series, the best first: the smaller `beside_auto`, the better.

        Columns: model, cases (fold and series), lead_time_pinball (scaled by each series' own variation), bias
        (forecast / demand - 1), rmsse, fill_rate, mae, wape and mase, beside_auto (its pinball divided by that of the
        chosen models on the same cases), and by quantile pinball_p50, ... and coverage_p50, .... NaN where nothing
        could be scored.
        """
        import pyarrow as pa

        from batchcast.forecast.metrics import rank_models

        by_quantile = ("pinball", "coverage")
        plain = [each.name for each in fields(LeaderboardRow) if each.name not in by_quantile]
        rows = []
        for row in rank_models(_summary(self.folder)["statistics"]):
            told = {name: getattr(row, name) for name in plain}
            for name in by_quantile:
                told |= {
                    f"{name}_{columns.quantile_column(level)}": value for level, value in getattr(row, name).items()
                }
            rows.append(told)
        return self._dressed(pa.Table.from_pylist(rows))

    @cached_property
    def hindsight(self) -> tuple[str, ...]:
        """What the backtests found, in sentences: the demand that stock would have covered, bias, value added, ..."""
        results = [(self.plan.partitions[0], self.folder)]
        found = look_back_at(results, history=self.history, request=self.plan.request)
        if found is None:
            return ()
        said = [str(finding.said) for finding in findings_of(found)]
        return tuple(said if found.cases else [*said, str(why_no_findings(found))])

    @property
    def notes(self) -> tuple[str, ...]:
        """What was decided for you, and where the plan is poor, in sentences."""
        lost = f"{len(self.refused):,} series have no forecast; `refused` has each with its reason."
        return (*map(str, self.plan.notes), *map(str, self.plan.hints), *([lost] if self.refused else ()))

    def save(self, folder: str | Path) -> Path:
        """Write this result into a folder that is not there yet; `batchcast.load` reads it back.

        Raises:
            OutputTaken: if something is there.
        """
        told = Told(kind=type(self).__name__, history=self.history, plan=self.plan, style=self.style)
        save_folder(self.folder, told, Path(folder))
        return Path(folder)

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickled, (type(self), packed(self.folder), self.history, self.plan, self.style)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {', '.join(self._facts())}>"

    def _repr_html_(self) -> str:
        """What a notebook shows: how much there is, and what is said of it."""
        said = "".join(f"<li>{html.escape(sentence)}</li>" for sentence in self.notes)
        facts = html.escape(", ".join(self._facts()))
        return f"<p><b>{type(self).__name__}</b>: {facts}</p>" + (f"<ul>{said}</ul>" if said else "")

    def _facts(self) -> Iterator[str]:
        request = self.plan.request
        yield f"{self.plan.series - len(self.refused):,} series"
        first = date_of(request.calendar.first_day(request.first_period))
        yield f"{request.horizon} periods ({request.calendar.frequency}) from {first}"
        yield f"models {', '.join(request.models) or 'auto'}"

    def _dressed(self, table: Any) -> TableT:
        found: TableT = self.style.dress(table)
        return found


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Forecast(BacktestResult[TableT]):
    """What `forecast` gives back; the tables are like the history that came in.

    Attributes:
        forecasts: a row per series and period: date, partnumber, site_code, forecast_qty, forecast_raw, p10, ...
        stock: a row per series: demand class, lead-time demand, safety stock, reorder point, ...
        accuracy: a row per series: backtest errors and the chosen models.
        attributes: a row per series: further columns of the history, such as a family; None: it has none.
        plan: what was asked for, with every `auto` resolved.
        refused: (site_code, partnumber, reason) of series without a forecast.
    """

    forecasts: TableT
    stock: TableT
    attributes: TableT | None

    def to_nixtla(self, model: str = "batchcast") -> TableT:
        """The forecasts in Nixtla's long format: unique_id, ds, the mean and the quantiles.

        Quantiles that bound an interval are `batchcast-lo-80` and `batchcast-hi-80`, 0.5 is `batchcast-median`, others
        are such as `batchcast-ql0.95`. Series of several sites are called SITE/PART. Periods are their first days.

        Example:
            >>> from utilsforecast.evaluation import evaluate
            >>> from utilsforecast.losses import mae
            >>> joined = actuals.merge(result.to_nixtla(), on=["unique_id", "ds"])
            >>> evaluate(joined, metrics=[mae], models=["batchcast"])
        """
        table = long_table(self.folder / FORECAST_FILE, self.plan, model)
        found: TableT = style_of_long(self.style, self.plan).dress(table)
        return found

    def sums(self, *, windows: Sequence[float] | None = None, levels: Sequence[float] = DEFAULT_LEVELS) -> TableT:
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

        Example:
            >>> result.sums(windows=[1, 3], levels=[0.5, 0.9])
        """
        chosen = default_windows(self.plan.request) if windows is None else tuple(windows)
        check_sums(chosen, levels, self.plan.request)
        return self._dressed(sums_table(self.folder / STOCK_FILE, self.folder / FIGURES_FILE, chosen, levels))

    def orders(
        self, stock: Any, *, most: int = MOST_PURCHASES, **settings: Unpack[StockSettings]
    ) -> OrderTables[TableT]:
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

        Example:
            >>> orders = result.orders("on_hand.csv")
            >>> orders.next_units
        """
        chosen = BatchSettings.from_json(settings)
        on_hand = read_stock(Path(stock), chosen) if isinstance(stock, str | Path) else read_stock_table(stock, chosen)
        stock_table, figures, attributes = (self.folder / name for name in (STOCK_FILE, FIGURES_FILE, ATTRIBUTES_FILE))
        found = order(
            on_hand,
            stock_table,
            figures,
            self.plan.request.calendar,
            attributes=attributes if attributes.is_file() else None,
            most=most,
        )
        tables = {kind: self._dressed(table) for kind, table in order_tables(found).items()}
        said = tuple(str(message) for message in (*promise_of(found), *notes_of(found)))
        return OrderTables(**tables, promise=found.promise, sentences=said)


def read_result(
    kind: type[BacktestResult[Any]], folder: Path, history: DemandHistory, plan: Plan, style: TableStyle
) -> Any:
    """The value of this kind over a folder that a partition was forecast into, with its history beside.

    The folder is removed with it, unless it is somebody's: see `remove_with`.
    """
    history = replace(history, path=folder / HISTORY_FILE)
    judged = _judged(folder, history, plan, style)
    if kind is BacktestResult:
        return BacktestResult(**judged)
    attributes = _attributes_in(folder)
    return Forecast(
        forecasts=style.read(folder / FORECAST_FILE),
        stock=style.read(folder / STOCK_FILE),
        attributes=None if attributes is None else style.dress(attributes),
        **judged,
    )


def load(folder: str | Path) -> Any:
    """The result that `save` wrote: a `Forecast` or `BacktestResult`.

    Its tables are read into memory; sums, orders and plots are told from the folder, which is left as it is. They are
    of the kind that was saved, or of the first of pandas, polars and pyarrow where that is not installed.

    Raises:
        NoResultHere: if it holds no result.

    Example:
        >>> result.save("results/2026-11")
        >>> batchcast.load("results/2026-11").forecasts
    """
    kind, history, plan, style = read_saved(Path(folder))
    return read_result(Forecast if kind == Forecast.__name__ else BacktestResult, Path(folder), history, plan, style)


def _unpickled(
    kind: type[BacktestResult[Any]], files: Mapping[str, bytes], history: DemandHistory, plan: Plan, style: TableStyle
) -> Any:
    folder = unpacked(files)
    result = read_result(kind, folder, history, plan, style)
    remove_with(result, folder)
    return result


def _judged(folder: Path, history: DemandHistory, plan: Plan, style: TableStyle) -> dict[str, Any]:
    refused = tuple((site, part, reason) for site, part, reason in _summary(folder)["refused"])
    kept = {"folder": folder, "history": history, "plan": plan, "style": style}
    return kept | {"accuracy": style.read(folder / ACCURACY_FILE), "refused": refused}


def _summary(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / SUMMARY_FILE).read_text(encoding="utf-8"))
    return found


def _attributes_in(folder: Path) -> Any:
    """The further columns of the series, as a pyarrow table; None where there are none."""
    import pyarrow.parquet as pq

    path = folder / ATTRIBUTES_FILE
    return pq.ParquetFile(path, memory_map=False).read() if path.is_file() else None


def keep_attributes(history: Path, folder: Path) -> None:
    """Write the further columns of a history, of the series with a forecast, in the order of the other tables."""
    import pyarrow.parquet as pq

    found = attribute_columns(history)
    if not found:
        return
    refused = {(site, part) for site, part, _ in _summary(folder)["refused"]}
    table = next(
        named_as_sent(iter([pq.ParquetFile(history, memory_map=False).read(columns=[*columns.SERIES, *found])]))
    )
    keys = zip(*(table[name].to_pylist() for name in columns.SERIES), strict=True)
    pq.write_table(table.filter([key not in refused for key in keys]), folder / ATTRIBUTES_FILE)
