"""The endpoints of what planners leave: marks on histories, and ticks of the parts of a result."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from batchcast.api.answers import (
    AttentionPart,
    AttentionParts,
    AttentionReason,
    LookAnswer,
    PlannerMark,
    PlannerMarks,
)
from batchcast.api.context import Asker, BatchId, Here, Lang, answer
from batchcast.api.problems import documented
from batchcast.app.planner import Looked, chosen_parts, find_part
from batchcast.app.service.answers import ResultNotKept
from batchcast.app.service.service import Service
from batchcast.app.words.translation import Language, translate
from batchcast.domain.attention import Attention, MarkedPart
from batchcast.domain.planner import KeptMark, Tick, new_mark
from batchcast.domain.settings import MARK_KINDS
from batchcast.http.audit import tell_of
from batchcast.http.bodies import last_of, read_texts

router = APIRouter()
_FORM = ("application/json", "application/x-www-form-urlencoded")


def _body(required: tuple[str, ...], **fields: dict[str, Any]) -> dict[str, Any]:
    """What a small body holds."""
    properties = {name: {"type": "string", **told} for name, told in fields.items()}
    schema = {"type": "object", "required": list(required), "properties": properties}
    return {"requestBody": {"required": True, "content": {kind: {"schema": schema} for kind in _FORM}}}


_MARK_BODY = _body(
    ("kind", "site_code", "partnumber", "first"),
    kind={"enum": list(MARK_KINDS)},
    site_code={},
    partnumber={},
    first={"format": "date"},
    last={"format": "date", "description": "Default: the first day."},
    reason={},
)
_PART_BODY = _body(("site_code", "partnumber"), site_code={}, partnumber={})


@router.get(
    "/api/marks", tags=["marks"], response_model=PlannerMarks, responses=documented(), summary="Marks on histories"
)
async def marks(
    here: Here, removed: Annotated[bool, Query(description="Those that were removed too.")] = False
) -> Response:
    """Days that are not learned from or were out of stock, the newest first; the next run of their parts uses them."""
    kept = await here.threads.light(here.service.planner.marks)
    return answer(PlannerMarks(marks=[_mark(one) for one in kept if removed or one.is_in_force]))


@router.post(
    "/api/marks",
    tags=["marks"],
    status_code=201,
    response_model=PlannerMark,
    responses=documented(415),
    openapi_extra=_MARK_BODY,
    summary="Mark days of a part",
)
async def add_mark(request: Request, here: Here, asker: Asker, language: Lang) -> Response:
    """Keep a mark for the next runs; the same mark again is the one that there is."""
    texts = await read_texts(request, here.service, here.threads)
    given = {name: last_of(texts, name) for name in ("site_code", "partnumber", "first", "last", "reason")}
    tell_of(request, given["partnumber"], given["site_code"])
    mark = new_mark(last_of(texts, "kind"), **given, name=asker.name)
    kept = await here.threads.light(here.service.planner.add_mark, mark)
    return answer(_mark(kept), language, status=201)


@router.delete(
    "/api/marks/{number}", tags=["marks"], status_code=204, responses=documented(404), summary="Remove a mark"
)
async def remove_mark(
    request: Request, number: Annotated[int, Path(ge=1, le=2**53)], here: Here, asker: Asker
) -> Response:
    """The next runs are made without it; it stays in the list with who removed it."""
    tell_of(request, str(number))
    await here.threads.light(here.service.planner.remove_mark, number, asker.name)
    return Response(status_code=204)


@router.get(
    "/api/batch/attention/{batch_id}",
    tags=["results"],
    response_model=AttentionParts,
    responses=documented(404, 409),
    summary="The parts of a result to look at, each with its reasons",
)
async def attention(
    batch_id: BatchId,
    here: Here,
    language: Lang,
    *,
    kind: Annotated[str, Query(max_length=40, description="Only parts with a reason of this kind.")] = "",
    looked: Annotated[Looked, Query(description="Only those that are open, or that were looked at.")] = "",
) -> Response:
    """New parts, one-off orders, forecasts far from recent demand, missed backtests and the like."""
    found, looks = await here.threads.light(_attention, here.service, batch_id)
    parts = chosen_parts(found, looks, kind, looked)
    return answer(AttentionParts(batch_id=batch_id, parts=[_part(*one, language) for one in parts]), language)


@router.post(
    "/api/batch/looked/{batch_id}",
    tags=["results"],
    status_code=204,
    responses=documented(404, 409, 415),
    openapi_extra=_PART_BODY,
    summary="Note that a part was looked at",
)
async def look(request: Request, batch_id: BatchId, here: Here, asker: Asker) -> Response:
    """Keep a tick with name and date, for all reasons of the part; it belongs to this result."""
    texts = await read_texts(request, here.service, here.threads)
    key = (last_of(texts, "site_code"), last_of(texts, "partnumber"))
    tell_of(request, *reversed(key))
    await here.threads.light(_look, here.service, batch_id, key, asker.name)
    return Response(status_code=204)


@router.delete(
    "/api/batch/looked/{batch_id}",
    tags=["results"],
    status_code=204,
    responses=documented(404, 409),
    summary="Take back that a part was looked at",
)
async def undo_look(
    request: Request,
    batch_id: BatchId,
    here: Here,
    *,
    site_code: Annotated[str, Query(max_length=10_000)],
    partnumber: Annotated[str, Query(max_length=10_000)],
) -> Response:
    """Its reasons are open again; nothing happens where it had no tick."""
    tell_of(request, partnumber, site_code)
    await here.threads.light(_undo_look, here.service, batch_id, (site_code, partnumber))
    return Response(status_code=204)


def _attention(service: Service, batch_id: str) -> tuple[Attention, dict[tuple[str, str, str], Tick]]:
    found = service.results.overview(batch_id).attention
    if found is None:
        raise ResultNotKept(batch_id)
    return found, dict(service.planner.looks(batch_id))


def _look(service: Service, batch_id: str, key: tuple[str, str], name: str | None) -> None:
    service.planner.look(batch_id, find_part(_attention(service, batch_id)[0], *key), name)


def _undo_look(service: Service, batch_id: str, key: tuple[str, str]) -> None:
    service.planner.undo_look(batch_id, find_part(_attention(service, batch_id)[0], *key))


def _mark(kept: KeptMark) -> PlannerMark:
    mark = kept.mark
    return PlannerMark.model_validate(
        {
            "number": kept.number,
            "kind": mark.kind,
            "site_code": mark.site_code,
            "partnumber": mark.partnumber,
            "first": mark.first,
            "last": mark.last,
            "reason": kept.reason,
            "name": kept.name,
            "at": kept.at,
            "removed_by": kept.removed_by,
            "removed_at": kept.removed_at,
        }
    )


def _part(part: MarkedPart, tick: Tick | None, language: Language) -> AttentionPart:
    return AttentionPart(
        site_code=part.site_code,
        partnumber=part.partnumber,
        reasons=[
            AttentionReason(kind=mark.kind, units=mark.units, reason=translate(mark.reason, language))
            for mark in part.marks
        ],
        looked_at=None if tick is None else LookAnswer(name=tick.name, at=tick.at),
    )
