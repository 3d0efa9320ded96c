"""Tables come back as they went in: a result joins the history it was made of, whatever library and types it has."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import batchcast

MONTHS = pd.date_range("2024-01-01", periods=18, freq="MS")
LAST = pd.DataFrame(  # what the forecasts are joined with: a plan of the months to come
    {"date": pd.date_range("2025-07-01", periods=3, freq="MS"), "planned": [1.0, 2.0, 3.0]}
)


def history(**changes: Any) -> pd.DataFrame:
    """Two parts of one site, 18 months."""
    parts = [
        pd.DataFrame({"date": MONTHS, "partnumber": part, "site_code": "Sofifi", "demand_qty": [1, 0, 2] * 6})
        for part in ("7", "9")
    ]
    return pd.concat(parts, ignore_index=True).assign(**changes)


def forecast(table: Any) -> batchcast.Forecast:
    return batchcast.forecast(table, horizon=3, models=["naive"])


DATES = {
    "datetime": lambda dates: dates,
    "datetime in microseconds": lambda dates: dates.astype("datetime64[us]"),
    "with a zone": lambda dates: dates.dt.tz_localize("Asia/Makassar"),
    "with a zone whose midnights may be missing": lambda dates: dates.dt.tz_localize("Africa/Cairo"),
    "periods": lambda dates: dates.dt.to_period("M"),
    "dates": lambda dates: dates.dt.date,
    "dates of arrow": lambda dates: dates.astype(pd.ArrowDtype(pa.date32())),
    "times of arrow": lambda dates: dates.astype(pd.ArrowDtype(pa.timestamp("us"))),
}


@pytest.mark.parametrize("name", DATES)
def test_pandas_forecasts_have_the_dates_of_the_history_and_merge(name: str) -> None:
    convert = DATES[name]
    given = history()
    given["date"] = convert(given["date"])
    plan = LAST.assign(date=convert(LAST["date"]))

    result = forecast(given)

    assert result.forecasts["date"].dtype == given["date"].dtype
    assert result.stock["last_demand"].dtype == given["date"].dtype
    merged = plan.merge(result.forecasts, on=["date"])
    assert merged["planned"].tolist() == [1.0, 1.0, 2.0, 2.0, 3.0, 3.0]
    both = given.merge(result.forecasts, on=["date", "partnumber", "site_code"], how="outer")
    assert len(both) == len(given) + len(result.forecasts)


def test_text_comes_back_as_dates_that_can_be_counted_with() -> None:
    result = forecast(history(date=[f"{day:%d-%b-%Y}" for day in [*MONTHS, *MONTHS]]))

    assert result.forecasts["date"].dt.month.tolist() == [7, 8, 9] * 2
    assert result.forecasts.set_index("date").resample("QS")["forecast_raw"].sum().index.tolist() == [
        pd.Timestamp("2025-07-01")
    ]


@pytest.mark.parametrize("dtype", ["int64", "int32", "float64", "object", "string", "category"], ids=str)
def test_keys_have_the_type_they_came_in(dtype: str) -> None:
    given = history()
    given["partnumber"] = given["partnumber"].astype("int64" if dtype == "float64" else "object").astype(dtype)

    result = forecast(given)

    for table in (result.forecasts, result.stock, result.accuracy, result.sums()):
        assert table["partnumber"].dtype == given["partnumber"].dtype
        assert set(table["partnumber"]) == set(given["partnumber"])
    assert len(given.merge(result.stock, on=["site_code", "partnumber"])) == len(given)


def test_columns_keep_the_names_of_the_input_in_every_table() -> None:
    given = history().rename(columns={"date": "ds", "partnumber": "unique_id", "demand_qty": "y", "site_code": "site"})

    result = batchcast.forecast(given, horizon=3, models=["naive"], column_mapping={"site_code": "site"})

    assert list(result.forecasts)[:3] == ["ds", "unique_id", "site"]
    assert list(result.stock)[:2] == list(result.accuracy)[:2] == list(result.sums())[:2] == ["site", "unique_id"]
    orders = result.orders(pd.DataFrame({"partnumber": ["7"], "site_code": ["Sofifi"], "on_hand": [0]}))
    assert list(orders.orders)[:2] == ["site", "unique_id"]


def test_a_name_that_a_result_has_for_something_else_is_not_taken() -> None:
    result = batchcast.forecast(
        history().rename(columns={"partnumber": "model"}),
        horizon=3,
        models=["naive"],
        column_mapping={"partnumber": "model"},
    )

    assert {"partnumber", "model"} <= set(result.forecasts)
    assert "model" in result.stock


@pytest.mark.parametrize(
    ("levels", "of_forecasts", "of_stock"),
    [
        (["date"], ["date"], [None]),
        (["partnumber", "date"], ["partnumber", "date"], ["partnumber"]),
        (["site_code", "partnumber"], ["site_code", "partnumber"], ["site_code", "partnumber"]),
    ],
    ids=["dates", "part and date", "series"],
)
def test_an_index_is_read_and_comes_back(levels: list[str], of_forecasts: list[str], of_stock: list[str]) -> None:
    given = history().set_index(levels)

    result = forecast(given)

    assert list(result.forecasts.index.names) == of_forecasts
    assert list(result.stock.index.names) == of_stock
    plain = forecast(history())
    pd.testing.assert_frame_equal(result.forecasts.reset_index()[list(plain.forecasts)], plain.forecasts)


@pytest.mark.parametrize("kind", ["dates", "periods"])
def test_an_index_of_dates_needs_no_name(kind: str) -> None:
    one = history().query("partnumber == '7'").set_index("date").rename_axis(index=None)
    given = one if kind == "dates" else one.to_period("M")

    result = forecast(given)

    assert type(result.forecasts.index) is type(given.index)
    assert result.forecasts.index.name is None
    assert str(result.forecasts.index[0])[:7] == "2025-07"
    assert list(result.forecasts.loc["2025-08":"2025-08", "partnumber"]) == ["7"]


def test_a_numbered_index_is_no_column() -> None:
    result = forecast(history().iloc[::-1])

    assert isinstance(result.forecasts.index, pd.RangeIndex)


def test_a_series_of_pandas_with_its_keys_in_the_index_is_a_history() -> None:
    result = forecast(history().set_index(["site_code", "partnumber", "date"])["demand_qty"])

    assert list(result.forecasts.index.names) == ["site_code", "partnumber", "date"]


POLARS_DATES = {
    "date": pl.Date,
    "milliseconds": pl.Datetime("ms"),
    "nanoseconds": pl.Datetime("ns"),
    "zone": pl.Datetime("us", "Asia/Jayapura"),
}


@pytest.mark.parametrize("name", POLARS_DATES)
@pytest.mark.parametrize("key", [pl.String, pl.Categorical, pl.Enum(["7", "9"]), pl.Int64], ids=str)
def test_polars_forecasts_join_the_history(name: str, key: Any) -> None:
    zone = getattr(POLARS_DATES[name], "time_zone", None)
    plain = pl.from_pandas(history().assign(date=history()["date"].astype("datetime64[ns]")))
    dated = plain["date"].dt.replace_time_zone(zone).cast(POLARS_DATES[name])
    given = plain.with_columns(dated, plain["partnumber"].cast(key))

    result = forecast(given)

    assert result.forecasts.schema["date"] == result.stock.schema["last_demand"] == given.schema["date"]
    joined = given.join(result.forecasts, on=["date", "partnumber", "site_code"], how="full")
    assert len(joined) == len(given) + len(result.forecasts)
    assert len(given.join(result.stock, on=["partnumber", "site_code"])) == len(given)


def test_a_lazy_frame_is_collected() -> None:
    lazy = pl.from_pandas(history()).lazy()

    result = forecast(lazy)

    assert isinstance(result.forecasts, pl.DataFrame)
    assert result.forecasts.schema["date"] == pl.Datetime("ns")


def test_pyarrow_tables_join_too() -> None:
    given = pa.Table.from_pandas(history(), preserve_index=False)

    result = forecast(given)

    assert result.forecasts.schema.field("date").type == given.schema.field("date").type
    assert result.stock.join(given, ["partnumber", "site_code"]).num_rows == given.num_rows


@pytest.mark.parametrize("as_text", [True, False], ids=["text", "bytes"])
def test_an_open_file_is_read_from_where_it_stands(as_text: bool) -> None:
    content = history().to_csv(index=False)
    file = io.StringIO("skipped\n" + content) if as_text else io.BytesIO(b"skipped\n" + content.encode())
    file.readline()

    assert batchcast.read_demand(file).facts.rows == 36


def test_an_open_workbook_or_archive_keeps_its_name(tmp_path: Path) -> None:
    path = tmp_path / "demand.parquet"
    history().to_parquet(path)

    with path.open("rb") as file:
        demand = batchcast.read_demand(file)

    assert demand.report.source == "demand.parquet"


def test_several_files_are_one_history(tmp_path: Path) -> None:
    """Also where two have one name, in different folders."""
    paths = []
    for number, (_, rows) in enumerate(history().groupby("partnumber")):
        paths.append(tmp_path / str(number) / "demand.csv")
        paths[-1].parent.mkdir()
        rows.to_csv(paths[-1], index=False)

    demand = batchcast.read_demand(paths)

    assert (demand.facts.rows, demand.facts.parts) == (36, 2)
    assert batchcast.read_demand(paths[:1]).facts.parts == 1
    with pytest.raises(batchcast.InvalidInput, match=r"absent\.csv can't be read"):
        batchcast.read_demand([*paths, tmp_path / "absent.csv"])


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (history().iloc[:0], "The table has columns and no rows"),
        (history().drop(columns="date"), "The table has no column for date"),
        (pl.DataFrame(), "The table has no columns"),
        (pd.concat([history(), history()["date"]], axis=1), "Duplicate column names"),
        ({"date": ["2024-01-01"]}, "dict is not a table; give a pandas, polars or pyarrow table"),
        ([1, 2], "list is not a table"),
        ([], "list is not a table"),
        (None, "NoneType is not a table"),
    ],
    ids=["no rows", "no date", "nothing", "doubled", "dict", "list", "empty list", "none"],
)
def test_what_is_wrong_is_said_of_a_table(table: Any, sentence: str) -> None:
    with pytest.raises(batchcast.InvalidInput, match=sentence) as caught:
        batchcast.read_demand(table)

    assert " file " not in str(caught.value)


def test_stock_and_events_may_be_lazy_or_indexed_too() -> None:
    given = history()
    stock = pd.DataFrame({"partnumber": ["7", "9"], "site_code": "Sofifi", "on_hand": [0, 1]}).set_index("partnumber")
    events = pl.DataFrame({"date": [dt.date(2024, 3, 1)], "name": ["Campaign"]}).lazy()

    result = batchcast.forecast(given, horizon=3, models=["naive"], events=events)

    assert result.orders(stock).orders["on_hand"].tolist() == [0, 1]
