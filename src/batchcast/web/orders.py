"""The page of orders: a stock file, or the stock in the history, becomes tables of what to order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from batchcast.app.order_words import notes_of
from batchcast.app.recipes import RecipeChoice
from batchcast.app.service.answers import ResultNotReady
from batchcast.app.service.drafts import Draft
from batchcast.app.service.ordering import Question
from batchcast.app.settings_text import stock_settings
from batchcast.app.tokens import Role
from batchcast.app.upload import Upload
from batchcast.domain.batch import Batch
from batchcast.domain.errors import N_, BatchcastError, InvalidInput, Message
from batchcast.domain.inventory import MOST_PURCHASES, Orders
from batchcast.domain.recipe import is_kept
from batchcast.domain.settings import OF_STOCK_FILE, SETTINGS
from batchcast.http import bodies
from batchcast.http.error_status import BadForm
from batchcast.http.files import answer_file
from batchcast.publish.kinds import ORDER_FORMATS, OrderFormat, OrderTable
from batchcast.web.context import CSRF_FIELD, Asker, BatchId, Here, OurForm, PageContext, check_form
from batchcast.web.forms import Texts
from batchcast.web.mapping import MAPPED, form_of_step, preview_settings, render_step
from batchcast.web.rendering import render
from batchcast.web.results.table import TableState

router = APIRouter()

_IN_SIGHT = 20  # rows of each table
_DRAFT = "draft"  # hidden field: the stock file that is kept while its columns are chosen


@router.get("/batches/{batch_id}/orders")
async def show_orders(request: Request, batch_id: BatchId, here: Here) -> Response:
    """The page before a stock file is sent."""
    status = await here.threads.light(here.service.status, batch_id)
    if status.batch.result is None:
        raise ResultNotReady(status.batch)
    return render(request, "orders/orders.html", batch=status.batch, **_shown(None, status.batch))


@router.post("/batches/{batch_id}/orders")
async def make_orders(request: Request, batch_id: BatchId, here: Here, asker: Asker) -> Response:
    """What to order for a stock file, or the stock in the history; the tables alone where htmx asks for them.

    A stock file that is not understood leads to the step in which its columns are chosen.
    """
    asker.require(Role.PLANNER)
    async with _question(request, here) as question:
        try:
            orders = await here.threads.heavy(here.service.orders, batch_id, question)
        except InvalidInput:
            stock = question.stock
            if not isinstance(stock, Upload) or not await _can_be_mapped(here, stock, question.texts):
                raise
            draft = await here.threads.upload(here.service.keep_draft, stock, asker.name)
            return _to_mapping(request, batch_id, draft, question.texts)
    status = await here.threads.light(here.service.status, batch_id)
    is_fragment = request.headers.get("hx-target") == "orders"
    name = "orders/answer.html" if is_fragment else "orders/orders.html"
    return render(request, name, batch=status.batch, **_shown(orders, status.batch, question))


@router.post("/batches/{batch_id}/orders/mapping")
async def map_stock_file(request: Request, batch_id: BatchId, here: Here, asker: Asker) -> Response:
    """Keep a stock file for a day, and lead to the step in which its columns are chosen."""
    asker.require(Role.PLANNER)
    async with _question(request, here) as question:
        if not isinstance(question.stock, Upload):
            raise BadForm(Message(N_("The form sends no file; send it as 'file'.")))
        draft = await here.threads.upload(here.service.keep_draft, question.stock, asker.name)
        return _to_mapping(request, batch_id, draft, question.texts)


@router.get("/batches/{batch_id}/orders/mapping/{draft_id}")
async def show_mapping(request: Request, batch_id: BatchId, draft_id: str, here: Here, asker: Asker) -> Response:
    """The step of a stock file, as its recipe or its names have it."""
    asker.require(Role.PLANNER)
    texts = {name: request.query_params.getlist(name) for name in request.query_params}
    return await _show_step(request, here, batch_id, draft_id, texts)


@router.post("/batches/{batch_id}/orders/mapping/{draft_id}")
async def change_mapping(
    request: Request, batch_id: BatchId, draft_id: str, *, here: Here, asker: Asker, texts: OurForm
) -> Response:
    """The step with what was chosen; the fragment that changes where htmx asks."""
    asker.require(Role.PLANNER)
    return await _show_step(request, here, batch_id, draft_id, texts)


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
    """The question that a form of the page sends; its file may be one that was kept while its columns were chosen."""
    async with bodies.read_optional_upload(request, here.service, here.threads) as (upload, texts):
        check_form(request, texts)
        if _DRAFT in texts:
            draft = await here.threads.light(here.service.draft, texts[_DRAFT][-1])
            recipes = RecipeChoice(is_alone=True, keeps_answers=True)
            yield Question(stock=draft, texts=form_of_step(texts).texts, recipes=recipes)
            return
        given = {name: found for name, found in texts.items() if name != CSRF_FIELD}
        keeps = RecipeChoice(keeps_answers=any(is_kept(name) for name in given if name in SETTINGS))
        yield Question(stock=upload, texts=given, recipes=keeps)


async def _can_be_mapped(here: PageContext, stock: Upload, texts: Texts) -> bool:
    """Whether a choice of its columns or of their reading is what a stock file lacks that was refused."""
    try:
        preview = await here.threads.heavy(here.service.preview, stock, stock_settings(None, texts), "stock")
    except BatchcastError:
        return False
    return bool(preview.missing or (preview.refusal and preview.refusal.choices))


def _to_mapping(request: Request, batch_id: str, draft: Draft, texts: Texts) -> Response:
    """A redirect to the step of a stock file that is kept for it, with the settings it was sent with."""
    query = urlencode(texts, doseq=True)
    place = f"/batches/{batch_id}/orders/mapping/{draft.draft_id}" + (f"?{query}" if query else "")
    if request.headers.get("hx-request") == "true":
        return Response(status_code=200, headers={"hx-redirect": place})
    return RedirectResponse(place, status_code=303)


async def _show_step(request: Request, here: PageContext, batch_id: str, draft_id: str, texts: Texts) -> Response:
    draft = await here.threads.light(here.service.draft, draft_id)
    form = form_of_step(texts)
    recipes = RecipeChoice(is_alone=MAPPED in texts)
    read = partial(here.service.preview_draft, draft_id, kind="stock", recipes=recipes)
    preview = await here.threads.heavy(read, preview_settings(form))
    orders = f"/batches/{batch_id}/orders"
    return render_step(
        request,
        form,
        preview,
        texts,
        subject={"name": draft.name, "size": draft.size, "url": orders},
        refusal=preview.refusal if preview.missing else None,
        preview_url=f"{orders}/mapping/{draft_id}",
        done_url=orders,
        hidden={_DRAFT: draft_id},
    )


def _shown(orders: Orders | None, batch: Batch, question: Question | None = None) -> dict[str, Any]:
    draft = question.stock if question and isinstance(question.stock, Draft) else None
    form = "stock-file" if question and question.stock else "history-stock"
    return {
        "orders": orders,
        "form": "mapped-stock" if draft else form,
        "mapped": draft,
        "mapped_fields": [(name, text) for name, texts in question.texts.items() for text in texts] if question else (),
        "source": batch.source,
        "reading": [SETTINGS[name] for name in OF_STOCK_FILE if SETTINGS[name].answers],
        "notes": () if orders is None else notes_of(orders),
        "in_sight": _IN_SIGHT,
        "formats": ORDER_FORMATS,
        "most": MOST_PURCHASES,
        "url_of": lambda row: TableState().url_of_series(batch.batch_id, row.site_code, row.partnumber),
    }
