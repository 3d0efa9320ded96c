"""The page of orders: a stock file, or the stock in the history, becomes tables of what to order."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import RedirectResponse, Response

from batchcast.app.installation.tokens import Role
from batchcast.app.recipes import NO_CHOICE, RecipeChoice
from batchcast.app.service.answers import ResultNotReady
from batchcast.app.service.drafts import Draft
from batchcast.app.service.ordering import Question
from batchcast.app.service.service import Service
from batchcast.app.upload import Upload
from batchcast.app.words.settings_text import stock_settings
from batchcast.domain.batch import Batch
from batchcast.domain.columns import held_by
from batchcast.domain.errors import N_, BatchcastError, InvalidInput, Message
from batchcast.domain.inventory import MOST_PURCHASES, NextUnit, OrderLine, Orders, notes_of
from batchcast.domain.recipe import is_kept
from batchcast.domain.settings import OF_ANY_STOCK_FILE, SETTINGS
from batchcast.http import bodies
from batchcast.http.audit import tell_of_recipe
from batchcast.http.error_status import BadForm
from batchcast.http.files import answer_file
from batchcast.publish.kinds import FORMATS, ORDER_FORMATS, ORDERS, OrderFormat, OrderTable
from batchcast.web.context import CSRF_FIELD, Asker, BatchId, Here, OurForm, PageContext, check_form
from batchcast.web.forms import DEFAULTS, Texts
from batchcast.web.mapping import MAPPED, form_of_step, preview_settings, render_step
from batchcast.web.rendering import render
from batchcast.web.results.reach import reach_of
from batchcast.web.results.table import NOTES, TableState

router = APIRouter()

_IN_SIGHT = 20  # of the parts to buy next
_ROWS_A_PAGE = 50
_DRAFT = "draft"  # field: the stock file that is kept for a day
_STOCK, _HISTORY = "stock", "history"  # parameter: the orders are for the stock of the history
_SUPPLIER = "supplier"  # field: the one whose orders a file has
_SORTS = {  # by column: whether the largest stand first
    "order_cost": True,
    "order_qty": True,
    "fill_rate_now": False,
    "partnumber": False,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderState:
    """Which orders the page lists, in which order, and what may be spent: parameters of its address."""

    search: Annotated[str, Query(max_length=200)] = ""
    site_code: Annotated[str, Query(max_length=2000)] = ""  # empty: all
    supplier: Annotated[str, Query(max_length=500)] = ""  # empty: all
    empty: bool = False  # only parts without stock
    sort: Annotated[str, Query(max_length=40)] = ""  # of _SORTS; empty: by cost, or by quantity where no cost is known
    descending: bool | None = None  # None: as the column opens
    budget: Annotated[str, Query(max_length=40)] = ""  # as typed
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1

    def chosen(self, lines: Sequence[OrderLine]) -> list[OrderLine]:
        """The lines that are wanted, in order; those without the figure come last."""
        text = self.search.strip().lower()
        found = [
            line
            for line in lines
            if (not self.site_code or line.site_code == self.site_code)
            and (not self.supplier or line.supplier == self.supplier)
            and (not self.empty or (line.on_hand or 0.0) <= 0)
            and (text in line.partnumber.lower() or text in line.site_code.lower())
        ]
        column = self.column(lines)
        there = [line for line in found if getattr(line, column) is not None]
        there.sort(key=lambda line: getattr(line, column), reverse=self.is_descending(column))
        return there + [line for line in found if getattr(line, column) is None]

    def column(self, lines: Sequence[OrderLine]) -> str:
        """The column that they are sorted by."""
        has_cost = any(line.order_cost is not None for line in lines)
        return self.sort if self.sort in _SORTS else "order_cost" if has_cost else "order_qty"

    def is_descending(self, column: str) -> bool:
        """Whether the largest stand first."""
        return _SORTS[column] if self.descending is None else self.descending

    @property
    def money(self) -> float | None:
        """The budget; None where there is none that can be read."""
        text = self.budget.strip().replace(" ", "")
        grouped = re.fullmatch(r"\d{1,3}(?:([.,])\d{3})(?:\1\d{3})*", text)
        try:
            found = float(text.replace(grouped[1], "") if grouped else text.replace(",", "."))
        except ValueError:
            return None
        return found if 0 < found < 1e18 else None


@dataclass(frozen=True, kw_only=True, slots=True)
class SupplierTotal:
    """What is ordered of one supplier."""

    supplier: str  # empty: it is not known
    parts: int
    units: float
    cost: float | None  # None where no cost is known


def by_supplier(lines: Sequence[OrderLine]) -> list[SupplierTotal]:
    """The totals of each supplier, the dearest first, then the most units; none where no supplier is known."""
    groups: dict[str, list[OrderLine]] = {}
    for line in lines:
        groups.setdefault(line.supplier or "", []).append(line)
    if not any(groups):
        return []
    found = [
        SupplierTotal(
            supplier=name,
            parts=len(mine),
            units=sum(line.order_qty or 0.0 for line in mine),
            cost=sum(line.order_cost or 0.0 for line in mine) if any(line.order_cost for line in mine) else None,
        )
        for name, mine in groups.items()
    ]
    return sorted(found, key=lambda one: (-(one.cost or 0.0), -one.units, one.supplier))


def _listed(orders: Orders, batch: Batch, question: Question, state: OrderState) -> dict[str, Any]:
    """The lines in sight, their sums, and what a budget reaches."""
    lines, base = state.chosen(orders.lines), f"/batches/{batch.batch_id}/orders"
    cost = sum(line.order_cost or 0.0 for line in orders.lines)
    asked = _parameters(question)

    def url(**changes: object) -> str:
        kept = {"search": state.search, "site_code": state.site_code, "sort": state.sort, "budget": state.budget}
        kept |= {"supplier": state.supplier}
        kept |= {"empty": "true" if state.empty else "", "descending": _word(state.descending)}
        kept |= {name: _word(value) for name, value in changes.items()}
        named = {name: [value] for name, value in kept.items() if value}
        return f"{base}?{urlencode({**asked, **named}, doseq=True)}"

    def release_url(site_code: str, partnumber: str) -> str:
        released = [*asked.get("release", ()), f"{site_code}={partnumber}"]
        return f"{base}?{urlencode({**asked, 'release': released}, doseq=True)}"

    column = state.column(orders.lines)
    return {
        "release_url": release_url,
        "reasons_of": lambda line: [NOTES[name] for name in held_by(line.hold)],
        "state": state,
        "asked": [(name, text) for name, texts in asked.items() for text in texts],
        "url": url,
        "lines": lines[(state.page - 1) * _ROWS_A_PAGE : state.page * _ROWS_A_PAGE],
        "found": len(lines),
        "pages": max(-(-len(lines) // _ROWS_A_PAGE), 1),
        "page_url": lambda number: url(page=number),
        "units": sum(line.order_qty or 0.0 for line in lines),
        "listed_cost": sum(line.order_cost or 0.0 for line in lines),
        "cost": cost,
        "empty_parts": sum((line.on_hand or 0.0) <= 0 for line in orders.lines),
        "sites": sorted({line.site_code for line in orders.lines}),
        "suppliers": by_supplier(orders.lines),
        "column": column,
        "is_descending": state.is_descending(column),
        "budgets": [round_down(cost * share) for share in (0.1, 0.25, 0.5)] if cost else [],
        "reach": reach_of(orders, state.money or cost) if cost else None,
        "now": orders.served / orders.demand if orders.demand > 0 else None,
        "following": in_runs(orders.next_units)[:_IN_SIGHT],
    }


def _word(value: object) -> str:
    """The text of a parameter; empty where there is none."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def round_down(amount: float) -> int:
    """An amount as people say it: two digits, then zeros."""
    whole = int(amount)
    step: int = 10 ** max(len(str(whole)) - 2, 0)
    return whole // step * step


def in_runs(units: Sequence[NextUnit]) -> list[NextUnit]:
    """Purchases with those of one part that follow each other as one."""
    found: list[NextUnit] = []
    for unit in units:
        last = found[-1] if found else None
        if last is None or (last.site_code, last.partnumber) != (unit.site_code, unit.partnumber):
            found.append(unit)
            continue
        found[-1] = replace(
            unit,
            rank=last.rank,
            units=last.units + unit.units,
            cost=None if unit.cost is None else (last.cost or 0.0) + unit.cost,
            avoided_short=last.avoided_short + unit.avoided_short,
            fill_rate_before=last.fill_rate_before,
        )
    return found


def _state(state: Annotated[OrderState, Depends()]) -> OrderState:
    return state


State = Annotated[OrderState, Depends(_state)]


@router.get("/batches/{batch_id}/orders")
async def show_orders(request: Request, batch_id: BatchId, here: Here, asker: Asker, state: State) -> Response:
    """The orders for the stock that the address names; without one the page before a stock file is sent."""
    status = await here.threads.light(here.service.status, batch_id)
    if status.batch.result is None:
        raise ResultNotReady(status.batch)
    question = None
    if asker.role >= Role.PLANNER:
        question = await here.threads.light(_question_of_address, here.service, _texts_of(request))
    if question is None:
        return render(request, "orders/orders.html", batch=status.batch, **_shown(None, status.batch))
    return await _answer(request, here, status.batch, question, state)


@router.post("/batches/{batch_id}/orders")
async def make_orders(request: Request, batch_id: BatchId, here: Here, asker: Asker) -> Response:
    """What to order for a stock file, or the stock in the history, at an address that names it; the tables alone where
    htmx asks for them.

    A stock file stays for a day. One that is not understood leads to the step in which its columns are chosen.
    """
    asker.require(Role.PLANNER)
    async with _question(request, here) as sent:
        question, draft = sent, None
        if isinstance(sent.stock, Upload):
            draft = await here.threads.upload(here.service.drafts.keep, sent.stock, asker.name)
            question = replace(sent, stock=draft)
        try:
            await here.threads.heavy(here.service.results.kept_orders, batch_id, question, _key_of(question))
            tell_of_recipe(request, question.recipes)
        except InvalidInput:
            if draft is None:
                raise
            if await _can_be_mapped(here, draft, sent.texts):
                return _to_mapping(request, batch_id, draft, sent.texts)
            await here.threads.light(here.service.drafts.discard, draft.draft_id)
            raise
    place = f"/batches/{batch_id}/orders?{urlencode(_parameters(question), doseq=True)}"
    if request.headers.get("hx-target") != "orders":
        return RedirectResponse(place, status_code=303)
    batch = (await here.threads.light(here.service.status, batch_id)).batch
    answer = await _answer(request, here, batch, question, OrderState())
    answer.headers["hx-push-url"] = place
    return answer


async def _answer(request: Request, here: PageContext, batch: Batch, question: Question, state: OrderState) -> Response:
    """The orders of a question, as a page shows them."""
    orders = await here.threads.heavy(here.service.results.kept_orders, batch.batch_id, question, _key_of(question))
    is_fragment = request.headers.get("hx-target") == "orders"
    name = "orders/answer.html" if is_fragment else "orders/orders.html"
    values = _shown(orders, batch, question) | _listed(orders, batch, question, state)
    answer = render(request, name, batch=batch, **values)
    answer.headers["vary"] += ", HX-Target"
    return answer


def _texts_of(request: Request) -> Texts:
    return {name: request.query_params.getlist(name) for name in request.query_params}


def _question_of_address(service: Service, texts: Texts) -> Question | None:
    """The question that an address holds; None where it names no stock."""
    settings = {name: given for name, given in texts.items() if name in SETTINGS}
    if texts.get(_STOCK) == [_HISTORY]:
        return Question(stock=None, texts=settings)
    if _DRAFT not in texts:
        return None
    recipes = RecipeChoice(is_alone=True) if MAPPED in texts else NO_CHOICE
    return Question(stock=service.drafts.find(texts[_DRAFT][-1]), texts=settings, recipes=recipes)


def _parameters(question: Question) -> dict[str, Sequence[str]]:
    """The parameters of the address of a question."""
    settings = {name: given for name, given in question.texts.items() if name in SETTINGS and given}
    if isinstance(question.stock, Draft):
        flags = {MAPPED: ["1"]} if question.recipes.is_alone else {}
        return {_DRAFT: [question.stock.draft_id], **flags, **settings}
    return {_STOCK: [_HISTORY], **settings}


def _key_of(question: Question) -> str:
    return urlencode(_parameters(question), doseq=True)


@router.post("/batches/{batch_id}/orders/mapping")
async def map_stock_file(request: Request, batch_id: BatchId, here: Here, asker: Asker) -> Response:
    """Keep a stock file for a day, and lead to the step in which its columns are chosen."""
    asker.require(Role.PLANNER)
    async with _question(request, here) as question:
        if not isinstance(question.stock, Upload):
            raise BadForm(Message(N_("The form sends no file; send it as 'file'.")))
        draft = await here.threads.upload(here.service.drafts.keep, question.stock, asker.name)
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
    async with _question(request, here) as sent:  # a recipe was kept when the orders were made
        supplier = sent.supplier if kind == ORDERS else None
        question = replace(sent, recipes=replace(sent.recipes, keeps_answers=False), supplier=supplier)
        table = await here.threads.heavy(here.service.results.order_table, batch_id, question, kind, file_format)
    return await answer_file(table, request.headers)


@asynccontextmanager
async def _question(request: Request, here: PageContext) -> AsyncIterator[Question]:
    """The question that a form of the page sends; its file may be one that was kept while its columns were chosen."""
    async with bodies.read_optional_upload(request, here.service, here.threads) as (upload, texts):
        check_form(request, texts)
        given = {name: found for name, found in texts.items() if name not in (CSRF_FIELD, _DRAFT, _STOCK, _SUPPLIER)}
        supplier = texts[_SUPPLIER][-1] if _SUPPLIER in texts else None
        if _DRAFT in texts:
            draft = await here.threads.light(here.service.drafts.find, texts[_DRAFT][-1])
            is_mapped = MAPPED in texts
            recipes = RecipeChoice(is_alone=is_mapped, keeps_answers=is_mapped)
            read = form_of_step(texts).texts if is_mapped else given
            yield Question(stock=draft, texts=read, recipes=recipes, supplier=supplier)
            return
        chosen = [name for name, found in given.items() if name in SETTINGS and list(found) != [DEFAULTS.get(name)]]
        keeps = RecipeChoice(keeps_answers=any(map(is_kept, chosen)))
        yield Question(stock=upload, texts=given, recipes=keeps, supplier=supplier)


async def _can_be_mapped(here: PageContext, stock: Draft, texts: Texts) -> bool:
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
    draft = await here.threads.light(here.service.drafts.find, draft_id)
    form = form_of_step(texts)
    recipes = RecipeChoice(is_alone=MAPPED in texts)
    read = partial(here.service.preview, draft, kind="stock", recipes=recipes)
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
    return {
        "orders": orders,
        "form": "kept-stock" if draft else "history-stock",
        "draft": draft,
        "is_mapped": question is not None and question.recipes.is_alone,
        "kept_fields": [(name, text) for name, given in _parameters(question).items() for text in given]
        if question
        else (),
        "source": batch.source,
        "reading": [SETTINGS[name] for name in OF_ANY_STOCK_FILE],
        "notes": () if orders is None else notes_of(orders),
        "formats": [FORMATS[name] for name in ORDER_FORMATS],
        "most": MOST_PURCHASES,
        "url_of": lambda row: TableState().url_of_series(batch.batch_id, row.site_code, row.partnumber),
    }
