"""The endpoints of a batch: submit, analyze, status, events, cancel, retry, delete, history."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response

from batchcast.api.answers import Analyzed, Cancelled, History, Previewed, Status, Submitted
from batchcast.api.context import Asker, BatchId, Here, Lang, answer
from batchcast.api.description import changes_body, event_content, form_body
from batchcast.api.problems import documented
from batchcast.api.rendering import render_analyzed, render_history, render_submitted, say_in
from batchcast.app.intake import Analysis
from batchcast.app.recipes import choice_of_texts
from batchcast.app.service.answers import Accepted
from batchcast.app.service.service import Service
from batchcast.app.upload import Upload
from batchcast.app.words.nouns import preview_json
from batchcast.app.words.settings_text import settings_of_texts
from batchcast.domain.batch import MOST_A_PAGE, BatchQuery, BatchState
from batchcast.domain.recipe import FileKind, FilePreview
from batchcast.http.audit import tell_of_recipe
from batchcast.http.bodies import Texts, read_texts, read_upload_form
from batchcast.http.broadcast import EventStream
from batchcast.http.files import has_tag

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="The same key with the same file and settings is the same batch, however often it is sent.",
    ),
]

router = APIRouter(prefix="/api/batch", tags=["batches"])


@router.post(
    "/submit",
    status_code=202,
    response_model=Submitted,
    responses=documented(404, 408, 409, 413, 415, 507),
    openapi_extra=form_body(),
    summary="Queue a demand history to be forecast",
)
async def submit(
    request: Request, here: Here, asker: Asker, language: Lang, idempotency_key: IdempotencyKey = None
) -> Response:
    """Read, check and plan the file; what is answered with 202 will not be lost. Settings are fields of the form."""
    async with read_upload_form(request, here.service, here.threads) as (upload, texts):
        tell_of_recipe(request, choice_of_texts(texts)[1])
        accepted = await here.threads.heavy(_submit, here.service, upload, texts, idempotency_key, asker.name)
    return _accepted(accepted, language)


@router.post(
    "/analyze",
    response_model=Analyzed,
    responses=documented(404, 408, 413, 415, 507),
    openapi_extra=form_body(),
    summary="What a file holds and how it would be partitioned",
)
async def analyze(request: Request, here: Here, language: Lang) -> Response:
    """Read, check and plan the file as `submit` does; nothing is queued, and nothing stored but a recipe."""
    async with read_upload_form(request, here.service, here.threads) as (upload, texts):
        tell_of_recipe(request, choice_of_texts(texts)[1])
        analysis = await here.threads.heavy(_analyze, here.service, upload, texts)
    return answer(render_analyzed(analysis, language), language)


@router.post(
    "/preview",
    response_model=Previewed,
    responses=documented(404, 408, 413, 415, 507),
    openapi_extra=form_body(),
    summary="The columns of a file, and its first rows as they would be read",
)
async def preview(
    request: Request,
    *,
    here: Here,
    language: Lang,
    kind: Annotated[FileKind, Query(description="What the file is.")] = "history",
) -> Response:
    """Read the first thousand rows. A reading that is refused is told by `refusal`; nothing is queued or kept."""
    async with read_upload_form(request, here.service, here.threads) as (upload, texts):
        previewed = await here.threads.heavy(_preview, here.service, upload, texts, kind)
    return answer(Previewed.model_validate(preview_json(previewed, say_in(language))), language)


@router.get(
    "/status/{batch_id}",
    response_model=Status,
    responses={304: {"description": "Nothing has changed since the ETag that was sent."}, **documented(404)},
    summary="A batch as it stands",
)
async def status(
    request: Request,
    batch_id: BatchId,
    here: Here,
    language: Lang,
    *,
    offset: Annotated[int, Query(ge=0, description="Leave out so many partitions from the first on.")] = 0,
    limit: Annotated[int | None, Query(ge=0, description="At most so many partitions; without it all.")] = None,
) -> Response:
    """The batch, its analysis and its partitions. Send its ETag as If-None-Match to get it only when it has changed.

    For a batch of thousands of partitions ask with `limit=0`, and follow the changes of partitions by its events.
    """
    body = await here.statuses.get(batch_id, language)
    is_page = offset > 0 or limit is not None
    headers = {
        "etag": f'{body.etag[:-1]}-{offset}-{limit}"' if is_page else body.etag,
        "cache-control": "private, no-cache",
        "content-language": language,
        "vary": "Accept-Encoding, Accept-Language",
    }
    if has_tag(request.headers, headers["etag"]):
        return Response(status_code=304, headers=headers)
    if is_page:
        some = body.page(offset, len(body.partitions) if limit is None else limit)
        return Response(some, media_type="application/json", headers=headers)
    if body.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        headers["content-encoding"] = "gzip"
        return Response(body.packed, media_type="application/json", headers=headers)
    return Response(body.plain, media_type="application/json", headers=headers)


@router.get(
    "/events/{batch_id}",
    status_code=200,
    response_class=EventStream,
    responses={
        200: {"description": "Server-sent events, one a change.", "content": event_content()},
        204: {"description": "The batch has ended and there are no later events: do not connect again."},
        **documented(404),
    },
    summary="Follow a batch",
)
async def events(
    batch_id: BatchId,
    here: Here,
    language: Lang,
    after: Annotated[int, Query(ge=0, le=2**53, description="Number of the last event that is known.")] = 0,
    last_event_id: Annotated[
        str | None, Header(alias="Last-Event-ID", description="The same; browsers send it.")
    ] = None,
) -> Response:
    """Every change of the batch from its beginning, or from where the client left off, until the batch has ended."""
    if last_event_id and last_event_id.isascii() and last_event_id.isdigit():
        after = int(last_event_id[:16])
    if not await here.hub.has_more(batch_id, after):
        return Response(status_code=204)
    return EventStream(here.hub.follow(batch_id, after, language))


@router.post(
    "/cancel/{batch_id}",
    response_model=Cancelled,
    responses=documented(404, 409),
    summary="Stop a batch",
)
async def cancel(batch_id: BatchId, here: Here, asker: Asker) -> Response:
    """Partitions at work are killed within two seconds; 409 where the batch has ended already."""
    batch = await here.threads.light(here.service.cancel, batch_id, asker)
    return answer(Cancelled(batch_id=batch.batch_id, status=batch.state))


@router.post(
    "/retry/{batch_id}",
    status_code=202,
    response_model=Submitted,
    responses=documented(404, 408, 409, 415, 507),
    openapi_extra=changes_body(),
    summary="Run a batch that has ended again",
)
async def retry(
    request: Request,
    batch_id: BatchId,
    *,
    here: Here,
    asker: Asker,
    language: Lang,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """The same file, with the settings of the body changed; partitions that nothing has changed for are reused."""
    changes = await read_texts(request, here.service, here.threads)
    accepted = await here.threads.heavy(
        here.service.retry, batch_id, changes, by=asker, idempotency_key=idempotency_key
    )
    return _accepted(accepted, language)


@router.get("/history", response_model=History, responses=documented(), summary="Every batch, the newest first")
async def history(
    *,
    here: Here,
    language: Lang,
    status: Annotated[list[BatchState] | None, Query(description="Only those; may be repeated.")] = None,
    search: Annotated[str, Query(max_length=200, description="In the file's name and the id.")] = "",
    offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST_A_PAGE)] = 50,
) -> Response:
    """A page of batches, until they are deleted."""
    plain = "".join(character for character in search if character.isprintable())
    query = BatchQuery(states=frozenset(status or ()), search=plain, offset=offset, limit=limit)
    page = await here.threads.light(here.service.history, query)
    return answer(render_history(page, query, language), language)


@router.delete("/{batch_id}", status_code=204, responses=documented(404, 409), summary="Forget a batch")
async def delete(batch_id: BatchId, here: Here) -> Response:
    """Its rows and its files are removed; 409 while it is in the queue or at work."""
    await here.threads.heavy(here.service.delete, batch_id)
    return Response(status_code=204)


def _accepted(accepted: Accepted, language: Lang) -> Response:
    made = answer(render_submitted(accepted, language), language, status=202)
    made.headers["location"] = f"/api/batch/status/{accepted.batch.batch_id}"
    return made


def _submit(service: Service, upload: Upload, texts: Texts, key: str | None, name: str | None) -> Accepted:
    given, recipes = choice_of_texts(texts)
    return service.submit(upload, settings_of_texts(given), idempotency_key=key, by=name, recipes=recipes)


def _analyze(service: Service, upload: Upload, texts: Texts) -> Analysis:
    given, recipes = choice_of_texts(texts)
    return service.analyze(upload, settings_of_texts(given), recipes)


def _preview(service: Service, upload: Upload, texts: Texts, kind: FileKind) -> FilePreview:
    given, recipes = choice_of_texts(texts)
    return service.preview(upload, settings_of_texts(given), kind, recipes)
