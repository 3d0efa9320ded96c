"""The pages of what a batch has published, its files, and the fragments that change on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from batchcast.app.installation.tokens import Role
from batchcast.app.planner import Looked, NotInAttention, find_part, look_of
from batchcast.app.service.answers import ResultNotKept, SeriesDetail
from batchcast.app.service.ordering import OF_HISTORY
from batchcast.app.service.service import Service
from batchcast.app.words.findings import findings_of, in_percent, why_no_findings
from batchcast.app.words.translation import Language
from batchcast.domain import columns
from batchcast.domain.accuracy import Overview
from batchcast.domain.batch import Batch
from batchcast.domain.calendar import Frequency, length_in_words
from batchcast.domain.errors import N_, BatchcastError, Message
from batchcast.domain.planner import LONGEST_REASON
from batchcast.domain.settings import MARK_KINDS
from batchcast.http.files import answer_file
from batchcast.results.lead_time import look_ahead
from batchcast.results.series import SeriesQuery
from batchcast.web.context import Asker, BatchId, Here, Lang, PageContext
from batchcast.web.rendering import render, varied
from batchcast.web.results.downloads import files_of
from batchcast.web.results.lead_time import SeriesStock, stops_with, view_of
from batchcast.web.results.one import ChartSteps, OneSeries, show_series, steps_of
from batchcast.web.results.summary import (
    WIDTHS,
    attention_values,
    card_of,
    compare,
    draw,
    first_to_order,
    group_cards,
)
from batchcast.web.results.table import (
    NOTES,
    InTable,
    PlaceInTable,
    TableState,
)
from batchcast.web.results.terms import CLASSES
from batchcast.web.results.totals import chart_of_totals, in_weeks

router = APIRouter()

Key = Annotated[str, Query(max_length=10_000)]
Step = Literal["", "week"]  # of the totals of daily demand

_MOST_ORDERED = 6  # parts to order that the summary names


@router.get("/batches/{batch_id}/results")
async def results(
    request: Request,
    batch_id: BatchId,
    here: Here,
    lang: Lang,
    *,
    site_code: Key = "",
    step: Step = "",
    look: str = "",
    looked: Looked = "",
    more: bool = False,
    by: Key = "",
) -> Response:
    """The summary of a batch; where htmx asks for it, its totals by period or group, or the parts to look at."""
    batch, overview, problem = await here.threads.light(_totals, here.service, batch_id)
    values: dict[str, Any] = {"batch": batch, "overview": overview, "problem": problem, "files": files_of(batch)}
    target = request.headers.get("hx-target")
    if overview is None:
        return varied(render(request, "results/results.html", **values))
    if target not in ("attention", "groups"):
        values |= await _by_period(here, lang, batch, overview, site_code=site_code, step=step)
    if target == "totals":
        answer = render(request, "results/totals.html", **values)
        parameters = urlencode({"site_code": site_code, "step": step})
        answer.headers["hx-replace-url"] = f"/batches/{batch_id}/results?{parameters}"
        return varied(answer)
    values |= await here.threads.light(_groups, here.service, batch, overview, by)
    if target == "groups":
        answer = render(request, "results/groups.html", **values)
        answer.headers["hx-replace-url"] = values["group_way"](values["by"])
        return varied(answer)
    looks = await here.threads.light(here.service.planner.looks, batch_id)
    values |= _summary(batch, overview)
    values |= attention_values(batch_id, overview.attention, looks, kind=look, looked=looked, more=more)
    if target == "attention":
        answer = render(request, "results/attention.html", **values)
        answer.headers["hx-replace-url"] = values["url_with"]()
        return varied(answer)
    return varied(render(request, "results/results.html", **values))


@router.get("/batches/{batch_id}/results/orders")
async def orders_now(request: Request, batch_id: BatchId, here: Here, asker: Asker) -> Response:
    """What to order now for the stock that the history carries: a card of the summary."""
    asker.require(Role.PLANNER)
    status = await here.threads.light(here.service.status, batch_id)
    try:
        orders, problem = await here.threads.heavy(here.service.results.kept_orders, batch_id, OF_HISTORY), None
    except BatchcastError as error:
        orders, problem = None, error.message
    first = () if orders is None else first_to_order(orders, _MOST_ORDERED)
    values: dict[str, Any] = {"batch": status.batch, "orders": orders, "problem": problem, "first": first}
    return render(request, "results/orders.html", **values, url_of=_way_to(batch_id))


async def _by_period(
    here: PageContext, lang: Language, batch: Batch, overview: Overview, *, site_code: str, step: Step
) -> dict[str, Any]:
    """What the totals by period show."""
    periods = overview.periods
    if site_code:
        periods = await here.threads.light(here.service.results.site_periods, batch.batch_id, site_code)
    frequency = batch.plan.request.calendar.frequency
    has_days = frequency is Frequency.DAILY
    if has_days and step == "week":
        periods, frequency = in_weeks(periods), Frequency.WEEKLY
    chart = chart_of_totals(periods, frequency)
    values = {"periods": periods, "chart": chart, "payload": chart.as_json(lang)}
    return values | {"site_code": site_code, "has_days": has_days, "step": step}


_PLAIN_GROUPS: Mapping[str, str] = {
    columns.SITE_CODE: N_("Site"),
    columns.DEMAND_CLASS: N_("Demand class"),
    columns.ABC: "ABC",
    columns.XYZ: "XYZ",
}  # by column; further columns of the file have their own names


def _groups(service: Service, batch: Batch, overview: Overview, by: str) -> dict[str, Any]:
    """What is forecast by site, or by another group that is asked for and that there is."""
    batch_id = batch.batch_id
    attributes = [name for name, found in service.results.attribute_choices(batch_id).items() if found]
    there = service.results.series(batch_id, SeriesQuery(limit=1)).rows
    plain = {name: label for name, label in _PLAIN_GROUPS.items() if there and name in there[0]}
    choices = [*plain.items(), *((name, name) for name in attributes)]
    by = by if by in dict(choices) else columns.SITE_CODE
    if by == columns.SITE_CODE:
        groups: list[Any] = [card_of(one, TableState(site_code=one.site_code).url(batch_id)) for one in overview.sites]
    else:
        found = service.results.groups(batch_id, SeriesQuery(), by)
        groups = list(group_cards(found, lambda value: TableState().with_value(by, value).url(batch_id)))
    base = f"/batches/{batch_id}/results"
    return {
        "by": by,
        "groups": groups,
        "group_choices": choices,
        "plain_groups": plain,
        "classes": CLASSES,
        "group_way": lambda name: base if name == columns.SITE_CODE else f"{base}?{urlencode({'by': name})}",
    }


def _summary(batch: Batch, overview: Overview) -> dict[str, Any]:
    """What the first screen shows, and what is folded under it."""
    asked, hindsight = batch.plan.request, overview.hindsight
    compared = compare(overview.periods, asked)
    return {
        "asked": asked,
        "compared": compared,
        "drawings": [draw(compared, width) for width in WIDTHS],
        "findings": findings_of(hindsight) if hindsight else (),
        "no_findings": why_no_findings(hindsight) if hindsight and not hindsight.cases else None,
        "level": in_percent(asked.service_level),
        "covered": length_in_words(asked.calendar, asked.lead_time),
        "worst_parts": hindsight.worst_parts if hindsight else (),
        "url_of": _way_to(batch.batch_id),
        "has_stock": bool(batch.source and "on_hand" in batch.source.report.stock_columns),
    }


def _way_to(batch_id: str) -> Callable[[Any], str]:
    """Makes the address of the page of a series."""
    return lambda part: TableState().url_of_series(batch_id, part.site_code, part.partnumber)


@router.get("/batches/{batch_id}/series/one")
async def one_series(
    request: Request,
    batch_id: BatchId,
    *,
    here: Here,
    lang: Lang,
    found_in: InTable,
    site_code: Key,
    partnumber: Key,
    service_level: Annotated[float | None, Query(gt=0, lt=100)] = None,
    every: Annotated[int, Query(ge=0, le=366)] = 0,
) -> Response:
    """One series; its stock figures alone where htmx asks for another service level."""
    key, level = (site_code, partnumber), _share(service_level)
    way = partial(_changed, request)
    if request.headers.get("hx-target") == "stock":
        stock = await here.threads.light(_stock, here.service, batch_id, key, level)
        return varied(render(request, "results/stock.html", stock=stock, way=way, is_alone=True))
    asked = Asked(found_in=found_in, every=every)
    batch, one = await here.threads.light(_one, here.service, batch_id, key, asked)
    stock = await here.threads.light(_stock, here.service, batch_id, key, level)
    values: dict[str, Any] = {"batch": batch, "one": one, "stock": stock, "classes": CLASSES, "notes": NOTES}
    values |= {"way": way, "is_alone": False, "mark_kinds": MARK_KINDS, "longest_reason": LONGEST_REASON}
    values |= await here.threads.light(_tick_of, here.service, batch_id, key)
    return varied(render(request, "results/one.html", chart=one.chart.as_json(lang), **values))


def _changed(request: Request, **changes: object) -> str:
    """The address of the page with some parameters changed."""
    named = {name: request.query_params.getlist(name) for name in request.query_params}
    named |= {name: [str(value)] for name, value in changes.items()}
    return f"{request.url.path}?{urlencode(named, doseq=True)}"


@router.get("/batches/{batch_id}/download")
async def download(
    request: Request, batch_id: BatchId, here: Here, kind: str = "forecast", format: str | None = None
) -> Response:
    """A file; one of another format than was published is made when it is first asked for."""
    found = await here.threads.heavy(here.service.results.download, batch_id, kind, format)
    return await answer_file(found, request.headers)


def _totals(service: Service, batch_id: str) -> tuple[Batch, Overview | None, Message | None]:
    """A batch with its totals, or with the reason why there are none."""
    batch = service.status(batch_id).batch
    try:
        return batch, service.results.overview(batch_id), None
    except ResultNotKept as error:
        return batch, None, error.message


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """How a series is to be shown."""

    found_in: PlaceInTable
    every: int  # periods of a step of its chart; 0: as its demand asks for


def _one(service: Service, batch_id: str, key: tuple[str, str], asked: Asked) -> tuple[Batch, OneSeries]:
    """A series of a batch."""
    batch = service.status(batch_id).batch
    detail = service.results.one_series(batch_id, *key)
    around = service.results.series(batch_id, asked.found_in.around) if asked.found_in.around else None
    steps = _steps(service, batch, detail, asked.every)
    try:
        sums = service.results.sums_of(batch_id, key)
    except ResultNotKept:
        sums = []
    marks = service.planner.marks_of(*key)
    return batch, show_series(batch, detail, asked.found_in, around, steps=steps, sums=sums, marks=marks)


def _tick_of(service: Service, batch_id: str, key: tuple[str, str]) -> dict[str, Any]:
    """The part, where it needs attention, and its tick."""
    try:
        part = find_part(service.results.overview(batch_id).attention, *key)
    except (ResultNotKept, NotInAttention):
        return {"marked_part": None}
    return {"marked_part": part, "look": look_of(part, service.planner.looks(batch_id))}


def _steps(service: Service, batch: Batch, detail: SeriesDetail, every: int) -> ChartSteps:
    """How its history is drawn; without a band where an earlier version kept too little for it."""
    key = (detail.series[columns.SITE_CODE], detail.series[columns.PARTNUMBER])
    try:
        published = service.results.lead_time_demand(batch.batch_id, *key)
    except ResultNotKept:
        published = None
    return steps_of(batch.plan.request, detail, every, published)


def _stock(service: Service, batch_id: str, key: tuple[str, str], level: float | None) -> SeriesStock:
    """The figures at a level; those as published where none is asked for, or, with the reason, where there are none."""
    request = service.status(batch_id).batch.plan.request
    detail = service.results.one_series(batch_id, *key)
    figures = detail.series
    stock = SeriesStock(
        key=key,
        figures=figures,
        calendar=request.calendar,
        length=length_in_words(request.calendar, request.lead_time),
        stops=stops_with(request.service_level, level or request.service_level),
        wanted=[fold.actual for fold in detail.backtest or ()],
    )
    try:
        published = service.results.lead_time_demand(batch_id, *key)
        if level is not None:
            figures = service.results.stock_at(batch_id, *key, level)
        at = figures[columns.SERVICE_LEVEL]
        ahead = look_ahead(published, figures[columns.REORDER_POINT], at)
    except ResultNotKept as error:
        problem = error.message if level is not None else None
        return replace(stock, problem=problem)
    return replace(stock, figures=figures, view=view_of(ahead, figures))


def _share(level: float | None) -> float | None:
    """A service level as a share: the form sends 95, addresses of the API have 0.95, and no level is under 1 %."""
    return level / 100 if level is not None and level >= 1 else level
