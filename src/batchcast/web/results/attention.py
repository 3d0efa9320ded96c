"""The ticks of the parts of a result that need attention."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from batchcast.app.installation.tokens import Role
from batchcast.app.planner import find_part
from batchcast.app.service.service import Service
from batchcast.http.audit import tell_of
from batchcast.http.bodies import Texts, last_of
from batchcast.web.context import Asker, BatchId, Here, OurForm
from batchcast.web.rendering import local_path

router = APIRouter()


@router.post("/batches/{batch_id}/results/looked")
async def look(request: Request, batch_id: BatchId, here: Here, asker: Asker, texts: OurForm) -> Response:
    """Note that a part was looked at."""
    asker.require(Role.PLANNER)
    tell_of(request, *reversed(_key(texts)))
    await here.threads.light(_look, here.service, batch_id, _key(texts), asker.name)
    return _back(batch_id, texts)


@router.post("/batches/{batch_id}/results/looked/undo")
async def undo_look(request: Request, batch_id: BatchId, here: Here, asker: Asker, texts: OurForm) -> Response:
    """Take that back."""
    asker.require(Role.PLANNER)
    tell_of(request, *reversed(_key(texts)))
    await here.threads.light(_undo, here.service, batch_id, _key(texts))
    return _back(batch_id, texts)


def _look(service: Service, batch_id: str, key: tuple[str, str], name: str | None) -> None:
    service.planner.look(batch_id, find_part(service.results.overview(batch_id).attention, *key), name)


def _undo(service: Service, batch_id: str, key: tuple[str, str]) -> None:
    service.planner.undo_look(batch_id, find_part(service.results.overview(batch_id).attention, *key))


def _key(texts: Texts) -> tuple[str, str]:
    return last_of(texts, "site_code"), last_of(texts, "partnumber")


def _back(batch_id: str, texts: Texts) -> Response:
    """To the page that was left; htmx follows with its headers, and so gets the list alone."""
    place = last_of(texts, "back")
    inside = f"/batches/{batch_id}/"
    return RedirectResponse(local_path(place) if place.startswith(inside) else f"{inside}results", status_code=303)
