"""The history of batches, and deleting one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from batchcast.app.installation.tokens import Role
from batchcast.domain.batch import BatchPage, BatchQuery, BatchState, BatchSummary
from batchcast.store.errors import BatchNotEnded
from batchcast.web.context import Asker, BatchId, Here, OurForm
from batchcast.web.rendering import render

router = APIRouter()

ON_A_PAGE = 25


@dataclass(frozen=True, kw_only=True)
class HistoryTable:
    """The batches that the address asks for."""

    page: BatchPage
    number: int  # of the page, 1 the first
    status: str  # a state, or empty
    search: str

    @property
    def pages(self) -> int:
        """Number of pages."""
        return max(1, -(-self.page.total // ON_A_PAGE))

    @property
    def is_live(self) -> bool:
        """A batch on it may still change."""
        return any(not batch.state.is_final for batch in self.page.batches)

    @property
    def is_filtered(self) -> bool:
        """A filter or a search may hide batches."""
        return bool(self.status or self.search)

    def url(self, number: int) -> str:
        """The address of another page of it."""
        return f"/history?{urlencode({'status': self.status, 'search': self.search, 'page': number})}"


@router.get("/history")
async def history(
    request: Request,
    here: Here,
    status: str = "",
    search: Annotated[str, Query(max_length=200)] = "",
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
) -> Response:
    """All batches, the newest first; the table alone where htmx asks for it."""
    known = status if status in BatchState.__members__ else ""
    query = BatchQuery(
        states=frozenset({BatchState(known)}) if known else frozenset(),
        search=search.strip(),
        offset=(page - 1) * ON_A_PAGE,
        limit=ON_A_PAGE,
    )
    found = await here.threads.light(here.service.history, query)
    table = HistoryTable(page=found, number=page, status=known, search=query.search)
    name = "history/table.html" if request.headers.get("hx-target") == "history" else "history/history.html"
    usage, free = here.service.usage, here.service.room.free
    shown = partial(render, request, name, table=table, states=list(BatchState), duration_of=_seconds)
    answer = shown(usage=usage, free=free, damaged=here.service.scrub.damaged_batches)
    answer.headers["vary"] = "HX-Target, Cookie, Accept-Language"
    return answer


@router.get("/batches/{batch_id}/delete")
async def ask_to_delete(request: Request, batch_id: BatchId, here: Here, asker: Asker) -> Response:
    """Ask for confirmation."""
    asker.require(Role.ADMIN)
    status = await here.threads.light(here.service.status, batch_id)
    if not status.batch.state.is_final:
        raise BatchNotEnded(batch_id, status.batch.state.value)
    return render(request, "history/delete.html", batch=status.batch)


@router.post("/batches/{batch_id}/delete")
async def delete(batch_id: BatchId, here: Here, asker: Asker, form: OurForm) -> Response:
    """Delete a batch with its files."""
    asker.require(Role.ADMIN)
    await here.threads.heavy(here.service.delete, batch_id)
    return RedirectResponse("/history", status_code=303)


def _seconds(batch: BatchSummary) -> float | None:
    """Seconds that a batch took; None where it has not ended."""
    if batch.started_at is None or batch.ended_at is None:
        return None
    return (batch.ended_at - batch.started_at).total_seconds()
