"""The address of a page says which series its table shows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import FastAPI
from starlette.responses import JSONResponse, Response

from batchcast.results.series import SeriesQuery
from batchcast.web.results.table import COLUMNS, FIGURES, Column, InTable, PlaceInTable, Table, TableState, last_page

BATCH = "0" * 32
STATES = [
    TableState(),
    TableState(search="<img src=x>", site_code="A & B", demand_class="lumpy", flagged="yes"),
    TableState(sort="bias", descending=True, page=7),
    TableState(search="100%", sort="reorder_point"),
    TableState(abc="A", xyz="Z", show=("recent,bias",)),
    TableState(attribute=("Family=A, B", "Supplier=x=y"), group="Family", show=("bias", "attribute:Family, old")),
]


Reader = Callable[[str], Any]


@pytest.fixture
def read() -> Reader:
    """Reads addresses back, as the pages do."""
    app = FastAPI()

    @app.get("/batches/{batch_id}/series")
    def table(table: Table) -> Response:
        return JSONResponse(table.parameters())

    @app.get("/batches/{batch_id}/series/one")
    def one(found_in: InTable, site_code: str, partnumber: str) -> Response:
        key = [site_code, partnumber]
        return JSONResponse({"table": found_in.table.parameters(), "place": found_in.place, "key": key})

    async def get(url: str) -> Any:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://page") as client:
            return (await client.get(url)).json()

    return lambda url: asyncio.run(get(url))


@pytest.mark.parametrize("state", STATES)
def test_the_address_of_a_table_gives_that_table(read: Reader, state: TableState) -> None:
    assert read(state.url(BATCH)) == state.parameters()


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("key", [("Kendari", "0012"), ("../..", "a/b?c&d=#"), ("ة", "'\"><script>")])
def test_a_series_knows_the_table_it_was_found_in(read: Reader, state: TableState, key: tuple[str, str]) -> None:
    found = read(state.url_of_series(BATCH, *key, 123))

    assert found["key"] == list(key)
    assert found["place"] == 123
    assert found["table"] == replace(state, page=3).parameters()


def test_an_address_says_only_what_differs_from_the_table_as_it_opens() -> None:
    assert TableState().url(BATCH) == f"/batches/{BATCH}/series"
    assert parse_qs(urlsplit(TableState(page=2).url(BATCH)).query) == {"page": ["2"]}


def test_fields_that_a_form_sends_empty_ask_for_all_series(read: Reader) -> None:
    sent = read(f"/batches/{BATCH}/series?search=&site_code=&demand_class=&flagged=&sort=")

    assert sent == {}


def test_the_query_asks_for_what_the_table_says() -> None:
    of = {"search": "x", "site_code": "S", "demand_class": "new", "abc": "B", "xyz": "X", "flagged": "no"}

    assert TableState(**of, sort="bias", descending=True, page=3).query == SeriesQuery(
        search="x",
        sites=frozenset({"S"}),
        classes=frozenset({"new"}),
        abc=frozenset("B"),
        xyz=frozenset("X"),
        flagged=False,
        sort="bias",
        descending=True,
        offset=100,
        limit=50,
    )
    assert TableState().query == SeriesQuery(sort="forecast_total", descending=True)


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.name)
def test_texts_are_sorted_upwards_first_and_figures_from_the_largest(column: Column) -> None:
    other = "bias" if column.name != "bias" else "site_code"
    once = TableState(sort=other, page=4).sorted_by(column.name)
    twice = once.sorted_by(column.name)

    orders = ["descending", "ascending"] if column.name in FIGURES else ["ascending", "descending"]
    assert [once.order_of(column.name), twice.order_of(column.name)] == orders
    assert twice.sorted_by(column.name) == once
    assert once.page == 1
    assert twice.order_of("forecast_total" if column.name != "forecast_total" else "bias") == "none"


def test_a_table_opens_with_the_largest_forecast_and_its_usual_columns() -> None:
    assert TableState().order_of("forecast_total") == "descending"
    assert TableState().sorted_by("forecast_total").order_of("forecast_total") == "ascending"
    assert {column.name for column in TableState().shown} >= {"partnumber", "site_code", "abc", "recent"}
    usual = tuple(column.name for column in TableState().shown)
    assert TableState(show=usual).url(BATCH) == TableState().url(BATCH)
    assert TableState(show=("no such",)).shown == TableState().shown


def test_the_columns_that_are_chosen_are_shown_beside_the_part_and_its_site_and_go_into_the_file() -> None:
    table = TableState(abc="A", show=("bias", "abc"), page=3)

    assert [column.name for column in table.shown] == ["partnumber", "site_code", "abc", "bias"]
    assert table.url_of_file(BATCH, "xlsx") == f"/batches/{BATCH}/series.xlsx?abc=A&show=abc%2Cbias"
    assert "history_total" in [column.name for column in TableState(sort="history_total").shown]


@pytest.mark.parametrize(("total", "pages"), [(0, 1), (1, 1), (50, 1), (51, 2), (100_000, 2000)])
def test_an_empty_table_has_a_page_and_a_full_one_no_more_than_it_needs(total: int, pages: int) -> None:
    assert last_page(total) == pages


@pytest.mark.parametrize(("place", "offset", "limit"), [(0, 0, 2), (1, 0, 3), (50, 49, 3)])
def test_around_a_series_are_those_before_and_after_it(place: int, offset: int, limit: int) -> None:
    around = PlaceInTable(table=TableState(search="x", sort="bias"), place=place).around

    assert around == SeriesQuery(search="x", sort="bias", offset=offset, limit=limit)


def test_around_a_series_that_no_table_led_to_is_nothing() -> None:
    assert PlaceInTable(table=TableState(), place=None).around is None
