"""The share of demand that a stock serves is one figure: in stock.csv, on the page, of orders, in the library."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

import batchcast
from batchcast.app.installation.configuration import read_config
from batchcast.app.samples.writing import write_sample
from batchcast.app.service.ordering import Question
from batchcast.app.service.service import Service
from batchcast.domain.batch import BatchState
from batchcast.domain.settings import BatchSettings
from batchcast.results.series import SeriesQuery

pytestmark = pytest.mark.xdist_group("orders")

Key = tuple[str, str]
MOST_SECONDS, OTHER_LEVEL = 120, 0.97


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sample") / "sample.csv"
    write_sample("sample_optimal", path)
    return path


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    opened = Service.open(read_config(home=tmp_path_factory.mktemp("home"), max_parallel=1))
    opened.start()
    yield opened
    opened.stop()


@pytest.fixture(scope="module")
def batch_id(service: Service, sample: Path) -> str:
    upload = service.new_upload(sample.name)
    upload.write(sample.read_bytes())
    upload.close()
    batch_id = service.submit(upload, BatchSettings()).batch.batch_id
    upload.discard()
    until = time.monotonic() + MOST_SECONDS
    while service.status(batch_id).batch.state is not BatchState.COMPLETED:
        assert time.monotonic() < until
        time.sleep(0.1)
    return batch_id


@pytest.fixture(scope="module")
def rows(service: Service, batch_id: str) -> list[dict[str, Any]]:
    """Every series as stock.csv has it."""
    return read_rows(service.results.download(batch_id, "stock", "csv").path)


def read_rows(path: Path) -> list[dict[str, Any]]:
    texts = pacsv.ConvertOptions(column_types={"site_code": pa.string(), "partnumber": pa.string()})
    return pacsv.read_csv(path, convert_options=texts).to_pylist()


def key_of(row: dict[str, Any]) -> Key:
    return row["site_code"], row["partnumber"]


@dataclass
class StockFile:
    """What a person holds."""

    path: Path
    name: str = "stock.csv"


@pytest.fixture
def rates(service: Service, batch_id: str, tmp_path: Path) -> Callable[[dict[Key, float]], dict[Key, float]]:
    """What the orders of a stock file say that a stock of each series serves."""

    def rates(stock: dict[Key, float]) -> dict[Key, float]:
        lines = [{"site_code": site, "partnumber": part, "on_hand": held} for (site, part), held in stock.items()]
        pacsv.write_csv(pa.Table.from_pylist(lines), tmp_path / "stock.csv")
        question = Question(stock=StockFile(tmp_path / "stock.csv"), texts={})
        found = read_rows(service.results.order_table(batch_id, question, "orders", "csv").path)
        return {key_of(line): line["fill_rate_now"] for line in found}

    return rates


def test_orders_and_the_page_say_of_the_reorder_point_what_the_stock_table_says(
    service: Service, batch_id: str, rows: list[dict[str, Any]], rates: Any
) -> None:
    now = rates({key_of(row): row["reorder_point"] for row in rows})

    assert len(rows) == len(now) == service.results.series(batch_id, SeriesQuery()).total
    for row in rows:
        shown = service.results.stock_at(batch_id, *key_of(row), row["service_level"])
        assert shown["reorder_point"] == row["reorder_point"]
        assert shown["expected_fill_rate"] == pytest.approx(row["expected_fill_rate"], abs=1e-9)
        assert now[key_of(row)] == pytest.approx(row["expected_fill_rate"], abs=1e-9)


def test_at_another_level_the_page_says_what_orders_say_of_the_same_stock(
    service: Service, batch_id: str, rows: list[dict[str, Any]], rates: Any
) -> None:
    shown = {key_of(row): service.results.stock_at(batch_id, *key_of(row), OTHER_LEVEL) for row in rows}

    now = rates({key: figures["reorder_point"] for key, figures in shown.items()})

    for key, figures in shown.items():
        assert now[key] == pytest.approx(figures["expected_fill_rate"], abs=1e-9)


@pytest.mark.long
def test_the_library_says_the_same(sample: Path, rows: list[dict[str, Any]]) -> None:
    forecast = batchcast.forecast(sample)
    stock = pa.Table.from_pandas(forecast.stock) if forecast.style.kind == "pandas" else forecast.stock
    held = stock.select(["site_code", "partnumber"]).append_column("on_hand", stock["reorder_point"])

    orders = forecast.orders(held).orders

    of_stock = {key_of(row): (row["reorder_point"], row["expected_fill_rate"]) for row in stock.to_pylist()}
    assert of_stock == {key_of(row): (row["reorder_point"], row["expected_fill_rate"]) for row in rows}
    for line in orders.to_dict("records") if forecast.style.kind == "pandas" else orders.to_pylist():
        assert line["fill_rate_now"] == pytest.approx(of_stock[key_of(line)][1], abs=1e-9)
    kept = pq.read_table(forecast.folder / "figures.parquet")
    assert {(levels[0], levels[-1]) for levels in kept["levels"].to_pylist()} == {(0.01, 0.9999)}


def test_demand_summed_over_windows_is_the_same_in_the_library_and_on_a_server(
    service: Service, batch_id: str, sample: Path, rows: list[dict[str, Any]]
) -> None:
    windows, levels = [1, 2.5, 5, 7], [0.1, 0.5, 0.95]

    found = batchcast.forecast(sample).sums(windows=windows, levels=levels)
    of_library = found.to_dict("records") if hasattr(found, "to_dict") else found.to_pylist()
    served, total = service.results.sums(batch_id, windows, levels, 0, 1000)
    later, _ = service.results.sums(batch_id, windows, levels, 2, 1)

    assert of_library == served
    assert total == len(rows)
    assert later == served[2 * len(windows) : 3 * len(windows)]
    for place, row in enumerate(rows):
        mine = served[place * len(windows) : (place + 1) * len(windows)]
        of_one = service.results.sums_of(batch_id, key_of(row), windows, levels)
        assert [{**one, "site_code": row["site_code"], "partnumber": row["partnumber"]} for one in of_one] == mine


def test_at_the_lead_time_sums_are_the_stock_figures(
    service: Service, batch_id: str, rows: list[dict[str, Any]]
) -> None:
    found, _ = service.results.sums(batch_id, None, [0.95], 0, 1000)
    at_lead_time = {key_of(row): row for row in found if row["window"] == rows[0]["lead_time"]}

    for row in rows:
        assert at_lead_time[key_of(row)]["p95"] == row["lead_time_quantile"]
        assert at_lead_time[key_of(row)]["mean"] == row["lead_time_mean"]


def test_a_part_with_a_lead_time_of_its_own_is_ordered_by_the_sum_over_it(
    service: Service, batch_id: str, rows: list[dict[str, Any]], tmp_path: Path
) -> None:
    days = [2, 4, 6.5]
    lines = [
        {"site_code": row["site_code"], "partnumber": row["partnumber"], "on_hand": 0, "lead_time": days[k % 3]}
        for k, row in enumerate(rows)
    ]
    pacsv.write_csv(pa.Table.from_pylist(lines), tmp_path / "stock.csv")

    question = Question(stock=StockFile(tmp_path / "stock.csv"), texts={})
    ordered = read_rows(service.results.order_table(batch_id, question, "orders", "csv").path)

    for line in ordered:
        (own,) = service.results.sums_of(batch_id, key_of(line), [line["lead_time"]], [0.95])
        assert line["reorder_point"] == np.ceil(own["p95"] - 1e-9)
        assert line["lead_time_mean"] == pytest.approx(own["mean"])


@pytest.mark.parametrize(
    ("windows", "levels", "said"),
    [
        ([0], [0.5], "A window of 0 periods; windows can be up to 7"),
        ([400], [0.5], "A window of 400 periods; windows can be up to 7"),
        ([7], [1.0], "A level of 1.0; sums can be asked at levels from 0.01 to 0.9999"),
        ([], [0.5], "Sums need one window and one level"),
        ([7], [0.5] * 101, "at most 100 of each"),
    ],
)
def test_windows_and_levels_that_there_are_not_are_refused(
    windows: list[float], levels: list[float], said: str
) -> None:
    demand = pa.table({"date": ["2025-01-01", "2025-01-02"], "partnumber": ["A", "A"], "demand_qty": [1.0, 2.0]})
    with pytest.raises(batchcast.InvalidSettings, match=said):
        batchcast.forecast(demand, horizon=7).sums(windows=windows, levels=levels)
