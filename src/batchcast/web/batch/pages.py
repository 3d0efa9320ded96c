"""The page of a batch, its stream of changes, and what a person may do with a batch that runs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from batchcast.app.installation.tokens import Role
from batchcast.http.broadcast import EventStream
from batchcast.web.batch.live import Live
from batchcast.web.batch.views import FILTERS, ROWS_ON_A_PAGE, overview_of, table_of
from batchcast.web.context import Asker, BatchId, Here, Lang, OurForm
from batchcast.web.rendering import render

router = APIRouter()


@router.get("/batches/{batch_id}")
async def show(
    request: Request,
    batch_id: BatchId,
    here: Here,
    show: str = "all",
    page: Annotated[int, Query(ge=1)] = 1,
) -> Response:
    """A batch as it stands; its partitions alone where htmx asks for them."""
    status = await here.threads.light(here.service.status, batch_id)
    table = table_of(status.batch, show, page)
    is_part = request.headers.get("hx-target") == "partitions"
    name = "batch/partitions.html" if is_part else "batch/batch.html"
    answer = render(request, name, overview=overview_of(status), table=table, filters=FILTERS)
    answer.headers["vary"] = "HX-Target, Cookie, Accept-Language"
    return answer


@router.get("/batches/{batch_id}/live")
async def live(
    request: Request,
    batch_id: BatchId,
    here: Here,
    language: Lang,
    rows: Annotated[str, Query(max_length=8 * ROWS_ON_A_PAGE, pattern=r"^[0-9,]*$")] = "",
) -> Response:
    """The changes of a batch, with those of the rows that this page shows."""
    shown = frozenset(int(number) for number in rows.split(",") if number)
    await here.threads.light(here.service.status_version, batch_id)  # a batch that is not there has no stream
    watching: Live = request.app.state.live
    return EventStream(here.while_signed_in(request, watching.follow(batch_id, language, shown)))


@router.get("/batches/{batch_id}/stop")
async def ask_to_stop(request: Request, batch_id: BatchId, here: Here, asker: Asker) -> Response:
    """Ask for confirmation, for browsers without scripts."""
    asker.require(Role.PLANNER)
    status = await here.threads.light(here.service.status, batch_id)
    return render(request, "batch/stop.html", overview=overview_of(status))


@router.post("/batches/{batch_id}/stop")
async def stop(request: Request, batch_id: BatchId, here: Here, asker: Asker, texts: OurForm) -> Response:
    """Stop a batch; its workers end within two seconds."""
    asker.require(Role.PLANNER)
    await here.threads.heavy(here.service.cancel, batch_id, asker)
    if request.headers.get("hx-request") == "true":
        return Response(headers={"hx-redirect": f"/batches/{batch_id}"})
    return RedirectResponse(f"/batches/{batch_id}", status_code=303)
