"""The table of series: its page, the fragment that changes on it, and what it shows as a file."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from batchcast.app.installation.tokens import Role
from batchcast.app.service.service import Service
from batchcast.app.words.translation import Language
from batchcast.domain import columns
from batchcast.domain.batch import Batch
from batchcast.http.audit import tell_of
from batchcast.http.bodies import last_of
from batchcast.http.files import answer_file
from batchcast.publish.kinds import CSV, CSV_SEMICOLON, FORMATS, XLSX
from batchcast.results.attention import TWELFTH
from batchcast.results.series import SeriesGroup, SeriesPage, SeriesQuery
from batchcast.web.context import Asker, BatchId, Here, Lang, OurForm
from batchcast.web.rendering import render, varied
from batchcast.web.results.summary import spark_of
from batchcast.web.results.table import (
    COLUMNS,
    FIGURES,
    GROUPED,
    KEYS,
    NOTES,
    Table,
    TableState,
    last_page,
    of_attribute,
)
from batchcast.web.results.terms import CLASSES

router = APIRouter()

_MOST_GROUPS = 100
_ATTRIBUTES_BESIDE = 3
_FILTER = "series-filter"  # id of the form whose every change asks for a new table
_FILE_FORMATS: Mapping[Language, tuple[str, ...]] = {"en": (XLSX, CSV), "id": (XLSX, CSV_SEMICOLON, CSV)}


@router.get("/batches/{batch_id}/series")
async def series(request: Request, batch_id: BatchId, here: Here, lang: Lang, table: Table) -> Response:
    """The table of series; the table alone where htmx asks for it."""
    page, table = await here.threads.light(_rows, here.service, batch_id, table)
    choices = await here.threads.light(here.service.results.attribute_choices, batch_id)
    values: dict[str, Any] = {
        "batch_id": batch_id,
        "table": table,
        "columns": [column for column in table.shown if not page.rows or column.name in page.rows[0]],
        "all_columns": [
            *(column for column in COLUMNS if column.name not in KEYS),
            *(of_attribute(columns.attribute_column(name)) for name in choices),
        ],
        "choices": choices,
        "groups": await here.threads.light(_groups, here.service, batch_id, table),
        "group_url": lambda value: table.with_value(table.group, value).url(batch_id),
        "grouped": GROUPED,
        "of_part": lambda row: " · ".join(value for value in _said_of(row, choices) if value),
        "figures": FIGURES,
        "rows": page.rows,
        "sums": page.sums,
        "spark_of": spark_of,
        "pace": await here.threads.light(_pace, here.service, batch_id),
        "url_of": lambda row, number: table.url_of_series(
            batch_id, row[columns.SITE_CODE], row[columns.PARTNUMBER], table.query.offset + number
        ),
        "total": page.total,
        "pages": last_page(page.total),
        "page_url": lambda number: table.turned_to(number).url(batch_id),
        "classes": CLASSES,
        "notes": NOTES,
        "views": await here.threads.light(here.service.planner.views),
        "view": query_of(table),
        "files": [(FORMATS[name], table.url_of_file(batch_id, name)) for name in _FILE_FORMATS[lang]],
    }
    if request.headers.get("hx-target") == "series-table":
        answer = render(request, "results/table.html", **values)
        is_typed = request.headers.get("hx-trigger") == _FILTER  # the back button skips single letters
        answer.headers["hx-replace-url" if is_typed else "hx-push-url"] = table.url(batch_id)
    else:
        values |= await here.threads.light(_around_table, here.service, batch_id)
        answer = render(request, "results/series.html", **values)
    return varied(answer)


@router.get("/batches/{batch_id}/series.{file_format}")
async def series_file(request: Request, batch_id: BatchId, file_format: str, here: Here, table: Table) -> Response:
    """The rows that the table shows on all its pages, as a file of the columns that it shows."""
    names = [column.name for column in table.shown]
    found = await here.threads.heavy(here.service.results.series_file, batch_id, table.query, names, file_format)
    return await answer_file(found, request.headers)


def _rows(service: Service, batch_id: str, table: TableState) -> tuple[SeriesPage, TableState]:
    """A page of the table; the last one where it has fewer."""
    page = service.results.series(batch_id, table.query)
    if not page.rows and page.total:
        table = table.turned_to(last_page(page.total))
        page = service.results.series(batch_id, table.query)
    return page, table


def _groups(service: Service, batch_id: str, table: TableState) -> list[SeriesGroup]:
    """The totals of the groups that are asked for, the most forecast first."""
    return service.results.groups(batch_id, table.query, table.group)[:_MOST_GROUPS] if table.group else []


def _said_of(row: Mapping[str, Any], attributes: Collection[str]) -> Iterator[str | None]:
    """What stands beside a part: the first of its attributes."""
    for name in list(attributes)[:_ATTRIBUTES_BESIDE]:
        yield row[columns.attribute_column(name)]


def _pace(service: Service, batch_id: str) -> float:
    """What the forecast of the horizon is multiplied by, to stand beside twelfths of a year."""
    request = service.status(batch_id).batch.plan.request
    return TWELFTH[request.calendar.frequency] / request.horizon


def _around_table(service: Service, batch_id: str) -> dict[str, Any]:
    """What stands around the table of series, whatever it shows."""
    batch = service.status(batch_id).batch
    every = service.results.series(batch_id, SeriesQuery(limit=1))
    has_ranks = bool(every.rows) and columns.ABC in every.rows[0]
    leaders = service.results.series(batch_id, SeriesQuery(abc=frozenset("A"), limit=0)).total if has_ranks else 0
    found = {"batch": batch, "sites": _sites_of(batch), "series_count": every.total}
    found["is_by_value"] = bool(every.rows) and columns.YEAR_VALUE in every.rows[0]
    return found | {"has_ranks": has_ranks, "leaders": leaders}


def _sites_of(batch: Batch) -> list[str]:
    """The sites of a batch, in order."""
    return sorted({site for partition in batch.plan.partitions for site in partition.sites})


# Named views: what the table shows, kept on the server for the results of all batches, shared by their addresses.

_NEITHER = ("page",)  # parameters of a table that are of no view


def query_of(table: TableState) -> str:
    """What a view keeps of a table."""
    return urlencode({name: text for name, text in table.parameters().items() if name not in _NEITHER}, doseq=True)


@router.post("/batches/{batch_id}/series/views")
async def keep_view(
    request: Request, batch_id: BatchId, here: Here, asker: Asker, *, table: Table, texts: OurForm
) -> Response:
    """Keep the table of the address under the name of the form; without `keep`, forget the view of that name."""
    asker.require(Role.PLANNER)
    name = last_of(texts, "name")
    tell_of(request, name)
    if "keep" in texts:
        await here.threads.light(here.service.planner.keep_view, name, query_of(table), asker.name)
    else:
        await here.threads.light(here.service.planner.drop_view, name)
    return RedirectResponse(table.url(batch_id), status_code=303)
