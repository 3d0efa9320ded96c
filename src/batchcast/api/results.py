"""The endpoints of what a batch has published: downloads, series, accuracy, refused rows."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import unquote

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from batchcast.api.context import BatchId, Here, Lang, answer
from batchcast.api.description import described_files
from batchcast.api.problems import documented
from batchcast.api.rendering import render_one_series, render_series_list, say_in
from batchcast.api.resultanswers import BatchAccuracy, RejectedRows, SeriesList, SumsPage, WholeSeries
from batchcast.app.service.answers import ResultNotKept
from batchcast.app.service.results import SumRows
from batchcast.app.service.service import Service
from batchcast.app.words.nouns import accuracy_json
from batchcast.app.words.seriesfindings import sentences_of
from batchcast.http.files import FileAnswer, answer_file
from batchcast.publish.kinds import DOWNLOAD_FORMATS, FORECAST, DownloadFormat, DownloadKind
from batchcast.results.series import SeriesQuery, attributes_in
from batchcast.results.sums import DEFAULT_LEVELS

MOST_SERIES = 1000
MOST_REJECTED = 1000
_SEGMENTS = 2  # of a path that names a series

Offset = Annotated[int, Query(ge=0, le=10**9)]
Window = Annotated[
    list[float] | None,
    Query(description="Periods that demand is summed over; may be repeated. Default: 1, 2, ... lead times."),
]
Level = Annotated[list[float] | None, Query(description="Of the quantiles of these sums; may be repeated.")]

router = APIRouter(prefix="/api/batch", tags=["results"])
_FILES = described_files(DOWNLOAD_FORMATS)
_CERTIFICATE = {"application/json": {"schema": {"type": "object", "description": "The certificate."}}}


@router.get(
    "/download/{batch_id}",
    status_code=200,
    response_class=FileAnswer,
    responses={
        200: {"description": "The whole file.", "content": _FILES | _CERTIFICATE},
        206: {"description": "The range of it that was asked for.", "content": _FILES},
        304: {"description": "The client has it already."},
        **documented(404, 409, 416),
    },
    summary="A file of a COMPLETED batch",
)
async def download(
    request: Request,
    batch_id: BatchId,
    here: Here,
    kind: Annotated[DownloadKind, Query(description="Which of the batch's files.")] = FORECAST,
    format: Annotated[DownloadFormat | None, Query(description="Default: csv; json for the certificate.")] = None,
) -> Response:
    """Its bytes were checked against its SHA-256, which is its ETag; Range is understood. 409 while there is none."""
    found = await here.threads.heavy(here.service.results.download, batch_id, kind, format)
    return await answer_file(found, request.headers)


@router.get(
    "/series/{batch_id}",
    response_model=SeriesList,
    responses=documented(404, 409),
    summary="Search and sort the series of a batch",
)
async def series(
    batch_id: BatchId,
    *,
    here: Here,
    search: Annotated[str, Query(max_length=200, description="In part number and site, whatever the case.")] = "",
    site_code: Annotated[list[str] | None, Query(description="Only these sites; may be repeated.")] = None,
    demand_class: Annotated[list[str] | None, Query(description="Only these classes; may be repeated.")] = None,
    abc: Annotated[list[str] | None, Query(description="Only these ranks; may be repeated.")] = None,
    xyz: Annotated[list[str] | None, Query(description="Only these ranks; may be repeated.")] = None,
    attribute: Annotated[
        list[str] | None,
        Query(
            max_length=100,
            description="Only parts with this value, as `Family=Bearings`; may be repeated, several values of one name "
            "are any of them. An empty value: it is not known.",
        ),
    ] = None,
    group_by: Annotated[
        str,
        Query(max_length=500, description="Answer `groups` too: by an attribute, site_code, demand_class, abc or xyz."),
    ] = "",
    flagged: Annotated[bool | None, Query(description="Only those with a flag, or only those without.")] = None,
    sort: Annotated[str, Query(max_length=100, description="A column of the answer. Default: site, then part.")] = "",
    descending: bool = False,
    offset: Offset = 0,
    limit: Annotated[int, Query(ge=1, le=MOST_SERIES)] = 50,
) -> Response:
    """A page of series with their demand class, model, stock and accuracy figures."""
    query = SeriesQuery(
        search=search,
        sites=frozenset(site_code or ()),
        classes=frozenset(demand_class or ()),
        abc=frozenset(abc or ()),
        xyz=frozenset(xyz or ()),
        attributes=attributes_in(attribute or ()),
        flagged=flagged,
        sort=sort,
        descending=descending,
        offset=offset,
        limit=limit,
    )
    page = await here.threads.light(here.service.results.series, batch_id, query)
    groups = await here.threads.light(here.service.results.groups, batch_id, query, group_by) if group_by else None
    return answer(render_series_list(page, groups, offset, limit))


@router.get(
    "/series/{batch_id}/{site_code}/{partnumber:path}",
    response_model=WholeSeries,
    responses=documented(404, 409),
    summary="One series: history, forecast, accuracy and stock figures",
)
async def one_series(
    request: Request,
    batch_id: BatchId,
    *,
    here: Here,
    language: Lang,
    site_code: Annotated[str, Path(description="Percent-encoded, a slash too.")],
    partnumber: Annotated[str, Path(description="Percent-encoded, a slash too.")],
    service_level: Annotated[float | None, Query(description="Stock figures at it too: 0.5 to 0.9999.")] = None,
    window: Window = None,
    level: Level = None,
) -> Response:
    """Everything that is known of it."""
    key, stock = _key_in(request, site_code, partnumber), None
    detail = await here.threads.light(here.service.results.one_series, batch_id, *key)
    if service_level is not None:
        stock = await here.threads.light(here.service.results.stock_at, batch_id, *key, service_level)
    sums = await here.threads.light(_sums_of, here.service, batch_id, key, window, level)
    status = await here.threads.light(here.service.status, batch_id)
    sentences = sentences_of(detail.series, detail.backtest, status.batch.plan.request)
    return answer(render_one_series(detail, sentences, stock, sums, language), language)


@router.get(
    "/sums/{batch_id}",
    response_model=SumsPage,
    responses=documented(404, 409),
    summary="Demand summed over windows: means, chances of no demand, quantiles",
)
async def sums(
    batch_id: BatchId,
    *,
    here: Here,
    window: Window = None,
    level: Level = None,
    offset: Offset = 0,
    limit: Annotated[int, Query(ge=1, le=MOST_SERIES)] = 100,
) -> Response:
    """One joint answer: no quantile falls as the window grows, and at the lead time it is that of the stock figures."""
    levels = DEFAULT_LEVELS if level is None else level
    rows, total = await here.threads.heavy(here.service.results.sums, batch_id, window, levels, offset, limit)
    return answer(SumsPage(rows=rows, total=total, offset=offset, limit=limit))


@router.get(
    "/accuracy/{batch_id}",
    response_model=BatchAccuracy,
    responses=documented(404, 409),
    summary="How good the forecast is, and the worst parts",
)
async def accuracy(batch_id: BatchId, here: Here, language: Lang) -> Response:
    """What the backtests of a COMPLETED batch say, in words and figures."""
    overview = await here.threads.light(here.service.results.overview, batch_id)
    if overview.hindsight is None:
        raise ResultNotKept(batch_id)
    return answer(BatchAccuracy.model_validate(accuracy_json(overview.hindsight, say_in(language))), language)


@router.get(
    "/rejected/{batch_id}",
    response_model=RejectedRows,
    responses=documented(404, 409),
    summary="The rows that were refused",
)
async def rejected(
    batch_id: BatchId,
    here: Here,
    offset: Offset = 0,
    limit: Annotated[int, Query(ge=1, le=MOST_REJECTED)] = 100,
) -> Response:
    """A page of them, each with its reason; all of them are in the download of kind `rejected`."""
    page = await here.threads.light(here.service.results.rejected, batch_id, offset, limit)
    rows = [dict(row) for row in page.rows]
    return answer(RejectedRows(rows=rows, total=page.total, offset=offset, limit=limit))


def _sums_of(
    service: Service, batch_id: str, key: tuple[str, str], window: list[float] | None, level: list[float] | None
) -> SumRows | None:
    """The sums of one series; None where an earlier version published too little to tell them from."""
    try:
        return service.results.sums_of(batch_id, key, window, DEFAULT_LEVELS if level is None else level)
    except ResultNotKept:
        return None


def _key_in(request: Request, site_code: str, partnumber: str) -> tuple[str, str]:
    """Site and part by the path as it was sent: once decoded, a slash in a part number divides like any other."""
    raw = request.scope.get("raw_path", b"").decode("ascii", "replace").partition("?")[0]
    segments = raw.partition("/api/batch/series/")[2].split("/")[1:]
    if len(segments) != _SEGMENTS:
        return site_code, partnumber
    return unquote(segments[0]), unquote(segments[1])
