"""Marks on the history of parts: the list of all, and those that are made on the page of a part."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from batchcast.app.installation.tokens import Role
from batchcast.domain.planner import UnknownMark, new_mark
from batchcast.domain.settings import MARK_KINDS
from batchcast.http.audit import tell_of
from batchcast.http.bodies import Texts, last_of
from batchcast.web.context import Asker, BatchId, Here, OurForm
from batchcast.web.rendering import local_path, render

router = APIRouter()


@router.get("/marks")
async def marks(request: Request, here: Here) -> Response:
    """All marks, the newest first; those that were removed below."""
    kept = await here.threads.light(here.service.planner.marks)
    in_force, gone = ([one for one in kept if one.is_in_force is wanted] for wanted in (True, False))
    return render(request, "marks/marks.html", marks=in_force, gone=gone, mark_kinds=MARK_KINDS)


@router.post("/marks/remove")
async def remove(request: Request, here: Here, asker: Asker, texts: OurForm) -> Response:
    """Remove the mark that the form names."""
    asker.require(Role.PLANNER)
    number = last_of(texts, "number")
    tell_of(request, number)
    if not number.isdecimal() or not number.isascii():
        raise UnknownMark(0)
    await here.threads.light(here.service.planner.remove_mark, int(number), asker.name)
    return _back(texts, "/marks")


@router.post("/batches/{batch_id}/series/one/marks")
async def add(request: Request, batch_id: BatchId, here: Here, asker: Asker, texts: OurForm) -> Response:
    """Mark days of the part that the form names."""
    asker.require(Role.PLANNER)
    given = {name: last_of(texts, name) for name in ("site_code", "partnumber", "first", "last", "reason")}
    tell_of(request, given["partnumber"], given["site_code"])
    mark = new_mark(last_of(texts, "kind"), **given, name=asker.name)
    await here.threads.light(here.service.planner.add_mark, mark)
    return _back(texts, f"/batches/{batch_id}/series")


def _back(texts: Texts, otherwise: str) -> Response:
    place = last_of(texts, "back")
    return RedirectResponse(f"{local_path(place)}#history" if place else otherwise, status_code=303)
