"""Orders of a published result for a stock file: matches its series with the file, and writes the tables."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from batchcast.domain import columns
from batchcast.domain.calendar import Calendar, length_in_words
from batchcast.domain.disk import file_sha256
from batchcast.domain.errors import N_, Message
from batchcast.domain.inventory import (
    MOST_PURCHASES,
    MOST_UNKNOWN,
    RELEASE_ALL,
    NextUnit,
    OrderLine,
    Orders,
    Promise,
    StockItem,
    StockOnHand,
)
from batchcast.ingest.common.names import SUPPLIER_NAMES, mapping_example, normal
from batchcast.ingest.values.keys import compared
from batchcast.publish.certificate import Certificate, ChangedResult, NoResultHere, PublishFailed, StockOfOtherParts
from batchcast.publish.kinds import (
    ATTRIBUTES,
    CERTIFICATE,
    CSV,
    FIGURES,
    FORECAST,
    NEXT_UNITS,
    ORDER_TABLES,
    ORDERS,
    STOCK,
)
from batchcast.publish.publisher import lay_out
from batchcast.publish.writers import write_table
from batchcast.results.hindsight import Folds
from batchcast.results.inventory import Inventory, PublishedDemand, published_demand

Floats = NDArray[np.float64]
_MULTILINE = pacsv.ParseOptions(newlines_in_values=True)
_MOST_NAMED = 3  # parts in a sentence

_STOCK = [
    columns.LEAD_TIME,
    columns.SERVICE_LEVEL,
    columns.LEAD_TIME_MEAN,
    columns.LEAD_TIME_QUANTILE,
    columns.FILL_RATE,
]
_TYPES = {**dict.fromkeys(_STOCK, pa.float64()), columns.FLAG: pa.string()}
_FIGURES = [
    *columns.SERIES,
    columns.LEVELS,
    columns.QUANTILES,
    columns.CUTOFF,
    columns.ACTUAL,
    columns.FORECAST,
    columns.STOCK,
    *columns.SUM_LISTS,
]


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundResult:
    """The files of a published result that orders are made from."""

    certificate: Certificate
    stock: Path  # its stock table
    figures: Path  # what is kept of each series
    attributes: Path | None  # what the history says of each part besides its demand; None: nothing
    stem: str  # the name of the forecast without its suffix
    notes: tuple[Message, ...] = ()  # what of it is not as it was published


def order(
    on_hand: StockOnHand,
    stock: Path,
    figures: Path,
    calendar: Calendar,
    *,
    attributes: Path | None = None,
    most: int = MOST_PURCHASES,
) -> Orders:
    """What to order and to buy next of the parts of a stock file.

    Args:
        on_hand: what the stock file says.
        stock: the stock table of a result as CSV, or its index as Parquet: the same series in the same order.
        figures: what is kept of each series, as Parquet.
        calendar: that of the result: lead times in days are counted in its periods.
        attributes: of the same series in the same order, for their suppliers; None: those of the index.
        most: purchases that are ranked.

    Raises:
        NoResultHere: if the two files are not of one result.
        StockOfOtherParts: if no part of the stock file is of the result.
    """
    table, kept = read_stock(stock), read_figures(figures)
    if len(table) != len(kept):
        template = N_("{stock} and {figures} are not of one result; run the batch again.")
        raise NoResultHere(Message(template, {"stock": stock.name, "figures": figures.name}))
    keys = zip(*(kept[name].to_pylist() for name in columns.SERIES), strict=True)
    position_of = {key: position for position, key in enumerate(keys)}
    refuse_unknown_parts(on_hand, position_of)
    known = [item for item in on_hand.items if (item.site_code, item.partnumber) in position_of]
    known.sort(key=lambda item: position_of[item.site_code, item.partnumber])
    known, on_lead_times = _in_periods(known, on_hand.supposed_periods, calendar)
    positions = pa.array([position_of[item.site_code, item.partnumber] for item in known], pa.int64())
    known = _with_suppliers(known, read_suppliers(attributes or stock), positions)
    mine = table.take(positions)
    demand = demand_of(mine, kept.take(positions))
    holds = ["+".join(columns.held_by(flag)) for flag in mine[columns.FLAG].to_pylist()]
    kept_back = ["" if on_hand.releases(item) else hold for item, hold in zip(known, holds, strict=True)]
    inventory = Inventory(known, demand, kept_back)
    lines = inventory.lines()
    next_units = inventory.next_units(most)
    pairs = [(item.site_code, item.partnumber) for item in on_hand.items]
    unknown = [pair for pair in pairs if pair not in position_of]
    return Orders(
        lines=lines,
        next_units=next_units,
        parts=len(lines),
        to_order=sum(bool(line.order_qty) for line in lines),
        without_on_hand=sum(line.on_hand is None for line in lines),
        scaled=sum(line.lead_time != own for line, own in zip(lines, demand.lead_time.tolist(), strict=True)),
        without_cost=len({(unit.site_code, unit.partnumber) for unit in next_units if unit.cost is None}),
        held_count=sum(bool(line.held_qty) for line in lines),
        held=tuple(line for line in lines if line.held_qty),
        unmatched=_unmatched(on_hand.release, known, holds),
        unknown=len(unknown),
        unknown_named=tuple(unknown[:MOST_UNKNOWN]),
        promise=_promise(table, kept) if len(kept) else None,
        notes=(
            *on_hand.notes,
            *on_lead_times,
            *_unlike_alone(unknown, position_of),
            *_said_of_missing(table, kept, positions),
        ),
        demand=sum(line.lead_time_mean or 0.0 for line in lines if line.on_hand is not None),
        served=sum((line.lead_time_mean or 0.0) * (line.fill_rate_now or 0.0) for line in lines),
    )


def _with_suppliers(items: list[StockItem], of_history: pa.ChunkedArray | None, positions: pa.Array) -> list[StockItem]:
    """The items with the suppliers that the history has, where the stock file names none."""
    if of_history is None:
        return items
    found = of_history.take(positions).to_pylist()
    return [replace(item, supplier=item.supplier or one) for item, one in zip(items, found, strict=True)]


def _in_periods(items: list[StockItem], column: str, calendar: Calendar) -> tuple[list[StockItem], list[Message]]:
    """The items with all lead times in periods, and what to say of them; those in days are divided by its days."""
    days = calendar.frequency.days_in_period
    given = [item for item in items if item.lead_time_days is not None]
    notes = [_said_of_days(given[0], calendar)] if given and days > 1 else []
    longest = max((item.lead_time or 0.0 for item in items), default=0.0)
    if days > 1 and column and longest > 0:
        template = N_(
            "Lead times of the stock file are counted in periods of the forecast: the longest is {length}. If they are "
            "days, say so with {@column_mapping=$example}."
        )
        values = {"length": _length(longest, calendar), "example": mapping_example({columns.LEAD_TIME_DAYS: column})}
        notes.append(Message(template, values))
    converted = [
        item if item.lead_time_days is None else replace(item, lead_time=item.lead_time_days / days) for item in items
    ]
    return converted, notes


def _said_of_days(item: StockItem, calendar: Calendar) -> Message:
    template = N_(
        "Lead times in days are counted in periods of the forecast, such as {days:g} days of {part} ({site}): {length}."
    )
    days = item.lead_time_days or 0.0
    length = _length(days / calendar.frequency.days_in_period, calendar)
    return Message(template, {"days": days, "part": item.partnumber, "site": item.site_code, "length": length})


def _length(periods: float, calendar: Calendar) -> Message:
    """`1 month`, `0.99 months`."""
    rounded = round(periods, 2)
    return length_in_words(calendar, int(rounded) if rounded == int(rounded) else rounded)


def _said_of_missing(table: pa.Table, kept: pa.Table, found: pa.Array) -> list[Message]:
    """What to say of parts with demand to come that the stock file does not have."""
    means = table[columns.LEAD_TIME_MEAN].to_numpy().astype(np.float64)
    means[found.to_numpy(zero_copy_only=False)] = 0.0
    count = int((means > 0).sum())
    if not count:
        return []
    template = N_(
        "Parts with demand to come that the stock file does not have: {count:,} ({named}). Nothing is ordered of them; "
        "if it leaves out parts of which nothing is on hand, add them with on_hand 0."
    )
    first = kept.take(pa.array(np.argsort(-means, kind="stable")[: min(count, _MOST_NAMED)]))
    sites, parts = (first[name].to_pylist() for name in columns.SERIES)
    named = ", ".join(f"{part} ({site})" for site, part in zip(sites, parts, strict=True))
    return [Message(template, {"count": count, "named": named + ", …" * (count > _MOST_NAMED)})]


def _unlike_alone(unknown: Sequence[tuple[str, str]], known: Collection[tuple[str, str]]) -> list[Message]:
    """What to say of parts of the stock file that only writing tells apart from parts with a forecast."""
    if not unknown:
        return []
    written = {(compared(site), compared(part)): (site, part) for site, part in known}
    pairs = [(key, written[found]) for key in unknown if (found := (compared(key[0]), compared(key[1]))) in written]
    if not pairs:
        return []
    template = N_(
        "Parts of the stock file that differ from one with a forecast only in case, space, dashes, leading zeros or .0 "
        "at the end: {count:,}, such as {part!r} of {site!r} and {known_part!r} of {known_site!r}. Their stock is not "
        "counted for it; write them as the demand history does."
    )
    (site, part), (known_site, known_part) = pairs[0]
    values = {"part": part, "site": site, "known_part": known_part, "known_site": known_site}
    return [Message(template, {"count": len(pairs), **values})]


def _unmatched(release: Sequence[str], items: Sequence[StockItem], holds: Sequence[str]) -> tuple[str, ...]:
    """What of a release is of no part that is held."""
    held = [item for item, hold in zip(items, holds, strict=True) if hold]
    names = {name for item in held for name in (item.partnumber, f"{item.site_code}={item.partnumber}")}
    return tuple(name for name in release if name not in names and name != RELEASE_ALL)


def refuse_unknown_parts(on_hand: StockOnHand, known: Collection[tuple[str, str]]) -> None:
    """Refuse a stock file none of whose parts is among the known ones, by site and partnumber.

    Raises:
        StockOfOtherParts: that the file names no site, or with a part of it and the known one that is most like it.
    """
    unknown = [(item.site_code, item.partnumber) for item in on_hand.items]
    if not unknown or not known or any(pair in known for pair in unknown):
        return
    site, part = unknown[0]
    known_site, known_part = min(known, key=lambda pair: (pair[1] != part, pair[0] != site, pair))
    if site == columns.ALL_SITES != known_site:
        template = N_(
            "No part of the stock file has a forecast: the file names no site, and the forecast is of sites "
            "such as {site!r}. Add a column site_code; where all is at one site, {@column_mapping=$example} "
            "says so."
        )
        raise StockOfOtherParts(
            Message(template, {"site": known_site, "example": mapping_example({columns.SITE_CODE: f"={known_site}"})})
        )
    template = N_(
        "No part of the stock file has a forecast: it has {part!r} of site {site!r}, the forecast has {known_part!r} "
        "of site {known_site!r}. Write site_code and partnumber as the demand history does."
    )
    values = {"part": part, "site": site, "known_part": known_part, "known_site": known_site}
    raise StockOfOtherParts(Message(template, values))


def find_result(result: Path) -> FoundResult:
    """A result that was published.

    Args:
        result: its folder, or its forecast.

    Raises:
        NoResultHere: if it isn't there, or an earlier version published it without figures.
        InvalidCertificate: if its certificate can't be read.
        ChangedResult: if the stock table or the figures are not those of the certificate.
        OutputTaken: if the name is not that of a result.
    """
    layout = lay_out(result)
    path = layout.path(CERTIFICATE)
    if not path.is_file():
        template = N_("{result} is no published result: there is no {name}. Name what `batchcast run -o` was given.")
        raise NoResultHere(Message(template, {"result": str(result), "name": path.name}))
    certificate = Certificate.read(path)
    files = certificate.files
    names = {kind: Path(file.name).name for kind, file in files.items()}  # no path of a certificate is followed
    missing = [kind for kind in (STOCK, FIGURES) if kind not in names or not (layout.folder / names[kind]).is_file()]
    if missing:
        template = N_("{result} has no {missing} beside it, of which orders are made; run the batch again.")
        raise NoResultHere(Message(template, {"result": str(result), "missing": ", ".join(missing)}))
    for kind in (STOCK, FIGURES):
        if file_sha256(layout.folder / names[kind]) != files[kind].sha256:
            template = N_(
                "{name} was changed after it was published: its SHA-256 is not that in {certificate}. Orders "
                "are made from it: put the published file back, or run the batch again; another reorder point "
                "comes with {@service_level}."
            )
            raise ChangedResult(Message(template, {"name": names[kind], "certificate": path.name}))
    attributes = layout.folder / names[ATTRIBUTES] if ATTRIBUTES in names else None
    if attributes is not None and (not attributes.is_file() or file_sha256(attributes) != files[ATTRIBUTES].sha256):
        attributes = None
    notes = []
    forecast = layout.folder / names.get(FORECAST, "")
    if forecast.is_file() and file_sha256(forecast) != files[FORECAST].sha256:
        template = N_(
            "{name} was changed after it was published. Orders are made of the published figures, which know nothing "
            "of that change."
        )
        notes.append(Message(template, {"name": forecast.name}))
    return FoundResult(
        certificate=certificate,
        notes=tuple(notes),
        stock=layout.folder / names[STOCK],
        figures=layout.folder / names[FIGURES],
        attributes=attributes,
        stem=Path(names.get(FORECAST, FORECAST)).stem,
    )


def order_files(folder: Path, stem: str, suffix: str = CSV) -> dict[str, Path]:
    """Where `write_orders` writes, by kind."""
    return {kind: folder / f"{stem}_{kind}.{suffix}" for kind in ORDER_TABLES}


def order_tables(orders: Orders) -> dict[str, pa.Table]:
    """All orders as tables, by kind."""
    return {ORDERS: _table(orders.lines, OrderLine), NEXT_UNITS: _table(orders.next_units, NextUnit)}


def write_orders(orders: Orders, folder: Path, stem: str, suffix: str = CSV) -> dict[str, Path]:
    """Write `<stem>_orders.csv` and `<stem>_next_units.csv`, each whole or not at all; earlier ones are replaced.

    Args:
        orders: all of them.
        folder: made where it isn't there.
        stem: what their names begin with.
        suffix: `csv` or `xlsx`.

    Raises:
        PublishFailed: if they can't be written.
    """
    tables, paths = order_tables(orders), order_files(folder, stem, suffix)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder, prefix=".orders-") as scratch:
            written = {kind: Path(scratch) / path.name for kind, path in paths.items()}
            for kind, table in tables.items():
                write_table(written[kind], iter([table]), title=kind)
            for kind, path in paths.items():
                written[kind].replace(path)
    except OSError as error:
        template = N_(
            "The orders can't be written to {out}: {reason}. The result is untouched; make room or choose another "
            "place, and ask for them again."
        )
        values = {"out": str(folder), "reason": error.strerror or str(error)}
        raise PublishFailed(Message(template, values)) from error
    return paths


def read_stock(path: Path) -> pa.Table:
    """The columns of the stock table that orders need, as numbers."""
    if path.suffix == ".parquet":
        return pq.read_table(path, columns=list(_TYPES), use_threads=False)
    options = pacsv.ConvertOptions(column_types=_TYPES, include_columns=list(_TYPES))
    return pacsv.read_csv(path, convert_options=options, parse_options=_MULTILINE)


def read_suppliers(path: Path) -> pa.ChunkedArray | None:
    """The supplier of each series, by an index as Parquet or attributes as CSV or Parquet; None where none is known."""
    wanted = {normal(name) for name in SUPPLIER_NAMES}

    def is_supplier(column: str) -> bool:
        return normal(columns.attribute_of(column) or column) in wanted

    if path.suffix == ".parquet":
        named = [name for name in pq.read_schema(path).names if is_supplier(name)]
        return pq.read_table(path, columns=named[:1], use_threads=False)[named[0]] if named else None
    with pacsv.open_csv(path, parse_options=_MULTILINE) as file:
        named = [name for name in file.schema.names if is_supplier(name)]
    if not named:
        return None
    options = pacsv.ConvertOptions(
        column_types={named[0]: pa.string()}, include_columns=named[:1], strings_can_be_null=True, null_values=[""]
    )
    return pacsv.read_csv(path, convert_options=options, parse_options=_MULTILINE)[named[0]]


def read_figures(path: Path) -> pa.Table:
    """What is kept of each series; without windows where an earlier version published it."""
    there = pq.read_schema(path).names
    return pq.read_table(path, columns=[name for name in _FIGURES if name in there], use_threads=False)


def demand_of(stock: pa.Table, kept: pa.Table) -> PublishedDemand:
    """The demand of some series, from the stock table and the figures of the same series."""
    levels = np.array(kept[columns.LEVELS][0].as_py() if len(kept) else [0.5])
    has_windows = columns.WINDOWS in kept.column_names and len(kept) and kept[columns.WINDOWS].null_count == 0
    windows = np.array(kept[columns.WINDOWS][0].as_py(), dtype=np.float64) if has_windows else None
    return published_demand(
        levels,
        _table_of(kept[columns.QUANTILES], len(levels)),
        mean=_floats(stock, columns.LEAD_TIME_MEAN),
        quantile=_floats(stock, columns.LEAD_TIME_QUANTILE),
        lead_time=_floats(stock, columns.LEAD_TIME),
        service_level=float(_floats(stock, columns.SERVICE_LEVEL)[0]) if len(kept) else levels[0],
        windows=windows,
        window_means=None if windows is None else _table_of(kept[columns.WINDOW_MEANS], len(windows)),
    )


def _table_of(lists: pa.ChunkedArray, width: int) -> Floats:
    """Lists of one length as a table, shape (series, width)."""
    found: Floats = pc.list_flatten(lists).to_numpy().reshape(len(lists), width)
    return found


def _promise(stock: pa.Table, kept: pa.Table) -> Promise:
    """The service that the stock of all series is expected to give, and gave in the backtests."""
    folds = Folds.of(kept)
    mean, rate = _floats(stock, columns.LEAD_TIME_MEAN), _floats(stock, columns.FILL_RATE)
    demanded, count = float(folds.actual.sum()), len(folds.actual)
    return Promise(
        service_level=float(_floats(stock, columns.SERVICE_LEVEL)[0]),
        achieved_level=float((folds.short <= 0).mean()) if count else None,
        fill_rate=float((mean * rate).sum() / mean.sum()) if mean.sum() > 0 else 1.0,
        achieved_fill_rate=1.0 - float(folds.short.sum()) / demanded if demanded > 0 else None,
        folds=count,
    )


def _floats(table: pa.Table, name: str) -> Floats:
    found: Floats = table[name].to_numpy().astype(np.float64)
    return found


def _table(rows: Sequence[OrderLine] | Sequence[NextUnit], kind: type[OrderLine | NextUnit]) -> pa.Table:
    texts, whole = {"site_code", "partnumber", "hold", "supplier"}, {"rank"}
    types = [
        (f.name, pa.string() if f.name in texts else pa.int64() if f.name in whole else pa.float64())
        for f in fields(kind)
    ]
    plain = [{name: _rounded(value) for name, value in asdict(row).items()} for row in rows]
    return pa.Table.from_pylist(plain, schema=pa.schema(types))


def _rounded(value: object) -> object:
    """A number to nine decimals."""
    return round(value, 9) if isinstance(value, float) else value
