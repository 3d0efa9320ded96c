"""The Python library: a history in, tables out, of the kind they came in."""

from __future__ import annotations

import datetime as dt
import gc
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv as pacsv
import pytest

import batchcast
from batchcast.app.samples.writing import write_sample
from batchcast.domain.plan import RowsRefused


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sample") / "sample.csv"
    write_sample("sample_optimal", path)
    return path


@pytest.fixture(scope="session")
def table(sample: Path) -> pa.Table:
    history = batchcast.read_demand(sample)
    assert history.facts.rows == 1000
    text = dict.fromkeys(("date", "partnumber", "site_code", "demand_qty"), pa.string())
    return pacsv.read_csv(sample, convert_options=pacsv.ConvertOptions(column_types=text))


@pytest.fixture(scope="session")
def expected(sample: Path) -> pa.Table:
    result = batchcast.forecast(sample, horizon=7)
    return pa.Table.from_pandas(result.forecasts, preserve_index=False)


def test_a_file_becomes_forecasts_stock_and_accuracy_of_every_series(sample: Path) -> None:
    shares: list[float] = []

    history = batchcast.read_demand(sample)
    result = batchcast.forecast(history, horizon=7, on_progress=shares.append)

    assert isinstance(result.forecasts, pd.DataFrame)
    assert len(result.forecasts) == 7 * history.facts.series
    assert len(result.stock) == len(result.accuracy) == history.facts.series
    assert result.refused == ()
    assert result.plan.request.horizon == 7
    assert shares[-1] == 1.0
    assert repr(history).startswith("<Demand: 1,000 rows, 3 sites")


def test_orders_are_made_of_a_file_or_a_table_in_the_kind_of_the_history(sample: Path, tmp_path: Path) -> None:
    """A frame that carries stock is history and stock at once; the numbers are those of the command, by another way."""
    frame = pd.read_csv(sample, dtype={"partnumber": str}).assign(stock=lambda f: f.index % 5, cost=2.5)
    frame.to_csv(tmp_path / "carrying.csv", index=False)
    result = batchcast.forecast(frame, horizon=7)

    tables = result.orders(frame)
    by_file = result.orders(tmp_path / "carrying.csv", most=3)

    assert isinstance(tables.orders, pd.DataFrame)
    last = frame.assign(day=pd.to_datetime(frame["date"])).sort_values("day", kind="stable")
    held = last.groupby(["site_code", "partnumber"])["stock"].last()
    found = tables.orders.set_index(["site_code", "partnumber"])["on_hand"]
    assert (found.sort_index() == held.sort_index()).all()
    pd.testing.assert_frame_equal(by_file.orders, tables.orders)
    pd.testing.assert_frame_equal(by_file.next_units, tables.next_units.head(3))
    assert tables.sentences[0].startswith("Service level: 95.0% promised, ")
    assert any(sentence.startswith("Stock is taken from the latest of 1,000 rows") for sentence in tables.sentences)
    assert tables.promise is not None
    reorder = tables.orders["reorder_point"].to_numpy()
    assert (reorder == result.stock["reorder_point"].to_numpy()).all()


def test_orders_name_the_supplier_of_the_stock_else_that_of_the_history() -> None:
    months = pd.date_range("2022-01-01", periods=30, freq="MS")
    frames = [
        pd.DataFrame({"date": months, "partnumber": part, "site_code": "S", "demand_qty": 4, "vendor": vendor})
        for part, vendor in (("A", "PT Lama"), ("B", "PT Tetap"))
    ]
    result = batchcast.forecast(pd.concat(frames), models="naive")
    stock = pd.DataFrame(
        {"partnumber": ["A", "B"], "site_code": "S", "on_hand": [0, 0], "supplier": ["PT Baru", None], "cost": 1.0}
    )

    found = result.orders(stock)

    assert dict(zip(found.orders["partnumber"], found.orders["supplier"], strict=True)) == {
        "A": "PT Baru",
        "B": "PT Tetap",
    }
    ranked = set(zip(found.next_units["partnumber"], found.next_units["supplier"], strict=True))
    assert ranked == {("A", "PT Baru"), ("B", "PT Tetap")}


def test_what_orders_are_made_from_goes_with_the_result(sample: Path) -> None:
    result = batchcast.forecast(sample, horizon=7)
    folder = result.folder
    with pytest.raises(batchcast.InvalidInput, match="says nothing of stock"):
        result.orders(pl.DataFrame({"part": ["A"]}))
    with pytest.raises(batchcast.InvalidSettings):
        result.orders(sample, date_order="sideways")
    assert {path.name for path in folder.iterdir()} >= {"stock.parquet", "figures.parquet"}

    del result
    gc.collect()

    assert not folder.exists()


@pytest.mark.parametrize(
    ("convert", "kind"),
    [(lambda t: t, pa.Table), (lambda t: t.to_pandas(), pd.DataFrame), (pl.from_arrow, pl.DataFrame)],
    ids=["pyarrow", "pandas", "polars"],
)
def test_tables_of_each_kind_give_the_same_numbers_in_the_same_kind(
    table: pa.Table, expected: pa.Table, convert: Any, kind: type
) -> None:
    result = batchcast.forecast(convert(table), horizon=7)

    assert isinstance(result.forecasts, kind)
    assert isinstance(result.stock, kind)
    forecasts: Any = result.forecasts
    numbers = {pa.Table: lambda t: t, pd.DataFrame: pa.Table.from_pandas, pl.DataFrame: lambda t: t.to_arrow()}[kind](
        forecasts
    )
    for name in ("forecast_qty", "forecast_raw", "p10", "p50", "p90"):
        assert numbers[name].to_pylist() == expected[name].to_pylist()


def test_rows_that_cannot_be_read_are_all_reported_and_can_be_left_out() -> None:
    table = pd.DataFrame(
        {
            "date": [dt.date(2026, 1, day) for day in range(1, 20)],
            "partnumber": ["A"] * 18 + [""],
            "demand_qty": ["1"] * 17 + ["many", "1"],
        }
    )

    with pytest.raises(RowsRefused) as caught:
        batchcast.read_demand(table)
    history = batchcast.read_demand(table, bad_rows="skip", max_refused_share=0.2)

    assert caught.value.report.rows_refused == 2
    assert history.report.rows_refused == 2
    assert history.facts.rows == 17


def test_an_unknown_setting_is_named() -> None:
    with pytest.raises(batchcast.InvalidSettings, match="did you mean horizon"):
        batchcast.forecast("demand.csv", horizn=3)


def test_the_function_and_the_room_of_one_name_live_together_in_any_order() -> None:
    script = (
        "import batchcast.forecast.panel, batchcast; from batchcast.forecast.metrics import merge_statistics;"
        "assert callable(batchcast.forecast) and merge_statistics; import batchcast.forecast.knowledge;"
        "assert callable(batchcast.forecast); from batchcast import forecast; assert callable(forecast)"
    )

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="profit"):
        _ = batchcast.profit
    assert "read_demand" in dir(batchcast)
