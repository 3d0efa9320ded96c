"""The page on which a stock file is sent, what it is answered with, and the tables as files."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from batchcast.app.order_words import notes_of
from batchcast.app.service import OrderFormat, OrderTable, ResultNotReady
from batchcast.app.tokens import Role
from batchcast.domain.batch import Batch
from batchcast.domain.inventory import MOST_PURCHASES, Orders
from batchcast.http import bodies
from batchcast.http.streams import answer_file
from batchcast.web.access.forms import check_form
from batchcast.web.context import Asker, BatchId, Here
from batchcast.web.rendering import render
from batchcast.web.results.table import TableState

router = APIRouter()

_IN_SIGHT = 20  # rows of each table


@router.get("/batches/{batch_id}/orders")
async def show_orders(request: Request, batch_id: BatchId, here: Here) -> Response:
    """No stock file yet."""
    status = await here.threads.light(here.service.status, batch_id)
    if status.batch.result is None:
        raise ResultNotReady(status.batch)
    return render(request, "orders/orders.html", batch=status.batch, **_shown(None, status.batch))


@router.post("/batches/{batch_id}/orders")
async def make_orders(request: Request, batch_id: BatchId, here: Here, asker: Asker) -> Response:
    """What to order for a stock file; alone, where the page asks for it."""
    asker.require(Role.PLANNER)
    async with bodies.read_form(request, here.service, here.threads) as sent:
        check_form(request, sent.texts)
        orders = await here.threads.heavy(here.service.orders, batch_id, sent.upload)
    status = await here.threads.light(here.service.status, batch_id)
    is_fragment = request.headers.get("hx-target") == "orders"
    name = "orders/answer.html" if is_fragment else "orders/orders.html"
    return render(request, name, batch=status.batch, **_shown(orders, status.batch))


@router.post("/batches/{batch_id}/orders/{kind}.{file_format}")
async def download_orders(
    request: Request, batch_id: BatchId, kind: OrderTable, file_format: OrderFormat, *, here: Here, asker: Asker
) -> Response:
    """One of the tables as a file, for the stock file that the page still holds."""
    asker.require(Role.PLANNER)
    async with bodies.read_form(request, here.service, here.threads) as sent:
        check_form(request, sent.texts)
        table = await here.threads.heavy(here.service.order_table, batch_id, sent.upload, kind, file_format)
    return await answer_file(table, request.headers)


def _shown(orders: Orders | None, batch: Batch) -> dict[str, Any]:
    return {
        "orders": orders,
        "notes": () if orders is None else notes_of(orders),
        "in_sight": _IN_SIGHT,
        "most": MOST_PURCHASES,
        "url_of": lambda row: TableState().url_of_series(batch.batch_id, row.site_code, row.partnumber),
    }
