"""The page of orders: a stock file, or the stock in the history, becomes tables of what to order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from batchcast.app.order_words import notes_of
from batchcast.app.recipes import RecipeChoice
from batchcast.app.service.answers import ResultNotReady
from batchcast.app.service.ordering import Question
from batchcast.app.tokens import Role
from batchcast.domain.batch import Batch
from batchcast.domain.inventory import MOST_PURCHASES, Orders
from batchcast.domain.recipe import is_kept
from batchcast.domain.settings import OF_STOCK_FILE, SETTINGS
from batchcast.http import bodies
from batchcast.http.files import answer_file
from batchcast.publish.kinds import ORDER_FORMATS, OrderFormat, OrderTable
from batchcast.web.context import CSRF_FIELD, Asker, BatchId, Here, PageContext, check_form
from batchcast.web.rendering import render
from batchcast.web.results.table import TableState

router = APIRouter()

_IN_SIGHT = 20  # rows of each table


@router.get("/batches/{batch_id}/orders")
async def show_orders(request: Request, batch_id: BatchId, here: Here) -> Response:
    """The page before a stock file is sent."""
    status = await here.threads.light(here.service.status, batch_id)
    if status.batch.result is None:
        raise ResultNotReady(status.batch)
    return render(request, "orders/orders.html", batch=status.batch, **_shown(None, status.batch))


@router.post("/batches/{batch_id}/orders")
async def make_orders(request: Request, batch_id: BatchId, here: Here, asker: Asker) -> Response:
    """What to order for a stock file, or the stock in the history; the tables alone where htmx asks for them."""
    asker.require(Role.PLANNER)
    async with _question(request, here) as question:
        orders = await here.threads.heavy(here.service.orders, batch_id, question)
    status = await here.threads.light(here.service.status, batch_id)
    is_fragment = request.headers.get("hx-target") == "orders"
    name = "orders/answer.html" if is_fragment else "orders/orders.html"
    form = "history-stock" if question.stock is None else "stock-file"
    return render(request, name, batch=status.batch, form=form, **_shown(orders, status.batch))


@router.post("/batches/{batch_id}/orders/{kind}.{file_format}")
async def download_orders(
    request: Request, batch_id: BatchId, kind: OrderTable, file_format: OrderFormat, *, here: Here, asker: Asker
) -> Response:
    """One of the tables as a file, for the stock file that the page still holds, or the stock in the history."""
    asker.require(Role.PLANNER)
    async with _question(request, here) as question:
        table = await here.threads.heavy(here.service.order_table, batch_id, question, kind, file_format)
    return await answer_file(table, request.headers)


@asynccontextmanager
async def _question(request: Request, here: PageContext) -> AsyncIterator[Question]:
    """The question that a form of the page sends."""
    async with bodies.read_optional_upload(request, here.service, here.threads) as (upload, texts):
        check_form(request, texts)
        given = {name: found for name, found in texts.items() if name != CSRF_FIELD}
        keeps = RecipeChoice(keeps_answers=any(is_kept(name) for name in given if name in SETTINGS))
        yield Question(stock=upload, texts=given, recipes=keeps)


def _shown(orders: Orders | None, batch: Batch) -> dict[str, Any]:
    return {
        "orders": orders,
        "source": batch.source,
        "reading": [SETTINGS[name] for name in OF_STOCK_FILE if SETTINGS[name].answers],
        "notes": () if orders is None else notes_of(orders),
        "in_sight": _IN_SIGHT,
        "formats": ORDER_FORMATS,
        "most": MOST_PURCHASES,
        "url_of": lambda row: TableState().url_of_series(batch.batch_id, row.site_code, row.partnumber),
    }
