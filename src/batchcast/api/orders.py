"""The endpoint that answers a stock file: what to order, and which units to buy next."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from batchcast.api.context import BatchId, Here, Lang, answer
from batchcast.api.description import FILE_KINDS_READ, RECIPE_FIELDS, described_files, settings_schema
from batchcast.api.problems import documented
from batchcast.api.rendering import say_in
from batchcast.api.resultanswers import PlacedOrders
from batchcast.app.recipes import choice_of_texts
from batchcast.app.service.ordering import Question
from batchcast.app.words.nouns import orders_json
from batchcast.domain.settings import OF_STOCK_FILE
from batchcast.http.audit import tell_of_recipe
from batchcast.http.bodies import read_optional_upload
from batchcast.http.files import answer_file
from batchcast.http.multipart import FILE_FIELD
from batchcast.publish.kinds import CSV, ORDER_FORMATS, OrderFormat, OrderTable

router = APIRouter(prefix="/api/batch", tags=["results"])

_FILES = described_files(ORDER_FORMATS)
_ABOUT = (
    "site_code, partnumber and any of on_hand, on_order, unit_cost, pack_size, lead_time, lead_time_days, as one of "
    f"{FILE_KINDS_READ}. Without it the columns of the batch's own history count."
)
_STOCK_FILE = {"type": "string", "format": "binary", "description": _ABOUT}
_SETTINGS = {name: schema for name, schema in settings_schema().items() if name in OF_STOCK_FILE}
_SCHEMA = {"type": "object", "properties": {FILE_FIELD: _STOCK_FILE, **_SETTINGS, **RECIPE_FIELDS}}
_BODY = {"requestBody": {"required": False, "content": {"multipart/form-data": {"schema": _SCHEMA}}}}


@router.post(
    "/orders/{batch_id}",
    response_model=PlacedOrders,
    responses={
        200: {"description": "The first of the orders; with `kind`, a whole table.", "content": _FILES},
        **documented(404, 408, 409, 413, 415, 507),
    },
    openapi_extra=_BODY,
    summary="What to order now, and which units to buy next",
)
async def orders(
    request: Request,
    batch_id: BatchId,
    *,
    here: Here,
    language: Lang,
    kind: Annotated[OrderTable | None, Query(description="This table in whole.")] = None,
    format: Annotated[OrderFormat, Query(description="Of the table.")] = CSV,
    supplier: Annotated[
        str | None, Query(max_length=500, description="In the table of orders only this one's; empty: of none known.")
    ] = None,
) -> Response:
    """Answer a stock file, or the stock in the batch's own history, from the forecast of a COMPLETED batch.

    Nothing is changed but a recipe that is asked for, and the file is deleted after the answer.
    """
    async with read_optional_upload(request, here.service, here.threads) as (upload, texts):
        given, recipes = choice_of_texts(texts)
        tell_of_recipe(request, recipes)
        question = Question(stock=upload, texts=given, recipes=recipes, supplier=supplier)
        if kind is not None:
            table = await here.threads.heavy(here.service.results.order_table, batch_id, question, kind, format)
            return await answer_file(table, request.headers)
        found = await here.threads.heavy(here.service.results.orders, batch_id, question)
    return answer(PlacedOrders.model_validate(orders_json(found, say_in(language))), language)
