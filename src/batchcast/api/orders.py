"""The endpoint that answers a stock file: what to order, and which units to buy next."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from batchcast.api.answers import Answer
from batchcast.api.context import BatchId, Here, Lang, answer
from batchcast.api.description import settings_schema
from batchcast.api.problems import documented
from batchcast.app.order_words import notes_of, promise_of
from batchcast.app.service.ordering import Question
from batchcast.app.settings_text import DECIDE_READING
from batchcast.app.translation import Language, translate
from batchcast.domain.inventory import Orders
from batchcast.http.bodies import read_form_or_texts
from batchcast.http.multipart import FILE_FIELD
from batchcast.http.streams import answer_file

router = APIRouter(prefix="/api/batch", tags=["results"])

_FILE = {"schema": {"type": "string", "format": "binary"}}
_FILES = {"text/csv": _FILE, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": _FILE}
_ABOUT = (
    "site_code, partnumber and any of on_hand, unit_cost, pack_size, lead_time, as CSV, XLSX, Parquet, gz or zip. "
    "Without it the columns of the batch's own history count."
)
_STOCK_FILE = {"type": "string", "format": "binary", "description": _ABOUT}
_SETTINGS = {name: schema for name, schema in settings_schema().items() if name in DECIDE_READING}
_SCHEMA = {"type": "object", "properties": {FILE_FIELD: _STOCK_FILE, **_SETTINGS}}
_BODY = {"requestBody": {"required": False, "content": {"multipart/form-data": {"schema": _SCHEMA}}}}


class OrderedPart(Answer):
    """What to order of one part, in units."""

    site_code: str
    partnumber: str
    on_hand: float | None
    pack_size: float
    lead_time: float = Field(description="Periods.")
    reorder_point: float
    safety_stock: float
    order_up_to: float
    order_qty: float | None
    fill_rate_now: float | None = Field(description="Expected share of the lead-time demand that is served.")
    fill_rate_after: float | None = Field(description="With the order.")


class RankedUnit(Answer):
    """One purchase: a pack of a part."""

    rank: int
    site_code: str
    partnumber: str
    units: float
    cost: float | None = Field(description="Of the pack.")
    cumulative_cost: float = Field(description="Of the list so far.")
    avoided_short: float = Field(description="Units of lead-time demand that it serves on average.")
    fill_rate_before: float
    fill_rate_after: float


class Kept(Answer):
    """What the stock figures of all series promise, and what they would have kept in the backtests."""

    service_level: float
    achieved_level: float | None = Field(description="Share of the backtests of single series with no unit short.")
    fill_rate: float
    achieved_fill_rate: float | None
    folds: int = Field(description="Backtests of single series.")


class PlacedOrders(Answer):
    """The answer to a stock file."""

    sentences: list[str] = Field(description="What was promised and achieved, how stock was read, what was left out.")
    parts: int = Field(description="Of the stock file that have a forecast.")
    to_order: int = Field(description="Of them.")
    without_on_hand: int
    unknown: int = Field(description="Parts of the stock file without a forecast.")
    unknown_named: list[tuple[str, str]] = Field(description="Site and part of the first hundred of them.")
    promise: Kept | None
    orders: list[OrderedPart] = Field(description="The first hundred parts to order, by site and part.")
    next_units: list[RankedUnit] = Field(description="The first hundred units to buy next, the best first.")


@router.post(
    "/orders/{batch_id}",
    response_model=PlacedOrders,
    responses={
        200: {"description": "The first of the orders; with `kind`, a whole table.", "content": _FILES},
        **documented(404, 408, 409, 413, 415),
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
    kind: Annotated[Literal["orders", "next_units"] | None, Query(description="This table in whole.")] = None,
    format: Annotated[Literal["csv", "xlsx"], Query(description="Of the table.")] = "csv",
) -> Response:
    """Answer a stock file, or the stock in the batch's own history, from the forecast of a COMPLETED batch.

    Nothing is changed, and the file is not kept.
    """
    async with read_form_or_texts(request, here.service, here.threads) as (upload, texts):
        question = Question(stock=upload, texts=texts)
        if kind is not None:
            table = await here.threads.heavy(here.service.order_table, batch_id, question, kind, format)
            return await answer_file(table, request.headers)
        found = await here.threads.heavy(here.service.orders, batch_id, question)
    return answer(render_orders(found, language), language)


def render_orders(found: Orders, language: Language) -> PlacedOrders:
    """The first of the orders."""
    promise = found.promise
    return PlacedOrders(
        sentences=[translate(sentence, language) for sentence in (*promise_of(found), *notes_of(found))],
        parts=found.parts,
        to_order=found.to_order,
        without_on_hand=found.without_on_hand,
        unknown=found.unknown,
        unknown_named=list(found.unknown_named),
        promise=None if promise is None else Kept(**_plain(promise)),
        orders=[OrderedPart(**_plain(line)) for line in found.lines],
        next_units=[RankedUnit(**_plain(unit)) for unit in found.next_units],
    )


def _plain(noun: Any) -> dict[str, Any]:
    return asdict(noun)
